/* The answer for tasks that come at a rate: each number says whether it was measured or predicted. */
#include "bench/ask/arguments.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/advise/service.h"
#include "workloads/text.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

#define TEXT_COLUMN         10
#define SECOND_NS           1e9
#define P99_TASKS_A_TRIAL   150  /* of TRIALS_FOR_INTERVAL */
#define FURTHER             1.02 /* that a rate is worth naming for */
#define TRIALS_LEAST        6    /* as for any interval */
#define MISSES              (1 - SERVICE_P)
#define TRIALS_FOR_INTERVAL 8
#define LEFT_OUT_MOST       4 /* names */

enum told { TOLD_KEPT, TOLD_UNKNOWN, TOLD_MISSED };

/* What was measured of a finalist. */
struct found {
    const struct offer *offer;
    size_t row; /* of the run; SIZE_MAX: it has none */
    struct pooled p99, late;
    double bytes;
    struct interval bytes_interval;
    double trial_ns; /* that its arrivals last */
    double others;   /* what others took of the CPUs, at most: in the burst, or at the rate; NAN: not known */
    enum told told;
    char why[200];    /* that it is not known */
    double budget_ns; /* that would tell; 0: nobody knows */
};

static const struct cell *cell_of(const struct service *service, const struct offer *offer)
{
    return &service->session.plan.cells.cell[offer->cell];
}

static bool has_places(const struct service *service)
{
    const struct cell *cells = service->session.plan.cells.cell;
    for (size_t i = 1; i < service->candidates; i++)
        if (strcmp(cells[i].f.place, cells[0].f.place) != 0)
            return true;
    return false;
}

static const char *what(const struct service *service, const struct offer *offer, char *text, size_t size)
{
    const struct cell *cell = cell_of(service, offer);
    const bool is_placed = has_places(service) && !(cell->pool->traits & POOL_IGNORES_WORKERS);
    snprintf(text, size, "%.96s, %lld worker%s%s%.64s", POOL_SHOWN(cell->f.pool), (long long)cell->f.workers,
             cell->f.workers == 1 ? "" : "s", is_placed ? ", place " : "", is_placed ? cell->f.place : "");
    return text;
}

/* ---- what can be told ---- */

static void memory_find(const struct run_data *run, struct found *found)
{
    double *bytes = calloc(run->blocks + 1, sizeof *bytes);
    size_t count = 0;
    found->bytes = found->bytes_interval.lo = found->bytes_interval.hi = NAN;
    for (size_t block = 1; block <= run->blocks && bytes; block++) {
        size_t trial = run_data_at(run, found->row, block);
        if (trial != RUN_NOTHING)
            bytes[count++] = number_real(run->trials[trial].pss_bytes);
    }
    if (bytes) {
        count = stats_sort(bytes, count);
        found->bytes = stats_median(bytes, count);
        stats_median_interval(bytes, count, 0.95, &found->bytes_interval);
    }
    free(bytes);
}

/* As long as it takes to run so many trials of that length of each finalist, with what has gone before. */
static double budget_for(const struct service *service, double trial_ns)
{
    double bursts_ns = 0.3 * (double)service->wish->budget_ns;
    return bursts_ns + 1.1 * TRIALS_FOR_INTERVAL * trial_ns * (double)(service->finalists ? service->finalists : 1);
}

static void unknown_say(const struct service *service, struct found *found)
{
    const struct offer *offer = found->offer;
    const struct steady_queue queue = offer_steady(service, offer);
    const double needed_ns = STEADY_ENOUGH * steady_needed_ns(&queue),
                 tasks_ns = P99_TASKS_A_TRIAL * SECOND_NS / service->rate;
    char a[32], b[32];
    if (found->others > OUTSIDE_MOST) {
        snprintf(found->why, sizeof found->why, "others took %.0f %% of the CPUs meanwhile (`poolbench check`)",
                 100 * found->others);
    } else if (found->row == SIZE_MAX) {
        snprintf(found->why, sizeof found->why, "%s",
                 offer->measured == NOT_MEASURED ? "there was no time to measure it"
                                                 : "none of its trials ended well (trials.csv has the reasons)");
        found->budget_ns = budget_for(service, fmax(needed_ns, tasks_ns));
    } else if (found->trial_ns < needed_ns) {
        snprintf(found->why, sizeof found->why,
                 "at %.0f %% of what it can do, its queue is steady only in trials of %s, and they lasted %s",
                 100 * service->rate / offer->most, format_duration(a, sizeof a, needed_ns),
                 format_duration(b, sizeof b, found->trial_ns));
        found->budget_ns = budget_for(service, fmax(needed_ns, tasks_ns));
    } else if (found->p99.trials < TRIALS_LEAST || isnan(found->p99.lo)) {
        snprintf(found->why, sizeof found->why, "%lld tasks in %zu trials are too few for an interval",
                 (long long)found->p99.n, found->p99.trials);
        found->budget_ns = budget_for(service, fmax(2 * found->trial_ns, tasks_ns));
    } else {
        snprintf(found->why, sizeof found->why, "the interval holds the limit");
        found->budget_ns = budget_for(service, 4 * found->trial_ns);
    }
}

