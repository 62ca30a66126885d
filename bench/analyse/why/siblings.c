/* See siblings.h. */
#include "bench/analyse/why/siblings.h"
#include "bench/analyse/timeline.h"
#include "bench/base/refuse.h"
#include "bench/base/room.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static size_t published(const struct run_data *run, const struct trial_row *row)
{
    for (size_t i = 0; i < run->count && row->block > 0; i++)
        if (!strcmp(run->rows[i].cell_id, row->cell_id))
            return run_data_at(run, i, (size_t)row->block);
    return RUN_NOTHING;
}

static int on_trial(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct siblings_read *s = arg;
    s->rows += trial->status != TRIAL_INTERRUPTED;
    if (!trial_has_time(trial))
        return 0;
    if (room_for(&s->sibling, &s->room, s->count + 1, sizeof *s->sibling))
        return refuse_as(-ENOMEM, s->error, "out of memory");
    const double slots = row_has_pool(&(struct summary_row){.f = trial->f}, BASE_POOL) ? 1 : (double)trial->f.workers;
    s->sibling[s->count++] = (struct sibling_trial){.trial_id = trial->trial_id,
                                                    .trial = published(s->run, trial),
                                                    .tasks = (double)trial->f.tasks,
                                                    .slots_ns = slots * (double)trial->wall_ns,
                                                    .per_task_ns = (double)trial->wall_ns / (double)trial->f.tasks};
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct sibling_trial *)a)->trial_id, y = ((const struct sibling_trial *)b)->trial_id;
    return (x > y) - (x < y);
}

/* In the order of their numbers, each once. */
static int siblings_sort(struct siblings_read *s)
{
    if (s->count)
        qsort(s->sibling, s->count, sizeof *s->sibling, by_id);
    for (size_t i = 1; i < s->count; i++)
        if (s->sibling[i].trial_id == s->sibling[i - 1].trial_id)
            return refuse_as(-EBADMSG, s->error, "%.300s/profile/%s: trial %lld is there twice", s->run->directory,
                             trial_format.file, (long long)s->sibling[i].trial_id);
    return 0;
}

int siblings_read(const struct run_data *run, const struct file_format *format, struct siblings_read *siblings,
                  char *error)
{
    *siblings = (struct siblings_read){.run = run, .error = error};
    if (!profile_is_there(run, siblings->directory) || !csv_is_there(siblings->directory, format->file))
        return 0;
    siblings->is_there = true;
    int rc = csv_read(siblings->directory, &trial_format, -1, on_trial, siblings, error);
    return rc ? rc : siblings_sort(siblings);
}

void siblings_missing(const struct siblings_read *siblings, const char *file, const char *key, int64_t there)
{
    const json_t *profiled = host_fact(siblings->run->host, "profiled");
    const json_int_t written = json_integer_value(json_object_get(profiled, key));
    if (written > there)
        complain("", "%.300s/profile/%s: %lld row%s that %s written %s not there: what is said is of the others",
                 siblings->run->directory, file, (long long)(written - there), written - there == 1 ? "" : "s",
                 written - there == 1 ? "was" : "were", written - there == 1 ? "is" : "are");
}

void siblings_read_release(struct siblings_read *siblings)
{
    free(siblings->sibling);
    *siblings = (struct siblings_read){0};
}

size_t siblings_find(const struct siblings_read *siblings, int64_t trial_id)
{
    const struct sibling_trial key = {.trial_id = trial_id};
    const struct sibling_trial *found =
        siblings->count ? bsearch(&key, siblings->sibling, siblings->count, sizeof key, by_id) : NULL;
    return found ? (size_t)(found - siblings->sibling) : RUN_NOTHING;
}
