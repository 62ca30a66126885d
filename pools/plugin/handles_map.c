/* Where handles are, see handles.h: in memory that forked processes share, or in a file that executed ones map. */
#include "pools/plugin/handles.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { DEPTH = 4096, DEPTH_PER_WORKER = 2 };
#define OUTPUTS_LIMIT (64ull << 20) /* bytes of outputs in flight */

static uint32_t depth_for(const struct job *job, unsigned workers)
{
    uint32_t least = DEPTH_PER_WORKER * workers, depth = DEPTH;
    while (depth > least && depth > 64 && job->out_bytes * depth > OUTPUTS_LIMIT)
        depth /= 2;
    return depth > least ? depth : least;
}

static size_t align_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
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
    int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
    handles->map = mmap(NULL, handles->map_bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (handles->map == MAP_FAILED)
        return -errno;
    handles->shared = handles->map;
    handles->handle = (struct handle *)((char *)handles->map + head);
    handles->outputs = (unsigned char *)(handles->handle + handles->depth);
    return 0;
}

static struct handles *attached; /* one pool a process */

static void copy_work(struct poolbench_task *task, const void *in, void *out)
{
    handles_work(attached, &attached->handle[task->slot], in, out);
}

/* Such a process ends without a release. */
int handles_attach(struct handles *handles, int fd)
{
    handles->fd = -1;
    int rc = handles_map(handles, fd);
    if (rc < 0)
        return rc;
    handles->copy = calloc(handles->depth, sizeof *handles->copy);
    if (!handles->copy) {
        munmap(handles->map, handles->map_bytes);
        return -ENOMEM;
    }
    for (uint32_t slot = 0; slot < handles->depth; slot++) {
        handles->copy[slot].work = copy_work;
        handles->copy[slot].slot = slot;
        handles->copy[slot].out = handles->out_stride ? handles->outputs + slot * handles->out_stride : NULL;
    }
    attached = handles;
    handles_live(handles);
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
