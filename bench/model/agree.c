/* Comparing result sums across cells, see agree.h. */
#include "bench/model/agree.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <stdlib.h>

void agreement_release(struct agreement *agreement)
{
    for (size_t i = 0; i < agreement->count; i++)
        free(agreement->known[i].tasks);
    free(agreement->known);
    *agreement = (struct agreement){0};
}

/* Everything a result depends on; the seed is the run's. */
static bool same_tasks(const struct cell *a, const struct cell *b)
{
    return a->f.iterations == b->f.iterations && a->f.payload.in == b->f.payload.in &&
           factors_same(&a->f, &b->f, factors_work());
}

static int by_task(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;
    return (one > other) - (one < other);
}

static int tasks_keep(struct known *known, const struct gave *gave)
{
    if (!gave->count)
        return 0;
    known->tasks = calloc(gave->count, sizeof *known->tasks);
    if (!known->tasks)
        return -ENOMEM;
    for (uint64_t i = 0; i < gave->count; i++)
        if (gave->samples[i].status == TASK_OK)
            known->tasks[known->count++] = (struct gave_task){gave->samples[i].task, gave->samples[i].result};
    qsort(known->tasks, known->count, sizeof *known->tasks, by_task);
    return 0;
}

static void task_find(const struct known *known, const struct gave *gave, int64_t *task)
{
    for (uint64_t i = 0; known->count && i < gave->count; i++) {
        const struct sample *sample = &gave->samples[i];
        const struct gave_task *first = bsearch(&sample->task, known->tasks, known->count, sizeof *first, by_task);
        bool differs = first && sample->status == TASK_OK && first->result != sample->result;
        if (differs && (*task < 0 || sample->task < *task))
            *task = sample->task;
    }
}

int agreement_break(struct agreement *agreement, const struct cell *cell, const struct gave *gave,
                    const struct cell **other, int64_t *task)
{
    *task = -1;
    for (size_t i = 0; i < agreement->count; i++)
        if (same_tasks(&agreement->known[i].cell, cell)) {
            *other = &agreement->known[i].cell;
            if (agreement->known[i].sum == gave->sum)
                return 0;
            task_find(&agreement->known[i], gave, task);
            return 1;
        }
    if (agreement->count == agreement->room) {
        size_t room = agreement->room ? 2 * agreement->room : 16;
        struct known *grown = realloc(agreement->known, room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        agreement->known = grown;
        agreement->room = room;
    }
    struct known *known = &agreement->known[agreement->count];
    *known = (struct known){.cell = *cell, .sum = gave->sum};
    if (tasks_keep(known, gave))
        return -ENOMEM;
    agreement->count++;
    return 0;
}
