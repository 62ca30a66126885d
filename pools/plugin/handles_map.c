/* Where handles are: in memory that forked processes share, or in a file that executed ones map. */
#include "pools/plugin/handles_map.h"
#include "pools/parts/memory.h"

enum { DEPTH = 4096, DEPTH_PER_WORKER = 2 };
#define OUTPUTS_LIMIT (64ull << 20) /* bytes of outputs in flight */

static uint32_t depth_for(const struct job *job, unsigned workers)
{
    uint32_t least = DEPTH_PER_WORKER * workers, depth = DEPTH;
    while (depth > least && depth > 64 && job->out_bytes * depth > OUTPUTS_LIMIT)
        depth /= 2;
    return depth > least ? depth : least;
}

int handles_map(struct handles *handles, int fd)
{
    unsigned workers = handles->workers;
    handles->depth = depth_for(handles->job, workers);
    handles->out_stride = align_up(handles->job->out_bytes, 64);
    _Static_assert(sizeof(struct handle) == 128, "a handle is two cache lines, its neighbour's are others");
    size_t head = align_up(sizeof *handles->shared + workers * sizeof(struct handle_worker), 4096);
    handles->map_bytes = head + handles->depth * (sizeof(struct handle) + handles->out_stride);
    /* whoever comes later finds it as long as it is to be */
    if (fd >= 0 && ftruncate(fd, (off_t)handles->map_bytes) < 0)
        return -errno;
    handles->map = memory_share(handles->map_bytes, fd);
    if (!handles->map)
        return -errno;
    handles->shared = handles->map;
    handles->handle = (struct handle *)((char *)handles->map + head);
    handles->outputs = (unsigned char *)(handles->handle + handles->depth);
    return 0;
}

struct poolbench_task *handles_task(const struct handles *handles, uint32_t slot)
{
    if (slot >= handles->depth)
        return NULL;
    struct handle *handle = &handles->handle[slot];
    if (!handles->copy)
        return &handle->task;
    struct poolbench_task *copy = &handles->copy[slot];
    /* acquire: the number goes with the state */
    atomic_load_explicit(&handle->state, memory_order_acquire);
    copy->number = handle->task.number;
    copy->sleeps = handle->task.sleeps;
    copy->in = job_input(handles->job, copy->number);
    return copy;
}
