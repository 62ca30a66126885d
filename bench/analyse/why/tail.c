/* samples.csv is streamed; the tasks of one trial are kept at a time. */
#include "bench/analyse/why/tail.h"
#include "bench/base/refuse.h"
#include "bench/base/room.h"
#include "bench/model/by_trial.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define ROUNDING 1e-9 /* 100 tasks x 0.01 is one */

struct stamps {
    double due, submit, start, end, reap;
};

/* How many workers are at work changes. */
struct step {
    double at, full; /* full: time until then that all were at work */
    int by;          /* 1 or -1; then how many are */
};

struct reading {
    const struct run_data *run;
    struct states *states;
    double tail;
    struct stamps *tasks; /* of the trial that is read */
    size_t count, room;
    int64_t most; /* tasks of a trial, that were stamped */
    bool failed;  /* no memory */
    char *error;
};

static void trial_begin(size_t trial, void *arg)
{
    struct reading *reading = arg;
    (void)trial;
    reading->count = 0;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct reading *reading = arg;
    (void)trial;
    if (sample->start_ns == MISSING || sample->end_ns == MISSING || sample->submit_ns == MISSING ||
        sample->reap_ns == MISSING)
        return 0;
    if (room_for(&reading->tasks, &reading->room, reading->count + 1, sizeof *reading->tasks))
        return refuse_as(-ENOMEM, reading->error, "%s: out of memory", sample_format.file);
    reading->tasks[reading->count++] = (struct stamps){
        .due = (double)(sample->due_ns == MISSING ? sample->submit_ns : sample->due_ns),
        .submit = (double)sample->submit_ns,
        .start = (double)sample->start_ns,
        .end = (double)sample->end_ns,
        .reap = (double)sample->reap_ns,
    };
    return 0;
}

static int slowest_first(const void *a, const void *b)
{
    const struct stamps *x = a, *y = b;
    const double more = (x->reap - x->due) - (y->reap - y->due);
    return (more < 0) - (more > 0);
}

static int by_time(const void *a, const void *b)
{
    const struct step *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : x->by - y->by;
}

/* The times at which the number of workers at work changes, in order; NULL: no memory. */
static struct step *steps_make(const struct reading *reading, double workers)
{
    const size_t count = 2 * reading->count;
    struct step *steps = calloc(count + 1, sizeof *steps);
    int at_work = 0;
    for (size_t i = 0; steps && i < reading->count; i++) {
        steps[2 * i] = (struct step){reading->tasks[i].start, 0, 1};
        steps[2 * i + 1] = (struct step){reading->tasks[i].end, 0, -1};
    }
    if (steps)
        qsort(steps, count, sizeof *steps, by_time);
    for (size_t i = 0; steps && i < count; i++) {
        if (i)
            steps[i].full = steps[i - 1].full + (at_work >= workers ? steps[i].at - steps[i - 1].at : 0);
        at_work += steps[i].by;
        steps[i].by = at_work;
    }
    return steps;
}

