/* Where tickets are, see tickets.h: in memory that forked processes share, or in a file that executed ones map. */
#include "pools/plugin/tickets.h"
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

int tickets_map(struct tickets *tickets, int fd)
{
    unsigned workers = tickets->workers;
    tickets->depth = depth_for(tickets->job, workers);
    tickets->out_stride = align_up(tickets->job->out_bytes, 64);
    _Static_assert(sizeof(struct ticket) == 128, "a ticket is two cache lines, its neighbour's are others");
    size_t head = align_up(sizeof *tickets->shared + workers * sizeof(struct ticket_worker), 4096);
    tickets->map_bytes = head + tickets->depth * (sizeof(struct ticket) + tickets->out_stride);
    /* whoever comes later finds it as long as it is to be */
    if (fd >= 0 && ftruncate(fd, (off_t)tickets->map_bytes) < 0)
        return -errno;
    int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
    tickets->map = mmap(NULL, tickets->map_bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (tickets->map == MAP_FAILED)
        return -errno;
    tickets->shared = tickets->map;
    tickets->ticket = (struct ticket *)((char *)tickets->map + head);
    tickets->outputs = (unsigned char *)(tickets->ticket + tickets->depth);
    return 0;
}

static struct tickets *attached; /* one pool a process */

static void copy_work(struct poolbench_task *task, const void *in, void *out)
{
    tickets_work(attached, &attached->ticket[task->slot], in, out);
}

/* Such a process ends without a release. */
int tickets_attach(struct tickets *tickets, int fd)
{
    tickets->fd = -1;
    int rc = tickets_map(tickets, fd);
    if (rc < 0)
        return rc;
    tickets->copy = calloc(tickets->depth, sizeof *tickets->copy);
    if (!tickets->copy) {
        munmap(tickets->map, tickets->map_bytes);
        return -ENOMEM;
    }
    for (uint32_t slot = 0; slot < tickets->depth; slot++) {
        tickets->copy[slot].work = copy_work;
        tickets->copy[slot].slot = slot;
        tickets->copy[slot].out = tickets->out_stride ? tickets->outputs + slot * tickets->out_stride : NULL;
    }
    attached = tickets;
    tickets_live(tickets);
    return 0;
}

struct poolbench_task *tickets_task(const struct tickets *tickets, uint32_t slot)
{
    if (slot >= tickets->depth)
        return NULL;
    struct ticket *ticket = &tickets->ticket[slot];
    if (!tickets->copy)
        return &ticket->task;
    struct poolbench_task *copy = &tickets->copy[slot];
    /* acquire: the number goes with the state */
    atomic_load_explicit(&ticket->state, memory_order_acquire);
    copy->number = ticket->task.number;
    copy->sleeps = ticket->task.sleeps;
    copy->in = job_input(tickets->job, copy->number);
    return copy;
}
