/* Making, waking, ordering, replacing and ending forkers, see forkers.h. */
#include "pools/parts/forkers.h"
#include "pools/parts/clock.h"
#include "pools/parts/forker.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define STOPPED_ENDED UINT64_MAX /* in stopped_ns */

static void processes_end(struct forkers *forkers)
{
    for (uint32_t row = 0; row < forkers->made; row++)
        if (forkers->pids[row])
            kill(forkers->pids[row], SIGKILL); /* its child, if any, is killed with it */
    for (uint32_t row = 0; row < forkers->made; forkers->pids[row++] = 0)
        if (forkers->pids[row])
            child_await(forkers->pids[row]);
}

/* The process that was asked for exists if its pid is there; who was to make it has answered, or is dead. */
static void request_end(struct forkers *forkers)
{
    struct forker *made = &forkers->shared->forkers[forkers->makes];
    uint32_t worker = atomic_load_explicit(&made->worker, memory_order_relaxed); /* ours */
    forkers->asks = false;
    if (!made->pid)
        return;
    forkers->refused_ns = 0;
    forkers->pids[forkers->makes] = made->pid;
    forkers->stopped_ns[forkers->makes] = 0;
    if (forkers->makes == SPAWNER)
        return;
    forkers->made++;
    forkers->alive++;
    forkers->replace_ns += (int64_t)clock_to_ns(clock_ticks() - forkers->lost_at[worker]);
    forkers->lost_at[worker] = 0;
}

void forkers_end(struct forkers *forkers)
{
    processes_end(forkers);
    if (forkers->asks) {
        request_end(forkers);
        processes_end(forkers);
    }
    if (forkers->shared) {
        if (forkers->shared->memory >= 0)
            close(forkers->shared->memory);
        munmap(forkers->shared, forkers->shared_bytes);
    }
    free(forkers->pids);
    free(forkers->lost_at);
    free(forkers->stopped_ns);
    *forkers = (struct forkers){0};
}

static int shared_make(struct forkers *forkers, const struct pool_config *config)
{
    uint32_t workers = forkers->workers, words = (forkers->rows + 63) / 64;
    size_t idle = align_up(sizeof *forkers->shared + forkers->rows * sizeof(struct forker), 128);
    size_t running = idle + align_up(words * sizeof(uint64_t), 128);
    forkers->shared_bytes = running + workers * sizeof(uint64_t);
    char *map = memory_share(forkers->shared_bytes, -1);
    if (!map)
        return -errno;
    forkers->shared = (struct zygote_shared *)map;
    *forkers->shared = (struct zygote_shared){
        .event.fd = -1,
        .workers = workers,
        .rows = forkers->rows,
        .words = words,
        .submitter = getpid(),
        .places = config->places,
        .task_limit_ns = config->task_limit_ns,
        .idle = (_Atomic uint64_t *)(map + idle),
        .running = (uint64_t *)(map + running),
        .memory = memfd_create("pb-zygote", MFD_CLOEXEC),
    };
    return forkers->shared->memory < 0 ? -errno : 0;
}

int forkers_make(struct forkers *forkers, const struct pool_config *config)
{
    *forkers = (struct forkers){
        .workers = config->workers,
        .rows = 1 + config->workers + FORKER_SPARES,
        .spares = FORKER_SPARES,
    };
    forkers->pids = calloc(forkers->rows, sizeof *forkers->pids);
    forkers->lost_at = calloc(forkers->workers, sizeof *forkers->lost_at);
    forkers->stopped_ns = calloc(forkers->rows, sizeof *forkers->stopped_ns);
    bool has_memory = forkers->pids && forkers->lost_at && forkers->stopped_ns;
    int rc = has_memory ? shared_make(forkers, config) : -ENOMEM;
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
    struct forker *forker = &forkers->shared->forkers[row];
    atomic_store_explicit(&forker->order, order, memory_order_relaxed); /* the next line publishes it */
    /* seq_cst: releases the order, and pairs with the forker's second look */
    atomic_store_explicit(&forker->ordered, ++forkers->orders, memory_order_seq_cst);
    ring(forkers, row);
}

static bool has_answered(const struct forkers *forkers, uint32_t row)
{
    /* acquire: what the answer says; relaxed: the submitter's own */
    return atomic_load_explicit(&forkers->shared->forkers[row].answered, memory_order_acquire) ==
           atomic_load_explicit(&forkers->shared->forkers[row].ordered, memory_order_relaxed);
}

void forkers_order(struct forkers *forkers, enum forker_order order)
{
    for (uint32_t row = SPAWNER + 1; row < forkers->made; row++)
        if (forkers->pids[row])
            order_give(forkers, row, order);
}

bool forkers_have_answered(const struct forkers *forkers, int *error)
{
    for (uint32_t row = 0; row < forkers->made; row++) {
        if (!forkers->pids[row])
            continue;
        if (!has_answered(forkers, row))
            return false;
        const struct forker *forker = &forkers->shared->forkers[row];
        if (*error == 0 && atomic_load_explicit(&forker->order, memory_order_relaxed) != ORDER_MAKE) /* ours */
            *error = forker->error;
    }
    return true;
}

/* ---- replacing ---- */

