/* Making, waking, ordering, replacing and ending forkers, see forkers.h. */
#include "pools/forkers.h"
#include "pools/clock.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

void *shared_map(size_t bytes, int fd)
{
    int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

static void processes_end(struct forkers *forkers)
{
    for (uint32_t row = 0; row < forkers->made; row++)
        if (forkers->pids[row] > 0)
            kill(forkers->pids[row], SIGKILL); /* its child, if any, is killed with it */
    for (uint32_t row = 0; row < forkers->made; row++)
        while (forkers->pids[row] > 0 && waitpid(forkers->pids[row], NULL, 0) < 0 && errno == EINTR)
            ;
}

void forkers_end(struct forkers *forkers)
{
    processes_end(forkers);
    if (forkers->shared) {
        if (forkers->shared->memory >= 0)
            close(forkers->shared->memory);
        munmap(forkers->shared, forkers->shared_bytes);
    }
    free(forkers->pids);
    *forkers = (struct forkers){0};
}

static int shared_make(struct forkers *forkers, const struct pool_config *config)
{
    uint32_t workers = forkers->workers, words = (forkers->rows + 63) / 64;
    size_t rows_end = shared_align(sizeof *forkers->shared + forkers->rows * sizeof(struct forker));
    size_t pids = rows_end + shared_align(words * sizeof(uint64_t)),
           tasks = pids + shared_align(workers * sizeof(int32_t));
    forkers->shared_bytes = tasks + workers * sizeof(uint32_t);
    char *map = shared_map(forkers->shared_bytes, -1);
    if (!map)
        return -errno;
    forkers->shared = (struct zygote_shared *)map;
    *forkers->shared = (struct zygote_shared){
        .workers = workers,
        .rows = forkers->rows,
        .words = words,
        .submitter = getpid(),
        .places = config->places,
        .task_limit_ns = config->task_limit_ns,
        .idle = (_Atomic uint64_t *)(map + rows_end),
        .pids = (int32_t *)(map + pids),
        .tasks = (uint32_t *)(map + tasks),
        .memory = memfd_create("pb-zygote", MFD_CLOEXEC),
    };
    return forkers->shared->memory < 0 ? -errno : 0;
}

int forkers_make(struct forkers *forkers, const struct pool_config *config)
{
    *forkers = (struct forkers){.workers = config->workers, .rows = 1 + config->workers + FORKER_SPARES};
    forkers->pids = calloc(forkers->rows, sizeof *forkers->pids);
    int rc = forkers->pids ? shared_make(forkers, config) : -ENOMEM;
    for (uint32_t row = 0; rc == 0 && row <= forkers->workers; row++) {
        atomic_init(&forkers->shared->forkers[row].worker, row - 1); /* fork publishes it */
        pid_t pid = fork();
        if (pid == 0)
            forker_main(forkers->shared, row);
        if (pid < 0)
            rc = -errno;
        else
            forkers->pids[forkers->made++] = pid;
    }
    forkers->alive = forkers->workers;
    if (rc < 0)
        forkers_end(forkers);
    return rc;
}

/* ---- waking and ordering ---- */

static void ring(struct forkers *forkers, uint32_t row)
{
    struct forker *forker = &forkers->shared->forkers[row];
    /* release: what it is woken for */
    atomic_fetch_add_explicit(&forker->doorbell, 1, memory_order_release);
    futex_wake(&forker->doorbell, 1, false);
}

void forkers_wake(struct forkers *forkers, uint32_t count)
{
    for (uint32_t word = 0; word < forkers->shared->words && count; word++) {
        /* seq_cst: after the tail was stored; see zygote.h */
        uint64_t bits = atomic_load_explicit(&forkers->shared->idle[word], memory_order_seq_cst);
        for (; bits && count; bits &= bits - 1) {
            uint64_t bit = bits & -bits;
            /* relaxed: only so that nobody is woken twice. A forker that has cleared it meanwhile sets it again before
             * its next second look, which then finds the work */
            if (!(atomic_fetch_and_explicit(&forkers->shared->idle[word], ~bit, memory_order_relaxed) & bit))
                continue;
            ring(forkers, word * 64 + (uint32_t)__builtin_ctzll(bit));
            count--;
        }
    }
}

/* To one row. */
static void order_give(struct forkers *forkers, uint32_t row, enum forker_order order)
{
    atomic_store_explicit(&forkers->shared->order, order, memory_order_relaxed); /* nobody obeys the one before now */
    /* seq_cst: releases the order, and pairs with the forker's second look */
    atomic_store_explicit(&forkers->shared->forkers[row].ordered, forkers->orders, memory_order_seq_cst);
    ring(forkers, row);
}

static bool order_answered(const struct forkers *forkers, uint32_t row)
{
    /* acquire: what the answer says; relaxed: the submitter's own */
    return atomic_load_explicit(&forkers->shared->forkers[row].answered, memory_order_acquire) ==
           atomic_load_explicit(&forkers->shared->forkers[row].ordered, memory_order_relaxed);
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

/* Waits for the answer; -EOWNERDEAD when the process is gone. */
static int order_wait(struct forkers *forkers, uint32_t row)
{
    for (;;) {
        uint32_t seen = atomic_load_explicit(&forkers->shared->event.word, memory_order_acquire); /* futex.h */
        if (order_answered(forkers, row))
            return forkers->shared->forkers[row].error;
        if (has_ended(forkers->pids[row]))
            return -EOWNERDEAD;
        futex_wait(&forkers->shared->event.word, seen, UINT64_MAX, false);
    }
}

/* To all forkers that live. 0 or the first error. */
int forkers_order(struct forkers *forkers, enum forker_order order)
{
    int rc = 0;
    forkers->orders++;
    for (uint32_t row = 1; row < forkers->made; row++)
        if (forkers->pids[row] > 0)
            order_give(forkers, row, order);
    for (uint32_t row = 1; row < forkers->made; row++) {
        int error = forkers->pids[row] > 0 ? order_wait(forkers, row) : 0;
        rc = rc < 0 ? rc : error;
    }
    return rc;
}

void forkers_replace(struct forkers *forkers, uint32_t lost)
{
    uint32_t row = forkers->made,
             worker = atomic_load_explicit(&forkers->shared->forkers[lost].worker, memory_order_relaxed);
    uint64_t start = clock_ticks();
    forkers->pids[lost] = 0;
    if (lost == SPAWNER)
        return;
    forkers->alive--;
    forkers->lost++;
    forkers->shared->pids[worker] = 0;
    if (forkers->made == forkers->rows || forkers->pids[SPAWNER] <= 0)
        return;
    /* relaxed, both: order_give publishes them, and the spawner forks after that */
    atomic_store_explicit(&forkers->shared->forkers[row].worker, worker, memory_order_relaxed);
    atomic_store_explicit(&forkers->shared->replace_row, row, memory_order_relaxed);
    forkers->orders++;
    order_give(forkers, SPAWNER, ORDER_REPLACE);
    int pid = order_wait(forkers, SPAWNER);
    if (pid <= 0)
        return;
    forkers->pids[row] = pid;
    forkers->made++;
    forkers->alive++;
    forkers->replace_ns += (int64_t)clock_to_ns(clock_ticks() - start);
}
