/* What the run says of each target, block by block: a ratio, a difference, an amount, or a METG of its own in every
 * block. All intervals hold together; a target fails only when its whole interval lies beyond what is allowed. */
#include "bench/analyse/metg.h"
#include "bench/analyse/timing.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/targets/targets.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NO_CELL    SIZE_MAX
#define METG_LEVEL 0.5

struct judge {
    const struct run_data *run;
    struct family family;
    struct series series[METRICS_MAX]; /* by metric, made when first asked for */
    const char *path;                  /* of the targets */
    const struct target *target;
    char *error;
};

static bool pool_fits(const struct summary_row *row, const char *value)
{
    return !strcmp(row->f.pool, value) || row_has_label(row, value);
}

/* One of "cpu;scaling"; outside of a suite's experiments there is none. */
static bool is_of_experiment(const struct summary_row *row, const char *name)
{
    const char *at = row->experiments;
    for (; *at; at += strcspn(at, ";"), at += *at == ';')
        if (strcspn(at, ";") == strlen(name) && !strncmp(at, name, strlen(name)))
            return true;
    return !*row->experiments && !*name;
}

/* Does the row have all that is wanted? */
static bool selector_fits(const struct selector *selector, const struct summary_row *row, factor_set without)
{
    char text[192];
    for (unsigned i = 0; i < selector->count; i++) {
        factor_set factor = selector->wanted[i].factor;
        const char *value = selector->wanted[i].value;
        bool fits = !factor                 ? is_of_experiment(row, value)
                    : factor == FACTOR_POOL ? pool_fits(row, value)
                                            : !strcmp(factor_spell(text, sizeof text, row, factor), value);
        if (!fits && !(factor & without))
            return false;
    }
    return true;
}

static char *selector_text(char *text, size_t size, const struct selector *selector)
{
    size_t length = 0;
    *text = '\0';
    for (unsigned i = 0; i < selector->count && length < size; i++) {
        unsigned number = 0;
        while (selector->wanted[i].factor && selector->wanted[i].factor != OPTION_BIT(number))
            number++;
        length += (size_t)snprintf(text + length, size - length, "%s%s=%s", length ? ", " : "",
                                   selector->wanted[i].factor ? factor_name(number) : "experiment",
                                   selector->wanted[i].value);
    }
    return text;
}

/* The one cell that is meant; NO_CELL: there is none. */
static int cell_find(struct judge *judge, const struct selector *selector, size_t *cell)
{
    const struct run_data *s = judge->run;
    *cell = NO_CELL;
    for (size_t i = 0; i < s->count; i++) {
        if (!selector_fits(selector, &s->rows[i], 0))
            continue;
        if (*cell != NO_CELL) {
            const struct summary_row pair[] = {s->rows[*cell], s->rows[i]};
            factor_set varying = factors_varying(pair, 2, factors_all());
            char text[256], names[128] = "experiment";
            for (unsigned f = 0, used = 0; factor_name(f) && used < sizeof names; f++)
                if (varying >> f & 1)
                    used +=
                        (unsigned)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", factor_name(f));
            refuse(judge->error, "[%s]: '%s' means cells %s and %s of the run, expected what tells them apart: %s",
                   judge->target->name, selector_text(text, sizeof text, selector), pair[0].cell_id, pair[1].cell_id,
                   names);
            return refuse_at(judge->error, "%s:%u", judge->path, judge->target->line);
        }
        *cell = i;
    }
    return 0;
}

static const double *cell_series(struct judge *judge, const struct metric *metric, size_t cell)
{
    struct series *series = &judge->series[metric - metrics];
    if (!series->value && series_make(judge->run, metric, series))
        return NULL;
    return series_of(series, cell);
}

static double median_of(const double *values, size_t count, double *room)
{
    memcpy(room, values, count * sizeof *room);
    return stats_median(room, stats_sort(room, count));
}

static void not_run(struct judgement *judgement, const struct selector *selector)
{
    char text[224];
    judgement->outcome = TARGET_NOT_RUN;
    snprintf(judgement->why, sizeof judgement->why, "no cell has %s", selector_text(text, sizeof text, selector));
}

/* Of `values`, which it sorts. */
static void amount_judge(struct judge *judge, double *values, size_t blocks, struct judgement *judgement)
{
    size_t count = stats_sort(values, blocks);
    judgement->blocks = count;
    judgement->value = stats_median(values, count);
    stats_median_interval(values, count, judge->family.level, &judgement->interval);
}

