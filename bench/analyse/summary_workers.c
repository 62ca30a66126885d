/* samples.csv is streamed; of it one number a worker is kept, for one trial at a time. A drawn sample would tell of the
 * draw as much as of the workers, so only trials that are there whole count. */
#include "bench/analyse/summary_work.h"
#include "bench/base/refuse.h"
#include "bench/base/room.h"
#include "bench/model/by_trial.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WORKER_MAX 65536 /* a larger number is not one of ours */

struct reading {
    const struct run_data *run;
    double *imbalance;
    int64_t tasks; /* of the trial that is read, timed ones */
    double *busy;  /* ns, per worker */
    size_t count, size;
    char *error;
};

static void trial_begin(size_t trial, void *arg)
{
    struct reading *reading = arg;
    (void)trial;
    reading->tasks = 0;
    reading->count = 0;
}

static void trial_finish(size_t trial, void *arg)
{
    struct reading *reading = arg;
    const struct trial_row *row = &reading->run->trials[trial];
    double sum = 0, most = 0, workers = fmax((double)reading->count, (double)row->f.workers); /* MISSING is below any */
    for (size_t i = 0; i < reading->count; i++) {
        sum += reading->busy[i];
        most = fmax(most, reading->busy[i]);
    }
    reading->imbalance[trial] = reading->tasks == row->f.tasks && sum > 0 ? most * workers / sum : NAN;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct reading *reading = arg;
    (void)trial;
    if (sample->worker < 0 || sample->worker >= WORKER_MAX || sample->start_ns == MISSING || sample->end_ns == MISSING)
        return 0; /* that trial will lack a task */
    size_t worker = (size_t)sample->worker;
    if (room_for(&reading->busy, &reading->size, worker + 1, sizeof *reading->busy))
        return refuse_as(-ENOMEM, reading->error, "%s: out of memory", sample_format.file);
    while (reading->count <= worker)
        reading->busy[reading->count++] = 0;
    reading->busy[worker] += (double)(sample->end_ns - sample->start_ns);
    reading->tasks++;
    return 0;
}

int workers_read(const struct run_data *run, double *imbalance, char *error)
{
    struct reading reading = {.run = run, .imbalance = imbalance, .error = error};
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = run->trials,
                                  .count = run->trial_count,
                                  .end = -1,
                                  .on_begin = trial_begin,
                                  .on_row = on_sample,
                                  .on_end = trial_finish,
                                  .arg = &reading};
    for (size_t i = 0; i < run->trial_count; i++)
        imbalance[i] = NAN;
    int rc = run->trial_count ? by_trial_read(run->directory, &rows, error) : 0;
    free(reading.busy);
    return rc == -ENOENT ? 0 : rc; /* it is large, and may have been left behind */
}
