/* What is left of a plan, see remaining.h. */
#include "bench/analyse/remaining.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include <stdlib.h>

#define NOWHERE UINT32_MAX

struct reading {
    const struct cells *cells;
    struct remaining *remaining;
};

static uint32_t cell_find(const struct cells *cells, const char *id)
{
    for (uint32_t i = 0; i < cells->count; i++)
        if (!strcmp(cells->cell[i].id, id))
            return i;
    return NOWHERE;
}

/* Where a cell stands in a block, whose number counts from 1; r->cells: nowhere. */
static size_t position_of(const struct remaining *r, int64_t block, uint32_t cell)
{
    const uint32_t *order = r->order + (size_t)(block - 1) * r->cells;
    size_t position = 0;
    while (position < r->cells && order[position] != cell)
        position++;
    return position;
}

/* Room for so many blocks. */
static int blocks_grow(struct remaining *r, size_t blocks)
{
    uint32_t *order = realloc(r->order, blocks * r->cells * sizeof *order);
    if (!order)
        return -ENOMEM;
    for (size_t i = r->blocks * r->cells; i < blocks * r->cells; i++)
        order[i] = NOWHERE;
    r->order = order;
    r->blocks = (unsigned)blocks;
    return 0;
}

static int planned_take(const void *row, void *arg)
{
    const struct plan_row *planned = row;
    struct reading *reading = arg;
    struct remaining *r = reading->remaining;
    uint32_t cell = cell_find(reading->cells, planned->cell_id);
    /* blocks stand in order, so that a wrong number cannot ask for a lot of memory */
    if (cell == NOWHERE || planned->block < 1 || planned->block > (int64_t)r->blocks + 1 || planned->position < 1 ||
        planned->position > (int64_t)r->cells)
        return -EBADMSG;
    if (planned->block > (int64_t)r->blocks && blocks_grow(r, (size_t)planned->block))
        return -ENOMEM;
    uint32_t *there = &r->order[(size_t)(planned->block - 1) * r->cells + (size_t)planned->position - 1];
    if (*there != NOWHERE || position_of(r, planned->block, cell) < r->cells)
        return -EBADMSG;
    *there = cell;
    return 0;
}

static int trial_take(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *reading = arg;
    struct remaining *r = reading->remaining;
    uint32_t cell = cell_find(reading->cells, trial->cell_id);
    if (cell == NOWHERE || trial->block < 1 || trial->block > r->blocks)
        return -EBADMSG;
    if (trial->status != TRIAL_INTERRUPTED && trial->status != TRIAL_DISTURBED)
        r->done[(size_t)(trial->block - 1) * r->cells + position_of(r, trial->block, cell)] = true;
    return 0;
}

/* A whole block that is gone shows nowhere else. */
static bool is_as_written(const char *directory)
{
    json_t *host = host_load(directory);
    bool fits = file_sum_fits(directory, host, plan_format.file);
    json_decref(host);
    return fits;
}

static int read_all(struct reading *reading, const char *directory, char *error)
{
    struct remaining *r = reading->remaining;
    const struct file_format *format = &plan_format;
    error[0] = '\0';
    int rc = csv_read(directory, format, -1, planned_take, reading, error);
    for (size_t i = 0; i < r->blocks * r->cells && rc == 0; i++)
        rc = r->order[i] == NOWHERE ? -EBADMSG : 0;
    if (rc == 0 && !is_as_written(directory))
        rc =
            refuse_as(-EBADMSG, error,
                      "%.300s/%s: does not have the rows that were written; `poolbench run --like` runs the suite anew",
                      directory, format->file);
    r->done = calloc(r->blocks * r->cells + 1, sizeof *r->done);
    if (rc == 0 && !r->done)
        rc = -ENOMEM;
    if (rc == 0) {
        format = &trial_format;
        rc = csv_read(directory, format, -1, trial_take, reading, error);
    }
    if (rc && !error[0])
        snprintf(error, ERROR_MAX, "%.300s/%s: %s", directory, format->file,
                 rc == -EBADMSG ? "it does not have every cell of the suite once in every block" : strerror(-rc));
    return rc;
}

/* What a look found: the cells that are run from that block on, until the next look. */
static void look_take(struct remaining *r, const json_t *look, const struct cells *cells)
{
    const json_t *ids = json_object_get(look, "cells");
    json_int_t from = json_integer_value(json_object_get(look, "block"));
    /* until here the one before counted: what it did not want was not run and is not missing */
    for (size_t i = r->wanted_from ? (r->wanted_from - 1) * r->cells : 0;
         r->wanted_from && i < r->blocks * r->cells && (json_int_t)(i / r->cells) + 1 < from; i++)
        r->done[i] = r->done[i] || !r->wanted[r->order[i]];
    memset(r->wanted, 0, r->cells * sizeof *r->wanted);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        uint32_t cell = id ? cell_find(cells, id) : NOWHERE;
        if (cell != NOWHERE)
            r->wanted[cell] = true;
    }
    r->wanted_from = from > 0 && from <= r->blocks ? (unsigned)from : r->wanted_from;
}

/* From host.json: whether the run came to its end, and what its looks found. */
static void notes_read(struct remaining *r, const char *directory, const struct cells *cells)
{
    json_t *ended = host_fact_of(directory, "ended"), *looks = host_fact_of(directory, "looked");
    const char *because = json_string_value(json_object_get(ended, "because"));
    json_int_t blocks = json_integer_value(json_object_get(ended, "blocks"));
    memset(r->wanted, true, r->cells * sizeof *r->wanted);
    for (size_t i = 0; i < json_array_size(looks); i++)
        look_take(r, json_array_get(looks, i), cells);
    if (because && !strcmp(because, "precision") && blocks > 0 && blocks < r->blocks)
        r->blocks = (unsigned)blocks; /* it needed no more */
    r->has_ended = because && strcmp(because, "interrupted") != 0;
    json_decref(ended);
    json_decref(looks);
}

int remaining_read(const char *directory, const struct cells *cells, struct remaining *remaining, char *error)
{
    struct reading reading = {.cells = cells, .remaining = remaining};
    *remaining = (struct remaining){.cells = cells->count, .wanted = calloc(cells->count + 1, sizeof(bool))};
    int rc = remaining->wanted ? read_all(&reading, directory, error) : refuse(error, "out of memory");
    if (rc == 0)
        notes_read(remaining, directory, cells);
    for (size_t i = 0; i < remaining->blocks * remaining->cells && rc == 0; i++)
        remaining->left += !remaining->done[i] && (i / remaining->cells + 1 < remaining->wanted_from ||
                                                   remaining->wanted[remaining->order[i]]);
    if (rc)
        remaining_release(remaining);
    return rc;
}

void remaining_release(struct remaining *remaining)
{
    free(remaining->order);
    free(remaining->done);
    free(remaining->wanted);
    *remaining = (struct remaining){0};
}

int remaining_note(const char *directory, const struct cells *cells, unsigned block, const bool *wanted, char *error)
{
    json_t *ids = json_array();
    for (size_t i = 0; i < cells->count; i++)
        if (wanted[i])
            json_array_append_new(ids, json_string(cells->cell[i].id));
    return host_append(directory, "looked", json_pack("{s:i, s:o}", "block", (int)block, "cells", ids), error);
}
