/* One function a question; each prints its sentence, or nothing where the run does not answer it. */
#include "bench/analyse/findings.h"
#include "bench/analyse/sweep.h"
#include "bench/analyse/timing.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>

#define NEAR       1.1 /* within this of the best, a pool is said to keep up with it */
#define GAIN_LEAST 1.1 /* more workers that bring less are said to bring nothing much */

#define pool_name(t, column) POOL_SHOWN((t)->run->rows[(t)->pool[column]].f.pool)

static bool is_ideal(const struct table *t, size_t column)
{
    return row_has_pool(&t->run->rows[t->pool[column]], IDEAL_POOL);
}

static const char *workload_of(const struct table *t, size_t row)
{
    return t->run->rows[t->row[row]].f.workload;
}

/* How far from the best the cell can be, by its interval; INFINITY: not known. */
static double at_most(const struct table *t, size_t row, size_t column)
{
    const struct entry *e = table_entry(t, row, column);
    if (!e->contends)
        return INFINITY;
    if (column == t->best[row])
        return 1;
    return isnan(e->to_best.interval.hi) ? INFINITY : fmax(1, e->to_best.interval.hi);
}

/* "pthread", "pthread and prefork", "pthread, prefork and hybrid". */
static void names_print(FILE *out, const struct table *t, const bool *chosen)
{
    size_t left = 0;
    for (size_t c = 0; c < t->pools; c++)
        left += chosen[c];
    for (size_t c = 0, said = 0; c < t->pools; c++)
        if (chosen[c]) {
            fprintf(out, "%s%s", said == 0 ? "" : left == 1 ? " and " : ", ", pool_name(t, c));
            said++;
            left--;
        }
}

static unsigned count_of(const bool *chosen, size_t count)
{
    unsigned n = 0;
    for (size_t i = 0; i < count; i++)
        n += chosen[i];
    return n;
}

/* A factor with as many digits as it can bear: "1.08", "15", "230". */
static char *times_format(char *text, size_t size, double times)
{
    snprintf(text, size, times < 9.995 ? "%.2f" : times < 99.95 ? "%.1f" : "%.0f", times);
    return text;
}

static char *times_interval(char *text, size_t size, const struct comparison *c)
{
    char lo[16], hi[16], middle[16];
    snprintf(text, size, "%sx [%s .. %s]", times_format(middle, sizeof middle, c->ratio),
             times_format(lo, sizeof lo, c->interval.lo), times_format(hi, sizeof hi, c->interval.hi));
    return text;
}

/* ---- CPU-bound tasks, by their size ---- */

/* The first point of the sweep from which on the pool keeps up with the best; count: never. */
static size_t near_from(const struct table *t, const struct sweep *sweep, size_t column)
{
    size_t from = sweep->count;
    while (from && at_most(t, sweep->row[from - 1], column) <= NEAR)
        from--;
    return from;
}

static void near_print(FILE *out, const struct table *t, const struct sweep *sweep, size_t from)
{
    bool chosen[SWEEP_MAX] = {false};
    char size[32];
    double most = 1;
    for (size_t c = 0; c < t->pools && c < SWEEP_MAX; c++) {
        chosen[c] = near_from(t, sweep, c) == from;
        for (size_t i = from; i < sweep->count && chosen[c]; i++)
            most = fmax(most, at_most(t, sweep->row[i], c));
    }
    if (count_of(chosen, SWEEP_MAX) < 2)
        return;
    fprintf(out, "CPU-bound tasks (%s) %s %s%s: ", workload_of(t, sweep->row[0]), sweep->count > 1 ? "from" : "of",
            spell_duration(size, sizeof size, (int64_t)sweep_number(t, sweep->row[from], FACTOR_SIZE)),
            sweep->count > 1 ? " upwards" : "");
    names_print(out, t, chosen);
    fprintf(out, " are within %.*f %% of the fastest.\n", most < 1.0995 ? 1 : 0, ceil((most - 1) * 1000) / 10);
}

