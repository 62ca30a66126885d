/* Everything happens on log ratios, where twice as slow and twice as fast are equally far from equal. */
#include "bench/stats/verdict.h"
#include "bench/stats/drop.h"
#include "bench/stats/ranks.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

/* The last two by simulation (tests/test_simulation.c): what is forecast from few blocks must hold in MOST cases. */
#define MOST      0.8
#define UNCERTAIN 1.2 /* the middle of an interval is itself off */
#define CUSHION   1.1 /* intervals are uneven, and the error is estimated from few blocks */
#define HIDDEN_MOST                                                                                                    \
    2.0 /* one wild block among few moves the ends of an interval far more than what more blocks will see */
#define FAR      1e6   /* the log ratio of anything to 0: finite, so that averages with it are far as well */
#define ROUNDING 1e-12 /* 1.02 is within 2 %, whatever binary fractions make of it */

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {"unresolved", "equal", "faster", "slower"};
    return names[verdict];
}

const char *verdict_said(enum verdict verdict)
{
    return verdict == VERDICT_UNRESOLVED ? "cannot tell yet" : verdict_name(verdict);
}

/* The level of what is judged after so many blocks, of comparisons that share the error. */
static double level_after(unsigned comparisons, const struct looks *looks, unsigned blocks)
{
    double error = FAMILY_ERROR / (comparisons ? comparisons : 1);
    return looks->planned && !looks->leave_from ? looks_level(looks->planned, error)
                                                : 1 - error * looks_share(looks, blocks);
}

/* Where the run is gone on with: this end was then one of several. */
static double level_further(unsigned comparisons, struct looks looks)
{
    if (looks.end_count < LOOK_ENDS && !looks.is_open)
        looks.ends[looks.end_count++] = looks.end;
    looks.is_open = false;
    return level_after(comparisons, &looks, ++looks.end);
}

struct family family_make(unsigned comparisons, struct looks looks, double margin)
{
    struct family family = {.comparisons = comparisons, .looks = looks, .margin = margin};
    family.level = level_after(comparisons, &looks, looks.end);
    family.level_further = looks.leave_from ? level_further(comparisons, looks) : family.level;
    family.blocks = stats_interval_least(family.level);
    return family;
}

enum verdict verdict_read(const struct interval *ratio, double margin)
{
    double far = log1p(margin) + ROUNDING;
    if (isnan(ratio->lo) || isnan(ratio->hi))
        return VERDICT_UNRESOLVED;
    if (log(ratio->lo) >= -far && log(ratio->hi) <= far)
        return VERDICT_EQUAL;
    if (ratio->hi < 1)
        return VERDICT_FASTER;
    if (ratio->lo > 1)
        return VERDICT_SLOWER;
    return VERDICT_UNRESOLVED;
}

/* How many standard errors the interval reaches to each side, were the middles normal. */
static double reach_of(const struct family *family)
{
    return gsl_cdf_ugaussian_Qinv((1 - family->level_further) / 2);
}

/* How probable it is that so many blocks resolve a cell of this true log ratio: that the interval clears 1, or ends
 * within the margin. */
static double resolve_probability(const struct family *family, double truth, double error, unsigned blocks)
{
    double sigma = error / sqrt(blocks), reach = CUSHION * reach_of(family) * sigma,
           room = log1p(family->margin) - reach;
    double resolved = gsl_cdf_gaussian_P(-reach - truth, sigma) + gsl_cdf_gaussian_Q(reach - truth, sigma);
    if (room >= reach)
        return 1;
    if (room > 0)
        resolved += gsl_cdf_gaussian_P(room - truth, sigma) - gsl_cdf_gaussian_P(-room - truth, sigma);
    return resolved;
}

/* The standard error that the middle would have with one block; where noise has long tails, or levels that the
 * neighbourhood of the middle does not show, that by which the interval reaches as far as it does: farther than that of
 * Student's t would. */
