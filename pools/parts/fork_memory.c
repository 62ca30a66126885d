/* What a forked process holds while it runs: a child like any other reads its own memory, and its parent reads its own
 * meanwhile, so that what they share counts as shared. */
#include "pools/parts/fork_memory.h"
#include "pools/parts/event.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include "pools/parts/usage.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>

enum { READERS_MAX = 100 };

static _Noreturn void child_main(const struct places *places, unsigned worker, pid_t parent, int said,
                                 struct usage *shared)
{
    char done = 1;
    event_forget_children();
    child_begin(parent);
    if (place_apply(places, worker) < 0)
        _exit(1);
    usage_read_memory(shared);
    if (write(said, &done, 1) != 1)
        _exit(1);
    for (;;)
        pause(); /* until it is killed */
}

/* -EOWNERDEAD: it was killed from outside. */
static int read_once(const struct places *places, unsigned worker, unsigned copies, struct usage *shared,
                     struct usage *usage)
{
    int ends[2], rc = 0;
    char done;
    usage_clear(shared);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child_main(places, worker, parent, ends[1], shared);
    if (pid < 0)
        rc = -errno;
    close(ends[1]);
    ssize_t got = rc == 0 ? TEMP_FAILURE_RETRY(read(ends[0], &done, 1)) : 1;
    if (got != 1)
        rc = got < 0 ? -errno : -EOWNERDEAD; /* nothing: the child has closed its end by dying */
    close(ends[0]);
    if (rc == 0) {
        usage_read_memory(usage);
        for (unsigned i = 0; i < copies; i++)
            usage_add(usage, shared);
    }
    if (pid > 0) {
        kill(pid, SIGKILL);
        child_await(pid);
    }
    return rc;
}

int fork_memory(const struct places *places, unsigned worker, unsigned copies, struct usage *usage)
{
    struct usage *shared = memory_share(sizeof *shared, -1);
    if (!shared)
        return -errno;
    int rc = -EOWNERDEAD;
    for (unsigned tries = 0; tries < READERS_MAX && rc == -EOWNERDEAD; tries++)
        rc = read_once(places, worker, copies, shared, usage);
    munmap(shared, sizeof *shared);
    return rc;
}