/* Costs grow in a straight line with the size between two neighbours: where the one is twice the other. */
static double doubled_at(const struct table *t, const struct sweep *sweep, size_t i, size_t column)
{
    double x[2], gap[2];
    for (size_t k = 0; k < 2; k++) {
        size_t row = sweep->row[i + k];
        x[k] = sweep_number(t, row, FACTOR_SIZE);
        gap[k] = table_entry(t, row, column)->ns - 2 * table_entry(t, row, t->best[row])->ns;
    }
    return x[0] + (x[1] - x[0]) * gap[0] / (gap[0] - gap[1]);
}

/* Who falls behind where tasks are small, and below which size it takes twice the time of the best. */
static void behind_print(FILE *out, const struct table *t, const struct sweep *sweep)
{
    for (size_t c = 0; c < t->pools; c++) {
        char text[64], first[32], size[32];
        size_t i = 0;
        double lo = 0;
        if (near_from(t, sweep, c) == 0 || !table_entry(t, sweep->row[0], c)->contends ||
            row_has_pool(&t->run->rows[t->pool[c]], BASE_POOL))
            continue;
        const struct entry *small = table_entry(t, sweep->row[0], c);
        if (!(small->to_best.interval.lo > NEAR))
            continue;
        spell_duration(first, sizeof first, (int64_t)sweep_number(t, sweep->row[0], FACTOR_SIZE));
        fprintf(out, "%s takes %s as long as the fastest with tasks of %s", pool_name(t, c),
                times_interval(text, sizeof text, &small->to_best), first);
        for (; i < sweep->count; i++) {
            const struct entry *e = table_entry(t, sweep->row[i], c);
            lo = isnan(e->ns) ? NAN : e->ns / table_entry(t, sweep->row[i], t->best[sweep->row[i]])->ns;
            if (!(lo >= 2))
                break;
        }
        if (i && i < sweep->count && !isnan(lo)) {
            double at = doubled_at(t, sweep, i - 1, c);
            double unit = pow(10, floor(log10(at)) - 1);
            fprintf(out, ", and at least twice as long below about %s",
                    format_duration(text, sizeof text, round(at / unit) * unit));
            spell_duration(first, sizeof first, (int64_t)sweep_number(t, sweep->row[i - 1], FACTOR_SIZE));
            spell_duration(size, sizeof size, (int64_t)sweep_number(t, sweep->row[i], FACTOR_SIZE));
            fprintf(out, " (between %s and %s)", first, size);
        } else if (i == sweep->count && sweep->count > 1) {
            fputs(", and more than twice at every size", out);
        }
        fputs(".\n", out);
    }
}

static void sizes_print(FILE *out, const struct table *t)
{
    struct sweep sweep;
    sweep_find(t, FACTOR_SIZE, KIND_CPU, &sweep);
    if (!sweep.count)
        return;
    for (size_t from = 0; from < sweep.count; from++) {
        bool somebody = false;
        for (size_t c = 0; c < t->pools; c++)
            somebody = somebody || (near_from(t, &sweep, c) == from && !is_ideal(t, c));
        if (somebody)
            near_print(out, t, &sweep, from);
    }
    behind_print(out, t, &sweep);
}

/* ---- more workers ---- */

/* The fastest with the most workers, there and with fewer: how much sooner it is done. */
static int workers_print(FILE *out, const struct table *t, enum kind kind)
{
    const struct family alone = family_make(1, t->run->looks, FAMILY_MARGIN);
    struct sweep sweep;
    struct comparison gain;
    char text[64];
    sweep_find(t, FACTOR_WORKERS, kind, &sweep);
    if (sweep.count < 2)
        return 0;
    size_t last = sweep.row[sweep.count - 1], column = t->best[last];
    /* CPU-bound: what do the last workers bring? Sleep-bound: what do all of them? */
    size_t before = kind == KIND_CPU ? sweep.row[sweep.count - 2] : sweep.row[0];
    const struct entry *most = table_entry(t, last, column), *fewer = table_entry(t, before, column);
    if (isnan(most->ns) || isnan(fewer->ns))
        return 0;
    if (comparison_make(series_of(&t->series, fewer->cell), series_of(&t->series, most->cell), t->series.blocks, &alone,
                        &gain))
        return -ENOMEM;
    if (isnan(gain.interval.lo))
        return 0;
    double n = sweep_number(t, last, FACTOR_WORKERS), few = sweep_number(t, before, FACTOR_WORKERS);
    const char *gains = gain.interval.lo > GAIN_LEAST                       ? "gain from more"
                        : kind == KIND_CPU && gain.interval.hi < GAIN_LEAST ? "gain little or nothing from more"
                                                                            : NULL;
    if (gains)
        fprintf(out, "%s-bound tasks (%s) %s workers: %.0f are %s as fast as %.0f (%s).\n",
                kind == KIND_SLEEP ? "Sleep" : "CPU", workload_of(t, last), gains, n,
                times_interval(text, sizeof text, &gain), few, pool_name(t, column));
    return 0;
}