void forkers_end_stopped(struct forkers *forkers, uint64_t *until_ns)
{
    uint64_t limit = forkers->shared->task_limit_ns, now = limit ? clock_monotonic_ns() : 0;
    if (!limit)
        return;
    if (now >= forkers->look_ns) {
        const uint64_t late_ns = forkers->look_ns ? now - forkers->look_ns : 0; /* we did not run ourselves */
        for (uint32_t row = 0; row < forkers->made; row++) {
            uint64_t *since_ns = &forkers->stopped_ns[row];
            if (*since_ns && *since_ns != STOPPED_ENDED)
                *since_ns += late_ns;
            if (!forkers->pids[row] || *since_ns == STOPPED_ENDED ||
                !child_stopped_for(forkers->pids[row], limit, since_ns))
                continue;
            kill(forkers->pids[row], SIGKILL);
            *since_ns = STOPPED_ENDED;
        }
        forkers->look_ns = now + limit_look_ns(limit);
    }
    if (forkers->look_ns < *until_ns)
        *until_ns = forkers->look_ns;
}

bool forkers_was_stopped(const struct forkers *forkers, uint32_t row)
{
    return forkers->stopped_ns[row] == STOPPED_ENDED;
}

void forkers_lose(struct forkers *forkers, uint32_t row)
{
    const struct forker *forker = &forkers->shared->forkers[row];
    forkers->pids[row] = 0;
    if (forkers->asks && forkers->maker == row)
        request_end(forkers);
    if (row == SPAWNER)
        return;
    /* relaxed: ours */
    uint32_t worker = atomic_load_explicit(&forker->worker, memory_order_relaxed);
    /* it has said why it could not open; else its answer is an older one's */
    if (atomic_load_explicit(&forker->order, memory_order_relaxed) == ORDER_OPEN && has_answered(forkers, row) &&
        forker->error)
        forkers->error = forker->error;
    forkers->alive--;
    forkers->lost++;
    forkers->lost_at[worker] = clock_ticks();
    forkers->shared->running[worker] = 0;
}

void forkers_take(struct forkers *forkers)
{
    if (!forkers->asks || !has_answered(forkers, forkers->maker))
        return;
    forkers->refused = forkers->shared->forkers[forkers->maker].error;
    if (forkers->refused) {
        uint64_t now = clock_monotonic_ns();
        forkers->refused_ns = forkers->refused_ns ? forkers->refused_ns : now;
        forkers->retry_ns = now + FORK_RETRY_NS;
        forkers->spares++;
    }
    request_end(forkers);
}

/* One that lives, if there is one with nothing to do; `made`: nobody lives. It obeys between two tasks. */
static uint32_t forker_choose(const struct forkers *forkers)
{
    uint32_t chosen = forkers->made;
    for (uint32_t row = SPAWNER + 1; row < forkers->made; row++) {
        if (!forkers->pids[row])
            continue;
        /* relaxed: a hint */
        if (atomic_load_explicit(&forkers->shared->idle[row / 64], memory_order_relaxed) >> (row % 64) & 1)
            return row;
        chosen = chosen < forkers->made ? chosen : row;
    }
    return chosen;
}

/* For which row a process is to be made, of those that are missing, and who is to make it (`made`: there is none). */
static void request_choose(struct forkers *forkers, uint32_t *makes, uint32_t *maker)
{
    uint32_t worker = 0;
    *maker = *makes = SPAWNER;
    if (!forkers->pids[SPAWNER]) {
        *maker = forker_choose(forkers);
        return;
    }
    while (!forkers->lost_at[worker])
        worker++;
    *makes = forkers->made;
    if (*makes < forkers->rows) /* relaxed: order_give publishes it, and the spawner forks after that */
        atomic_store_explicit(&forkers->shared->forkers[*makes].worker, worker, memory_order_relaxed);
}

int forkers_ask(struct forkers *forkers, uint64_t *until_ns)
{
    uint32_t makes, maker;
    if (forkers->asks || (forkers->alive == forkers->workers && forkers->pids[SPAWNER]))
        return 0;
    if (forkers->error)
        return forkers->error;
    request_choose(forkers, &makes, &maker);
    if (maker == forkers->made || makes == forkers->rows || !forkers->spares)
        return -EOWNERDEAD;
    if (forkers->refused_ns) {
        uint64_t now = clock_monotonic_ns();
        if (now - forkers->refused_ns > FORK_GIVE_UP_NS)
            return forkers->refused;
        if (now < forkers->retry_ns) {
            *until_ns = forkers->retry_ns < *until_ns ? forkers->retry_ns : *until_ns;
            return 0;
        }
    }
    if (!has_answered(forkers, maker))
        return 0; /* it will, or end */
    struct forker *make = &forkers->shared->forkers[makes];
    make->pid = 0;
    /* relaxed, all: order_give publishes them, and the maker forks after that. A forker that is born when the pool has
     * its job opens that first */
    atomic_store_explicit(&make->answered, 0, memory_order_relaxed);
    atomic_store_explicit(&make->ordered, 0, memory_order_relaxed);
    if (makes != SPAWNER && forkers->shared->memory_bytes) {
        atomic_store_explicit(&make->order, ORDER_OPEN, memory_order_relaxed);
        atomic_store_explicit(&make->ordered, ++forkers->orders, memory_order_relaxed);
    }
    atomic_store_explicit(&forkers->shared->forkers[maker].make, makes, memory_order_relaxed);
    forkers->asks = true;
    forkers->maker = maker;
    forkers->makes = makes;
    forkers->spares--;
    order_give(forkers, maker, ORDER_MAKE);
    return 0;
}
