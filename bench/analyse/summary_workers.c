/* samples.csv is streamed; of it one number a worker is kept, for one trial at a time. A drawn sample would tell of the
 * draw as much as of the workers, so only trials that are there whole count. */
#include "bench/analyse/summary_work.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include <math.h>
#include <stdlib.h>

#define WORKER_MAX 65536 /* a larger number is not one of ours */

struct reading {
    const struct run_data *run;
    double *imbalance;
    size_t next;      /* the trial after the one that is read: both files have the same order */
    int64_t trial_id; /* that is read */
    int64_t tasks;    /* of it, timed ones */
    double *busy;     /* ns, per worker */
    size_t count, size;
    char *error;
};

static void trial_finish(struct reading *reading)
{
    const struct run_data *run = reading->run;
    size_t trial = reading->next;
    double sum = 0, most = 0;
    while (trial < run->trial_count && run->trials[trial].trial_id != reading->trial_id)
        trial++;
    if (trial < run->trial_count) {
        const struct trial_row *row = &run->trials[trial];
        double workers = fmax((double)reading->count, (double)row->f.workers); /* MISSING is below any */
        for (size_t i = 0; i < reading->count; i++) {
            sum += reading->busy[i];
            most = fmax(most, reading->busy[i]);
        }
        if (reading->tasks == row->f.tasks && sum > 0)
            reading->imbalance[trial] = most * workers / sum;
        reading->next = trial + 1;
    }
    reading->tasks = 0;
    reading->count = 0;
}

static int on_sample(const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct reading *reading = arg;
    if (sample->trial_id != reading->trial_id) {
        trial_finish(reading);
        reading->trial_id = sample->trial_id;
    }
    if (sample->worker < 0 || sample->worker >= WORKER_MAX || sample->start_ns == MISSING || sample->end_ns == MISSING)
        return 0; /* that trial will lack a task */
    size_t worker = (size_t)sample->worker;
    if (worker >= reading->size) {
        size_t size = worker * 2 + 64;
        double *busy = reallocarray(reading->busy, size, sizeof *busy);
        if (!busy)
            return refuse_as(-ENOMEM, reading->error, "%s: out of memory", sample_format.file);
        reading->busy = busy;
        reading->size = size;
    }
    while (reading->count <= worker)
        reading->busy[reading->count++] = 0;
    reading->busy[worker] += (double)(sample->end_ns - sample->start_ns);
    reading->tasks++;
    return 0;
}

int workers_read(const struct run_data *run, double *imbalance, char *error)
{
    struct reading reading = {.run = run, .imbalance = imbalance, .trial_id = MISSING, .error = error};
    int64_t end = trials_end(run->trials, run->trial_count, offsetof(struct trial_row, samples_end));
    int result = 0;
    for (size_t i = 0; i < run->trial_count; i++)
        imbalance[i] = NAN;
    if (!end)
        return 0;
    if (csv_is_there(run->directory, sample_format.file)) /* it is large, and may have been left behind */
        result = csv_read(run->directory, &sample_format, end, on_sample, &reading, error);
    if (!result)
        trial_finish(&reading);
    free(reading.busy);
    return result;
}
