/* What one worker process holds while it runs: a child like any other reads its own memory, and the submitter reads its
 * own meanwhile, so that what they share counts as shared. The sum counts `workers` of such children. */
#include "pools/parts/fork_memory.h"
#include "pools/parts/group.h"
#include "pools/parts/usage.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { READERS_MAX = 100 };

static _Noreturn void child_main(const struct pool_config *config, pid_t parent, int said, struct usage *shared)
{
    char name[] = "pb-worker-0", done = 1;
    event_forget_children();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, name);
    if (getppid() != parent || place_apply(&config->places, 0) < 0)
        _exit(1);
    usage_read_memory(shared);
    if (write(said, &done, 1) != 1)
        _exit(1);
    for (;;)
        pause(); /* until it is killed */
}

/* -EOWNERDEAD: it was killed from outside. */
static int read_once(const struct pool_config *config, struct usage *shared, struct usage *usage)
{
    int ends[2], rc = 0;
    char done;
    usage_clear(shared);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        child_main(config, parent, ends[1], shared);
    if (pid < 0)
        rc = -errno;
    close(ends[1]);
    while (rc == 0) {
        ssize_t got = read(ends[0], &done, 1); /* nothing: the child has closed its end by dying */
        if (got == 1)
            break;
        if (got == 0 || errno != EINTR)
            rc = got == 0 ? -EOWNERDEAD : -errno;
    }
    close(ends[0]);
    if (rc == 0) {
        usage_read_memory(usage);
        for (unsigned i = 0; i < config->workers; i++)
            usage_add(usage, shared);
    }
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return rc;
}

int fork_memory(const struct pool_config *config, struct usage *usage)
{
    struct usage *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -errno;
    int rc = -EOWNERDEAD;
    for (unsigned tries = 0; tries < READERS_MAX && rc == -EOWNERDEAD; tries++)
        rc = read_once(config, shared, usage);
    munmap(shared, sizeof *shared);
    return rc;
}
