/* touch: maps memory, writes to each of its pages and unmaps it. The kernel takes a lock of the address space to map
 * and unmap, and unmapping interrupts the other CPUs that run in it: threads share one address space, processes do not.
 */
#include "workloads/work.h"
#include <sys/mman.h>
#include <unistd.h>

enum { TOUCH_BYTES };
static const struct param touch_params[] = {
    [TOUCH_BYTES] = {"bytes", PARAM_BYTES, "64KiB", 4096, (int64_t)64 << 30, NULL,
                     "size of each mapping; one word is written to each of its pages"},
    {.name = NULL},
};

static int touch_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *touch = state;
    size_t bytes = (size_t)touch->params[TOUCH_BYTES], page_bytes = (size_t)getpagesize();
    uint64_t x = work_start(touch->seed, task->index);
    for (uint64_t i = 0; i < task->iterations; i++) {
        unsigned char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
            return errno;
        for (size_t at = 0; at < bytes; at += page_bytes) {
            volatile uint64_t *word = (uint64_t *)(void *)(map + at);
            *word = x;
            x = lcg_next(*word); /* goes through memory, or the result is wrong */
        }
        if (munmap(map, bytes))
            return errno;
    }
    *result = x;
    return 0;
}

static bool touch_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct work *touch = state;
    uint64_t page_bytes = (uint64_t)getpagesize(), pages = ((uint64_t)touch->params[TOUCH_BYTES] - 1) / page_bytes + 1;
    *result = lcg_skip(work_start(touch->seed, task->index), task->iterations * pages);
    return true;
}

const struct workload_ops workload_touch = {
    .name = "touch",
    .summary = "kernel-bound: map `bytes`, write every page, unmap; threads share one address space",
    .params = touch_params,
    .traits = WORKLOAD_SIZED,
    .unit = "mapping",
    .prepare = work_prepare,
    .run = touch_run,
    .expect = touch_expect,
    .release = free,
};
