/* What is there of an earlier run: how far it has come, and what of it is not to stay. */
#include "bench/model/recorded.h"
#include "bench/base/refuse.h"
#include "bench/model/by_trial.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/run_data.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

int record_failed(int rc, const char *directory, const char *file, char *error)
{
    const char *why =
        rc == -EBADMSG ? "its columns or its length are not those that this poolbench wrote" : strerror(-rc);
    return refuse_as(rc, error, "%.300s/%s: %s", directory, file, why);
}

static bool is_interrupted(const struct trial_row *trial)
{
    return trial->status == TRIAL_INTERRUPTED;
}

static int recorded_take(const void *row, void *arg)
{
    const struct trial_row *t = row;
    const int64_t parts[] = {t->open_ns, t->wall_ns, t->close_ns};
    struct recorded *recorded = arg;
    int64_t ended_ns = t->started_ns;
    if (t->trial_id < 1 || t->block < 1 || t->samples_end < 0 || t->latency_end < 0 || t->started_ns < 0)
        return -EBADMSG;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        ended_ns += parts[i] == MISSING ? 0 : parts[i];
    recorded->trials++;
    recorded->interrupted += is_interrupted(t);
    recorded->trial_id = t->trial_id > recorded->trial_id ? t->trial_id : recorded->trial_id;
    /* rows may have been sorted */
    recorded->samples_end = t->samples_end > recorded->samples_end ? t->samples_end : recorded->samples_end;
    recorded->latency_end = t->latency_end > recorded->latency_end ? t->latency_end : recorded->latency_end;
    recorded->blocks = t->block > recorded->blocks ? t->block : recorded->blocks;
    recorded->ended_ns = ended_ns > recorded->ended_ns ? ended_ns : recorded->ended_ns;
    return 0;
}

int recorded_read(const char *directory, struct recorded *recorded, char *error)
{
    *recorded = (struct recorded){0};
    error[0] = '\0';
    int rc = csv_read(directory, &trial_format, -1, recorded_take, recorded, error);
    if (rc && !error[0])
        refuse(error, "%.300s/%s: a row without trial_id, block, started_ns or ends", directory, trial_format.file);
    return rc;
}

int recorded_note(const char *directory, char *error)
{
    struct recorded recorded;
    int rc = recorded_read(directory, &recorded, error);
    return rc ? rc : host_note(directory, "trials", json_integer((json_int_t)recorded.trials), error);
}

static int row_pass(size_t trial, const void *row, void *arg)
{
    (void)trial;
    (void)row;
    (void)arg;
    return 0;
}

int recorded_check(const char *directory, const struct recorded *recorded, char *error)
{
    const struct {
        const struct file_format *format;
        int64_t end;
    } files[] = {{&sample_format, recorded->samples_end}, {&latency_format, recorded->latency_end}};
    struct run_data run;
    if (!recorded->trials)
        return 0;
    int rc = run_data_open(directory, &run, error);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof files / sizeof *files && rc == 0; i++) {
        const struct by_trial rows = {.format = files[i].format,
                                      .trials = run.trials,
                                      .count = run.trial_count,
                                      .end = files[i].end,
                                      .on_row = row_pass};
        rc = by_trial_read(directory, &rows, error);
    }
    run_data_close(&run);
    return rc;
}

static int finished_keep(const void *row, void *arg)
{
    return is_interrupted(row) ? 0 : csv_put(arg, row);
}

int recorded_clean(const char *directory, char *error)
{
    struct recorded recorded;
    struct replacement file;
    struct csv_writer *writer;
    /* cuts a torn line off, and tells whether the columns are ours */
    int rc = csv_append(directory, &trial_format, -1, &writer);
    if (rc == 0)
        rc = csv_close(writer);
    if (rc < 0)
        return record_failed(rc, directory, trial_format.file, error);
    rc = recorded_read(directory, &recorded, error);
    if (rc < 0 || !recorded.interrupted)
        return rc;
    rc = replacement_begin(directory, &trial_format, &file);
    if (rc < 0)
        return record_failed(rc, directory, trial_format.file, error);
    rc = replacement_end(&file, csv_read(directory, &trial_format, -1, finished_keep, file.writer, error));
    return rc < 0 ? record_failed(rc, directory, trial_format.file, error) : 0;
}

int64_t recorded_torn(const char *directory, const struct recorded *recorded, char *names)
{
    const struct {
        const struct file_format *format;
        int64_t end;
    } files[] = {
        {&trial_format, -1}, {&sample_format, recorded->samples_end}, {&latency_format, recorded->latency_end}};
    int64_t torn = 0;
    size_t length = 0;
    *names = '\0';
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int64_t behind = csv_behind(directory, files[i].format, files[i].end);
        if (behind <= 0)
            continue;
        torn += behind;
        length += (size_t)snprintf(names + length, RECORDED_NAMES_MAX - length, "%s%s", length ? ", " : "",
                                   files[i].format->file);
    }
    return torn;
}
