/* See gone.h. */
#include "bench/analyse/why/gone.h"
#include "bench/stats/ranks.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define HALVINGS 60

struct logs {
    double *plain, *changed, *room; /* log ratios a block; room: as many */
    size_t count;
    double level;
};

static void interval_of(const struct logs *logs, double share, double *middle, struct interval *interval)
{
    for (size_t i = 0; i < logs->count; i++)
        logs->room[i] = logs->changed[i] - (1 - share) * logs->plain[i];
    const size_t count = stats_sort(logs->room, logs->count);
    *middle = ranks_middle(logs->room, count);
    ranks_interval(logs->room, count, logs->level, interval);
}

enum end { END_MIDDLE, END_LO, END_HI };

/* Where an end of the interval, or the middle, passes 0: it rises with the share where B takes longer. */
static double passes(const struct logs *logs, double sign, enum end end)
{
    double lo = -GONE_MOST, hi = GONE_MOST;
    for (int i = 0; i < HALVINGS; i++) {
        const double share = (lo + hi) / 2;
        struct interval interval;
        double middle;
        interval_of(logs, share, &middle, &interval);
        const double at = end == END_MIDDLE ? middle : end == END_LO ? interval.lo : interval.hi;
        if (sign * at < 0)
            lo = share;
        else
            hi = share;
    }
    return (lo + hi) / 2;
}

static int logs_open(struct logs *logs, const struct tried_costs *c, size_t blocks, double level)
{
    *logs = (struct logs){.plain = calloc(3 * blocks + 1, sizeof(double)), .level = level};
    if (!logs->plain)
        return -ENOMEM;
    logs->changed = logs->plain + blocks;
    logs->room = logs->changed + blocks;
    for (size_t i = 0; i < blocks; i++)
        if (c->a[i] > 0 && c->b[i] > 0 && c->a_changed[i] > 0 && c->b_changed[i] > 0) {
            logs->plain[logs->count] = log(c->b[i] / c->a[i]);
            logs->changed[logs->count++] = log(c->b_changed[i] / c->a_changed[i]);
        }
    return 0;
}

int gone_make(const struct tried_costs *costs, size_t blocks, double level, struct gone *gone)
{
    struct logs logs;
    struct interval interval;
    double middle;
    *gone = (struct gone){.ratio = NAN, .ratio_changed = NAN, .share = NAN, .interval = {NAN, NAN}};
    if (logs_open(&logs, costs, blocks, level))
        return -ENOMEM;
    gone->blocks = logs.count;
    interval_of(&logs, 1, &middle, &interval); /* what is left of the changed ratio alone */
    gone->ratio_changed = exp(middle);
    for (size_t i = 0; i < logs.count; i++)
        logs.room[i] = logs.plain[i];
    stats_sort(logs.room, logs.count);
    middle = ranks_middle(logs.room, logs.count);
    gone->ratio = exp(middle);
    ranks_interval(logs.room, logs.count, level, &interval);
    if (interval.lo > 0 || interval.hi < 0) {
        const double sign = middle > 0 ? 1 : -1;
        gone->share = passes(&logs, sign, END_MIDDLE);
        gone->interval.lo = passes(&logs, sign, sign > 0 ? END_HI : END_LO);
        gone->interval.hi = passes(&logs, sign, sign > 0 ? END_LO : END_HI);
    }
    free(logs.plain);
    return 0;
}
