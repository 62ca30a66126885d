/* Finding the cells that a wish is about, and the best of them, see advise.h. */
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include "bench/verbs/advise/advise.h"
#include "pools/pool.h"
#include "workloads/workload.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT   (factors_all() & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE | FACTOR_TASKS))
#define MIB       1048576.0
#define SHARE_FAR 3 /* a share that is off by 1 is as far as a size that is off by a factor of 20 */
#define FAR       10

/* What counts. */
static const struct metric *metric_of(const struct wish *wish)
{
    return wish->rate > 0 ? metric_named("p99") : METRIC_WALL;
}

int advice_init(struct advice *advice, const struct run_data *run, const struct wish *wish)
{
    *advice = (struct advice){.run = run, .wish = *wish};
    return series_make(run, metric_of(wish), &advice->series);
}

void advice_release(struct advice *advice)
{
    series_release(&advice->series);
}

/* The share of the tasks of a row that compute; NAN: unknown workload. */
static double share_of(const struct summary_row *row)
{
    char name[64], error[ERROR_MAX];
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(row->f.workload), row->f.workload);
    const struct workload_ops *workload = workload_find(name);
    if (!workload || !(workload->traits & WORKLOAD_SIZED))
        return NAN;
    if (!workload->classify)
        return workload->class == TASK_SLEEP ? 0 : 1;
    struct spec spec = {.name = workload->name, .params = workload->params};
    for (unsigned i = 0; !spec_parse(row->f.workload, &spec, error) && workload->params[i].name; i++)
        if (!strcmp(workload->params[i].name, "cpu_share"))
            return (double)spec.values[i] / 1e6;
    return NAN;
}

static double rate_of(const struct summary_row *row)
{
    return row->f.arrival.kind == ARRIVAL_RATE ? row->f.arrival.rate : 0;
}

static double factor_between(double a, double b)
{
    return fabs(log(a / b));
}

/* INFINITY: of another kind. */
static double distance(const struct summary_row *row, const struct wish *wish)
{
    double share = share_of(row), rate = rate_of(row);
    bool same_kind = (share >= 1) == (wish->cpu_share >= 1) && (share <= 0) == (wish->cpu_share <= 0);
    if (isnan(share) || !same_kind || (rate > 0) != (wish->rate > 0) || row->f.size_ns <= 0 || *row->f.faults)
        return INFINITY;
    return factor_between((double)row->f.size_ns, (double)wish->size_ns) + SHARE_FAR * fabs(share - wish->cpu_share) +
           factor_between((double)row->f.ballast.bytes + MIB, (double)wish->ballast_bytes + MIB) +
           (rate > 0 ? factor_between(rate, wish->rate) : 0) + (row->f.payload.in || row->f.payload.out ? FAR : 0) +
           (strcmp(row->f.trial_program, options[OPTION_TRIAL_PROGRAM].preset) ? FAR : 0) +
           (strcmp(row->f.size_dist, "fixed") ? 1 : 0) + (rate <= 0 && row->f.arrival.kind != ARRIVAL_BURST ? 1 : 0);
}

/* Not the ideal, which knows all tasks beforehand; of processes alone where that is asked for. */
static bool may_be_advised(const struct advice *advice, const struct summary_row *row)
{
    if (row_has_pool(row, IDEAL_POOL) || row_is_floor(row) || !(row->ns_per_task > 0))
        return false;
    if (advice->wish.rate > 0 && (row_is_saturated(row) || row_is_untold(row)))
        return false;
    return !advice->wish.isolation || (row->f.processes > 0 && row->f.threads <= 0);
}

size_t advice_nearest(const struct advice *advice)
{
    const struct run_data *s = advice->run;
    double least = INFINITY;
    size_t nearest = SIZE_MAX;
    for (size_t i = 0; i < s->count; i++) {
        double far = distance(&s->rows[i], &advice->wish);
        if (far < least) {
            least = far;
            nearest = i;
        }
    }
    return nearest;
}

/* How simple a pool is: its place in `list pools`, which goes from no pool at all to mixed ones. */
static size_t simplicity(const struct summary_row *row)
{
    size_t at = 0;
    while (pool_table[at] && !row_has_pool(row, pool_table[at]->name))
        at++;
    return at;
}

static bool is_simpler(const struct summary_row *a, const struct summary_row *b)
{
    if (simplicity(a) != simplicity(b))
        return simplicity(a) < simplicity(b);
    return a->f.workers < b->f.workers;
}

static int by_cost(const void *a, const void *b)
{
    double x = ((const struct candidate *)a)->cost, y = ((const struct candidate *)b)->cost;
    return (x > y) - (x < y);
}