/* ---- tasks of both kinds ---- */

static void mixed_print(FILE *out, const struct table *t)
{
    for (size_t row = 0; row < t->rows; row++) {
        size_t best = t->best[row], second = NO_CELL;
        char text[64], size[32], staff[64];
        if (row_kind(t, row) != KIND_MIXED || best == NO_CELL)
            continue;
        for (size_t c = 0; c < t->pools; c++) {
            const struct entry *e = table_entry(t, row, c);
            if (c != best && e->contends && (second == NO_CELL || e->ns < table_entry(t, row, second)->ns))
                second = c;
        }
        const struct summary_row *r = &t->run->rows[t->row[row]];
        if (second == NO_CELL || !(table_entry(t, row, second)->to_best.interval.lo > 1 + FAMILY_MARGIN))
            continue;
        row_staff(staff, sizeof staff, &t->run->rows[table_entry(t, row, best)->cell]);
        fprintf(out, "Mixed tasks (%s, %s, %lld workers): %s%s%s%s is the fastest; the next, %s, takes %s as long.\n",
                r->f.workload, spell_duration(size, sizeof size, r->f.size_ns), (long long)r->f.workers,
                pool_name(t, best), *staff ? " (" : "", staff, *staff ? ")" : "", pool_name(t, second),
                times_interval(text, sizeof text, &table_entry(t, row, second)->to_best));
        return;
    }
}

/* ---- a large parent ---- */

static int ballast_print(FILE *out, const struct table *t)
{
    bool calm[SWEEP_MAX] = {false};
    const struct family alone = family_make(1, t->run->looks, FAMILY_MARGIN); /* each by itself */
    char bytes[32], text[64];
    struct sweep sweep;
    double most = 1;
    int result = 0;
    sweep_find(t, FACTOR_BALLAST, KIND_CPU, &sweep);
    if (sweep.count < 2)
        return 0;
    size_t small = sweep.row[0], large = sweep.row[sweep.count - 1];
    spell_bytes(bytes, sizeof bytes, (int64_t)sweep_number(t, large, FACTOR_BALLAST));
    for (size_t c = 0; c < t->pools && c < SWEEP_MAX && !result; c++) {
        const struct entry *with = table_entry(t, large, c), *without = table_entry(t, small, c);
        struct comparison more;
        if (isnan(with->ns) || isnan(without->ns))
            continue;
        result = comparison_make(series_of(&t->series, with->cell), series_of(&t->series, without->cell),
                                 t->series.blocks, &alone, &more);
        if (result || isnan(more.interval.lo))
            continue;
        if (more.interval.lo > NEAR) {
            fprintf(out, "With %s in the main process a task of %s takes %s as long.\n", bytes, pool_name(t, c),
                    times_interval(text, sizeof text, &more));
        } else if (more.interval.hi <= NEAR) {
            calm[c] = true;
            most = fmax(most, more.interval.hi);
        }
    }
    if (count_of(calm, SWEEP_MAX)) {
        fprintf(out, "With %s in the main process ", bytes);
        names_print(out, t, calm);
        fprintf(out, " take%s at most %.1f %% longer.\n", count_of(calm, SWEEP_MAX) > 1 ? "" : "s",
                ceil((most - 1) * 1000) / 10);
    }
    return result;
}

/* What rests on verdicts. */
static int comparisons_print(FILE *out, const struct table *t)
{
    sizes_print(out, t);
    mixed_print(out, t);
    int result = workers_print(out, t, KIND_SLEEP);
    if (!result)
        result = workers_print(out, t, KIND_CPU);
    return result ? result : ballast_print(out, t);
}

int findings_print(FILE *out, const struct table *t)
{
    int result = table_marked(t) ? comparisons_print(out, t) : 0;
    return result ? result : timing_print(out, t);
}
