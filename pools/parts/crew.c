/* Making, ordering and ending the workers of a crew; its memory. See crew.h for the design. */
#include "pools/parts/crew.h"
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

int crew_prepare(struct crew *crew, enum wait_mode wait, size_t extra, void **extra_memory)
{
    crew->words = (crew->workers + 63) / 64;
    crew->ring_size = RING_SIZE;
    size_t ring = crew->ring_size * sizeof(struct done);
    crew->ring_touched = RINGS_TOUCHED_BYTES / crew->workers;
    if (crew->ring_touched < PAGE_BYTES)
        crew->ring_touched = PAGE_BYTES;
    if (crew->ring_touched > ring)
        crew->ring_touched = ring;
    crew->spin_ticks = 0;
    if (wait == WAIT_SPIN)
        crew->spin_ticks = UINT64_MAX;
    else if (wait == WAIT_ADAPTIVE && crew->config->spare_cpu)
        crew->spin_ticks = clock_from_ns(ADAPTIVE_SPIN_NS);

    size_t shared = align_up(sizeof *crew->shared + 2 * crew->words * sizeof(uint64_t), 128);
    size_t workers = crew->workers * sizeof(struct worker);
    size_t before = align_up(shared + workers, PAGE_BYTES), rings = crew->workers * ring;
    size_t own = align_up(before + rings, PAGE_BYTES); /* whole pages for the pool, so that it can advise on them */
    crew->map_bytes = own + extra;
    /* private memory would be copied by fork; shared memory of threads alone would fault twice as slowly */
    int sharing = crew->processes ? MAP_SHARED : MAP_PRIVATE;
    crew->map = mmap(NULL, crew->map_bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (crew->map == MAP_FAILED) {
        crew->map = NULL;
        return -errno;
    }
    char *at = crew->map;
    crew->shared = (struct crew_shared *)at;
    crew->idle = crew->shared->words;
    crew->ready = crew->idle + crew->words;
    crew->worker = (struct worker *)(at + shared);
    crew->rings = (struct done *)(at + before);
    memory_map_now(at, before);
    memory_map_now(at + own, extra);
    for (unsigned i = 0; i < crew->workers; i++)
        memory_map_now((char *)crew->rings + i * ring, crew->ring_touched);
    if (extra_memory)
        *extra_memory = at + own;

    crew->left = calloc(crew->words, sizeof *crew->left);
    crew->unit = calloc(crew->processes + 1, sizeof *crew->unit);
    crew->fallen = calloc(crew->processes ? crew->workers : 1, sizeof *crew->fallen);
    crew->pthreads = calloc(crew->workers, sizeof *crew->pthreads);
    crew->limit_ticks = clock_from_ns(crew->config->task_limit_ns);
    usage_clear(&crew->gone);
    if (!crew->left || !crew->unit || !crew->fallen || !crew->pthreads) {
        crew_stop(crew, false);
        return -ENOMEM;
    }
    return 0;
}

/* ---- workers: from birth to the pool's body ---- */

/* To have started is the answer to the last order before that. */
static void answer(struct crew *crew, struct worker *worker, uint32_t order)
{
    /* seq_cst, and the load after it: either the submitter sees this answer, or we see that it waits for it */
    atomic_store_explicit(&worker->answered, order, memory_order_seq_cst);
    uint32_t awaited = atomic_load_explicit(&crew->shared->awaited, memory_order_seq_cst);
    if (awaited == (uint32_t)(worker - crew->worker) + 1)
        event_shout(crew->event);
}

void worker_note_usage(struct self *self)
{
    struct usage *usage = &self->worker->usage;
    usage_read_thread(usage);
    usage->migrations = (int64_t)self->migrations;
}

void worker_report(struct self *self, uint32_t order)
{
    struct crew *crew = self->crew;
    worker_note_usage(self);
    bool speaks_for_process = crew->processes && self->number % crew->threads == 0;
    /* relaxed: published by the order */
    if (speaks_for_process && atomic_load_explicit(&crew->shared->with_memory, memory_order_relaxed))
        usage_read_memory(&self->worker->usage);
    answer(crew, self->worker, order);
}

static void worker_main(struct crew *crew, unsigned number)
{
    struct worker *worker = &crew->worker[number];
    struct self self = {
        .crew = crew,
        .worker = worker,
        .ring = crew->rings + (size_t)number * crew->ring_size,
        .number = number,
        .cpu = UINT32_MAX,
        .orders_seen = crew->born_after,
    };
    char name[16];
    snprintf(name, sizeof name, "pb-worker-%u", (crew->first + number) % 100000);
    prctl(PR_SET_NAME, name);
    worker->pid = getpid();
    worker->error = place_apply(&crew->config->places, crew->first + number);
    /* page tables of shared memory are not inherited: touch now what would fault while tasks are timed */
    memory_map_now(self.ring, crew->ring_touched);
    if (crew->body.touch)
        crew->body.touch(&self, crew->body.work);
    void *stack = crew->processes && crew->threads > 1 ? fatal_watch(worker) : NULL;
    bool failed = worker->error != 0;
    worker->ready_ns = clock_monotonic_ns();
    /* release: what is above belongs to a worker that has started (survive.c, count_replaced) */
    atomic_store_explicit(&worker->tid, (uint32_t)syscall(SYS_gettid), memory_order_release);
    answer(crew, worker, crew->born_after);
    if (!failed)
        crew->body.run(&self, crew->body.work);
    fatal_unwatch(stack);
}

struct birth {
    struct crew *crew;
    unsigned number;
};

static void *thread_main(void *arg)
{
    struct birth birth = *(struct birth *)arg;
    free(arg);
    worker_main(birth.crew, birth.number);
    return NULL;
}

static int thread_start(struct crew *crew, unsigned number)
{
    pthread_attr_t attr;
    struct birth *birth = malloc(sizeof *birth);
    if (!birth)
        return -ENOMEM;
    *birth = (struct birth){crew, number};
    pthread_attr_init(&attr);
    int rc = pthread_attr_setstacksize(&attr, STACK_BYTES);
    if (rc == 0)
        rc = pthread_create(&crew->pthreads[number], &attr, thread_main, birth);
    pthread_attr_destroy(&attr);
    if (rc != 0)
        free(birth);
    return -rc;
}

/* A worker process: its first thread is a worker too. Leaves by _exit alone: the submitter's buffers and handlers are
 * not its business. */
static _Noreturn void process_main(struct crew *crew, unsigned process, pid_t parent)
{
    event_forget_children();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) /* it died before the line above */
        _exit(1);
    unsigned first = process * crew->threads, made = first + 1;
    for (; made < first + crew->threads; made++) {
        int rc = thread_start(crew, made);
        if (rc < 0) { /* the submitter finds the reason where it looks for it */
            crew->worker[first].error = rc;
            _exit(1);
        }
    }
    worker_main(crew, first);
    for (unsigned i = first + 1; i < made; i++)
        pthread_join(crew->pthreads[i], NULL);
    _exit(0);
}

