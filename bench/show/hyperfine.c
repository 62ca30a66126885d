/* hyperfine's JSON, see hyperfine.h. Its fields: src/hyperfine/benchmark/benchmark_result.rs of hyperfine 1.18. */
#include "bench/show/hyperfine.h"
#include "bench/base/refuse.h"
#include "bench/model/by_trial.h"
#include "bench/model/summary_factors.h"
#include "bench/show/markup.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct timed {
    int64_t task, ns, code; /* code: MISSING where it is none of an exit */
};

/* Of a trial, by task: rows may have been sorted otherwise. */
struct tasks {
    struct timed *timed;
    size_t count, room;
};

/* Of a cell. */
struct times {
    json_t *seconds, *codes;
};

static void trial_begin(size_t trial, void *arg)
{
    struct tasks *tasks = arg;
    tasks[trial].count = 0;
}

static int on_sample(size_t trial, const void *row, void *arg)
{
    const struct sample_row *sample = row;
    struct tasks *tasks = (struct tasks *)arg + trial;
    if (sample->start_ns == MISSING || sample->end_ns == MISSING)
        return 0;
    if (tasks->count == tasks->room) {
        const size_t room = tasks->room * 2 + 64;
        struct timed *timed = reallocarray(tasks->timed, room, sizeof *timed);
        if (!timed)
            return -ENOMEM;
        tasks->timed = timed;
        tasks->room = room;
    }
    bool is_exit = !strcmp(sample->status, "ok") || !strcmp(sample->status, "exited");
    tasks->timed[tasks->count++] = (struct timed){sample->task, sample->end_ns - sample->start_ns,
                                                  !is_exit                  ? MISSING
                                                  : sample->code == MISSING ? 0
                                                                            : sample->code};
    return 0;
}

static int by_task(const void *a, const void *b)
{
    const struct timed *one = a, *other = b;
    return (one->task > other->task) - (one->task < other->task);
}

static void trial_end(size_t trial, void *arg)
{
    const struct tasks *tasks = (const struct tasks *)arg + trial;
    if (tasks->count)
        qsort(tasks->timed, tasks->count, sizeof *tasks->timed, by_task);
}

/* 0 or -ENOMEM. */
static int times_add(struct times *times, const struct tasks *tasks)
{
    int rc = 0;
    for (size_t i = 0; i < tasks->count && rc == 0; i++) {
        const struct timed *timed = &tasks->timed[i];
        json_t *code = timed->code == MISSING ? json_null() : json_integer(timed->code);
        if (json_array_append_new(times->seconds, json_real((double)timed->ns * 1e-9)) ||
            json_array_append_new(times->codes, code))
            rc = -ENOMEM;
    }
    return rc;
}

/* Mean of a sum of trials of the cell per task, in seconds; of `first` where any trial has it. */
static double per_task(const struct run_data *run, size_t cell, size_t first, size_t other)
{
    double sums[2] = {0, 0}, tasks[2] = {0, 0};
    const size_t offsets[2] = {first, other};
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i])
        for (int k = 0; k < 2 && trial_is_ok(&run->trials[i]); k++) {
            double ns = trial_number(&run->trials[i], offsets[k]);
            sums[k] += isnan(ns) ? 0 : ns;
            tasks[k] += isnan(ns) ? 0 : (double)run->trials[i].f.tasks;
        }
    return tasks[0] > 0 ? sums[0] / tasks[0] * 1e-9 : tasks[1] > 0 ? sums[1] / tasks[1] * 1e-9 : 0;
}

