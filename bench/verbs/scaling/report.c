/* Studies as text and as CSV. */
#include "bench/verbs/scaling/report.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/sheet.h"
#include <math.h>

/* ---- text ------------------------------------------------------------------------------------------------------- */

enum notation { NUMBER, SHARE, NANOSECONDS, WORKERS };

static enum notation notation_of(enum fit_law law, size_t value)
{
    if (law == FIT_SLEEP)
        return value == SLEEP_LIMIT_PER_S ? NUMBER : NANOSECONDS;
    if (value == FIT_SIGMA || (law == FIT_USL && value == USL_KAPPA))
        return SHARE;
    return law == FIT_USL && value == USL_BEST ? WORKERS : NUMBER;
}

/* Three digits, all of those before the point; infinite: `none`. */
static char *number_spell(char *text, size_t size, double number, const char *none)
{
    if (!isfinite(number))
        snprintf(text, size, "%s", none);
    else
        snprintf(text, size, "%.*f", number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2, number);
    return text;
}

static void value_spell(char *text, size_t size, double value, enum notation spelling, double most)
{
    if (spelling == NANOSECONDS) {
        format_duration(text, size, value);
    } else if (spelling == SHARE) {
        snprintf(text, size, value < 1e-9 ? "0" : "%.3g", value);
    } else if (spelling == WORKERS && value > most) {
        snprintf(text, size, "beyond %.0f", most);
    } else {
        number_spell(text, size, value, "no limit");
    }
}

static void value_print(FILE *out, const struct fit *fit, size_t v, double most)
{
    enum notation spelling = notation_of(fit->law, v);
    char value[32], lo[32], hi[32], interval[80];
    const char *words = fit_words[fit->law].value[v].words;
    value_spell(value, sizeof value, fit->value[v], spelling, most);
    value_spell(lo, sizeof lo, fit->interval[v].lo, spelling, most);
    value_spell(hi, sizeof hi, fit->interval[v].hi, spelling, most);
    *interval = '\0';
    if (strcmp(lo, hi) != 0)
        snprintf(interval, sizeof interval, "  [%s .. %s]", lo, hi);
    if (spelling == WORKERS && fit->value[v] > most)
        fprintf(out, "    %-43s beyond what was measured: %.0f%s\n", words, most, interval);
    else
        fprintf(out, "    %-43s %10s%s\n", words, value, interval);
}

static double workers_at(const struct studies *studies, const struct study *study, size_t point)
{
    return (double)study_row(studies, study, point)->f.workers;
}

/* What the law says of workers that were not tried. */
static void forecast_print(FILE *out, const struct fit *fit, double most)
{
    char text[256], twice[32], half[32];
    number_spell(twice, sizeof twice, 1e9 / fit_ns(fit, 2 * most), "");
    snprintf(text, sizeof text, "If it holds, %.0f workers do %s tasks/s", 2 * most, twice);
    if (fit->law == FIT_SLEEP) {
        double workers = (fit->size_ns + fit->value[SLEEP_WAIT_NS]) / fit->value[SLEEP_HANDOVER_NS];
        if (isfinite(workers))
            snprintf(text + strlen(text), sizeof text - strlen(text), "; %s workers reach half of the limit",
                     number_spell(half, sizeof half, workers, ""));
    }
    wrapped_print(out, 4, 4, "%s.", text);
}

static void fit_print(FILE *out, const struct studies *studies, const struct study *study, const struct study_fit *f)
{
    double most = workers_at(studies, study, study->used ? study->used - 1 : 0);
    if (!f->made) {
        wrapped_print(out, 2, 4, "%s: not fitted: %s", fit_words[f->law].law, f->why);
        return;
    }
    fprintf(out, "  %s: the measured points are up to %.2g %% off\n", fit_words[f->law].law, 100 * f->fit.worst);
    for (size_t v = 0; v < fit_words[f->law].values; v++)
        value_print(out, &f->fit, v, most);
    if (f->law == FIT_SLEEP)
        forecast_print(out, &f->fit, most);
}

static void points_print(FILE *out, const struct studies *studies, const struct study *study)
{
    static const char *const heads[FIT_LAWS] = {"Amdahl", "USL", "law"};
    struct sheet sheet = {.columns = 3, .align = "r"};
    char lo[32], hi[32];
    sheet_row(&sheet, "  workers", "tasks/s", "95 % interval");
    for (size_t i = 0; i < study->fits; i++)
        if (study->fit[i].made) {
            sheet_row(&sheet, heads[study->fit[i].law], "off");
            sheet.columns += 2;
        }
    sheet_put(&sheet, "%s", "");
    sheet.columns++;
    for (size_t p = 0; p < study->count; p++) {
        struct interval ends;
        double per_s = study_per_s(studies, study, p, &ends);
        sheet_put(&sheet, "%.0f", workers_at(studies, study, p));
        sheet_put(&sheet, "%s", number_spell(lo, sizeof lo, per_s, ""));
        if (isnan(ends.lo))
            sheet_put(&sheet, "-");
        else
            sheet_put(&sheet, "[%s .. %s]", number_spell(lo, sizeof lo, ends.lo, ""),
                      number_spell(hi, sizeof hi, ends.hi, ""));
        for (size_t i = 0; i < study->fits; i++) {
            if (!study->fit[i].made)
                continue;
            double fitted = 1e9 / fit_ns(&study->fit[i].fit, workers_at(studies, study, p));
            snprintf(hi, sizeof hi, "%+.1f%%", 100 * (fitted / per_s - 1));
            sheet_row(&sheet, p < study->used ? number_spell(lo, sizeof lo, fitted, "") : "",
                      p < study->used ? hi : "");
        }
        sheet_put(&sheet, "%s", p < study->used ? "" : "not fitted");
    }
    sheet_trim(&sheet);
    sheet_print(out, &sheet, screen_columns(out));
    sheet_release(&sheet);
}