/* The share of late tasks, where trials are too few to tell by them how tasks depend on each other: as many independent
 * ones as relaxation times allow (bound of Clopper and Pearson, Biometrika 26, 1934). */
static void late_bound(const struct service *service, struct found *found)
{
    const struct steady_queue queue = offer_steady(service, found->offer);
    const double n = (double)found->late.n, lasted_ns = n / service->rate * SECOND_NS;
    const double told = fmin(n, lasted_ns / (2 * steady_relaxation_ns(&queue))), late = found->late.value * told;
    if (!(told >= 1))
        return;
    found->late.lo = late > 0 ? gsl_cdf_beta_Pinv(0.025, late, told - late + 1) : 0;
    found->late.hi = late < told ? gsl_cdf_beta_Pinv(0.975, late + 1, told - late) : 1;
}

/* By the percentile, or, where tasks are too few for it, by the share of those that were late. */
static void judge(const struct service *service, struct found *found)
{
    const struct steady_queue queue = offer_steady(service, found->offer);
    const double limit = service->limit_ns;
    bool steady = found->row != SIZE_MAX && found->trial_ns >= STEADY_ENOUGH * steady_needed_ns(&queue);
    const bool is_disturbed = found->others > OUTSIDE_MOST; /* what was kept beside others is kept all the same */
    bool kept = limit > 0 ? found->p99.hi <= limit || found->late.hi <= MISSES : !is_disturbed && !isnan(found->p99.lo);
    bool missed = limit > 0 && !is_disturbed && (found->p99.lo > limit || found->late.lo > MISSES);
    found->told = !steady ? TOLD_UNKNOWN : missed ? TOLD_MISSED : kept ? TOLD_KEPT : TOLD_UNKNOWN;
    if (found->told == TOLD_UNKNOWN)
        unknown_say(service, found);
}

static double burst_others(const struct service *service, const struct offer *offer)
{
    return trials_others(service, service->rows, service->row_count,
                         service->session.plan.cells.cell[offer->burst->cell].id);
}

static void found_make(const struct service *service, const struct run_data *run, const struct offer *offer,
                       struct found *found)
{
    const struct pooled nothing = {.value = NAN, .lo = NAN, .hi = NAN};
    *found = (struct found){.offer = offer, .row = SIZE_MAX, .p99 = nothing, .late = nothing};
    const struct cell *cells = service->session.plan.cells.cell;
    for (size_t i = 0; i < run->count && offer->measured != NOT_MEASURED; i++)
        if (!strcmp(run->rows[i].cell_id, cells[offer->measured].id) && run->rows[i].trials > run->rows[i].failed)
            found->row = i;
    if (found->row != SIZE_MAX) {
        run_pooled(run, found->row, SERVICE_P, &found->p99);
        if (service->limit_ns > 0)
            run_misses(run, found->row, service->limit_ns, &found->late), late_bound(service, found);
        memory_find(run, found);
        found->trial_ns = (double)run->rows[found->row].f.tasks / service->rate * SECOND_NS;
    }
    const struct cell *cell = cell_of(service, offer);
    /* tasks that sleep need no CPU, whoever else does */
    const bool sleeps = !cell->workload->classify && cell->workload->class == TASK_SLEEP;
    found->others = sleeps ? NAN : burst_others(service, offer);
    if (found->row != SIZE_MAX && !sleeps)
        found->others =
            fmax(found->others, trials_others(service, run->trials, run->trial_count, run->rows[found->row].cell_id));
    judge(service, found);
}

/* ---- the lines ---- */

