/* alloc: allocates and frees. Small blocks come from a thread's own cache, larger ones from arenas that threads share
 * and processes do not, very large ones from the kernel. */
#include "workloads/work.h"

struct alloc {
    uint64_t seed;
    size_t bytes;
};

enum { ALLOC_BYTES };
static const struct param alloc_params[] = {
    [ALLOC_BYTES] = {.name = "bytes",
                     .kind = PARAM_BYTES,
                     .preset = "256",
                     .min = sizeof(uint64_t), /* one word is written to it */
                     .max = (int64_t)64 << 30,
                     .help = "size of each block; its first word is written"},
    {.name = NULL},
};

static int alloc_prepare(const struct workload_config *config, void **state)
{
    struct alloc alloc = {.seed = config->seed, .bytes = (size_t)config->params[ALLOC_BYTES]};
    return work_state(&alloc, sizeof alloc, state);
}

static int alloc_run(void *state, const struct task *task, uint64_t *result)
{
    const struct alloc *alloc = state;
    uint64_t x = work_start(alloc->seed, task->index);
    for (uint64_t i = 0; i < task->iterations; i++) {
        uint64_t *block = malloc(alloc->bytes);
        if (!block)
            return ENOMEM;
        *block = x;
        __asm__ volatile("" : "+r"(block) : : "memory"); /* the block is seen by others: it cannot be left out */
        x = lcg_next(*block);
        free(block);
    }
    *result = x;
    return 0;
}

static bool alloc_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct alloc *alloc = state;
    *result = lcg_skip(work_start(alloc->seed, task->index), task->iterations);
    return true;
}

const struct workload_ops workload_alloc = {
    .name = "alloc",
    .summary = "allocator-bound: malloc and free of `bytes`; threads share one heap",
    .params = alloc_params,
    .traits = WORKLOAD_SIZED,
    .unit = "malloc and free",
    .class = TASK_CPU,
    .prepare = alloc_prepare,
    .run = alloc_run,
    .expect = alloc_expect,
    .release = free,
};
