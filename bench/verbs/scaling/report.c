/* Studies as text and as CSV. */
#include "bench/verbs/scaling/report.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
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
        fprintf(out, "    %-46s beyond what was measured: %.0f%s\n", words, most, interval);
    else
        fprintf(out, "    %-46s %10s%s\n", words, value, interval);
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
    snprintf(text + strlen(text), sizeof text - strlen(text), ".");
    fputs("    ", out);
    wrap_print(out, text, 4);
}

static void fit_print(FILE *out, const struct studies *studies, const struct study *study, const struct study_fit *f)
{
    double most = workers_at(studies, study, study->used ? study->used - 1 : 0);

    if (!f->made) {
        char text[ERROR_MAX + 64];
        snprintf(text, sizeof text, "%s: not fitted: %s", fit_words[f->law].law, f->why);
        fputs("  ", out);
        wrap_print(out, text, 4);
        return;
    }
    fprintf(out, "  %s: the measured points are up to %.2g %% off\n", fit_words[f->law].law, 100 * f->fit.worst);
    for (size_t v = 0; v < fit_words[f->law].values; v++)
        value_print(out, &f->fit, v, most);
    if (f->law == FIT_SLEEP)
        forecast_print(out, &f->fit, most);
}

/* Every field begins with its own space, so that no line ends in one. */
static void points_print(FILE *out, const struct studies *studies, const struct study *study)
{
    static const char *const heads[FIT_LAWS] = {"Amdahl", "USL", "law"};
    char value[32], lo[32], hi[32], interval[80];

    fprintf(out, "  %7s %12s %26s", "workers", "tasks/s", "95 % interval");
    for (size_t i = 0; i < study->fits; i++)
        if (study->fit[i].made)
            fprintf(out, " %12s %8s", heads[study->fit[i].law], "off");
    fputc('\n', out);
    for (size_t p = 0; p < study->count; p++) {
        struct interval ends;
        double per_s = study_per_s(studies, study, p, &ends);
        snprintf(interval, sizeof interval, "-");
        if (!isnan(ends.lo))
            snprintf(interval, sizeof interval, "[%s .. %s]", number_spell(lo, sizeof lo, ends.lo, ""),
                     number_spell(hi, sizeof hi, ends.hi, ""));
        fprintf(out, "  %7.0f %12s %26s", workers_at(studies, study, p), number_spell(value, sizeof value, per_s, ""),
                interval);
        for (size_t i = 0; i < study->fits && p < study->used; i++) {
            if (!study->fit[i].made)
                continue;
            double fitted = 1e9 / fit_ns(&study->fit[i].fit, workers_at(studies, study, p));
            fprintf(out, " %12s %+7.1f%%", number_spell(value, sizeof value, fitted, ""), 100 * (fitted / per_s - 1));
        }
        fprintf(out, "%s\n", p < study->used ? "" : "   not fitted");
    }
}

static void study_print(FILE *out, const struct studies *studies, const struct study *study)
{
    char label[160], text[512];

    snprintf(text, sizeof text, "%.128s: %s; %zu numbers of workers, %.0f to %.0f",
             POOL_SHOWN(study_row(studies, study, 0)->f.pool), study_label(studies, study, label, sizeof label),
             study->count, workers_at(studies, study, 0), workers_at(studies, study, study->count - 1));
    if (study->blocks)
        snprintf(text + strlen(text), sizeof text - strlen(text), "; %zu blocks", study->blocks);
    wrap_print(out, text, 2);
    if (study->used < study->count) {
        snprintf(text, sizeof text,
                 "Fitted up to %lld workers, the CPUs in effect: beyond, workers share CPUs, which is no scaling.",
                 (long long)study->cpus);
        fputs("  ", out);
        wrap_print(out, text, 4);
    }
    if (study->needs_cpus && !study->cpus)
        fputs("  host.json does not say how many CPUs there were: some workers may have shared one.\n", out);
    if (*study->why) {
        snprintf(text, sizeof text, "Not fitted: %.400s.", study->why);
        fputs("  ", out);
        wrap_print(out, text, 4);
    }
    for (size_t i = 0; i < study->fits; i++)
        fit_print(out, studies, study, &study->fit[i]);
    points_print(out, studies, study);
}