static void interval_add(struct text *line, double lo, double hi)
{
    char a[32], b[32];
    if (!isnan(lo))
        text_add(line, " [%s .. %s]", format_duration(a, sizeof a, lo), format_duration(b, sizeof b, hi));
}

static void line_take(const struct service *service, const struct found *best)
{
    const struct cell *cell = cell_of(service, best->offer);
    struct text line = {.used = 0};
    char words[192];
    text_add(&line, "%s", what(service, best->offer, words, sizeof words));
    if (cell->pool->traits & POOL_IGNORES_WORKERS)
        text_add(&line, ": no pool at all");
    else if (!has_places(service))
        text_add(&line, ", place %.64s", cell->f.place);
    if (best->told == TOLD_UNKNOWN)
        text_add(&line, "; predicted, and by measuring it cannot be told: %s", best->why);
    else if (best->told == TOLD_MISSED)
        text_add(&line, "; though not even this keeps to the limit");
    wrap_row(stdout, 0, "take", TEXT_COLUMN, line.text);
}

static void line_expect(const struct service *service, const struct found *found)
{
    const struct offer *offer = found->offer;
    struct text line = {.used = 0};
    char a[32], b[32];
    if (!isnan(found->p99.value)) {
        text_add(&line, "latency p99 %s", format_duration(a, sizeof a, found->p99.value));
        interval_add(&line, found->p99.lo, found->p99.hi);
        text_add(&line, " measured at %s/s (%lld tasks, %zu trials); ", format_rate(b, sizeof b, service->rate),
                 (long long)found->p99.n, found->p99.trials);
    }
    if (service->limit_ns > 0 && found->late.n) {
        text_add(&line, "%s", format_percent(a, sizeof a, found->late.value));
        if (!isnan(found->late.lo))
            text_add(&line, " [%s .. %s]", format_percent(a, sizeof a, found->late.lo),
                     format_percent(b, sizeof b, found->late.hi));
        text_add(&line, " of %lld tasks later than %s measured; ", (long long)found->late.n,
                 format_duration(a, sizeof a, service->limit_ns));
    }
    text_add(&line, "p99 %s", isinf(offer->p99_ns) ? "without end" : format_duration(a, sizeof a, offer->p99_ns));
    if (!isinf(offer->hi_ns))
        interval_add(&line, offer->lo_ns, offer->hi_ns);
    text_add(&line, " predicted");
    if (!isnan(found->p99.value) && !isinf(offer->p99_ns))
        text_add(&line, "; measured / predicted %.2f", found->p99.value / offer->p99_ns);
    wrap_row(stdout, 0, "expect", TEXT_COLUMN, line.text);
}

/* Predicted: how far from the edge it is. */
static void line_room(const struct service *service, const struct offer *offer)
{
    struct text line = {.used = 0};
    char a[32], b[32], c[32], d[32];
    text_add(&line, "%s/s is %.0f %% of what it can do (%s/s)", format_rate(a, sizeof a, service->rate),
             100 * service->rate / offer->most, format_rate(b, sizeof b, offer->most));
    if (service->limit_ns > 0 && !(offer->edge > 0))
        text_add(&line, "; p99 %s is kept at no rate: a task alone takes as long",
                 format_duration(a, sizeof a, service->limit_ns));
    else if (service->limit_ns > 0)
        text_add(&line, "; p99 %s is kept up to %s/s [%s .. %s]", format_duration(a, sizeof a, service->limit_ns),
                 format_rate(b, sizeof b, offer->edge), format_rate(c, sizeof c, offer->edge_lo),
                 format_rate(d, sizeof d, offer->edge_hi));
    text_add(&line, ": predicted");
    wrap_row(stdout, 0, "room", TEXT_COLUMN, line.text);
}

