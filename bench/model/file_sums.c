/* See file_sums.h. */
#include "bench/model/file_sums.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (16u << 20)

enum { SUM_MAX = 64 };

/* No others: a host.json that somebody made up does not have us read what it names. */
static const struct {
    const char *name;
    const struct file_format *rows; /* NULL: lines */
} files[] = {
    {"suite.ini", NULL},     {"plan.csv", &plan_format}, {"metg.csv", NULL},
    {"crossover.csv", NULL}, {"capacity.csv", NULL},     {"tries.csv", NULL},
};
enum { FILES = sizeof files / sizeof *files };

struct first_rows {
    struct row_tally tally;
    int64_t most;
};

static int row_add(const void *row, void *arg)
{
    struct first_rows *first = arg;
    if (first->tally.rows < first->most)
        row_tally_add(&first->tally, ((const struct plan_row *)row)->row_sum);
    return 0;
}

/* Of no more than so many rows. "" where it cannot be read. Returns text. */
static char *file_sum(const char *directory, size_t file, int64_t rows, char text[SUM_MAX])
{
    struct text_lines lines;
    struct first_rows first = {.most = rows};
    uint64_t sum = 0;
    char ignored[ERROR_MAX];
    *text = '\0';
    if (files[file].rows) {
        if (csv_read(directory, files[file].rows, -1, row_add, &first, ignored) == 0)
            snprintf(text, SUM_MAX, "%" PRId64 " rows, %" PRId64, first.tally.rows, first.tally.sum);
        return text;
    }
    if (inside_read(directory, files[file].name, FILE_BYTES_MAX, &lines) < 0)
        return text;
    for (const char *line; (line = text_next(&lines));)
        sum = row_sum_text(sum, line, strlen(line));
    snprintf(text, SUM_MAX, "%u lines, %016" PRIx64, lines.number, sum);
    text_close(&lines);
    return text;
}

int file_sums_note(const char *directory, const char *name, char *error)
{
    json_t *before = host_fact_of(directory, "files"), *sums = json_is_object(before) ? before : json_object();
    char text[SUM_MAX];
    for (size_t i = 0; i < FILES; i++)
        if ((!name || !strcmp(name, files[i].name)) && *file_sum(directory, i, INT64_MAX, text))
            json_object_set_new(sums, files[i].name, json_string(text));
    if (sums != before)
        json_decref(before);
    return host_note(directory, "files", sums, error);
}

static bool fits(const char *directory, const json_t *host, size_t file)
{
    const char *noted = json_string_value(json_object_get(host_fact(host, "files"), files[file].name));
    char text[SUM_MAX];
    if (!noted || !inside_is_there(directory, files[file].name)) /* a copy of a part of the run */
        return true;
    if (!strcmp(noted, file_sum(directory, file, INT64_MAX, text)))
        return true;
    /* blocks were added, and it ended before that was noted */
    const int64_t rows = files[file].rows ? strtoll(noted, NULL, 10) : 0;
    return rows > 0 && !strcmp(noted, file_sum(directory, file, rows, text));
}

bool file_sum_fits(const char *directory, const json_t *host, const char *name)
{
    for (size_t i = 0; i < FILES; i++)
        if (!strcmp(name, files[i].name))
            return fits(directory, host, i);
    return true;
}

void file_sums_tell(FILE *talk, const char *directory, const json_t *host)
{
    for (size_t i = 0; i < FILES; i++)
        if (!fits(directory, host, i)) {
            text_show(talk, directory);
            fprintf(talk, "/%s: is not as it was written with the run\n", files[i].name);
        }
}
