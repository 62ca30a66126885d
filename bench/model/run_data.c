/* Trials are held in memory, latency.csv is streamed: of it only the histograms of one trial are held at a time. */
#include "bench/model/run_data.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/invariants.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More would be a broken number, and take the memory of as many. */
enum { BLOCK_MOST = RUN_TRIALS_MOST, CELLS_MOST = 9999, PLACES_MOST = 100000000 };

static const struct {
    enum span phase;
    double q;
} percentiles[RUN_PERCENTILES] = {
    [QUEUE_P50] = {SPAN_QUEUE, 0.5},        [SERVICE_P50] = {SPAN_SERVICE, 0.5}, [RETURN_P50] = {SPAN_RETURN, 0.5},
    [LATENCY_P50] = {SPAN_LATENCY, 0.5},    [LATENCY_P90] = {SPAN_LATENCY, 0.9}, [LATENCY_P99] = {SPAN_LATENCY, 0.99},
    [LATENCY_P999] = {SPAN_LATENCY, 0.999}, [LATE_P99] = {SPAN_LATE, 0.99},
};

double tail_x(unsigned point)
{
    return pow(10, (double)point / TAIL_DECADE);
}

double tail_p(unsigned point)
{
    return point ? 1 - 1 / tail_x(point) : 1e-12;
}

bool factors_have_latency(const struct factors *factors)
{
    return (factors->arrival.kind == ARRIVAL_WINDOW || factors->arrival.kind == ARRIVAL_RATE) &&
           factors->timing != TIMING_TRIAL;
}

/* ---- trials ---- */

struct reading {
    struct run_data *run;
    size_t size;     /* room for trials */
    size_t rows;     /* of trials.csv, those set aside, too */
    size_t kept;     /* but those of interrupted trials */
    bool is_counted; /* it has sums, and so all numbers */
    int64_t last;    /* the highest number of a trial */
    char *error;
};

static int on_trial(const void *row, void *arg)
{
    struct reading *reading = arg;
    struct run_data *run = reading->run;
    const struct trial_row *trial = row;
    int rc = trial_consistent(trial, reading->error);
    if (rc) {
        char number[32] = "a trial";
        if (trial->trial_id != MISSING)
            snprintf(number, sizeof number, "trial %lld", (long long)trial->trial_id);
        refuse_at(reading->error, "%.300s/%s: %s", run->directory, trial_format.file, number);
        return rc;
    }
    reading->rows++;
    reading->kept += trial->status != TRIAL_INTERRUPTED;
    reading->is_counted = reading->is_counted || trial->samples.rows != MISSING;
    reading->last = trial->trial_id > reading->last ? trial->trial_id : reading->last;
    if (trial->status == TRIAL_DISTURBED) {
        run->set_aside++;
        run->set_aside_disturbed += trial->outside == 1 || trial->wall_ns == MISSING;
        run->stood += trial->wall_ns == MISSING;
        return 0;
    }
    if (run->trial_count == RUN_TRIALS_MOST)
        return refuse_as(-EBADMSG, reading->error, "%.300s/%s: more than %d trials", run->directory, trial_format.file,
                         RUN_TRIALS_MOST);
    if (run->trial_count == reading->size) {
        size_t size = reading->size * 2 + 64;
        struct trial_row *trials = reallocarray(run->trials, size, sizeof *trials);
        if (!trials)
            return refuse_as(-ENOMEM, reading->error, "%.300s/%s: out of memory", run->directory, trial_format.file);
        run->trials = trials;
        reading->size = size;
    }
    memcpy(&run->trials[run->trial_count++], row, sizeof *run->trials);
    return 0;
}

static int id_compare(const void *a, const void *b)
{
    const struct trial_row *x = a, *y = b;
    return (x->trial_id > y->trial_id) - (x->trial_id < y->trial_id);
}

