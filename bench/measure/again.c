/* Which trials are run again, see again.h. */
#include "bench/measure/again.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_row(const struct row *a, const struct row *b)
{
    return a->anywhere || b->anywhere ? a->key_without_workers == b->key_without_workers : a->key == b->key;
}

size_t again_choose(const struct row *rows, const enum ran *ran, size_t cells, double room, bool *again)
{
    size_t count = 0;
    memset(again, 0, cells * sizeof *again);
    for (size_t i = 0; i < cells && (double)count < room; i++)
        for (size_t j = 0; j < cells && ran[i] >= RAN_DISTURBED; j++) {
            bool is_more = ran[j] != RAN_NOT && !again[j] && is_row(&rows[i], &rows[j]);
            again[j] = again[j] || is_more;
            count += is_more;
        }
    return count;
}

enum ran again_ran(const struct trial_row *trial)
{
    if (trial->status == TRIAL_INTERRUPTED && trial->attempt == 1)
        return RAN_STOOD;
    return !trial_is_ok(trial) || trial->attempt > 1 ? RAN_NOT : trial->outside == 1 ? RAN_DISTURBED : RAN_WELL;
}

/* ---- of a run that is gone on with ---- */

struct again_trial {
    int64_t block;
    char cell_id[16];
    enum ran ran;
    bool is_second, is_set_aside;
};

static int trial_add(struct again_before *before, const struct again_trial *trial)
{
    if (before->count % 256 == 0) {
        struct again_trial *grown = reallocarray(before->trial, before->count + 256, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        before->trial = grown;
    }
    before->trial[before->count++] = *trial;
    return 0;
}

static int trial_take(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct again_trial next = {.block = trial->block,
                               .ran = trial->status == TRIAL_INTERRUPTED ? RAN_NOT : again_ran(trial),
                               .is_second = trial->attempt > 1,
                               .is_set_aside = trial->status == TRIAL_DISTURBED};
    memcpy(next.cell_id, trial->cell_id, sizeof next.cell_id);
    return trial_add(arg, &next);
}

int again_before_read(const char *directory, struct again_before *before, char *error)
{
    error[0] = '\0';
    int rc = csv_read(directory, &trial_format, -1, trial_take, before, error);
    return rc && !error[0] ? refuse_as(rc, error, "%.300s/%s: %s", directory, trial_format.file, strerror(-rc)) : rc;
}

void again_before_release(struct again_before *before)
{
    free(before->trial);
    *before = (struct again_before){0};
}

unsigned again_attempt(const struct again_before *before, unsigned block, const char *cell_id)
{
    unsigned attempt = 1;
    for (size_t i = 0; i < before->count; i++)
        if (before->trial[i].is_set_aside && before->trial[i].block == block &&
            !strcmp(before->trial[i].cell_id, cell_id))
            attempt = 2;
    return attempt;
}

int again_set_aside(struct again_before *before, unsigned block, const struct cells *cells, const uint32_t *order,
                    size_t count)
{
    int rc = 0;
    for (size_t i = 0; i < count && rc == 0; i++) {
        struct again_trial next = {.block = block, .is_set_aside = true};
        memcpy(next.cell_id, cells->cell[order[i]].id, sizeof next.cell_id);
        rc = trial_add(before, &next);
    }
    return rc;
}

size_t again_block(const struct again_before *before, unsigned block, const struct cells *cells, enum ran *ran,
                   uint32_t *order)
{
    size_t count = 0;
    for (size_t i = 0; i < before->count; i++)
        for (uint32_t c = 0; c < cells->count && before->trial[i].block == block && before->trial[i].ran; c++)
            if (ran[c] == RAN_NOT && !strcmp(cells->cell[c].id, before->trial[i].cell_id)) {
                ran[c] = before->trial[i].ran;
                order[count++] = c;
            }
    return count;
}

size_t again_count(const struct again_before *before)
{
    size_t count = 0;
    for (size_t i = 0; i < before->count; i++)
        count += before->trial[i].is_second;
    return count;
}