/* Of all trials together, the interval of a cell, or of how far two are apart (MOVER, as pooled_ratio()). */
static int pooled_judge(struct judge *judge, size_t cell, size_t base, struct judgement *judgement)
{
    const struct metric *metric = judge->target->metric;
    struct pooled x, y = {0};
    if (metric->pooled(judge->run, cell, judge->family.level, &x) == -ENOMEM ||
        (base != NO_CELL && metric->pooled(judge->run, base, judge->family.level, &y) == -ENOMEM))
        return -ENOMEM;
    double down = hypot(x.value - x.lo, y.hi - y.value), up = hypot(x.hi - x.value, y.value - y.lo);
    judgement->value = x.value - y.value;
    judgement->interval = (struct interval){judgement->value - down, judgement->value + up};
    return 0;
}

static void outcome_read(struct judgement *judgement)
{
    const struct interval *interval = &judgement->interval;
    const double limit = judgement->at_most;
    if (!judgement->blocks) {
        judgement->outcome = TARGET_NOT_RUN;
        snprintf(judgement->why, sizeof judgement->why, judgement->failed ? "its trials failed" : "no block has both");
    } else if (isnan(limit)) {
        judgement->outcome = TARGET_NOT_RUN;
        snprintf(judgement->why, sizeof judgement->why, "host.json does not say what readings of the clock take");
    } else if (isnan(interval->lo) || isnan(interval->hi)) {
        judgement->outcome = TARGET_UNRESOLVED;
    } else {
        judgement->outcome = interval->lo > limit    ? TARGET_FAILS
                             : interval->hi <= limit ? TARGET_HOLDS
                                                     : TARGET_UNRESOLVED;
    }
}

/* ---- ratios, differences, amounts ---- */

/* The cheapest of the bases that were run. */
static int base_choose(struct judge *judge, double *room, size_t *base, const struct selector **missing)
{
    const struct target *target = judge->target;
    double least = INFINITY;
    *base = NO_CELL;
    *missing = NULL;
    for (unsigned i = 0; i < target->bases; i++) {
        size_t cell;
        int rc = cell_find(judge, &target->base[i], &cell);
        if (rc)
            return rc;
        if (cell == NO_CELL) {
            *missing = *missing ? *missing : &target->base[i];
            continue;
        }
        const double *series = cell_series(judge, target->metric, cell);
        if (!series)
            return -ENOMEM;
        double cost = median_of(series, judge->run->blocks, room);
        if (*base == NO_CELL || cost < least) {
            least = cost;
            *base = cell;
        }
    }
    return 0;
}

static int pair_judge(struct judge *judge, struct judgement *judgement, double *room)
{
    const struct target *target = judge->target;
    const struct summary_row *rows = judge->run->rows;
    const struct selector *missing = NULL;
    size_t cell, base = NO_CELL;
    int rc = cell_find(judge, &target->cell, &cell);
    if (!rc && target->bases)
        rc = base_choose(judge, room, &base, &missing);
    if (rc)
        return rc;
    if (cell == NO_CELL || (target->bases && base == NO_CELL)) {
        not_run(judgement, cell == NO_CELL ? &target->cell : missing);
        return 0;
    }
    const double *x = cell_series(judge, target->metric, cell);
    const double *y = base == NO_CELL ? NULL : cell_series(judge, target->metric, base);
    size_t blocks = judge->run->blocks;
    if (!x || (target->bases && !y))
        return -ENOMEM;
    judgement->failed = (size_t)rows[cell].failed + (y ? (size_t)rows[base].failed : 0);
    judgement->cell_cost = median_of(x, blocks, room);
    judgement->base_cost = y ? median_of(y, blocks, room) : NAN;
    if (y)
        factors_label(judgement->base_label, sizeof judgement->base_label, &rows[base], FACTOR_POOL);
    if (target->kind == TARGET_RATIO) {
        struct comparison comparison;
        const struct metric_pair pair = {judge->run, judge->run, cell, base};
        if (comparison_make(x, y, blocks, &judge->family, &comparison) ||
            comparison_of_pooled(target->metric, &pair, &judge->family, &comparison))
            return -ENOMEM;
        judgement->value = comparison.ratio;
        judgement->interval = comparison.interval;
        judgement->blocks = comparison.blocks;
    } else {
        for (size_t i = 0; i < blocks; i++)
            room[i] = y ? x[i] - y[i] : x[i];
        amount_judge(judge, room, blocks, judgement);
        if (target->metric->pooled && pooled_judge(judge, cell, base, judgement))
            return -ENOMEM;
    }
    outcome_read(judgement);
    return 0;
}

/* ---- METG, block by block ---- */