static void row_begin(struct summary_row *row, const struct trial_row *trial)
{
    row_clear(&summary_format, row);
    row->schema_version = SCHEMA_VERSION;
    memcpy(row->run_id, trial->run_id, sizeof row->run_id);
    memcpy(row->cell_id, trial->cell_id, sizeof row->cell_id);
    memcpy(row->experiment, trial->experiment, sizeof row->experiment);
    if (trial->experiments[0])
        memcpy(row->experiments, trial->experiments, sizeof row->experiments);
    else /* before schema 2: it stood under the first alone */
        snprintf(row->experiments, sizeof row->experiments, "%s", trial->experiment);
    row->f = trial->f;
    row->trials = 0;
    row->failed = 0;
}

/* In which cell each trial is, and in which block the last one. */
static int cells_group(struct run_data *run, char *error)
{
    size_t *last = calloc(run->trial_count + 1, sizeof *last);
    if (!last)
        return -ENOMEM;
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_row *trial = &run->trials[i];
        size_t cell = 0;
        while (cell < run->count && strcmp(run->rows[cell].cell_id, trial->cell_id) != 0)
            cell++;
        if (cell == CELLS_MOST) {
            free(last);
            return refuse(error, "%.300s/%s: expected at most %d cells", run->directory, trial_format.file, CELLS_MOST);
        }
        if (cell == run->count) {
            row_begin(&run->rows[run->count++], trial);
            run->first[cell] = i;
        } else {
            run->next[last[cell]] = i;
        }
        last[cell] = i;
        run->cell[i] = cell;
        run->next[i] = RUN_NOTHING;
        run->rows[cell].trials++;
        run->rows[cell].failed += !trial_is_ok(trial);
        if (trial->block > (int64_t)run->blocks && trial->block <= BLOCK_MOST)
            run->blocks = (size_t)trial->block;
        else if (trial->block > BLOCK_MOST && trial_is_ok(trial)) {
            free(last);
            return refuse(error, "%.300s/%s: trial %lld: expected a block of 1 .. %d, found %lld", run->directory,
                          trial_format.file, (long long)trial->trial_id, BLOCK_MOST, (long long)trial->block);
        }
    }
    free(last);
    return 0;
}

static int trial_twice(const struct run_data *run, const struct trial_row *trial, char *error)
{
    return refuse(error, "%.300s/%s: trial %lld is there twice; `poolbench repair RUN` keeps what is whole",
                  run->directory, trial_format.file, (long long)trial->trial_id);
}

static int blocks_index(struct run_data *run, char *error)
{
    size_t size = run->count * run->blocks;
    if (size > PLACES_MOST)
        return refuse(error, "%.300s/%s: expected at most %d cells times blocks, found %zu in %zu blocks",
                      run->directory, trial_format.file, PLACES_MOST, run->count, run->blocks);
    run->at = calloc(size + 1, sizeof *run->at);
    if (!run->at)
        return -ENOMEM;
    for (size_t i = 0; i < size; i++)
        run->at[i] = RUN_NOTHING;
    for (size_t i = 1; i < run->trial_count; i++)
        if (run->trials[i].trial_id > 0 && run->trials[i].row_sum > 0 &&
            run->trials[i].row_sum == run->trials[i - 1].row_sum &&
            run->trials[i].trial_id == run->trials[i - 1].trial_id)
            return trial_twice(run, &run->trials[i], error);
    for (size_t i = 0; i < run->trial_count; i++) {
        const struct trial_row *trial = &run->trials[i];
        if (!trial_is_ok(trial) || trial->block < 1)
            continue;
        size_t *at = &run->at[run->cell[i] * run->blocks + (size_t)trial->block - 1];
        if (*at != RUN_NOTHING)
            return refuse(error,
                          "%.300s/%s: trials %lld and %lld are both of cell %.32s in block %lld: is it of two runs?",
                          run->directory, trial_format.file, (long long)run->trials[*at].trial_id,
                          (long long)trial->trial_id, trial->cell_id, (long long)trial->block);
        *at = i;
    }
    return 0;
}

/* Cell ids count in the order of the plan. */
static int plan_compare(const void *a, const void *b, void *rows)
{
    const struct summary_row *r = rows;
    return strverscmp(r[*(const size_t *)a].cell_id, r[*(const size_t *)b].cell_id);
}

