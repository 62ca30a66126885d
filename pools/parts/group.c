/* Making, ordering and ending the workers of a group; its memory. See group.h for the design. */
#include "pools/parts/group.h"
#include "pools/parts/clock.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum {
    STACK_BYTES = 256 * 1024, /* a task needs little; explicit, so that thousands of threads are no surprise */
    PAGE_BYTES = 4096,
    RING_SIZE = 1024,               /* completion records a worker */
    RINGS_TOUCHED_BYTES = 16 << 20, /* over all rings; of thousands of workers each is touched in its first page only */
};
#define ADAPTIVE_SPIN_NS 40000u                /* about what a wake-up across CPUs costs */
#define ANSWER_LIMIT_NS  (60ull * 1000000000u) /* a worker that says nothing for so long is taken for dead */
#define STOP_LIMIT_NS    (5ull * 1000000000u)

static size_t align_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

int place_apply(const struct places *places, unsigned worker)
{
    if (!places->words)
        return 0;
    const uint64_t *mask = places->masks + (size_t)worker * places->words;
    return syscall(SYS_sched_setaffinity, 0, (size_t)places->words * 8, mask) < 0 ? -errno : 0;
}

void memory_map_now(void *from, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)from % page;
    char *start = (char *)from - before;
#ifdef MADV_POPULATE_WRITE
    /* much cheaper than a fault for each; kernels before 5.14 refuse, and then those come */
    madvise(start, align_up(bytes + before, page), MADV_POPULATE_WRITE);
#endif
    /* a hypervisor may map a page when it is first used, whatever the kernel has mapped */
    for (size_t at = before; at < bytes + before; at += page - at % page)
        atomic_fetch_or_explicit((_Atomic char *)(start + at), 0, memory_order_relaxed); /* leaves what is there */
}

int group_prepare(struct group *group, enum wait_mode wait, size_t extra, void **extra_memory)
{
    group->words = (group->workers + 63) / 64;
    group->ring_size = RING_SIZE;
    size_t ring = group->ring_size * sizeof(struct done);
    group->ring_touched = RINGS_TOUCHED_BYTES / group->workers;
    if (group->ring_touched < PAGE_BYTES)
        group->ring_touched = PAGE_BYTES;
    if (group->ring_touched > ring)
        group->ring_touched = ring;
    group->spin_ticks = 0;
    if (wait == WAIT_SPIN)
        group->spin_ticks = UINT64_MAX;
    else if (wait == WAIT_ADAPTIVE && group->config->spare_cpu)
        group->spin_ticks = clock_from_ns(ADAPTIVE_SPIN_NS);

    size_t shared = align_up(sizeof *group->shared + 2 * group->words * sizeof(uint64_t), 128);
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
    group->worker = (struct worker *)(at + shared);
    group->rings = (struct done *)(at + before);
    memory_map_now(at, before);
    memory_map_now(at + own, extra);
    for (unsigned i = 0; i < group->workers; i++)
        memory_map_now((char *)group->rings + i * ring, group->ring_touched);
    if (extra_memory)
        *extra_memory = at + own;

    group->left = calloc(group->words, sizeof *group->left);
    group->unit = calloc(group->processes + 1, sizeof *group->unit);
    group->fallen = calloc(group->processes ? group->workers : 1, sizeof *group->fallen);
    group->pthreads = calloc(group->workers, sizeof *group->pthreads);
    group->limit_ticks = clock_from_ns(group->config->task_limit_ns);
    usage_clear(&group->gone);
    if (!group->left || !group->unit || !group->fallen || !group->pthreads) {
        group_stop(group, false);
        return -ENOMEM;
    }
    return 0;
}

/* ---- workers: from birth to the pool's body ---- */

/* To have started is the answer to the last order before that. */
static void answer(struct group *group, struct worker *worker, uint32_t order)
{
    /* seq_cst, and the load after it: either the submitter sees this answer, or we see that it waits for it */
    atomic_store_explicit(&worker->answered, order, memory_order_seq_cst);
    uint32_t awaited = atomic_load_explicit(&group->shared->awaited, memory_order_seq_cst);
    if (awaited == (uint32_t)(worker - group->worker) + 1)
        event_shout(group->event);
}

void worker_note_usage(struct self *self)
{
    struct usage *usage = &self->worker->usage;
    usage_read_thread(usage);
    usage->migrations = (int64_t)self->migrations;
}