int crew_fork(struct crew *crew, unsigned process)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        process_main(crew, process, parent);
    crew->unit[process] = (struct unit){.pid = pid, .noticed_ns = crew->unit[process].noticed_ns};
    return 0;
}

/* ---- the submitter ---- */

void crew_ring_all(struct crew *crew)
{
    for (unsigned i = 0; i < crew->workers; i++) {
        /* seq_cst: after the order, before the worker's second look */
        atomic_fetch_add_explicit(&crew->worker[i].doorbell, 1, memory_order_seq_cst);
        futex_wake(&crew->worker[i].doorbell, 1, crew->processes == 0);
    }
    if (crew->body.call)
        crew->body.call(crew->body.work);
}

static bool has_answered(const struct crew *crew, unsigned number, uint32_t order)
{
    if (!crew->opening && crew->processes && !crew->unit[number / crew->threads].pid)
        return true; /* there is nobody to ask */
    /* seq_cst: see answer; acquires what it answered */
    return atomic_load_explicit(&crew->worker[number].answered, memory_order_seq_cst) == order;
}

/* Until everybody has carried out the order, one after the other: only the one that is waited for rings. Those who die
 * over it are replaced, and whoever takes the place of one who died has nothing to report. */
static int await_answers(struct crew *crew, uint32_t order)
{
    struct crew_shared *shared = crew->shared;
    uint64_t limit = clock_monotonic_ns() + ANSWER_LIMIT_NS;
    unsigned next = 0; /* all before it have answered */
    int rc = 0;
    while (rc == 0) {
        uint32_t seen = atomic_load_explicit(&crew->event->word, memory_order_acquire); /* futex.h */
        if (crew_must_tend(crew)) {
            next = 0; /* somebody new may be among them */
            rc = crew_tend(crew, true);
        }
        while (next < crew->workers && has_answered(crew, next, order))
            next++;
        if (rc < 0 || next == crew->workers)
            break;
        atomic_store_explicit(&shared->awaited, next + 1, memory_order_seq_cst); /* see answer */
        if (has_answered(crew, next, order))
            continue;
        /* a process that could not be replaced is tried again soon */
        uint64_t until = crew->down ? crew->retry_ns : limit;
        rc = futex_wait(&crew->event->word, seen, until, crew->event->private);
        if (rc == -ETIMEDOUT && until < limit)
            rc = 0;
    }
    atomic_store_explicit(&shared->awaited, 0, memory_order_relaxed); /* a ring too many is no harm */
    return rc;
}