/* Until then, how long all workers were at work. */
static double full_until(const struct step *steps, size_t count, double workers, double at)
{
    size_t lo = 0, hi = count; /* steps before lo are not later */
    while (lo < hi) {
        const size_t middle = (lo + hi) / 2;
        if (steps[middle].at <= at)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo ? steps[lo - 1].full + (steps[lo - 1].by >= workers ? at - steps[lo - 1].at : 0) : 0;
}

static double median_body(const struct reading *reading, double *values)
{
    for (size_t i = 0; i < reading->count; i++)
        values[i] = reading->tasks[i].end - reading->tasks[i].start;
    return stats_median(values, stats_sort(values, reading->count));
}

/* Of one task, into sums. */
static void task_add(const struct stamps *t, double body, double full, double *ns)
{
    const double queued = t->start - t->submit, service = t->end - t->start;
    ns[STATE_LATE] += t->submit - t->due;
    ns[STATE_QUEUED] += queued;
    ns[STATE_QUEUED_FULL] += full;
    ns[STATE_QUEUED_FREE] += queued - full;
    ns[STATE_TAIL_BODY] += fmin(service, body);
    ns[STATE_TAIL_MORE] += service - fmin(service, body);
    ns[STATE_RETURN] += t->reap - t->end;
}

/* What is told apart; and what is not, where that is the finest that both of two trials have. */
static void details_fill(struct states *s, const double *ns, bool is_whole, double tasks)
{
    s->detail = is_whole ? DETAIL_ALL : DETAIL_INSIDE;
    for (int detail = 0; detail < DETAILS; detail++) {
        const bool apart = is_whole && detail == DETAIL_ALL;
        for (int i = 0; i < STATES; i++)
            s->ns[detail][i] = ns[i] / tasks;
        if (apart)
            s->ns[detail][STATE_QUEUED] = 0;
        else
            s->ns[detail][STATE_QUEUED_FULL] = s->ns[detail][STATE_QUEUED_FREE] = 0;
    }
}

static void trial_finish(size_t trial, void *arg)
{
    struct reading *reading = arg;
    const struct trial_row *row = &reading->run->trials[trial];
    const size_t slowest = (size_t)floor((double)reading->count * reading->tail + ROUNDING);
    const bool is_whole = (int64_t)reading->count == row->f.tasks && row->f.workers > 0;
    const double workers = (double)row->f.workers;
    double ns[STATES] = {0}, whole = 0;
    if ((int64_t)reading->count > reading->most)
        reading->most = (int64_t)reading->count;
    if (!slowest || !trial_has_time(row))
        return;
    struct step *steps = is_whole ? steps_make(reading, workers) : NULL;
    double *values = calloc(reading->count, sizeof *values);
    reading->failed = reading->failed || !values || (is_whole && !steps);
    if (values && (steps || !is_whole)) {
        const double body = median_body(reading, values);
        qsort(reading->tasks, reading->count, sizeof *reading->tasks, slowest_first);
        for (size_t i = 0; i < slowest; i++) {
            const struct stamps *t = &reading->tasks[i];
            const double full = steps ? full_until(steps, 2 * reading->count, workers, t->start) -
                                            full_until(steps, 2 * reading->count, workers, t->submit)
                                      : 0;
            task_add(t, body, full, ns);
            whole += t->reap - t->due;
        }
        reading->states[trial].whole_ns = whole / (double)slowest;
        reading->states[trial].has_serial = reading->states[trial].has_stamps = true;
        details_fill(&reading->states[trial], ns, is_whole, (double)slowest);
        states_facts(row, &reading->states[trial]);
    }
    free(values);
    free(steps);
}

static int refuse_few(const struct reading *reading, char *error)
{
    const long long least = llround(1 / reading->tail);
    if (!reading->most)
        return refuse_as(-ENODATA, error,
                         "samples.csv has no task with all of its times, so nothing is known of the slowest: make a "
                         "run with --samples %lld or more (all: also who was free meanwhile) and --timing task",
                         least);
    return refuse_as(-ENODATA, error,
                     "the slowest %g %% are one task of %lld, and samples.csv has at most %lld of a trial: make a run "
                     "with --samples %lld or more (all: also who was free meanwhile), and as many --tasks",
                     100 * reading->tail, least, (long long)reading->most, least);
}

int tails_make(const struct run_data *run, double tail, struct states **states, char *error)
{
    struct reading reading = {.run = run, .tail = tail, .error = error};
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = run->trials,
                                  .count = run->trial_count,
                                  .end = -1,
                                  .on_begin = trial_begin,
                                  .on_row = on_sample,
                                  .on_end = trial_finish,
                                  .arg = &reading};
    bool any = false;
    *states = reading.states = calloc(run->trial_count + 1, sizeof **states);
    for (size_t i = 0; *states && i < run->trial_count; i++)
        (*states)[i] = (struct states){.slots = 1, .whole_ns = NAN};
    int rc = *states ? by_trial_read(run->directory, &rows, error) : -ENOMEM;
    rc = rc == -ENOENT ? 0 : reading.failed ? -ENOMEM : rc;
    if (rc == -ENOMEM)
        refuse_as(rc, error, "%s: out of memory", sample_format.file);
    for (size_t i = 0; i < run->trial_count && !rc; i++)
        any = any || !isnan((*states)[i].whole_ns);
    if (!rc && !any)
        rc = refuse_few(&reading, error);
    free(reading.tasks);
    if (rc) {
        free(*states);
        *states = NULL;
    }
    return rc;
}