static void line_memory(const struct service *service, const struct found *found)
{
    struct text line = {.used = 0};
    char a[32], b[32], c[32], words[192];
    size_t left = 0;
    if (!isnan(found->bytes) && found->row != SIZE_MAX)
        text_add(&line, "%s", format_bytes(a, sizeof a, found->bytes));
    if (found->row != SIZE_MAX && !isnan(found->bytes_interval.lo))
        text_add(&line, " [%s .. %s]", format_bytes(b, sizeof b, found->bytes_interval.lo),
                 format_bytes(c, sizeof c, found->bytes_interval.hi));
    text_add(&line, "%s%s predicted: %s once and %s a worker; of pool and submitter",
             found->row != SIZE_MAX ? " measured; " : "", format_bytes(a, sizeof a, found->offer->bytes),
             format_bytes(b, sizeof b, found->offer->burst->all_bytes),
             format_bytes(c, sizeof c, found->offer->burst->each_bytes));
    if (found->offer->commands > 0)
        text_add(&line, "; commands beside: at most %s each, %s with all workers busy",
                 format_bytes(a, sizeof a, found->offer->burst->command_bytes),
                 format_bytes(b, sizeof b, found->offer->commands));
    else if (cell_of(service, found->offer)->workload->accepts) /* tasks are programs */
        text_add(&line, "; without commands, of which nobody told how much they take");
    for (size_t i = 0; i < service->offers; i++) {
        if (service->offer[i].fits)
            continue;
        if (left++ < LEFT_OUT_MOST)
            text_add(&line, "%s%s (%s)", left > 1 ? ", " : "; too large for --memory: ",
                     what(service, &service->offer[i], words, sizeof words),
                     format_bytes(a, sizeof a, service->offer[i].bytes + service->offer[i].commands));
    }
    if (left > LEFT_OUT_MOST)
        text_add(&line, " and %zu more", left - LEFT_OUT_MOST);
    wrap_row(stdout, 0, "memory", TEXT_COLUMN, line.text);
}

static void line_why(const struct service *service, const struct found *found, size_t count, size_t best)
{
    struct text line = {.used = 0};
    size_t keep = 0, stable = 0;
    char words[192], a[32];
    for (size_t i = 0; i < service->offers; i++) {
        keep += service->limit_ns > 0 && service->offer[i].hi_ns <= service->limit_ns;
        stable += service->offer[i].most > service->rate;
    }
    text_add(&line, "%zu candidate%s, predicted: %zu keep%s up with the rate", service->offers,
             service->offers == 1 ? "" : "s", stable, stable == 1 ? "s" : "");
    if (service->limit_ns > 0)
        text_add(&line, ", %zu keep%s p99 within %s; this %s", keep, keep == 1 ? "s" : "",
                 format_duration(a, sizeof a, service->limit_ns),
                 !keep  ? "has the least p99"
                 : best ? "is the simplest of them that surely does"
                        : "is the simplest of them");
    else
        text_add(&line, "; this has the least p99, or is simpler and within a twentieth of it");
    for (size_t i = 0; i < count; i++) {
        if (i == best || found[i].row == SIZE_MAX)
            continue;
        text_add(&line, "; %s: ", what(service, found[i].offer, words, sizeof words));
        if (!isnan(found[i].p99.value)) {
            text_add(&line, "p99 %s", format_duration(a, sizeof a, found[i].p99.value));
            interval_add(&line, found[i].p99.lo, found[i].p99.hi);
            text_add(&line, " measured, ");
        }
        text_add(&line, "%s predicted", format_duration(a, sizeof a, found[i].offer->p99_ns));
    }
    wrap_row(stdout, 0, "because", TEXT_COLUMN, line.text);
}

/* Who goes further than what is advised, as predicted; and what is out of reach. */
static void line_changes(const struct service *service, const struct offer *best)
{
    struct text line = {.used = 0};
    const struct offer *far = best;
    char words[192], a[32], b[32];
    for (size_t i = 0; i < service->offers; i++)
        if (service->offer[i].is_farthest && service->offer[i].edge > far->edge)
            far = &service->offer[i];
    if (!(far->edge > 0))
        text_add(&line, "no candidate keeps to the limit at any rate, predicted: shorter tasks, or more time for them");
    else if (far->edge > FURTHER * best->edge)
        text_add(&line, "beyond %s/s: %s, which goes up to %s/s; predicted", format_rate(a, sizeof a, best->edge),
                 what(service, far, words, sizeof words), format_rate(b, sizeof b, far->edge));
    else
        text_add(&line, "no candidate goes beyond %s/s, predicted: more takes more CPUs, or shorter tasks",
                 format_rate(a, sizeof a, best->edge));
    wrap_row(stdout, 0, "changes", TEXT_COLUMN, line.text);
}

