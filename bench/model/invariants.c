/* See invariants.h. */
#include "bench/model/invariants.h"
#include "bench/base/refuse.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#define AT(column) #column, offsetof(struct trial_row, column)

static const struct {
    const char *name;
    size_t at;
    int64_t least, most;
} ranges[] = {
    {AT(trial_id), 1, INT64_MAX},
    {AT(block), 1, INT64_MAX},
    {AT(position), 1, INT64_MAX},
    {AT(attempt), 1, 2},
    {AT(shared_cpu), 0, 1},
    {AT(outside), 0, 1},
    {AT(started_ns), 0, INT64_MAX},
    {AT(wall_ns), 0, INT64_MAX},
    {AT(ideal_ns), 0, INT64_MAX},
    {AT(open_ns), 0, INT64_MAX},
    {AT(close_ns), 0, INT64_MAX},
    {AT(trial_ns), 0, INT64_MAX},
    {AT(tasks_ok), 0, INT64_MAX},
    {AT(tasks_failed), 0, INT64_MAX},
    {AT(tasks_dropped), 0, INT64_MAX},
    {AT(kind_migrations), 0, INT64_MAX},
    {AT(numa_pages), 0, INT64_MAX},
    {AT(numa_meant), 0, INT64_MAX},
    {AT(latency_end), 0, INT64_MAX},
};

static int out_of_range(const struct trial_row *trial, char *error)
{
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        int64_t value;
        memcpy(&value, (const char *)trial + ranges[i].at, sizeof value);
        if (value != MISSING && value < ranges[i].least)
            return refuse_as(-EBADMSG, error, "%s: expected at least %" PRId64 ", found %" PRId64, ranges[i].name,
                             ranges[i].least, value);
        if (value > ranges[i].most)
            return refuse_as(-EBADMSG, error, "%s: expected at most %" PRId64 ", found %" PRId64, ranges[i].name,
                             ranges[i].most, value);
    }
    return 0;
}

/* Of values that are in range; false: one is not known. */
static bool add(int64_t *sum, const int64_t *values, size_t count)
{
    *sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (values[i] == MISSING)
            return false;
        *sum += values[i];
    }
    return true;
}

/* The parts lie within the whole. They are measured by two clocks, which may be 100 ppm apart. */
static int times_fit(const struct trial_row *t, char *error)
{
    const int64_t parts[] = {t->open_ns, t->wall_ns, t->close_ns};
    int64_t sum;
    if (!add(&sum, parts, 3) || t->trial_ns == MISSING || sum <= t->trial_ns + t->trial_ns / 1000 + 1000000)
        return 0;
    return refuse_as(-EBADMSG, error,
                     "open_ns, wall_ns and close_ns are %" PRId64 " together: more than trial_ns, which is %" PRId64,
                     sum, t->trial_ns);
}

static int tasks_fit(const struct trial_row *t, char *error)
{
    const int64_t dropped = t->tasks_dropped == MISSING ? 0 : t->tasks_dropped;
    const int64_t all[] = {t->tasks_ok, t->tasks_failed, t->tasks_lost, dropped};
    const int64_t failed[] = {t->tasks_error,   t->tasks_exited, t->tasks_signalled,
                              t->tasks_timeout, t->tasks_wrong,  t->tasks_collateral};
    int64_t sum;
    if (add(&sum, all, 4) && t->f.tasks > 0 && sum != t->f.tasks)
        return refuse_as(-EBADMSG, error,
                         "tasks_ok, tasks_failed and tasks_lost%s are %" PRId64 " together, tasks is %" PRId64,
                         dropped ? " and tasks_dropped" : "", sum, t->f.tasks);
    if (add(&sum, failed, 6) && t->tasks_failed != MISSING && sum != t->tasks_failed)
        return refuse_as(-EBADMSG, error,
                         "tasks_error to tasks_collateral are %" PRId64 " together, tasks_failed is %" PRId64, sum,
                         t->tasks_failed);
    return 0;
}

int trial_consistent(const struct trial_row *trial, char *error)
{
    int rc = out_of_range(trial, error);
    rc = rc ? rc : times_fit(trial, error);
    return rc ? rc : tasks_fit(trial, error);
}
