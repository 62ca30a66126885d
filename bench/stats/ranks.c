/* The averages are never listed: which of them has a rank is found by halving, as those up to a number are counted in
 * one pass over the sorted values. */
#include "bench/stats/ranks.h"
#include <errno.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdbool.h>

#define EXACT_MAX 100 /* values: beyond, the normal distribution, whose tails are the longer ones, serves */

/* The rule for values in two groups, by simulation (tests/test_levels.c). */
#define APART 4.0  /* standard deviations within groups between their means; halves of normal noise have 2.7 */
#define WIDER 1.15 /* two groups make the ranks vary by up to 1.12 times what symmetry says; ranks are whole */

static size_t averages(size_t count)
{
    return count * (count + 1) / 2;
}

/* How many averages are at most `limit`, and the largest of them. */
static size_t averages_below(const double *sorted, size_t count, double limit, double *largest)
{
    size_t below = 0, end = count;
    *largest = sorted[0];
    for (size_t i = 0; i < count; i++) {
        while (end && sorted[i] + sorted[end - 1] > 2 * limit)
            end--;
        if (end <= i)
            break;
        below += end - i;
        *largest = fmax(*largest, (sorted[i] + sorted[end - 1]) / 2);
    }
    return below;
}

/* The average of this rank, 1 .. averages(count). */
static double average_at(const double *sorted, size_t count, size_t rank)
{
    double lo = sorted[0], hi = sorted[count - 1], largest;
    if (averages_below(sorted, count, lo, &largest) >= rank)
        return lo;
    for (;;) {
        double middle = lo + (hi - lo) / 2;
        if (!(middle > lo && middle < hi))
            return hi;
        size_t below = averages_below(sorted, count, middle, &largest);
        if (below == rank)
            return largest;
        if (below > rank)
            hi = largest;
        else
            lo = middle;
    }
}

double ranks_middle(const double *sorted, size_t count)
{
    size_t all = averages(count);
    if (!count)
        return NAN;
    double lo = average_at(sorted, count, (all + 1) / 2);
    return all % 2 ? lo : (lo + average_at(sorted, count, all / 2 + 1)) / 2;
}

/* The sum of signed ranks varies by this much, were the values symmetric. */
static double deviation(size_t count)
{
    double n = (double)count;
    return sqrt(n * (n + 1) * (2 * n + 1) / 24);
}

/* The sum of the ranks of what lies below the middle is distributed like that of 1 .. count, each taken or not by a
 * coin (Wilcoxon 1945). */
static size_t rank_exact(size_t count, double tail)
{
    double chance[EXACT_MAX * (EXACT_MAX + 1) / 4 + 1] = {1}, seen;
    size_t half = averages(count) / 2, rank = 0;
    for (size_t taken = 1; taken <= count; taken++)
        for (size_t sum = half + 1; sum--;)
            chance[sum] = (chance[sum] + (sum >= taken ? chance[sum - taken] : 0)) / 2;
    for (seen = chance[0]; seen <= tail && rank < half; seen += chance[++rank])
        ;
    return rank;
}

/* The largest rank whose average is above the middle with at most the probability of one tail; 0: none. */
static size_t rank_at(size_t count, double level)
{
    static _Thread_local struct {
        double level;
        size_t rank;
    } last[EXACT_MAX + 1]; /* many comparisons share a level */
    double tail = (1 - level) / 2;
    if (count > EXACT_MAX)
        return (size_t)fmax(0, (double)averages(count) / 2 - gsl_cdf_ugaussian_Qinv(tail) * deviation(count));
    if (last[count].level != level) {
        last[count].level = level;
        last[count].rank = rank_exact(count, tail);
    }
    return last[count].rank;
}

/* Are there two groups, APART from each other? Cut where that leaves the least variance within them. */
static bool is_split(const double *sorted, size_t count)
{
    double zero = sorted[count / 2], sum = 0, squares = 0, below = 0, least = INFINITY, between = 0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i] - zero;
        squares += (sorted[i] - zero) * (sorted[i] - zero);
    }
    for (size_t k = 1; k < count; k++) {
        below += sorted[k - 1] - zero;
        double lo = below / (double)k, hi = (sum - below) / (double)(count - k);
        double within = squares - below * lo - (sum - below) * hi;
        if (within < least) {
            least = within;
            between = hi - lo;
        }
    }
    return between > 0 && between * between * ((double)count - 2) > APART * APART * least;
}

int ranks_interval(const double *sorted, size_t count, double level, struct interval *interval)
{
    size_t all = averages(count), rank = count < STATS_INTERVAL_MIN ? 0 : rank_at(count, level);
    *interval = (struct interval){NAN, NAN};
    if (!rank)
        return -EDOM;
    if (is_split(sorted, count)) {
        double middle = (double)all / 2;
        rank = (size_t)fmax(1, middle - WIDER * (middle - (double)rank));
    }
    *interval = (struct interval){average_at(sorted, count, rank), average_at(sorted, count, all + 1 - rank)};
    return 0;
}

double ranks_error_of_one(const double *sorted, size_t count)
{
    double middle = (double)averages(count) / 2;
    size_t rank = (size_t)fmax(1, round(middle - deviation(count)));
    if (!count)
        return NAN;
    double reach = average_at(sorted, count, averages(count) + 1 - rank) - average_at(sorted, count, rank);
    return sqrt((double)count) * reach / 2;
}