/* Median and interval; of a percentile, of all trials together. */
static int cost_find(const struct advice *advice, double *room, struct candidate *candidate)
{
    const struct run_data *s = advice->run;
    const struct metric *metric = metric_of(&advice->wish);
    const double level = looks_level_alone(s->looks);
    struct pooled pooled;
    if (metric->pooled) {
        const int rc = metric->pooled(s, candidate->cell, level, &pooled);
        candidate->cost = pooled.value;
        candidate->interval = (struct interval){pooled.lo, pooled.hi};
        return rc == -ENOMEM ? rc : 0;
    }
    memcpy(room, series_of(&advice->series, candidate->cell), advice->series.blocks * sizeof *room);
    const size_t count = stats_sort(room, advice->series.blocks);
    candidate->cost = stats_median(room, count);
    stats_median_interval(room, count, level, &candidate->interval);
    return 0;
}

static int candidates_fill(const struct advice *advice, struct contest *contest)
{
    const struct run_data *s = advice->run;
    double *sorted = calloc(advice->series.blocks + 1, sizeof *sorted);
    contest->candidates = calloc(s->count + 1, sizeof *contest->candidates);
    int rc = sorted && contest->candidates ? 0 : -ENOMEM;
    for (size_t i = 0; i < s->count && !rc; i++) {
        struct candidate candidate = {.cell = i};
        if (!factors_equal(&s->rows[i], &s->rows[contest->cell], CONTEXT) || !may_be_advised(advice, &s->rows[i]))
            continue;
        rc = cost_find(advice, sorted, &candidate);
        if (!rc && !isnan(candidate.cost))
            contest->candidates[contest->count++] = candidate;
    }
    free(sorted);
    return rc;
}

/* Which is the best is seen afterwards, so intervals hold over all pairs. */
int contest_make(const struct advice *advice, size_t cell, struct contest *contest)
{
    *contest = (struct contest){.cell = cell};
    int rc = candidates_fill(advice, contest);
    if (rc || !contest->count)
        return rc;
    size_t n = contest->count;
    qsort(contest->candidates, n, sizeof *contest->candidates, by_cost);
    contest->family = family_make((unsigned)(n * (n - 1) / 2), advice->run->looks, FAMILY_MARGIN);
    const double *best = series_of(&advice->series, contest->candidates[0].cell);
    const struct summary_row *rows = advice->run->rows;
    for (size_t i = 1; i < n && !rc; i++) {
        struct candidate *candidate = &contest->candidates[i];
        rc = comparison_make(series_of(&advice->series, candidate->cell), best, advice->series.blocks, &contest->family,
                             &candidate->to_best);
        if (!rc)
            rc = comparison_of_pooled(
                metric_of(&advice->wish),
                &(struct metric_pair){advice->run, advice->run, candidate->cell, contest->candidates[0].cell},
                &contest->family, &candidate->to_best);
        bool is_enough = advice->wish.p99_ns && candidate->interval.hi <= (double)advice->wish.p99_ns;
        bool is_near = candidate->to_best.verdict == VERDICT_UNRESOLVED && candidate->to_best.ratio <= CONTEST_NEAR;
        bool is_equal = candidate->to_best.verdict == VERDICT_EQUAL || candidate->to_best.verdict == VERDICT_FASTER;
        if ((is_equal || is_near || is_enough) &&
            is_simpler(&rows[candidate->cell], &rows[contest->candidates[contest->chosen].cell]))
            contest->chosen = i;
    }
    return rc;
}

void contest_release(struct contest *contest)
{
    free(contest->candidates);
    contest->candidates = NULL;
}

/* Is what was chosen at one size surely worse than the best of another? */
static bool is_beaten(const struct summary_row *rows, const struct summary_row *chosen, const struct contest *other)
{
    for (size_t i = 1; i < other->count; i++) {
        const struct summary_row *row = &rows[other->candidates[i].cell];
        if (factors_equal(row, chosen, FACTOR_POOL | FACTOR_WORKERS | FACTOR_PLACE))
            return other->candidates[i].to_best.verdict == VERDICT_SLOWER;
    }
    return false;
}

size_t advice_turn(const struct advice *advice, const struct contest *contest, struct contest *turn, size_t *sizes)
{
    const struct summary_row *rows = advice->run->rows;
    const struct summary_row *chosen = &rows[contest->candidates[contest->chosen].cell];
    double least = INFINITY;
    size_t at = SIZE_MAX;
    *turn = (struct contest){0};
    *sizes = 0;
    for (size_t i = 0; i < advice->run->count; i++) {
        struct contest other;
        bool known = rows[i].f.size_ns == chosen->f.size_ns;
        for (size_t j = 0; j < i && !known; j++)
            known = rows[j].f.size_ns == rows[i].f.size_ns && factors_equal(&rows[j], chosen, CONTEXT & ~FACTOR_SIZE);
        if (known || !factors_equal(&rows[i], chosen, CONTEXT & ~FACTOR_SIZE) || contest_make(advice, i, &other))
            continue;
        ++*sizes;
        double far = factor_between((double)rows[i].f.size_ns, (double)chosen->f.size_ns);
        if (is_beaten(rows, chosen, &other) && far < least) {
            contest_release(turn);
            *turn = other;
            least = far;
            at = i;
        } else {
            contest_release(&other);
        }
    }
    return at;
}
