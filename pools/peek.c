/* Reading who is on which task, see peek.h. */
#include "pools/peek.h"
#include "pools/crew.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* `bytes` at `address` of the other process, in memory of our own; NULL with errno. */
static void *copy_from(int memory, uint64_t address, size_t bytes)
{
    char *copy = malloc(bytes ? bytes : 1);
    ssize_t got = copy ? pread(memory, copy, bytes, (off_t)address) : -1;
    if (copy && got == (ssize_t)bytes)
        return copy;
    if (got >= 0)
        errno = EIO; /* a part is as good as nothing */
    free(copy);
    return NULL;
}

static int children_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    int32_t *pids = copy_from(memory, peek->pids_at, peek->workers * sizeof *pids);
    uint32_t *running = copy_from(memory, peek->tasks_at, peek->workers * sizeof *running);
    int rc = pids && running ? 0 : -errno;
    for (uint32_t i = 0; i < peek->workers && rc == 0; i++)
        tasks[i] = pids[i] ? running[i] : PEEK_IDLE;
    free(pids);
    free(running);
    return rc;
}

static bool is_finished(const struct done *ring, uint32_t count, uint32_t task)
{
    for (uint32_t i = 0; i < count; i++)
        if (ring[i].task == task)
            return true;
    return false;
}

/* The one task that worker `number` has claimed and not completed. */
static int worker_read(const struct peek *peek, int memory, const uint64_t *slots, uint32_t number, uint32_t *task)
{
    uint32_t *tail = copy_from(
        memory, peek->workers_at + number * sizeof(struct worker) + offsetof(struct worker, tail), sizeof *tail);
    if (!tail)
        return -errno;
    uint32_t count = *tail;
    free(tail);
    *task = PEEK_UNKNOWN;
    if (count > peek->ring_size) /* its first records are overwritten, and slots may still name what they told of */
        return 0;
    uint64_t ring_at = peek->rings_at + (uint64_t)number * peek->ring_size * sizeof(struct done);
    struct done *ring = copy_from(memory, ring_at, count * sizeof *ring);
    if (!ring)
        return -errno;
    unsigned found = 0;
    for (uint32_t i = 0; i < peek->slots; i++)
        if ((uint32_t)slots[i] == number + 1 && !is_finished(ring, count, (uint32_t)(slots[i] >> 32))) {
            *task = (uint32_t)(slots[i] >> 32);
            found++;
        }
    free(ring);
    if (found != 1) /* more: short tasks, completed and not yet published */
        *task = found ? PEEK_UNKNOWN : PEEK_IDLE;
    return 0;
}

/* A slot names the worker that claimed its task until the slot is used again. Slots are read before rings, so that a
 * task that ends in between counts as finished. */
static int queue_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    uint64_t *slots = copy_from(memory, peek->slots_at, peek->slots * sizeof *slots);
    int rc = slots ? 0 : -errno;
    for (uint32_t i = 0; i < peek->workers && rc == 0; i++)
        rc = worker_read(peek, memory, slots, i, &tasks[i]);
    free(slots);
    return rc;
}

int peek_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    int rc = -ENODATA;
    if (peek->kind == PEEK_CHILDREN)
        rc = children_read(peek, memory, tasks);
    else if (peek->kind == PEEK_QUEUE)
        rc = queue_read(peek, memory, tasks);
    for (uint32_t i = 0; i < peek->workers && rc < 0; i++)
        tasks[i] = PEEK_UNKNOWN;
    return rc;
}