static void study_print(FILE *out, const struct studies *studies, const struct study *study)
{
    char label[160], blocks[32] = "";
    if (study->blocks)
        snprintf(blocks, sizeof blocks, "; %zu blocks", study->blocks);
    wrapped_print(out, 0, 2, "%.128s: %s; %zu numbers of workers, %.0f to %.0f%s",
                  POOL_SHOWN(study_row(studies, study, 0)->f.pool), study_label(studies, study, label, sizeof label),
                  study->count, workers_at(studies, study, 0), workers_at(studies, study, study->count - 1), blocks);
    if (study->used < study->count)
        wrapped_print(out, 2, 4,
                      "Fitted up to %lld workers, the CPUs in effect: beyond, workers share CPUs, which is no scaling.",
                      (long long)study->cpus);
    if (study->needs_cpus && !study->cpus)
        fputs("  host.json does not say how many CPUs there were: some workers may have shared one.\n", out);
    if (*study->why)
        wrapped_print(out, 2, 4, "Not fitted: %.400s.", study->why);
    for (size_t i = 0; i < study->fits; i++)
        fit_print(out, studies, study, &study->fit[i]);
    points_print(out, studies, study);
}

void studies_print(FILE *out, const struct studies *studies)
{
    char machine[160];
    host_line(machine, sizeof machine, studies->table.run->host);
    wrapped_print(out, 0, 0, "Scaling over workers, run %.40s: %s", studies->table.run->rows[0].run_id, machine);
    wrap_print(out,
               "Fitted to medians over blocks. Intervals: 95 %, each by itself, of refits to resampled blocks. They "
               "hold if the law does; how far the points are off tells whether it does.",
               0);
    for (size_t i = 0; i < studies->count; i++) {
        fputc('\n', out);
        study_print(out, studies, &studies->study[i]);
    }
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

static const double nothing[4] = {NAN, NAN, NAN, NAN};

/* numbers: workers, value, and its interval. reason: "", or why there is no value. */
static void line_put(struct sheet *sheet, const struct summary_row *row, const char *law, const char *name,
                     const double numbers[4], const char *reason)
{
    char arrival[SPEC_MAX];
    sheet_row(sheet, row->run_id, row->f.pool, row->f.workload);
    sheet_numbers(sheet, 1, (double[]){row->f.size_ns == MISSING ? NAN : (double)row->f.size_ns});
    sheet_row(sheet, row->f.place, factor_text(&options[OPTION_ARRIVAL], &row->f, arrival), law, name);
    sheet_numbers(sheet, 4, numbers);
    sheet_put(sheet, "%s", reason);
}

static void fit_csv(struct sheet *sheet, const struct studies *studies, const struct study *study,
                    const struct study_fit *f)
{
    static const char *const laws[FIT_LAWS] = {"amdahl", "usl", "sleep"};
    const struct summary_row *row = study_row(studies, study, 0);
    const struct fit_words *words = &fit_words[f->law];
    const char *law = laws[f->law];
    if (!f->made) {
        line_put(sheet, row, law, "refused", nothing, f->why);
        return;
    }
    for (size_t v = 0; v < words->values; v++)
        line_put(sheet, row, law, words->value[v].name,
                 (double[]){NAN, f->fit.value[v], f->fit.interval[v].lo, f->fit.interval[v].hi}, "");
    line_put(sheet, row, law, "worst_residual", (double[]){NAN, f->fit.worst, NAN, NAN}, "");
    for (size_t p = 0; p < study->used; p++) {
        double workers = workers_at(studies, study, p);
        line_put(sheet, row, law, "fitted_per_s", (double[]){workers, 1e9 / fit_ns(&f->fit, workers), NAN, NAN}, "");
    }
}

static void study_csv(struct sheet *sheet, const struct studies *studies, const struct study *study)
{
    const struct summary_row *row = study_row(studies, study, 0);
    if (*study->why)
        line_put(sheet, row, "", "refused", nothing, study->why);
    for (size_t p = 0; p < study->count; p++) {
        struct interval ends;
        double per_s = study_per_s(studies, study, p, &ends);
        line_put(sheet, row, "", "measured_per_s", (double[]){workers_at(studies, study, p), per_s, ends.lo, ends.hi},
                 p < study->used ? "" : "more workers than CPUs");
    }
    for (size_t i = 0; i < study->fits; i++)
        fit_csv(sheet, studies, study, &study->fit[i]);
}

int studies_table(FILE *out, const struct studies *studies, const char *how)
{
    struct sheet sheet = {.columns = 13, .align = "lllrllllrrrrl"};
    sheet_row(&sheet, "run_id", "pool", "workload", "size_ns", "place", "arrival", "law", "name", "workers", "value",
              "lo", "hi", "reason");
    for (size_t i = 0; i < studies->count; i++)
        study_csv(&sheet, studies, &studies->study[i]);
    int rc = sheet_write(out, how, "scaling", &sheet);
    sheet_release(&sheet);
    return rc;
}