static double error_of_one(const double *logs, size_t count, const struct family *family)
{
    struct interval now;
    double error = ranks_error_of_one(logs, count);
    if (ranks_interval(logs, count, family->level, &now))
        return error;
    const double reach = gsl_cdf_tdist_Qinv((1 - family->level) / 2, (double)count - 1);
    const double of_interval = (now.hi - now.lo) / 2 * sqrt((double)count) / (CUSHION * reach);
    return fmax(error, fmin(of_interval, HIDDEN_MOST * error));
}

/* The true ratio is not known better than now. Of those within one standard error, that which takes longest to resolve
 * decides: taken as it is seen, noise would be forecast to become a difference. */
static size_t blocks_to_resolve(const double *logs, size_t count, const struct family *family)
{
    double now = fabs(ranks_middle(logs, count)), error = error_of_one(logs, count, family),
           margin = log1p(family->margin);
    double sigma = error / sqrt((double)count);
    double hardest = fmin(fmax(margin / 2, now - sigma), now + sigma);
    size_t least = family->blocks > count ? family->blocks : count + 1;
    if (!isfinite(exp(now)) || !isfinite(exp(error)) || least > RESOLVE_MAX)
        return RESOLVE_MAX + 1;
    for (unsigned look = look_after((unsigned)least - 1); look; look = look_after(look))
        if (error <= 0 || resolve_probability(family, hardest, error, look) >= MOST)
            return look;
    return RESOLVE_MAX + 1;
}

/* Where rows leave, one that was run less often was judged when it left, at the level of then. */
static double level_of(const struct family *family, unsigned last)
{
    return looks_left_at(&family->looks, last) ? level_after(family->comparisons, &family->looks, last) : family->level;
}

/* What a few blocks tell of a cell that is far from the line: the margin on one side of it, 1 on the other. */
static enum verdict clear_read(const struct interval *logs, double margin)
{
    const double far = fmax(log(CLEAR_RATIO), log1p(margin)), near = CLEAR_WITHIN * log1p(margin);
    if (logs->lo > far)
        return VERDICT_SLOWER;
    if (logs->hi < -far)
        return VERDICT_FASTER;
    return logs->lo >= -near && logs->hi <= near && near > 0 ? VERDICT_EQUAL : VERDICT_UNRESOLVED;
}

/* By the rule for few blocks, where that tells more. */
static void clear_judge(const double *sorted, size_t count, double margin, struct comparison *comparison)
{
    struct interval far, clear;
    if (drop_interval(sorted, count, DROP_ERROR, &far) || drop_interval(sorted, count, CLEAR_ERROR, &clear))
        return;
    const bool is_far = drop_tells(&far);
    const struct interval *logs = is_far ? &far : &clear;
    const enum verdict verdict = clear_read(logs, margin);
    comparison->is_far = drop_decides(sorted, count);
    comparison->is_clear = verdict != VERDICT_UNRESOLVED;
    if (comparison->verdict != VERDICT_UNRESOLVED || (!comparison->is_clear && !isnan(comparison->interval.lo)))
        return;
    comparison->interval = (struct interval){exp(logs->lo), exp(logs->hi)};
    comparison->verdict = verdict;
}

bool comparison_far(const struct comparison *comparison)
{
    const struct interval logs = {log(comparison->interval.lo), log(comparison->interval.hi)};
    const bool is_told_early = comparison->is_clear && comparison->verdict != VERDICT_EQUAL;
    return is_told_early || drop_tells(&logs);
}

/* Of logs, one a block, which it sorts. */
static void comparison_judge(double *logs, size_t blocks, const struct family *family, struct comparison *comparison)
{
    struct interval interval;
    size_t last = blocks;
    while (last && isnan(logs[last - 1]))
        last--;
    const size_t count = stats_sort(logs, blocks);
    comparison->blocks = count;
    comparison->is_far = comparison->is_clear = false;
    comparison->blocks_needed = family->blocks;
    comparison->ratio = exp(ranks_middle(logs, count));
    comparison->level = level_of(family, (unsigned)last);
    ranks_interval(logs, count, comparison->level, &interval);
    comparison->interval = (struct interval){exp(interval.lo), exp(interval.hi)};
    comparison->verdict = verdict_read(&comparison->interval, family->margin);
    if (family->looks.leave_from)
        clear_judge(logs, count, family->margin, comparison);
    comparison->blocks_to_resolve = 0;
    if (comparison->verdict == VERDICT_UNRESOLVED && count)
        comparison->blocks_to_resolve = blocks_to_resolve(logs, count, family);
}

