/* The memory, orders and end of a group. See group_state.h for the design. */
#include "pools/parts/group.h"
#include "pools/parts/birth.h"
#include "pools/parts/numa.h"
#include "pools/parts/survive.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
    PAGE_BYTES = 4096,
    FUTEX_SLOTS_LEAST = 16,        /* that Linux makes by itself, on any machine */
    RINGS_TOUCHED_BYTES = 4 << 20, /* over all rings; of thousands of workers each is touched in its first page only */
};
#define ANSWER_LIMIT_NS (60ull * 1000000000u) /* a worker that says nothing for so long is taken for dead */
#define STOP_LIMIT_NS   (5ull * 1000000000u)
#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH           78
#define PR_FUTEX_HASH_SET_SLOTS 1
#endif

/* Since Linux 6.16 a process has a table of its own for private futexes, with four slots a CPU: where thousands of
 * threads sleep on one each, waking one would go through hundreds of others. Elsewhere this is refused, and the table
 * is that of the whole system. */
static void futexes_make_room(unsigned sleepers)
{
    unsigned long slots = 2;
    while (slots < sleepers)
        slots *= 2;
    prctl(PR_FUTEX_HASH, PR_FUTEX_HASH_SET_SLOTS, slots, 0, 0);
}

/* A first look that is late tells of a time in which we did not run. */
static void limit_begin(struct group *group)
{
    group->limit_ticks = clock_from_ns(group->config->task_limit_ns);
    if (group->limit_ticks)
        group->limit_due_ns = clock_monotonic_ns() + limit_look_ns(group->config->task_limit_ns);
}

/* Each is on the node of its worker, where that is asked for, and what is touched now is mapped. */
static int rings_make(struct group *group)
{
    const int32_t *nodes = group->config->places.nodes;
    for (unsigned i = 0; i < group->workers; i++) {
        struct done *ring = group_record(group, i, 0);
        int rc = nodes ? numa_bind(ring, RING_SIZE * sizeof *ring, nodes[group->first + i]) : 0;
        if (rc < 0)
            return rc;
        memory_map_now(ring, group->ring_touched);
    }
    return 0;
}