/* Rows of what the selector means at every size, ascending. */
static size_t sizes_find(const struct run_data *run, const struct selector *selector, size_t *cells)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++) {
        if (!selector_fits(selector, &run->rows[i], FACTOR_SIZE))
            continue;
        size_t at = count++;
        for (; at > 0 && run->rows[cells[at - 1]].f.size_ns > run->rows[i].f.size_ns; at--)
            cells[at] = cells[at - 1];
        cells[at] = i;
    }
    return count;
}

/* In every block, into `metg`. What is missing is said in the judgement. */
static int metg_series(const struct judge *judge, const struct selector *selector, double *metg,
                       struct judgement *judgement)
{
    const struct run_data *run = judge->run;
    const int64_t cpus = host_cpus(run->host);
    size_t *cells = calloc(run->count + 1, sizeof *cells);
    struct metg_point *points = calloc(run->count + 1, sizeof *points);
    const size_t count = cells && points ? sizes_find(run, selector, cells) : 0;
    bool any = false;
    for (size_t i = 0; i < count; i++)
        judgement->failed += (size_t)run->rows[cells[i]].failed;
    for (size_t block = 1; block <= run->blocks; block++) {
        const double highest = count ? metg_highest(run, cells[0], block) : NAN;
        any |= !isnan(highest);
        for (size_t i = 0; i < count; i++) {
            size_t at = run_data_at(run, cells[i], block);
            const struct trial_row *trial = at == RUN_NOTHING ? NULL : &run->trials[at];
            points[i] = (struct metg_point){trial ? metg_granularity_ns(trial, cpus) : NAN,
                                            trial ? metg_throughput(trial) / highest : NAN};
        }
        metg[block - 1] = metg_of(points, count, METG_LEVEL);
    }
    char text[128], size[32];
    if (count < 2)
        snprintf(judgement->why, sizeof judgement->why, "fewer than two sizes were run of %s",
                 selector_text(text, sizeof text, selector));
    else if (!any)
        snprintf(judgement->why, sizeof judgement->why,
                 "no tasks of %s, of which throughput is the highest, were run with all else as in %s",
                 format_duration(size, sizeof size, METG_REFERENCE_NS), selector_text(text, sizeof text, selector));
    if (count < 2 || !any)
        judgement->outcome = TARGET_NOT_RUN;
    int rc = cells && points ? 0 : -ENOMEM;
    free(cells);
    free(points);
    return rc;
}

static int metg_judge(struct judge *judge, struct judgement *judgement, double *room)
{
    const struct target *target = judge->target;
    const size_t blocks = judge->run->blocks;
    double *base = calloc(2 * blocks + 1, sizeof *base);
    struct comparison comparison;
    judgement->outcome = TARGET_UNRESOLVED;
    int rc = base ? metg_series(judge, &target->cell, room, judgement) : -ENOMEM;
    if (!rc && target->bases && judgement->outcome != TARGET_NOT_RUN) {
        rc = metg_series(judge, &target->base[0], base, judgement);
        judgement->base_cost = rc ? NAN : median_of(base, blocks, base + blocks);
        snprintf(judgement->base_label, sizeof judgement->base_label, "METG of the base");
    }
    if (!rc && judgement->outcome != TARGET_NOT_RUN) {
        judgement->cell_cost = median_of(room, blocks, base + blocks);
        if (target->bases && !(rc = comparison_make(room, base, blocks, &judge->family, &comparison))) {
            judgement->value = comparison.ratio;
            judgement->interval = comparison.interval;
            judgement->blocks = comparison.blocks;
        } else if (!rc) {
            amount_judge(judge, room, blocks, judgement);
        }
        outcome_read(judgement);
    }
    free(base);
    return rc;
}

int targets_judge(const struct targets *targets, const struct run_data *run, struct family *family,
                  struct judgement *judgement, char *error)
{
    struct judge judge = {.run = run, .path = targets->path, .error = error};
    int rc = 0;
    judge.family = *family = family_make((unsigned)targets->count, run->looks, 0);
    double *room = calloc(run->blocks + 1, sizeof *room);
    for (size_t i = 0; i < targets->count && !rc; i++) {
        judge.target = &targets->target[i];
        judgement[i] = (struct judgement){
            .value = NAN, .interval = {NAN, NAN}, .cell_cost = NAN, .base_cost = NAN, .outcome = TARGET_NOT_RUN};
        judgement[i].at_most = judge.target->at_most + (judge.target->with_readings ? timing_readings_ns(run) : 0);
        rc = !room                ? -ENOMEM
             : judge.target->metg ? metg_judge(&judge, &judgement[i], room)
                                  : pair_judge(&judge, &judgement[i], room);
    }
    if (rc == -ENOMEM)
        refuse(error, "out of memory");
    for (size_t i = 0; i < METRICS_MAX; i++)
        series_release(&judge.series[i]);
    free(room);
    return rc;
}
