/* samples.csv is streamed; one number a worker is kept, for one trial at a time. */
#include "bench/analyse/why/gaps.h"
#include "bench/base/refuse.h"
#include "bench/base/room.h"
#include "bench/model/by_trial.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WORKER_MAX 65536 /* a larger number is not one of ours */

struct reading {
    const struct run_data *run;
    double *end_ns;
    int64_t tasks; /* of the trial that is read, timed ones */
    double *last;  /* ns, per worker; 0: it had no task */
    size_t size;
    char *error;
};

static void trial_begin(size_t trial, void *arg)
{
    struct reading *reading = arg;
    (void)trial;
    reading->tasks = 0;
    for (size_t i = 0; i < reading->size; i++)
        reading->last[i] = 0;
}

static void trial_finish(size_t trial, void *arg)
{
    struct reading *reading = arg;
    const struct trial_row *row = &reading->run->trials[trial];
    const size_t workers = row->f.workers > 0 ? (size_t)row->f.workers : 0;
    double end = 0, sum = 0;
    for (size_t i = 0; i < reading->size; i++)
        end = fmax(end, reading->last[i]);
    for (size_t i = 0; i < workers; i++)
        sum += end - (i < reading->size ? reading->last[i] : 0);
    for (size_t i = workers; i < reading->size; i++)
        if (reading->last[i] > 0)
            sum = NAN; /* numbers beyond: not slots */
    reading->end_ns[trial] = reading->tasks == row->f.tasks ? sum : NAN;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct reading *reading = arg;
    (void)trial;
    if (sample->worker < 0 || sample->worker >= WORKER_MAX || sample->end_ns == MISSING)
        return 0; /* that trial will lack a task */
    const size_t worker = (size_t)sample->worker;
    if (room_for(&reading->last, &reading->size, worker + 1, sizeof *reading->last))
        return refuse_as(-ENOMEM, reading->error, "%s: out of memory", sample_format.file);
    reading->last[worker] = fmax(reading->last[worker], (double)sample->end_ns);
    reading->tasks++;
    return 0;
}

int gaps_read(const struct run_data *run, double *end_ns, char *error)
{
    struct reading reading = {.run = run, .end_ns = end_ns, .error = error};
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = run->trials,
                                  .count = run->trial_count,
                                  .end = -1,
                                  .on_begin = trial_begin,
                                  .on_row = on_sample,
                                  .on_end = trial_finish,
                                  .arg = &reading};
    for (size_t i = 0; i < run->trial_count; i++)
        end_ns[i] = NAN;
    int rc = run->trial_count ? by_trial_read(run->directory, &rows, error) : 0;
    free(reading.last);
    return rc == -ENOENT ? 0 : rc; /* it is large, and may have been left behind */
}
