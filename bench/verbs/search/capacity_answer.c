/* The verb capacity, after it has measured: capacity.csv and the screen. */
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/stats/pooled.h"
#include "bench/verbs/search/capacity.h"
#include "bench/verbs/search/search.h"
#include "workloads/text.h"
#include <math.h>

/* ---- what is told of a pool ---- */

static bool is_told(const struct capacity_pool *pool)
{
    return !isnan(pool->found.interval.lo) || !isnan(pool->found.interval.hi);
}

/* The highest rate that has enough tasks for the percentile, pooled over its trials, and keeps to the limit, with no
 * lower one that does not; NULL: none. Beyond the capacity it says nothing: trials begin with an empty queue, and end
 * before it is full. */
static const struct rate_point *kept(const struct capacity *capacity, const struct capacity_pool *pool)
{
    const struct rate_point *best = NULL;
    for (size_t i = 0; i < pool->found.points; i++) {
        const struct rate_point *point = &pool->found.point[i];
        if ((double)point->tasks * (1 - capacity->share) < POOLED_SLOWER)
            continue;
        if (!(point->latency_ns <= capacity->deadline_ns) || point->rate > pool->found.interval.hi)
            return best;
        best = point;
    }
    return best;
}

static double utilisation(const struct capacity_pool *pool)
{
    double sum = 0, tasks = 0;
    for (size_t t = 0; t < pool->trials; t++)
        for (size_t i = 0; i < pool->trial[t].tasks; i++, tasks++)
            sum += pool->trial[t].service_ns[i];
    return tasks ? pool->found.rate * sum / tasks / 1e9 / pool->workers : NAN;
}

static char *spell_rate(char *text, size_t size, double rate)
{
    snprintf(text, size, "%.*f/s", rate >= 99.95 ? 0 : 1, rate);
    return text;
}

/* Why there is no number, or what is to be known of it; "" for nothing. */
static void reason_say(const struct capacity *capacity, const struct capacity_pool *pool, char *reason, size_t size)
{
    const struct sustained *found = &pool->found;
    char rate[32];
    const struct rate_point *end = found->points && !isnan(found->interval.hi) ? found->point
                                   : found->points                             ? &found->point[found->points - 1]
                                                                               : NULL;
    reason[0] = '\0';
    if (!pool->trials && pool->disturbed)
        snprintf(reason, size, "others had the CPUs in all %zu trials", pool->disturbed);
    else if (!pool->trials)
        snprintf(reason, size, "no trial ended: %s", pool->failure);
    else if (!found->points)
        snprintf(reason, size, "no trial ended in time, at %s and more",
                 spell_rate(rate, sizeof rate, pool->trial[pool->trials - 1].rate));
    else if (isnan(found->rate) && is_told(pool))
        snprintf(reason, size, "%s %s, the %s rate measured", isnan(found->interval.hi) ? "at least" : "below",
                 spell_rate(rate, sizeof rate, end->rate), isnan(found->interval.hi) ? "highest" : "lowest");
    else if (found->trials < SUSTAINED_TRIALS_MIN)
        snprintf(reason, size, "%zu trials are too few for an interval, expected %d or more", found->trials,
                 SUSTAINED_TRIALS_MIN);
    else if (!is_told(pool))
        snprintf(reason, size, "trials differ too much to be bounded");
    (void)capacity;
}

static void row_fill(const struct capacity *capacity, const struct capacity_pool *pool, struct capacity_row *row)
{
    const struct cell *cell = capacity_subject(capacity, pool);
    const struct rate_point *best = kept(capacity, pool);
    row->schema_version = SCHEMA_VERSION;
    text_put(row->run_id, sizeof row->run_id, run_id(capacity->session.directory), true);
    snprintf(row->pool, sizeof row->pool, "%s", cell->f.pool);
    snprintf(row->workload, sizeof row->workload, "%s", cell->f.workload);
    row->workers = cell->f.workers;
    row->size_ns = cell->f.size_ns;
    row->p99_limit_ns = search_whole(capacity->deadline_ns);
    row->blocks = (int64_t)capacity->block;
    row->trials = (int64_t)pool->trials;
    reason_say(capacity, pool, row->reason, sizeof row->reason);
    row->rate_per_s = pool->found.rate;
    row->lo_per_s = pool->found.interval.lo;
    row->hi_per_s = pool->found.interval.hi;
    row->percentile = capacity->share;
    row->utilisation = utilisation(pool);
    row->kept_per_s = best ? best->rate : NAN;
    row->kept_ns = best ? search_whole(best->latency_ns) : MISSING;
}

int capacity_write(const struct capacity *capacity)
{
    struct csv_writer *writer;
    struct capacity_row row;
    char ignored[ERROR_MAX];
    int rc = csv_create(capacity->session.directory, &capacity_format, &writer);
    if (rc)
        return rc;
    for (size_t i = 0; i < capacity->pools && rc == 0; i++) {
        row_clear(&capacity_format, &row);
        row_fill(capacity, &capacity->pool[i], &row);
        rc = csv_put(writer, &row);
    }
    int closed = csv_close(writer);
    rc = rc ? rc : closed;
    rc = rc ? rc : recorded_note(capacity->session.directory, ignored);
    return rc ? rc : file_sums_note(capacity->session.directory, capacity_format.file, ignored);
}

