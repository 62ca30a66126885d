/* alloc: allocates and frees. Small blocks come from a thread's own cache, larger ones from arenas that threads share
 * and processes do not, very large ones from the kernel. */
#include "workloads/work.h"

enum { ALLOC_BYTES };
static const struct param alloc_params[] = {
    /* no less than the word that is written to it */
    [ALLOC_BYTES] = {"bytes", PARAM_BYTES, "256", sizeof(uint64_t), (int64_t)64 << 30, NULL,
                     "size of each block; its first word is written"},
    {.name = NULL},
};

static int alloc_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *alloc = state;
    uint64_t x = work_start(alloc->seed, task->index);
    for (uint64_t i = 0; i < task->iterations; i++) {
        uint64_t *block = malloc((size_t)alloc->params[ALLOC_BYTES]);
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

const struct workload_ops workload_alloc = {
    .name = "alloc",
    .summary = "allocator-bound: malloc and free of `bytes`; threads share one heap",
    .params = alloc_params,
    .traits = WORKLOAD_SIZED,
    .unit = "malloc and free",
    .prepare = work_prepare,
    .run = alloc_run,
    .expect = work_expect_chain,
    .release = free,
};