static int by_size(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Into result what is said of the times. 0 or -ENOMEM. */
static int times_describe(const struct times *times, json_t *result)
{
    size_t count = json_array_size(times->seconds);
    double *sorted = calloc(count, sizeof *sorted), sum = 0, squares = 0;
    if (!sorted)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        sum += sorted[i] = json_real_value(json_array_get(times->seconds, i));
    double mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (sorted[i] - mean) * (sorted[i] - mean);
    qsort(sorted, count, sizeof *sorted, by_size);
    json_object_set_new(result, "mean", json_real(mean));
    json_object_set_new(result, "stddev", count > 1 ? json_real(sqrt(squares / (double)(count - 1))) : json_null());
    json_object_set_new(result, "median", json_real(stats_median(sorted, count)));
    json_object_set_new(result, "min", json_real(sorted[0]));
    json_object_set_new(result, "max", json_real(sorted[count - 1]));
    free(sorted);
    return 0;
}

static json_t *parameters_of(const struct run_data *run, size_t cell, factor_set factors)
{
    json_t *parameters = json_object();
    for (unsigned i = 0; factor_name(i); i++) {
        char text[SPEC_MAX];
        if (factors & OPTION_BIT(i))
            json_object_set_new(parameters, factor_name(i),
                                json_string(factor_spell(text, sizeof text, &run->rows[cell], OPTION_BIT(i))));
    }
    return parameters;
}

static int cell_add(const struct run_data *run, size_t cell, const struct times *times, json_t *results)
{
    const factor_set varying = factors_varying(run->rows, run->count, factors_of(run->rows, run->count));
    char label[SPEC_MAX * 2];
    json_t *result = json_object();
    factors_label(label, sizeof label, &run->rows[cell], FACTOR_POOL | FACTOR_WORKLOAD | FACTOR_WORKERS | varying);
    json_object_set_new(result, "command", json_string(label));
    int rc = times_describe(times, result);
    json_object_set_new(result, "user",
                        json_real(per_task(run, cell, offsetof(struct trial_row, program_user_ns),
                                           offsetof(struct trial_row, user_ns))));
    json_object_set_new(
        result, "system",
        json_real(per_task(run, cell, offsetof(struct trial_row, program_sys_ns), offsetof(struct trial_row, sys_ns))));
    json_object_set(result, "times", times->seconds);
    json_object_set(result, "exit_codes", times->codes);
    json_object_set_new(result, "parameters", parameters_of(run, cell, varying));
    return json_array_append_new(results, result) < 0 ? -ENOMEM : rc;
}

/* Those of the cell's trials that ended well, one after the other. 0 or -ENOMEM. */
static int cell_print(FILE *talk, const struct run_data *run, size_t cell, const struct tasks *trials, json_t *results)
{
    struct times times = {json_array(), json_array()};
    int rc = 0;
    for (size_t i = run->first[cell]; i != RUN_NOTHING && rc == 0; i = run->next[i])
        if (trial_is_ok(&run->trials[i]))
            rc = times_add(&times, &trials[i]);
    if (rc == 0 && json_array_size(times.seconds))
        rc = cell_add(run, cell, &times, results);
    else if (rc == 0)
        markup_print(talk, MARKUP_CODE,
                     "@: left out: no trial that ended well has a task with start and end in samples.csv, at most "
                     "histograms in latency.csv\n",
                     run->rows[cell].cell_id);
    json_decref(times.seconds);
    json_decref(times.codes);
    return rc;
}

/* All that is no letter of ASCII as \uXXXX: standard output may be a terminal. 0 or -ENOMEM. */
static int document_print(FILE *out, const json_t *document)
{
    char *text = json_dumps(document, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    for (const char *at = text; at && *at; at++)
        if (*at == 0x7F) /* within a string */
            fputs("\\u007f", out);
        else
            fputc(*at, out);
    free(text);
    fputc('\n', out);
    return text ? 0 : -ENOMEM;
}

static int results_print(FILE *out, FILE *talk, const struct run_data *run, const struct tasks *trials, char *error)
{
    json_t *results = json_array(), *document = json_object();
    int rc = json_object_set_new(document, "results", results) < 0 ? -ENOMEM : 0;
    for (size_t i = 0; i < run->count && rc == 0; i++)
        rc = cell_print(talk, run, i, trials, results);
    rc = rc ? rc : document_print(out, document); /* where it cannot be written, main() tells */
    if (rc)
        refuse(error, "out of memory");
    json_decref(document);
    return rc;
}

int hyperfine_print(FILE *out, FILE *talk, const struct run_data *run, char *error)
{
    struct tasks *trials = calloc(run->trial_count + 1, sizeof *trials);
    const struct by_trial rows = {.format = &sample_format,
                                  .trials = run->trials,
                                  .count = run->trial_count,
                                  .end = -1,
                                  .on_begin = trial_begin,
                                  .on_row = on_sample,
                                  .on_end = trial_end,
                                  .arg = trials};
    if (!trials)
        return refuse_as(-ENOMEM, error, "out of memory");
    int rc = by_trial_read(run->directory, &rows, error);
    if (rc == 0 || rc == -ENOENT) /* without the file all are left out, by name */
        rc = results_print(out, talk, run, trials, error);
    for (size_t i = 0; i < run->trial_count; i++)
        free(trials[i].timed);
    free(trials);
    return rc;
}