/* ---- the screen ---- */

static const char *name_of(const struct capacity *capacity, const struct capacity_pool *pool)
{
    return POOL_SHOWN(capacity_subject(capacity, pool)->f.pool);
}

/* Surely more than that of all others: its interval lies above theirs. NULL: that cannot be told. */
static const struct capacity_pool *most_of(const struct capacity *capacity)
{
    const struct capacity_pool *best = &capacity->pool[0];
    for (size_t i = 1; i < capacity->pools; i++)
        if (capacity->pool[i].found.interval.lo > best->found.interval.lo || isnan(best->found.interval.lo))
            best = &capacity->pool[i];
    for (size_t i = 0; i < capacity->pools; i++)
        if (&capacity->pool[i] != best && !(capacity->pool[i].found.interval.hi < best->found.interval.lo))
            return NULL;
    return best;
}

static void pool_print(const struct capacity *capacity, const struct capacity_pool *pool, FILE *out)
{
    const struct interval *ends = &pool->found.interval;
    const struct rate_point *best = kept(capacity, pool);
    char rate[32], lo[32] = "..", hi[32] = "..", latency[32], reason[192];
    reason_say(capacity, pool, reason, sizeof reason);
    fprintf(out, "  %-24s  ", name_of(capacity, pool));
    if (!isnan(pool->found.rate)) {
        if (!isnan(ends->lo))
            spell_rate(lo, sizeof lo, ends->lo);
        if (!isnan(ends->hi))
            spell_rate(hi, sizeof hi, ends->hi);
        fputs(spell_rate(rate, sizeof rate, pool->found.rate), out);
        if (is_told(pool))
            fprintf(out, "  [%s .. %s]", lo, hi);
        fprintf(out, "  %.0f %% utilised", 100 * utilisation(pool));
    }
    fprintf(out, "%s%s", reason[0] && !isnan(pool->found.rate) ? "  " : "", reason);
    if (best)
        fprintf(out, "; p%.4g was %s at %s", 100 * capacity->share,
                format_duration(latency, sizeof latency, best->latency_ns), spell_rate(rate, sizeof rate, best->rate));
    fputc('\n', out);
}

static void winner_print(const struct capacity *capacity, FILE *out)
{
    const struct capacity_pool *best = most_of(capacity);
    if (capacity->pools < 2)
        return;
    if (best)
        fprintf(out, "%s sustains the most.\n", name_of(capacity, best));
    else
        fprintf(out, "Which sustains the most cannot be told.\n");
}

void capacity_screen(const struct capacity *capacity, const struct run_data *run, FILE *out)
{
    const struct cell *cell = capacity_subject(capacity, &capacity->pool[0]);
    char limit[32], size[32], budget[32];
    unsigned workers = 0;
    for (size_t i = 0; i < capacity->pools; i++)
        workers = (unsigned)fmax(workers, (double)capacity_subject(capacity, &capacity->pool[i])->f.workers);
    search_head(&capacity->session, "capacity", capacity->block, run, out);
    for (size_t i = 0; i < capacity->pools; i++)
        if (capacity->pool[i].disturbed)
            wrapped_print(out, 0, 2,
                          "! %s: %zu trials do not count: others took more than %.0f %% of the CPUs meanwhile",
                          name_of(capacity, &capacity->pool[i]), capacity->pool[i].disturbed, 100 * OUTSIDE_MOST);
    if (capacity->over_budget)
        fprintf(out, "! the budget ended it after %u of %u blocks\n", capacity->block, capacity->rounds);
    fputc('\n', out);
    wrapped_print(out, 0, 0, "Capacity: highest rate of random arrivals with p%.4g within %s; %s, %s, %u workers",
                  100 * capacity->share, format_duration(limit, sizeof limit, capacity->deadline_ns), cell->f.workload,
                  format_duration(size, sizeof size, (double)cell->f.size_ns), workers);
    winner_print(capacity, out);
    for (size_t i = 0; i < capacity->pools; i++)
        pool_print(capacity, &capacity->pool[i], out);
    fprintf(out, "Intervals hold together at 95 %%.");
    if (capacity->budget_ns)
        fprintf(out, " About half as wide: the same with --budget %s.",
                spell_duration(budget, sizeof budget, 4 * capacity->budget_ns));
    fputc('\n', out);
    search_foot(&capacity->session, "capacity", out);
}

size_t capacity_blind(const struct capacity *capacity)
{
    size_t blind = 0;
    for (size_t i = 0; i < capacity->pools; i++) {
        if (is_told(&capacity->pool[i]))
            continue;
        fprintf(stderr, "%s%s", blind++ ? ", " : "poolbench capacity: ", name_of(capacity, &capacity->pool[i]));
    }
    if (blind)
        fputs(": could not tell; more --blocks or a longer --budget may\n", stderr);
    return blind;
}
