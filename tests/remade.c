/* See remade.h. */
#include "tests/remade.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Rows of one file. */
struct rows {
    const struct file_format *format;
    char *row;
    size_t count, room;
    bool is_there;
};

struct remaking {
    const char *from, *to;
    remade_text *change;
    void *arg;
    char *error;
    struct rows samples, latency, trials;
};

static void *row_at(const struct rows *rows, size_t i)
{
    return rows->row + i * rows->format->row_size;
}

static int row_keep(const void *row, void *arg)
{
    struct rows *rows = arg;
    if (rows->count == rows->room) {
        size_t room = rows->room * 2 + 256;
        char *grown = reallocarray(rows->row, room, rows->format->row_size);
        if (!grown)
            return -ENOMEM;
        rows->row = grown;
        rows->room = room;
    }
    memcpy(row_at(rows, rows->count++), row, rows->format->row_size);
    return 0;
}

/* The texts of a row as they are to be, and its version. */
static void row_change(struct remaking *r, const struct file_format *format, char *row)
{
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(format, columns);
    for (size_t i = 0; i < count; i++) {
        const int64_t version = SCHEMA_VERSION;
        if (!strcmp(columns[i].name, "schema_version"))
            memcpy(row + columns[i].offset, &version, sizeof version);
        if (columns[i].kind == COLUMN_TEXT && r->change)
            r->change(row + columns[i].offset, columns[i].size, columns[i].name, r->arg);
    }
}

static int rows_read(struct remaking *r, const struct file_format *format, struct rows *rows)
{
    *rows = (struct rows){.format = format};
    int rc = csv_read(r->from, format, -1, row_keep, rows, r->error);
    rows->is_there = rc == 0;
    for (size_t i = 0; i < rows->count && rc == 0; i++)
        row_change(r, format, row_at(rows, i));
    return rc == -ENOENT ? 0 : rc; /* not every run has every file */
}

/* The rows of a trial, whose number is the first field of both. */
static int trial_rows_put(struct csv_writer *writer, const struct rows *rows, int64_t id)
{
    int rc = 0;
    for (size_t i = 0; i < rows->count && rc == 0; i++) {
        int64_t own;
        memcpy(&own, row_at(rows, i), sizeof own);
        if (own == id)
            rc = csv_put(writer, row_at(rows, i));
    }
    return rc ? rc : csv_flush(writer);
}

static int trials_put(struct remaking *r, struct csv_writer *samples, struct csv_writer *latency,
                      struct csv_writer *trials)
{
    int rc = 0;
    for (size_t i = 0; i < r->trials.count && rc == 0; i++) {
        struct trial_row *trial = row_at(&r->trials, i);
        rc = trial_rows_put(samples, &r->samples, trial->trial_id);
        rc = rc ? rc : trial_rows_put(latency, &r->latency, trial->trial_id);
        trial->samples = csv_tally_take(samples);
        trial->latency = csv_tally_take(latency);
        trial->samples_end = csv_end(samples);
        trial->latency_end = csv_end(latency);
        rc = rc ? rc : csv_put(trials, trial);
    }
    return rc;
}

static int trials_make(struct remaking *r)
{
    struct csv_writer *writers[3] = {NULL};
    struct rows *all[] = {&r->samples, &r->latency, &r->trials};
    const struct file_format *const formats[] = {&sample_format, &latency_format, &trial_format};
    int rc = 0;
    for (size_t i = 0; i < 3 && rc == 0; i++)
        rc = rows_read(r, formats[i], all[i]);
    for (size_t i = 0; i < 3 && rc == 0; i++)
        rc = csv_create(r->to, formats[i], &writers[i]);
    rc = rc ? rc : trials_put(r, writers[0], writers[1], writers[2]);
    for (size_t i = 0; i < 3; i++) {
        int closed = csv_close(writers[i]);
        rc = rc ? rc : closed;
        free(all[i]->row);
    }
    return rc;
}

/* A file of which no other one says how many rows it has. */
static int other_make(struct remaking *r, const struct file_format *format)
{
    struct rows rows;
    struct csv_writer *writer = NULL;
    int rc = rows_read(r, format, &rows);
    if (rc == 0 && rows.is_there && (rc = csv_create(r->to, format, &writer)) == 0) {
        for (size_t i = 0; i < rows.count && rc == 0; i++)
            rc = csv_put(writer, row_at(&rows, i));
        int closed = csv_close(writer);
        rc = rc ? rc : closed;
    }
    free(rows.row);
    return rc;
}

static int file_copy(struct remaking *r, const char *name)
{
    char path[PATH_MAX];
    struct text_lines text;
    snprintf(path, sizeof path, "%s/%s", r->from, name);
    int rc = text_open(path, 1u << 24, &text);
    if (rc)
        return rc == -ENOENT ? 0 : rc;
    snprintf(path, sizeof path, "%s/%s", r->to, name);
    rc = text_file_write(path, text.text, strlen(text.text));
    text_close(&text);
    return rc;
}

/* With its number of trials, as it is written today. */
static int end_note(struct remaking *r)
{
    json_t *ended = host_fact_of(r->to, "ended");
    ended = json_is_object(ended) ? ended : json_pack("{s:s}", "because", "blocks");
    json_object_set_new(ended, "trials", json_integer((json_int_t)r->trials.count));
    int rc = host_note(r->to, "ended", ended, r->error);
    return rc ? rc : file_sums_note(r->to, NULL, r->error);
}

int remade_run(const char *from, const char *to, remade_text *change, void *arg, char *error)
{
    struct remaking r = {.from = from, .to = to, .change = change, .arg = arg, .error = error};
    static const char *const others[] = {"host.json", "suite.ini", "topology.xml"};
    *error = '\0';
    int rc = mkdir(to, 0777) < 0 ? -errno : 0;
    for (size_t i = 0; i < sizeof others / sizeof *others && rc == 0; i++)
        rc = file_copy(&r, others[i]);
    rc = rc ? rc : trials_make(&r);
    for (size_t i = 0; file_formats[i] && rc == 0; i++)
        if (file_formats[i] != &trial_format && file_formats[i] != &sample_format &&
            file_formats[i] != &latency_format && file_formats[i] != &summary_format)
            rc = other_make(&r, file_formats[i]);
    if (rc == 0)
        rc = end_note(&r);
    if (rc && !*error)
        refuse_as(rc, error, "%s as %s: %s", from, to, strerror(-rc));
    return rc;
}
