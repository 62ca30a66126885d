/* What charts have in common: how they write texts and numbers for gnuplot, and what all say of themselves: machine,
 * date, run, number of trials, and what their bars mean. */
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/markup.h"
#include "bench/show/pool_look.h"
#include "bench/stats/looks.h"
#include <jansson.h>
#include <math.h>
#include <stdarg.h>

void chart_text(FILE *script, const char *variable, size_t number, const char *text)
{
    char shown[2 * CHART_NOTE_MAX];
    fprintf(script, number ? "%s[%zu]" : "%s", variable, number);
    markup_print(script, MARKUP_GNUPLOT, " = '@'\n", micro_shown(shown, sizeof shown, text));
}

void chart_datum(FILE *data, const char *text)
{
    char shown[2 * CHART_NOTE_MAX];
    markup_print(data, MARKUP_GNUPLOT_DATA, " \"@\"\n", micro_shown(shown, sizeof shown, text));
}

void chart_comment(FILE *data, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    markup_print(data, MARKUP_CODE, "# @\n", text);
}

void chart_looks(FILE *script, const struct run_data *run, const size_t *cell, size_t pools)
{
    fprintf(script, "array pool_look[%zu]\n", pools + 1);
    for (size_t k = 0; k < pools; k++)
        fprintf(script, "pool_look[%zu] = %u\n", k + 1, pool_look(run, run->rows[cell[k]].f.pool));
}

void chart_pools(FILE *script, const struct run_data *run, const size_t *cell, size_t pools)
{
    chart_looks(script, run, cell, pools);
    for (size_t k = 0; k < pools; k++)
        chart_text(script, "pool_name", k + 1, POOL_SHOWN(run->rows[cell[k]].f.pool));
}

void chart_count(struct chart_counts *counts, size_t trials, bool bar)
{
    counts->least = counts->most && counts->least < trials ? counts->least : trials;
    counts->most = trials > counts->most ? trials : counts->most;
    counts->bars = counts->bars || bar;
}

char *chart_counts_text(char *text, size_t size, const struct chart_counts *counts)
{
    snprintf(text, size, counts->least == counts->most ? "%zu" : "%zu .. %zu", counts->least, counts->most);
    return text;
}

struct amount chart_median(const struct run_data *run, double *values, size_t count)
{
    struct amount amount = {.trials = stats_sort(values, count)};
    amount.value = stats_median(values, amount.trials);
    stats_median_interval(values, amount.trials, looks_level_alone(run->looks), &amount.interval);
    return amount;
}

void chart_interval(FILE *data, const struct interval *interval)
{
    fprintf(data, isnan(interval->lo) ? " NaN NaN" : " %.9g %.9g", interval->lo, interval->hi);
}

void chart_amount(FILE *data, size_t line, size_t pool, const struct amount *amount, const char *instead,
                  struct chart_counts *counts)
{
    const struct interval *interval = &amount->interval;
    if (isnan(amount->value)) {
        fprintf(data, "%zu NaN NaN NaN 0 %zu \"%s\"\n", line, pool, instead);
        return;
    }
    fprintf(data, "%zu %.9g %.9g %.9g %zu %zu \"\"\n", line, amount->value,
            isnan(interval->lo) ? amount->value : interval->lo, isnan(interval->lo) ? amount->value : interval->hi,
            amount->trials, pool);
    chart_count(counts, amount->trials, !isnan(interval->lo));
}

char *chart_origin(char *text, size_t size, const struct run_data *run)
{
    const char *date = json_string_value(json_object_get(run->host, "date"));
    char machine[160];
    host_line(machine, sizeof machine, run->host);
    snprintf(text, size, "%s; %.61s%srun %.40s, %zu trials", machine, date ? date : "", date ? ", " : "",
             run->count ? run->rows[0].run_id : "", run->trial_count);
    return text;
}

void chart_notes(const struct chart_work *work, const char *bars)
{
    char text[CHART_NOTE_MAX];
    chart_text(work->script, "chart_source", 0, chart_origin(text, sizeof text, work->run));
    chart_text(work->script, "chart_note", 0, bars);
    if (work->note)
        snprintf(work->note, CHART_NOTE_MAX, "%s", bars);
}

void chart_notes_medians(const struct chart_work *work, const struct chart_counts *counts, const char *more)
{
    char text[CHART_NOTE_MAX], n[64];
    snprintf(text, sizeof text, "Medians, n = %s trial%s a point; %s%s%s", chart_counts_text(n, sizeof n, counts),
             counts->most == 1 ? "" : "s",
             counts->bars ? "bars: 95 % order-statistic interval of this run"
                          : "no bars: an interval needs at least 6 trials",
             counts->bars && counts->least < STATS_INTERVAL_MIN ? ", where n is at least 6" : "", more);
    chart_notes(work, text);
}
