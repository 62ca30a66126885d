/* Reading who is on which task, see peek.h. */
#include "pools/parts/peek.h"
#include "pools/parts/group.h"
#include <errno.h>
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

static int group_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    for (uint32_t i = 0; i < peek->workers; i++) {
        uint64_t *running = copy_from(
            memory, peek->workers_at + i * sizeof(struct worker) + offsetof(struct worker, running), sizeof *running);
        if (!running)
            return -errno;
        tasks[i] = *running ? (uint32_t)(*running >> 32) : PEEK_IDLE;
        free(running);
    }
    return 0;
}

int peek_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    int rc = -ENODATA;
    if (peek->kind == PEEK_CHILDREN)
        rc = children_read(peek, memory, tasks);
    else if (peek->kind == PEEK_GROUP)
        rc = group_read(peek, memory, tasks);
    for (uint32_t i = 0; i < peek->workers && rc < 0; i++)
        tasks[i] = PEEK_UNKNOWN;
    return rc;
}
