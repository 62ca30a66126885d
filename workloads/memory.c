/* memory: a pointer chase. One iteration is one load that needs the one before, each from another cache line, in an
 * order that no prefetcher knows: one random cycle through all of them. Tasks start on it at a seeded place. The memory
 * is written once and then only read, so forked workers share its pages. */
#include "workloads/work.h"
#include <sys/mman.h>

#define NODE_BYTES 64u /* a cache line */

struct memory {
    uint64_t seed;
    unsigned char *nodes; /* a node's first 8 bytes are the offset of the next node */
    uint64_t count;
    size_t bytes;
};

enum { MEMORY_BYTES };
static const struct param memory_params[] = {
    [MEMORY_BYTES] = {"bytes", PARAM_BYTES, "32MiB", 4096, (int64_t)64 << 30, NULL,
                      "memory that all tasks chase through: smaller than a cache or larger"},
    {.name = NULL},
};

static uint64_t *node_at(const struct memory *memory, uint64_t offset)
{
    return (uint64_t *)(void *)(memory->nodes + offset);
}

/* Sattolo's shuffle: like Fisher and Yates', but never a node with itself, which leaves a single cycle. */
static void nodes_link(const struct memory *memory)
{
    for (uint64_t i = 0; i < memory->count; i++)
        *node_at(memory, i * NODE_BYTES) = i * NODE_BYTES;
    for (uint64_t i = memory->count - 1; i > 0; i--) {
        uint64_t *a = node_at(memory, i * NODE_BYTES);
        uint64_t *b = node_at(memory, mix_below(mix64(memory->seed ^ 0x6d656d6f7279, i), i) * NODE_BYTES);
        uint64_t next = *a;
        *a = *b;
        *b = next;
    }
}

static int memory_prepare(const struct workload_config *config, void **state)
{
    struct memory memory = {.seed = config->seed, .bytes = (size_t)config->params[MEMORY_BYTES]};
    memory.count = memory.bytes / NODE_BYTES;
    /* mapped, not malloced: aligned to lines, and given back whole */
    void *nodes = mmap(NULL, memory.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (nodes == MAP_FAILED)
        return -errno;
    memory.nodes = nodes;
    int error = work_state(&memory, sizeof memory, state);
    if (error) {
        munmap(nodes, memory.bytes);
        return error;
    }
    nodes_link(&memory);
    return 0;
}

static int memory_run(void *state, const struct task *task, uint64_t *result)
{
    const struct memory *memory = state;
    uint64_t at = mix_below(work_start(memory->seed, task->index), memory->count) * NODE_BYTES;
    for (uint64_t i = 0; i < task->iterations; i++)
        at = *node_at(memory, at);
    *result = at;
    return 0;
}

static void memory_release(void *state)
{
    struct memory *memory = state;
    munmap(memory->nodes, memory->bytes);
    free(memory);
}

const struct workload_ops workload_memory = {
    .name = "memory",
    .summary = "memory-bound: a random pointer chase over `bytes`, latency of caches and DRAM",
    .params = memory_params,
    .traits = WORKLOAD_SIZED,
    .unit = "load",
    .prepare = memory_prepare,
    .run = memory_run,
    .release = memory_release,
};
