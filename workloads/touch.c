/* touch: maps memory, writes to each of its pages and unmaps it. The kernel takes a lock of the address space to map
 * and unmap, and unmapping interrupts the other CPUs that run in it: threads share one address space, processes do not.
 */
#include "workloads/work.h"
#include <sys/mman.h>
#include <unistd.h>

struct touch {
    uint64_t seed;
    size_t bytes, page_bytes;
    uint64_t pages;
};

enum { TOUCH_BYTES };
static const struct param touch_params[] = {
    [TOUCH_BYTES] = {.name = "bytes",
                     .kind = PARAM_BYTES,
                     .preset = "64KiB",
                     .min = 4096,
                     .max = (int64_t)64 << 30,
                     .help = "size of each mapping; one word is written to each of its pages"},
    {.name = NULL},
};

static int touch_prepare(const struct workload_config *config, void **state)
{
    struct touch touch = {.seed = config->seed, .bytes = (size_t)config->params[TOUCH_BYTES]};
    long page_bytes = sysconf(_SC_PAGESIZE);
    if (page_bytes <= 0)
        return -EINVAL;
    touch.page_bytes = (size_t)page_bytes;
    touch.pages = (touch.bytes + touch.page_bytes - 1) / touch.page_bytes;
    return work_state(&touch, sizeof touch, state);
}

static int touch_run(void *state, const struct task *task, uint64_t *result)
{
    const struct touch *touch = state;
    uint64_t x = work_start(touch->seed, task->index);
    for (uint64_t i = 0; i < task->iterations; i++) {
        unsigned char *map = mmap(NULL, touch->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map == MAP_FAILED)
            return errno;
        for (uint64_t page = 0; page < touch->pages; page++) {
            volatile uint64_t *word = (uint64_t *)(void *)(map + page * touch->page_bytes);
            *word = x;
            x = lcg_next(*word); /* goes through memory, or the result is wrong */
        }
        if (munmap(map, touch->bytes))
            return errno;
    }
    *result = x;
    return 0;
}

static bool touch_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct touch *touch = state;
    *result = lcg_skip(work_start(touch->seed, task->index), task->iterations * touch->pages);
    return true;
}

const struct workload_ops workload_touch = {
    .name = "touch",
    .summary = "kernel-bound: map `bytes`, write every page, unmap; threads share one address space",
    .params = touch_params,
    .traits = WORKLOAD_SIZED,
    .unit = "mapping",
    .class = TASK_CPU,
    .prepare = touch_prepare,
    .run = touch_run,
    .expect = touch_expect,
    .release = free,
};