int group_prepare(struct group *group, enum wait_mode wait, size_t extra, void **extra_memory)
{
    group->words = (group->workers + 63) / 64;
    size_t ring = RING_SIZE * sizeof(struct done);
    group->ring_touched = RINGS_TOUCHED_BYTES / group->workers;
    if (group->ring_touched < PAGE_BYTES)
        group->ring_touched = PAGE_BYTES;
    if (group->ring_touched > ring)
        group->ring_touched = ring;
    group->spin_ticks = wait_spin_ticks(wait, group->config->spare_cpu);
    if (!group->processes && group->workers > FUTEX_SLOTS_LEAST)
        futexes_make_room(group->workers);
    size_t words = 2 * group->words * sizeof(uint64_t), doorbells = group->workers * sizeof *group->doorbells;
    size_t shared = align_up(sizeof *group->shared + words + doorbells, 128);
    size_t workers = group->workers * sizeof(struct worker);
    size_t before = align_up(shared + workers, PAGE_BYTES), rings = group->workers * ring;
    size_t own = align_up(before + rings, PAGE_BYTES); /* whole pages for the pool, so that it can advise on them */
    group->map_bytes = own + extra;
    /* private memory would be copied by fork; shared memory of threads alone would fault twice as slowly */
    int sharing = group->processes ? MAP_SHARED : MAP_PRIVATE;
    group->map = mmap(NULL, group->map_bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (group->map == MAP_FAILED) {
        group->map = NULL;
        return -errno;
    }
    char *at = group->map;
    group->shared = (struct group_shared *)at;
    group->idle = group->shared->words;
    group->ready = group->idle + group->words;
    group->doorbells = (_Atomic uint32_t *)(group->ready + group->words);
    group->worker = (struct worker *)(at + shared);
    group->rings = (struct done *)(at + before);
    memory_map_now(at, before);
    memory_map_now(at + own, extra);
    if (extra_memory)
        *extra_memory = at + own;
    group->left = calloc(group->words, sizeof *group->left);
    group->unit = calloc(group->processes + 1, sizeof *group->unit);
    group->fallen = calloc(group->processes ? group->workers : 1, sizeof *group->fallen);
    group->pthreads = calloc(group->workers, sizeof *group->pthreads);
    group->over = calloc(group->workers, sizeof *group->over);
    limit_begin(group);
    usage_clear(&group->gone);
    const bool all = group->left && group->unit && group->fallen && group->pthreads && group->over;
    int rc = all ? rings_make(group) : -ENOMEM;
    if (rc < 0)
        group_stop(group, false);
    return rc;
}

static bool has_answered(const struct group *group, unsigned number, uint32_t order)
{
    if (!group->opening && group->processes && !group->unit[number / group->threads].pid)
        return true; /* there is nobody to ask */
    /* seq_cst: see worker_answer; acquires what it answered */
    return atomic_load_explicit(&group->worker[number].answered, memory_order_seq_cst) == order;
}

/* Until everybody has carried out the order, one after the other: only the one that is waited for rings. Those who die
 * over it are replaced, and whoever takes the place of one who died has nothing to report. */
static int await_answers(struct group *group, uint32_t order)
{
    struct group_shared *shared = group->shared;
    uint64_t limit = clock_monotonic_ns() + ANSWER_LIMIT_NS;
    unsigned next = 0; /* all before it have answered */
    int rc = 0;
    while (rc == 0) {
        uint32_t seen = atomic_load_explicit(&group->event->word, memory_order_acquire); /* futex.h */
        uint64_t until = limit;
        if (group_must_tend(group))
            next = 0; /* somebody new may be among them */
        rc = group_look_after(group, true, &until);
        while (next < group->workers && has_answered(group, next, order))
            next++;
        if (rc < 0 || next == group->workers)
            break;
        atomic_store_explicit(&shared->awaited, next + 1, memory_order_seq_cst); /* see worker_answer */
        if (has_answered(group, next, order))
            continue;
        rc = futex_wait(&group->event->word, seen, until, group->event->private);
        if (rc == -ETIMEDOUT && until < limit)
            rc = 0;
    }
    atomic_store_explicit(&shared->awaited, 0, memory_order_relaxed); /* a ring too many is no harm */
    return rc;
}

static int group_order(struct group *group)
{
    /* seq_cst: with what was ordered, before the doorbells (has_orders) */
    uint32_t order = atomic_fetch_add_explicit(&group->shared->orders, 1, memory_order_seq_cst) + 1;
    group_ring_all(group);
    return await_answers(group, order);
}

int group_start(struct group *group)
{
    int rc = 0;
    unsigned units = group->processes ? group->processes : group->workers;
    group->opening = true;
    for (unsigned i = 0; i < group->workers; i++) /* relaxed: none of them exists */
        atomic_store_explicit(&group->worker[i].answered, UINT32_MAX, memory_order_relaxed);
    for (; group->started < units && rc == 0; group->started += rc == 0)
        rc = group->processes ? group_fork(group, group->started) : group_thread(group, group->started);
    if (rc == 0)
        rc = await_answers(group, 0);
    for (unsigned i = 0; i < group->workers && rc == 0; i++)
        rc = group->worker[i].error;
    group->opening = false;
    if (rc < 0)
        group_stop(group, true);
    return rc;
}

int group_usage(struct group *group, bool with_memory, struct usage *sum)
{
    atomic_store_explicit(&group->shared->with_memory, with_memory,
                          memory_order_relaxed); /* group_order publishes it */
    int rc = group_order(group);
    for (unsigned i = 0; i < group->workers && rc == 0; i++)
        usage_add(sum, &group->worker[i].usage);
    if (rc == 0 && group->processes) {
        group_count_replaced(group);
        usage_add(sum, &group->gone);
    }
    return rc;
}

void group_peek(const struct group *group, struct peek *peek)
{
    *peek = (struct peek){
        .first = group->first,
        .workers = group->workers,
        .at = (uintptr_t)&group->worker[0].running,
        .stride = sizeof *group->worker,
    };
}

static void process_end(struct group *group, pid_t pid, bool kill_it)
{
    uint64_t limit = clock_monotonic_ns() + STOP_LIMIT_NS;
    if (!pid)
        return;
    if (kill_it)
        kill(pid, SIGKILL);
    for (;;) {
        uint32_t seen = atomic_load_explicit(&group->event->word, memory_order_acquire); /* futex.h */
        pid_t got = waitpid(pid, NULL, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            return;
        if (futex_wait(&group->event->word, seen, limit, group->event->private) == -ETIMEDOUT) {
            kill(pid, SIGKILL); /* it was told to stop and has not */
            limit = UINT64_MAX;
        }
    }
}

void group_stop(struct group *group, bool kill_processes)
{
    if (group->map) {
        atomic_store_explicit(&group->shared->stopping, 1, memory_order_relaxed); /* the next line publishes it */
        atomic_fetch_add_explicit(&group->shared->orders, 1, memory_order_seq_cst);
        group_ring_all(group);
        for (unsigned i = 0; i < group->started; i++) {
            if (group->processes)
                process_end(group, group->unit[i].pid, kill_processes);
            else
                pthread_join(group->pthreads[i], NULL);
        }
        munmap(group->map, group->map_bytes);
    }
    free(group->left);
    free(group->unit);
    free(group->fallen);
    free(group->pthreads);
    free(group->over);
    group->map = NULL;
    group->left = NULL;
    group->unit = NULL;
    group->fallen = NULL;
    group->pthreads = NULL;
    group->over = NULL;
    group->started = 0;
}