void worker_report(struct self *self, uint32_t order)
{
    struct group *group = self->group;
    worker_note_usage(self);
    bool speaks_for_process = group->processes && self->number % group->threads == 0;
    /* relaxed: published by the order */
    if (speaks_for_process && atomic_load_explicit(&group->shared->with_memory, memory_order_relaxed))
        usage_read_memory(&self->worker->usage);
    answer(group, self->worker, order);
}

static void worker_main(struct group *group, unsigned number)
{
    struct worker *worker = &group->worker[number];
    struct self self = {
        .group = group,
        .worker = worker,
        .ring = group->rings + (size_t)number * group->ring_size,
        .number = number,
        .cpu = UINT32_MAX,
        .orders_seen = group->born_after,
    };
    char name[16];
    snprintf(name, sizeof name, "pb-worker-%u", (group->first + number) % 100000);
    prctl(PR_SET_NAME, name);
    worker->pid = getpid();
    worker->error = place_apply(&group->config->places, group->first + number);
    /* page tables of shared memory are not inherited: touch now what would fault while tasks are timed */
    memory_map_now(self.ring, group->ring_touched);
    if (group->body.touch)
        group->body.touch(&self, group->body.work);
    void *stack = group->processes && group->threads > 1 ? fatal_watch(worker) : NULL;
    bool failed = worker->error != 0;
    worker->ready_ns = clock_monotonic_ns();
    /* release: what is above belongs to a worker that has started (survive.c, count_replaced) */
    atomic_store_explicit(&worker->tid, (uint32_t)syscall(SYS_gettid), memory_order_release);
    answer(group, worker, group->born_after);
    if (!failed)
        group->body.run(&self, group->body.work);
    fatal_unwatch(stack);
}

struct birth {
    struct group *group;
    unsigned number;
};

static void *thread_main(void *arg)
{
    struct birth birth = *(struct birth *)arg;
    free(arg);
    worker_main(birth.group, birth.number);
    return NULL;
}

static int thread_start(struct group *group, unsigned number)
{
    pthread_attr_t attr;
    struct birth *birth = malloc(sizeof *birth);
    if (!birth)
        return -ENOMEM;
    *birth = (struct birth){group, number};
    pthread_attr_init(&attr);
    int rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (rc == 0)
        rc = pthread_create(&group->pthreads[number], &attr, thread_main, birth);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        free(birth);
    return -rc;
}

/* A worker process: its first thread is a worker too. Leaves by _exit alone: the submitter's buffers and handlers are
 * not its business. */
static _Noreturn void process_main(struct group *group, unsigned process, pid_t parent)
{
    event_forget_children();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    unsigned first = process * group->threads, made = first + 1;
    for (; made < first + group->threads; made++) {
        int rc = thread_start(group, made);
        if (rc < 0) { /* the submitter finds the reason where it looks for it */
            group->worker[first].error = rc;
            _exit(1);
        }
    }
    worker_main(group, first);
    for (unsigned i = first + 1; i < made; i++)
        pthread_join(group->pthreads[i], NULL);
    _exit(0);
}

int group_fork(struct group *group, unsigned process)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        process_main(group, process, parent);
    group->unit[process] = (struct unit){.pid = pid, .noticed_ns = group->unit[process].noticed_ns};
    return 0;
}

/* ---- the submitter ---- */

void group_ring_all(struct group *group)
{
    for (unsigned i = 0; i < group->workers; i++) {
        /* seq_cst: after the order, before the worker's second look */
        atomic_fetch_add_explicit(&group->worker[i].doorbell, 1, memory_order_seq_cst);
        futex_wake(&group->worker[i].doorbell, 1, group->processes == 0);
    }
    if (group->body.call)
        group->body.call(group->body.work);
}

static bool has_answered(const struct group *group, unsigned number, uint32_t order)
{
    if (!group->opening && group->processes && !group->unit[number / group->threads].pid)
        return true; /* there is nobody to ask */
    /* seq_cst: see answer; acquires what it answered */
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
        if (group_must_tend(group)) {
            next = 0; /* somebody new may be among them */
            rc = group_tend(group, true);
        }
        while (next < group->workers && has_answered(group, next, order))
            next++;
        if (rc < 0 || next == group->workers)
            break;
        atomic_store_explicit(&shared->awaited, next + 1, memory_order_seq_cst); /* see answer */
        if (has_answered(group, next, order))
            continue;
        /* a process that could not be replaced is tried again soon */
        uint64_t until = group->down ? group->retry_ns : limit;
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
        rc = group->processes ? group_fork(group, group->started) : thread_start(group, group->started);
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
    group->map = NULL;
    group->left = NULL;
    group->unit = NULL;
    group->fallen = NULL;
    group->pthreads = NULL;
    group->started = 0;
}
