/* append: every task appends the square of its number to one list in the ordinary memory of its process, as a first
 * attempt at collecting results does. Threads fill the submitter's list; each forked worker fills a copy of its own,
 * which goes with it. The column parent_sees is the length of the submitter's list. Warm-up tasks append nothing. */
#include "workloads/work.h"
#include <stdatomic.h>

struct append {
    uint32_t capacity;
    _Alignas(128) _Atomic uint32_t length;
    uint64_t list[];
};

static int append_prepare(const struct workload_config *config, void **state)
{
    size_t alignment = _Alignof(struct append);
    size_t bytes = sizeof(struct append) + config->tasks * sizeof(uint64_t);
    struct append *append = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!append)
        return -ENOMEM;
    append->capacity = config->tasks;
    atomic_init(&append->length, 0);
    *state = append;
    return 0;
}

static uint64_t square(uint32_t number)
{
    return (uint64_t)number * number;
}

static int append_run(void *state, const struct task *task, uint64_t *result)
{
    struct append *append = state;
    *result = square(task->index);
    if (task->index >= TASK_WARMUP_FIRST)
        return 0;
    /* relaxed: it only shares out places; the hand-over of results orders the rest before anyone reads the list */
    uint32_t place = atomic_fetch_add_explicit(&append->length, 1, memory_order_relaxed);
    if (place >= append->capacity)
        return ENOSPC; /* more tasks than announced: a task was run twice */
    append->list[place] = *result;
    return 0;
}

static bool append_expect(const void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = square(task->index);
    return true;
}

static int64_t append_observe(void *state)
{
    struct append *append = state;
    return atomic_load_explicit(&append->length, memory_order_relaxed);
}

const struct workload_ops workload_append = {
    .name = "append",
    .summary = "appends the square of its number to a global list; parent_sees is the list's length",
    .traits = WORKLOAD_OBSERVED,
    .class = TASK_CPU,
    .prepare = append_prepare,
    .run = append_run,
    .expect = append_expect,
    .observe = append_observe,
    .release = free,
};