void studies_print(FILE *out, const struct studies *studies)
{
    char machine[160], text[256];

    host_line(machine, sizeof machine, studies->table.run->host);
    snprintf(text, sizeof text, "Scaling over workers, run %.40s: %s", studies->table.run->rows[0].run_id, machine);
    wrap_print(out, text, 0);
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

struct csv_line {
    const char *law, *name;
    double workers, value, lo, hi; /* NAN: empty */
    const char *reason;
};

static void number_put(FILE *out, double number)
{
    if (!isnan(number))
        fprintf(out, ",%.9g", number);
    else
        fputc(',', out);
}

static void line_put(FILE *out, const struct summary_row *row, const struct csv_line *line)
{
    char arrival[SPEC_MAX];

    csv_text_print(out, row->run_id);
    fputc(',', out);
    csv_text_print(out, row->f.pool);
    fputc(',', out);
    csv_text_print(out, row->f.workload);
    number_put(out, row->f.size_ns == MISSING ? NAN : (double)row->f.size_ns);
    fputc(',', out);
    csv_text_print(out, row->f.place);
    fputc(',', out);
    csv_text_print(out, factor_text(&options[OPTION_ARRIVAL], &row->f, arrival));
    fprintf(out, ",%s,%s", line->law, line->name);
    number_put(out, line->workers);
    number_put(out, line->value);
    number_put(out, line->lo);
    number_put(out, line->hi);
    fputc(',', out);
    csv_text_print(out, line->reason ? line->reason : "");
    fputc('\n', out);
}

static void study_csv(FILE *out, const struct studies *studies, const struct study *study)
{
    static const char *const laws[FIT_LAWS] = {"amdahl", "usl", "sleep"};
    const struct summary_row *row = study_row(studies, study, 0);

    if (*study->why)
        line_put(out, row, &(struct csv_line){"", "refused", NAN, NAN, NAN, NAN, study->why});
    for (size_t p = 0; p < study->count; p++) {
        struct interval ends;
        double per_s = study_per_s(studies, study, p, &ends);
        line_put(out, row,
                 &(struct csv_line){"", "measured_per_s", workers_at(studies, study, p), per_s, ends.lo, ends.hi,
                                    p < study->used ? "" : "more workers than CPUs"});
    }
    for (size_t i = 0; i < study->fits; i++) {
        const struct study_fit *f = &study->fit[i];
        const struct fit_words *words = &fit_words[f->law];
        if (!f->made) {
            line_put(out, row, &(struct csv_line){laws[f->law], "refused", NAN, NAN, NAN, NAN, f->why});
            continue;
        }
        for (size_t v = 0; v < words->values; v++)
            line_put(out, row,
                     &(struct csv_line){laws[f->law], words->value[v].name, NAN, f->fit.value[v], f->fit.interval[v].lo,
                                        f->fit.interval[v].hi, ""});
        line_put(out, row, &(struct csv_line){laws[f->law], "worst_residual", NAN, f->fit.worst, NAN, NAN, ""});
        for (size_t p = 0; p < study->used; p++)
            line_put(out, row,
                     &(struct csv_line){laws[f->law], "fitted_per_s", workers_at(studies, study, p),
                                        1e9 / fit_ns(&f->fit, workers_at(studies, study, p)), NAN, NAN, ""});
    }
}

void studies_csv(FILE *out, const struct studies *studies)
{
    fputs("run_id,pool,workload,size_ns,place,arrival,law,name,workers,value,lo,hi,reason\n", out);
    for (size_t i = 0; i < studies->count; i++)
        study_csv(out, studies, &studies->study[i]);
}
