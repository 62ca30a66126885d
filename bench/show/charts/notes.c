/* What all charts say of themselves: machine, date, run, number of trials, and what their bars mean. */
#include "bench/model/host.h"
#include "bench/show/charts/chart.h"
#include "bench/stats/stats.h"
#include <jansson.h>

void chart_quoted(FILE *script, const char *text)
{
    fputc('\'', script);
    for (; *text; text++)
        fputs(*text == '\'' ? "''" : (char[]){*text, '\0'}, script);
    fputc('\'', script);
}

/* When the run was made, "" where host.json does not say. */
static void date_read(char *text, size_t size, const json_t *host)
{
    const char *date = json_string_value(json_object_get(host, "date"));

    snprintf(text, size, "%s%s", date ? date : "", date ? ", " : "");
}

char *chart_origin(char *text, size_t size, const struct chart_source *source)
{
    char machine[160], date[64];

    host_line(machine, sizeof machine, source->run->host);
    date_read(date, sizeof date, source->run->host);
    snprintf(text, size, "%s; %srun %.40s, %zu trials", machine, date,
             source->run->count ? source->run->rows[0].run_id : "", source->run->trial_count);
    return text;
}

void chart_notes(FILE *script, const struct chart_source *source, const char *bars)
{
    char text[CHART_NOTE_MAX];

    fputs("chart_source = ", script);
    chart_quoted(script, chart_origin(text, sizeof text, source));
    fputs("\nchart_note = ", script);
    chart_quoted(script, bars);
    fputc('\n', script);
    if (source->note)
        snprintf(source->note, CHART_NOTE_MAX, "%s", bars);
}

void chart_notes_medians(FILE *script, const struct chart_source *source, size_t n_min, size_t n_max, bool bars)
{
    char text[CHART_NOTE_MAX], n[64];

    snprintf(n, sizeof n, n_min == n_max ? "n = %zu" : "n = %zu .. %zu", n_min, n_max);
    snprintf(text, sizeof text, "Medians, %s trial%s a point; %s%s", n, n_max == 1 ? "" : "s",
             bars ? "bars: 95 % order-statistic interval" : "no bars: an interval needs at least 6 trials",
             bars && n_min < STATS_INTERVAL_MIN ? ", where n is at least 6" : "");
    chart_notes(script, source, text);
}