static int plan_index(struct run_data *run)
{
    run->plan = calloc(run->count + 1, sizeof *run->plan);
    if (!run->plan)
        return -ENOMEM;
    for (size_t i = 0; i < run->count; i++)
        run->plan[i] = i;
    qsort_r(run->plan, run->count, sizeof *run->plan, plan_compare, run->rows);
    return 0;
}

int run_data_index(struct run_data *run, char *error)
{
    size_t count = run->trial_count + 1; /* malloc(0) may be NULL */
    int rc = -ENOMEM;
    run->rows = calloc(count, sizeof *run->rows);
    run->cell = calloc(count, sizeof *run->cell);
    run->next = calloc(count, sizeof *run->next);
    run->first = calloc(count, sizeof *run->first);
    if (run->rows && run->cell && run->next && run->first)
        rc = cells_group(run, error);
    if (!rc)
        rc = blocks_index(run, error);
    if (!rc)
        rc = plan_index(run);
    return rc == -ENOMEM ? refuse_as(rc, error, "%.300s/%s: out of memory", run->directory, trial_format.file) : rc;
}

size_t run_data_at(const struct run_data *run, size_t cell, size_t block)
{
    return block >= 1 && block <= run->blocks ? run->at[cell * run->blocks + block - 1] : RUN_NOTHING;
}

/* ---- latencies ---- */

static bool is_borne(const struct histogram *histogram, double x)
{
    return (double)histogram->tasks >= TAIL_SLOWER * x * (1 - 1e-9);
}

/* Kept beyond its trial: the latency of cells that have one. False: out of memory. */
static bool pool_keep(struct pooled_trial *pool, const struct histogram *histogram)
{
    struct bucket *copy = malloc((histogram->count + 1) * sizeof *copy);
    if (copy)
        memcpy(copy, histogram->buckets, histogram->count * sizeof *copy);
    free((void *)pool->buckets);
    pool->buckets = copy;
    pool->count = copy ? histogram->count : 0;
    return copy != NULL;
}

struct times_reading {
    struct run_data *run;
    bool out_of_memory;
};

/* Histograms become percentiles and means. A median takes one task. */
static void times_note(size_t trial, const struct histogram *histograms, void *arg)
{
    struct times_reading *reading = arg;
    const struct run_data *run = reading->run;
    struct trial_times *times = &run->times[trial];
    bool latency = factors_have_latency(&run->rows[run->cell[trial]].f);
    const struct histogram *service = &histograms[SPAN_SERVICE];
    for (size_t p = 0; p < RUN_PERCENTILES; p++) {
        const struct histogram *histogram = &histograms[percentiles[p].phase];
        double q = percentiles[p].q;
        if (q < 0.99 ? histogram->tasks > 0 : is_borne(histogram, 1 / (1 - q)))
            times->percentile[p] = stats_histogram_quantile(histogram->buckets, histogram->count, q);
    }
    const enum span kept[LATENCIES] = {histograms[SPAN_STEADY].tasks ? SPAN_STEADY : SPAN_LATENCY, SPAN_FIRST, SPAN_CPU,
                                       SPAN_SLEEP};
    for (size_t of = 0; of < LATENCIES && latency; of++)
        if (!pool_keep(&times->pool[of], &histograms[kept[of]]))
            reading->out_of_memory = true;
    for (size_t span = 0; span < SPANS; span++)
        times->mean[span] = histogram_mean(&histograms[span]);
    times->tasks = service->tasks;
    for (unsigned i = 0; i < TAIL_POINTS && !latency; i++)
        if (is_borne(service, tail_x(i)))
            times->tail[i] = stats_histogram_quantile(service->buckets, service->count, tail_p(i));
}