static int crew_order(struct crew *crew)
{
    /* seq_cst: with what was ordered, before the doorbells (has_orders) */
    uint32_t order = atomic_fetch_add_explicit(&crew->shared->orders, 1, memory_order_seq_cst) + 1;
    crew_ring_all(crew);
    return await_answers(crew, order);
}

int crew_start(struct crew *crew)
{
    int rc = 0;
    unsigned units = crew->processes ? crew->processes : crew->workers;
    crew->opening = true;
    for (unsigned i = 0; i < crew->workers; i++) /* relaxed: none of them exists */
        atomic_store_explicit(&crew->worker[i].answered, UINT32_MAX, memory_order_relaxed);
    for (; crew->started < units && rc == 0; crew->started += rc == 0)
        rc = crew->processes ? crew_fork(crew, crew->started) : thread_start(crew, crew->started);
    if (rc == 0)
        rc = await_answers(crew, 0);
    for (unsigned i = 0; i < crew->workers && rc == 0; i++)
        rc = crew->worker[i].error;
    crew->opening = false;
    if (rc < 0)
        crew_stop(crew, true);
    return rc;
}

int crew_usage(struct crew *crew, bool with_memory, struct usage *sum)
{
    atomic_store_explicit(&crew->shared->with_memory, with_memory, memory_order_relaxed); /* crew_order publishes it */
    int rc = crew_order(crew);
    for (unsigned i = 0; i < crew->workers && rc == 0; i++)
        usage_add(sum, &crew->worker[i].usage);
    if (rc == 0 && crew->processes) {
        crew_count_replaced(crew);
        usage_add(sum, &crew->gone);
    }
    return rc;
}

static void process_end(struct crew *crew, pid_t pid, bool kill_it)
{
    uint64_t limit = clock_monotonic_ns() + STOP_LIMIT_NS;
    if (!pid)
        return;
    if (kill_it)
        kill(pid, SIGKILL);
    for (;;) {
        uint32_t seen = atomic_load_explicit(&crew->event->word, memory_order_acquire); /* futex.h */
        pid_t got = waitpid(pid, NULL, WNOHANG);
        if (got == pid || (got < 0 && errno != EINTR))
            return;
        if (futex_wait(&crew->event->word, seen, limit, crew->event->private) == -ETIMEDOUT) {
            kill(pid, SIGKILL); /* it was told to stop and has not */
            limit = UINT64_MAX;
        }
    }
}

void crew_stop(struct crew *crew, bool kill_processes)
{
    if (crew->map) {
        atomic_store_explicit(&crew->shared->stopping, 1, memory_order_relaxed); /* the next line publishes it */
        atomic_fetch_add_explicit(&crew->shared->orders, 1, memory_order_seq_cst);
        crew_ring_all(crew);
        for (unsigned i = 0; i < crew->started; i++) {
            if (crew->processes)
                process_end(crew, crew->unit[i].pid, kill_processes);
            else
                pthread_join(crew->pthreads[i], NULL);
        }
        munmap(crew->map, crew->map_bytes);
    }
    free(crew->left);
    free(crew->unit);
    free(crew->fallen);
    free(crew->pthreads);
    crew->map = NULL;
    crew->left = NULL;
    crew->unit = NULL;
    crew->fallen = NULL;
    crew->pthreads = NULL;
    crew->started = 0;
}
