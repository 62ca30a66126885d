/* What is done behind each block, see record.h. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/measure/record.h"
#include "bench/model/host.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* The files that are written by name, when they are. */
static const char *const others[] = {"plan.csv", "host.json", "suite.ini"};

static int others_check(const char *directory, char *error)
{
    struct stat status;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const int rc = inside_stat(directory, others[i], &status);
        if (rc == -ENOENT)
            return refuse_as(-ESTALE, error, "%.300s/%s was deleted while trials ran", directory, others[i]);
        if (rc < 0)
            return record_failed(rc, directory, others[i], error);
    }
    return 0;
}

static int kept_note(struct recorder *recorder, char *error)
{
    const int rc = host_note(recorder->directory, "committed", json_integer((json_int_t)recorder->kept), error);
    recorder->noted = rc < 0 ? recorder->noted : recorder->kept;
    return rc;
}

int recorder_commit(struct recorder *recorder, char *error)
{
    const struct {
        const struct csv_writer *writer;
        const struct file_format *format;
    } files[] = {{recorder->samples, &sample_format},
                 {recorder->latency, &latency_format},
                 {recorder->trials, &trial_format}}; /* the commit, behind what it says is there */
    char path[PATH_MAX];
    if (inside_follow(recorder->directory, path, sizeof path) == -ENOENT)
        return refuse_as(-ESTALE, error, "%.300s was deleted while its trials ran; what they measured is lost",
                         recorder->directory);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int rc = files[i].writer ? csv_sync(files[i].writer) : 0;
        if (rc == 0 && files[i].writer)
            rc = csv_named(files[i].writer, recorder->directory, files[i].format);
        if (rc == -ESTALE)
            return refuse_as(rc, error,
                             "%.300s/%s was deleted or replaced while trials ran; what they measured is lost",
                             recorder->directory, files[i].format->file);
        if (rc < 0)
            return record_failed(rc, recorder->directory, files[i].format->file, error);
    }
    const int rc = others_check(recorder->directory, error);
    return rc < 0 || recorder->kept == recorder->noted ? rc : kept_note(recorder, error);
}

/* ---- rows that are run again ---- */

struct aside {
    struct csv_writer *writer;
    unsigned block;
    const struct cells *cells;
    const uint32_t *order;
    size_t count, kept;
};

static void aside_set(struct trial_row *trial, bool stood)
{
    trial->status = TRIAL_DISTURBED;
    if (!stood)
        snprintf(trial->reason, sizeof trial->reason, "%s was disturbed from outside; its row was run again",
                 trial->outside == 1 ? "it" : "another trial of its row");
}

static int aside_put(const void *row, void *arg)
{
    struct aside *aside = arg;
    struct trial_row trial;
    memcpy(&trial, row, sizeof trial);
    const bool stood = trial.status == TRIAL_INTERRUPTED; /* which has its reason */
    for (size_t i = 0; i < aside->count && trial.block == aside->block && (stood || trial_is_ok(&trial)); i++)
        if (!strcmp(trial.cell_id, aside->cells->cell[aside->order[i]].id))
            aside_set(&trial, stood);
    aside->kept += trial.status != TRIAL_INTERRUPTED;
    return csv_put(aside->writer, &trial);
}

int recorder_set_aside(struct recorder *recorder, unsigned block, const struct cells *cells, const uint32_t *order,
                       size_t count, char *error)
{
    struct aside aside = {.block = block, .cells = cells, .order = order, .count = count};
    struct replacement file;
    int rc = csv_close(recorder->trials);
    recorder->trials = NULL;
    if (rc == 0)
        rc = replacement_begin(recorder->directory, &trial_format, &file);
    if (rc == 0) {
        aside.writer = file.writer;
        rc = replacement_end(&file, csv_read(recorder->directory, &trial_format, -1, aside_put, &aside, error));
    }
    if (rc == 0)
        rc = csv_append(recorder->directory, &trial_format, -1, &recorder->trials);
    if (rc == 0)
        recorder->kept = aside.kept;
    return rc < 0 ? record_failed(rc, recorder->directory, trial_format.file, error) : 0;
}