static int times_read(struct run_data *run, char *error)
{
    struct times_reading reading = {.run = run};
    const struct histogram_reader reader = {
        .trials = run->trials, .trial_count = run->trial_count, .on_trial = times_note, .arg = &reading};
    run->times = calloc(run->trial_count + 1, sizeof *run->times);
    if (!run->times)
        return refuse_as(-ENOMEM, error, "%.300s/%s: out of memory", run->directory, latency_format.file);
    for (size_t i = 0; i < run->trial_count; i++) {
        double *numbers[] = {run->times[i].percentile, run->times[i].mean, run->times[i].tail};
        const size_t counts[] = {RUN_PERCENTILES, SPANS, TAIL_POINTS};
        for (size_t k = 0; k < 3; k++)
            for (size_t n = 0; n < counts[k]; n++)
                numbers[k][n] = NAN;
    }
    int rc = histograms_read(run->directory, &reader, error);
    if (!rc && reading.out_of_memory)
        rc = refuse_as(-ENOMEM, error, "%.300s/%s: out of memory", run->directory, latency_format.file);
    return rc == -ENOENT ? 0 : rc; /* a copy without it, because it is large: there are no percentiles then */
}

/* The histograms of a cell's trials; NULL: out of memory. */
static struct pooled_trial *pool_of(const struct run_data *run, size_t cell, enum latency_of of, size_t *count)
{
    struct pooled_trial *pool = calloc(run->trial_count + 1, sizeof *pool);
    *count = 0;
    for (size_t i = run->first[cell]; pool && run->times && i != RUN_NOTHING; i = run->next[i])
        if (trial_is_ok(&run->trials[i]))
            pool[(*count)++] = run->times[i].pool[of];
    return pool;
}

static int pooled_of(const struct run_data *run, size_t cell, enum latency_of of, double p, double level,
                     struct pooled *result)
{
    size_t count;
    struct pooled_trial *pool = pool_of(run, cell, of, &count);
    *result = (struct pooled){.value = NAN, .lo = NAN, .hi = NAN};
    int rc = pool ? pooled_percentile(pool, count, p, level, result) : -ENOMEM;
    free(pool);
    return rc;
}

int run_pooled_at(const struct run_data *run, size_t cell, double p, double level, struct pooled *result)
{
    return pooled_of(run, cell, LATENCY_ALL, p, level, result);
}

int run_pooled(const struct run_data *run, size_t cell, double p, struct pooled *result)
{
    return run_pooled_at(run, cell, p, looks_level_alone(run->looks), result);
}

int run_pooled_of(const struct run_data *run, size_t cell, enum latency_of of, double p, struct pooled *result)
{
    return pooled_of(run, cell, of, p, looks_level_alone(run->looks), result);
}

int run_misses_at(const struct run_data *run, size_t cell, double limit_ns, double level, struct pooled *result)
{
    size_t count;
    struct pooled_trial *pool = pool_of(run, cell, LATENCY_ALL, &count);
    *result = (struct pooled){.value = NAN, .lo = NAN, .hi = NAN};
    int rc = pool ? pooled_beyond(pool, count, limit_ns, level, result) : -ENOMEM;
    free(pool);
    return rc;
}

int run_misses(const struct run_data *run, size_t cell, double limit_ns, struct pooled *result)
{
    return run_misses_at(run, cell, limit_ns, looks_level_alone(run->looks), result);
}

/* ---- the files ---- */

/* Does the file end within a line? */
static bool is_torn(const char *directory, const char *file)
{
    char last = '\n';
    struct stat status;
    int fd = inside_fd(directory, file);
    if (fd < 0)
        return false;
    if (fstat(fd, &status) < 0 || status.st_size <= 0 || pread(fd, &last, 1, status.st_size - 1) != 1)
        last = '\n';
    close(fd);
    return last != '\n';
}

static unsigned blocks_of(const json_t *value)
{
    json_int_t blocks = json_integer_value(value);
    return blocks > 0 && blocks < UINT_MAX ? (unsigned)blocks : 0;
}

/* How many trials that ended well the block has. */
static size_t block_trials(const struct run_data *run, size_t block)
{
    size_t count = 0;
    for (size_t cell = 0; cell < run->count; cell++)
        count += run_data_at(run, cell, block) != RUN_NOTHING;
    return count;
}