static double log_ratio(double cell, double baseline)
{
    if (!(cell >= 0 && baseline >= 0)) /* NAN too */
        return NAN;
    return cell == baseline ? 0 : fmax(-FAR, fmin(log(cell / baseline), FAR));
}

int comparison_make(const double *cell, const double *baseline, size_t blocks, const struct family *family,
                    struct comparison *comparison)
{
    double *logs = calloc(blocks + 1, sizeof *logs); /* malloc(0) may be NULL */
    if (!logs)
        return -ENOMEM;
    for (size_t i = 0; i < blocks; i++)
        logs[i] = log_ratio(cell[i], baseline[i]);
    comparison_judge(logs, blocks, family, comparison);
    free(logs);
    return 0;
}

int family_step_down(const struct family *family, const struct cost_pair *pairs, size_t count, size_t blocks,
                     struct family *last)
{
    size_t told = 0, before;
    int result = 0;
    *last = *family;
    do {
        before = told;
        told = 0;
        for (size_t i = 0; i < count && !result; i++) {
            struct comparison made;
            result = comparison_make(pairs[i].cell, pairs[i].baseline, blocks, last, &made);
            told += !result && (made.interval.lo > 1 || made.interval.hi < 1);
        }
        if (told > before && told < count)
            *last = family_make(family->comparisons - (unsigned)told, family->looks, family->margin);
    } while (!result && told > before);
    return result;
}

int comparison_of_all(const double *ratios, size_t cells, size_t blocks, const struct family *family,
                      struct comparison *comparison)
{
    double *logs = calloc(blocks + 1, sizeof *logs);
    if (!logs)
        return -ENOMEM;
    for (size_t block = 0; block < blocks; block++) {
        logs[block] = cells ? 0 : NAN;
        for (size_t cell = 0; cell < cells; cell++)
            logs[block] += log_ratio(ratios[cell * blocks + block], 1) / (double)cells; /* NAN stays */
    }
    comparison_judge(logs, blocks, family, comparison);
    free(logs);
    return 0;
}

double difference_visible(const struct comparison *comparisons, size_t count, bool same, double *room)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        double lo = log(comparisons[i].interval.lo), hi = log(comparisons[i].interval.hi);
        if (!isfinite(lo) || !isfinite(hi))
            continue;
        if (same) {
            room[kept++] = -lo;
            room[kept++] = hi;
        } else {
            room[kept++] = UNCERTAIN * (hi - lo) / 2;
        }
    }
    kept = stats_sort(room, kept);
    return kept ? expm1(room[(size_t)ceil(MOST * (double)kept) - 1]) : NAN;
}

size_t alarms_allowed(size_t comparisons)
{
    size_t allowed = 0;
    while (gsl_cdf_binomial_Q((unsigned)allowed, FAMILY_ERROR, (unsigned)comparisons) > 0.01)
        allowed++;
    return allowed;
}

struct alarms alarms_count(const struct comparison *comparisons, size_t count)
{
    struct alarms alarms = {0};
    for (size_t i = 0; i < count; i++) {
        const struct interval *interval = &comparisons[i].interval;
        alarms.comparisons += !isnan(interval->lo);
        alarms.alarms += interval->lo > 1 || interval->hi < 1;
        alarms.verdicts += comparisons[i].verdict == VERDICT_FASTER || comparisons[i].verdict == VERDICT_SLOWER;
    }
    alarms.allowed = alarms_allowed(alarms.comparisons);
    return alarms;
}