static void line_rests(const struct service *service, const struct found *found)
{
    const struct burst *burst = found->offer->burst;
    const struct cell *cells = service->session.plan.cells.cell;
    struct text line = {.used = 0};
    char a[32], b[32], c[32];
    text_add(&line, "%s: burst %s (%zu tasks: %s each +- %.1f %%, %.0f %% of that CPU; hand-over %s, beside %s)",
             service->session.directory, cells[burst->cell].id, burst->tasks,
             format_duration(a, sizeof a, burst->mean_ns), 100 * burst->doubt, 100 * burst->cpu_share,
             format_duration(b, sizeof b, burst->handover_ns), format_duration(c, sizeof c, burst->beside_ns));
    if (found->row != SIZE_MAX)
        text_add(&line, "; at the rate %s", cells[found->offer->measured].id);
    wrap_row(stdout, 0, "rests on", TEXT_COLUMN, line.text);
}

static bool is_left_out(const char *word)
{
    return !strcmp(word, "--budget") || !strcmp(word, "--out");
}

/* The same command with that budget, into a directory of its own. */
static void line_surer(const struct service *service, bool is_disturbed, double budget_ns)
{
    struct text line = {.used = 0};
    char a[32];
    text_add(&line, "%spoolbench advise", is_disturbed ? "with the CPUs to itself: " : "");
    for (char **word = service->argv; *word; word++) {
        char *quoted = text_for_shell(*word);
        if (is_left_out(*word) && word[1])
            word++;
        else if (strncmp(*word, "--budget=", 9) != 0 && strncmp(*word, "--out=", 6) != 0)
            text_add(&line, " %s", quoted ? quoted : *word);
        free(quoted);
    }
    text_add(&line, " --budget %s", spell_duration(a, sizeof a, (int64_t)ceil(budget_ns / SECOND_NS) * 1000000000));
    wrap_row(stdout, 0, "surer", TEXT_COLUMN, line.text);
}

/* Nothing was worth measuring: all are too slow, or too large. */
static int nobody_print(const struct service *service)
{
    const struct offer *best = &service->offer[0];
    const double others = burst_others(service, best);
    const bool is_disturbed = best->fits && others > OUTSIDE_MOST;
    struct text line = {.used = 0};
    char words[192], a[32], b[32];
    if (!best->fits) {
        text_add(&line, "no candidate: none fits in --memory");
    } else if (is_disturbed) {
        text_add(&line, "cannot be told: others took %.0f %% of the CPUs meanwhile (`poolbench check`), ",
                 100 * others);
        text_add(&line, "and a task took %s, of which it computed %s; like that ",
                 format_duration(a, sizeof a, best->burst->mean_ns),
                 format_duration(b, sizeof b, best->burst->mean_ns * best->burst->cpu_share));
    } else {
        text_add(&line, "no candidate: %s/s is more than any can do; ", format_rate(a, sizeof a, service->rate));
    }
    if (best->fits)
        text_add(&line, "the most is %s/s by %s, predicted", format_rate(b, sizeof b, best->most),
                 what(service, best, words, sizeof words));
    wrap_row(stdout, 0, "take", TEXT_COLUMN, line.text);
    struct found none = {.offer = best, .row = SIZE_MAX};
    line_memory(service, &none);
    line_rests(service, &none);
    if (is_disturbed) {
        line_surer(service, true, (double)service->wish->budget_ns);
        return EXIT_BLIND;
    }
    return !best->fits || best->most * (1 + best->burst->doubt) < service->rate ? 3 : EXIT_BLIND;
}

/* The first of those that surely keep to it; else of those that may. */
static size_t best_of(const struct found *found, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (found[i].told < found[best].told)
            best = i;
    return best;
}

int service_print(const struct service *service, const struct run_data *run)
{
    struct found found[MEASURE_MOST];
    if (!service->finalists)
        return nobody_print(service);
    for (size_t i = 0; i < service->finalists; i++)
        found_make(service, run, &service->offer[service->finalist[i]], &found[i]);
    const size_t best = best_of(found, service->finalists);
    line_take(service, &found[best]);
    line_expect(service, &found[best]);
    line_room(service, found[best].offer);
    line_memory(service, &found[best]);
    line_why(service, found, service->finalists, best);
    line_changes(service, found[best].offer);
    line_rests(service, &found[best]);
    line_surer(service, found[best].others > OUTSIDE_MOST,
               found[best].told == TOLD_UNKNOWN && found[best].budget_ns > 0 ? found[best].budget_ns
                                                                             : 4 * (double)service->wish->budget_ns);
    return found[best].told == TOLD_KEPT ? 0 : found[best].told == TOLD_MISSED ? 3 : EXIT_BLIND;
}