/* The last block that is whole. One that was cut off has fewer cells than the one before, though none left there. */
static size_t blocks_whole(const struct run_data *run)
{
    const json_t *ended = host_fact(run->host, "ended"), *looked = host_fact(run->host, "looked");
    size_t told = blocks_of(json_object_get(ended, "blocks"));
    if (told && told < run->blocks)
        return told;
    for (size_t i = 0; i < json_array_size(looked); i++)
        if (blocks_of(json_object_get(json_array_get(looked, i), "block")) == run->blocks)
            return run->blocks;
    bool is_cut = run->blocks > 1 && block_trials(run, run->blocks) < block_trials(run, run->blocks - 1);
    return run->blocks - (is_cut && !json_is_object(ended));
}

static struct looks looks_read(const struct run_data *run)
{
    const json_t *ends = host_fact(run->host, "ends");
    struct looks looks = {.planned = blocks_of(host_fact(run->host, "looks")),
                          .leave_from = blocks_of(host_fact(run->host, "leave_from")),
                          .end = (unsigned)blocks_whole(run),
                          .is_open = !json_is_object(host_fact(run->host, "ended"))};
    for (size_t i = 0; i < LOOK_ENDS && i < json_array_size(ends); i++)
        looks.ends[looks.end_count++] = blocks_of(json_array_get(ends, i));
    return looks;
}

/* Numbers count from 1 without a gap, but for trials that were interrupted and taken out when the run was resumed. What
 * was killed has said how many there were behind its last block. */
static size_t rows_missing(const struct run_data *run, const struct reading *reading)
{
    const json_t *ended = host_fact(run->host, "ended");
    size_t written = blocks_of(json_object_get(ended, "trials")), found = blocks_of(host_fact(run->host, "trials"));
    const size_t committed = blocks_of(host_fact(run->host, "committed"));
    const size_t gone = committed > reading->kept ? committed - reading->kept : 0;
    written = found > written ? found : written;
    if (!written && reading->is_counted && !host_fact(run->host, "resumed") && reading->last > 0 &&
        reading->last <= RUN_TRIALS_MOST)
        written = (size_t)reading->last;
    return written > reading->rows + gone ? written - reading->rows : gone;
}

int run_trials_open(const char *directory, struct run_data *run, char *error)
{
    struct reading reading = {.run = run, .error = error};
    *run = (struct run_data){.torn = is_torn(directory, trial_format.file),
                             .partial = !csv_is_there(directory, latency_format.file)};
    snprintf(run->directory, sizeof run->directory, "%s", directory);
    int rc = csv_read(directory, &trial_format, -1, on_trial, &reading, error);
    if (!rc && run->trial_count) /* rows may have been sorted */
        qsort(run->trials, run->trial_count, sizeof *run->trials, id_compare);
    if (!rc)
        rc = run_data_index(run, error);
    if (rc) {
        run_data_close(run);
        return rc;
    }
    run->host = host_load(directory);
    run->looks = looks_read(run);
    run->missing = rows_missing(run, &reading);
    const json_t *deadline = host_fact(run->host, "deadline_ns");
    run->deadline_ns = json_is_number(deadline) ? json_number_value(deadline) : NAN;
    return 0;
}

int run_data_open(const char *directory, struct run_data *run, char *error)
{
    int rc = run_trials_open(directory, run, error);
    if (!rc && (rc = times_read(run, error)))
        run_data_close(run);
    return rc;
}

void run_data_close(struct run_data *run)
{
    json_decref(run->host);
    for (size_t i = 0; run->times && i < run->trial_count; i++)
        for (size_t of = 0; of < LATENCIES; of++)
            free((void *)run->times[i].pool[of].buckets);
    free(run->trials);
    free(run->times);
    free(run->rows);
    free(run->cell);
    free(run->next);
    free(run->first);
    free(run->at);
    free(run->plan);
    *run = (struct run_data){0};
}

int run_data_note(struct run_data *run, const char *key, json_t *value, char *error)
{
    json_incref(value);
    int rc = host_note(run->directory, key, value, error);
    json_t *about = json_object_get(run->host, "run");
    if (!about || !value || json_object_set(about, key, value))
        rc = rc ? rc : -EBADMSG;
    json_decref(value);
    return rc;
}
