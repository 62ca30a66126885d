/* zygote: a process per task, forked by one of several small processes, one a worker, that were made before anything
 * else was. What a fork costs does not grow with the submitter, and forks run side by side. The price: a child inherits
 * nothing that was made since, neither inputs nor ballast; its input is copied to it, and the workload's state is made
 * once more in every forker. zygote.h has the design; this file hands tasks in and takes them back, forkers.c makes and
 * replaces the processes, and forker.c is what they do.
 *
 * A forker that dies takes its task with it, which is reported with the signal; another takes its place. */
#include "pools/parts/clock.h"
#include "pools/parts/forkers.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { SLOTS_LEAST = 1024, REAP_MAX = 256, ANYBODY = 0 };
/* With a task; reaped, with an output that may still be read; with one whose child may write on: never used again. */
enum slot_state { SLOT_FREE, SLOT_TAKEN, SLOT_REAPED, SLOT_HAUNTED };
#define PAYLOAD_LIMIT   (64ull << 20)              /* bytes, in all slots */
#define ORPHAN_LIMIT_NS (1000ull * 1000000u)       /* for the end of a child that the kernel kills with its forker */
#define ANSWER_LIMIT_NS (60ull * 1000u * 1000000u) /* whoever says nothing for so long is taken for dead */

struct pool {
    const struct job *job;
    struct forkers forkers;
    struct zygote_shared *shared; /* of the forkers */
    struct zygote_memory memory;  /* .job NULL: not open */
    uint32_t size, mask, in_flight;
    uint64_t tail;
    uint8_t *state;     /* by slot, enum slot_state */
    uint32_t *returned; /* slots reaped by the last call */
    uint32_t returned_count;
    uint32_t asked_at; /* the event word when the forkers were last seen to live */
};

static struct pool *made_early; /* until open takes it */

static const char *zygote_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)values;
    *shape = (struct pool_shape){.workers = workers, .processes = workers, .forkers = workers + 1};
    return NULL;
}

/* ---- its memory ---- */

static int zygote_early(const struct pool_config *config)
{
    struct pool *pool = calloc(1, sizeof *pool);
    int rc = pool ? forkers_make(&pool->forkers, config) : -ENOMEM;
    if (rc < 0) {
        free(pool);
        return rc;
    }
    pool->shared = pool->forkers.shared;
    made_early = pool;
    return 0;
}

static void free_all(struct pool *pool)
{
    if (pool->memory.job)
        munmap(pool->memory.job, pool->shared->memory_bytes);
    forkers_end(&pool->forkers);
    free(pool->state);
    free(pool->returned);
    free(pool);
}

static uint32_t slots_wanted(const struct job *job, uint32_t workers)
{
    size_t stride = job->in_bytes + job->out_bytes;
    uint64_t least = 2ull * workers, most = stride ? PAYLOAD_LIMIT / stride : UINT32_MAX;
    uint32_t size = 2;
    while (size < least || (size < SLOTS_LEAST && 2ull * size <= most))
        size *= 2;
    return size;
}

static int memory_make(struct pool *pool, const struct job *job)
{
    struct zygote_job of = {.job = *job, .size = pool->size};
    size_t bytes = zygote_memory_at(&of, &of).bytes;
    memcpy(of.workload_params, job->workload_params, sizeof of.workload_params);
    if (ftruncate(pool->shared->memory, (off_t)bytes) < 0)
        return -errno;
    struct zygote_job *memory = memory_share(bytes, pool->shared->memory);
    if (!memory)
        return -errno;
    *memory = of;
    pool->memory = zygote_memory_at(memory, memory);
    memcpy(pool->memory.costs, job->sequence.costs, job->sequence.count * sizeof(struct cost));
    for (uint32_t i = 0; i < pool->size; i++)
        atomic_init(&pool->memory.slots[i].claim, SLOT_TAKEN_BY_NOBODY); /* the order to open publishes it */
    pool->shared->memory_bytes = bytes;
    return 0;
}

/* ---- handing in ---- */

static void outputs_were_read(struct pool *pool)
{
    while (pool->returned_count)
        pool->state[pool->returned[--pool->returned_count]] = SLOT_FREE;
}

static void slot_fill(struct pool *pool, uint32_t slot, uint32_t task)
{
    const struct job *job = pool->job;
    pool->state[slot] = SLOT_TAKEN;
    if (job->in_bytes)
        memcpy(pool->memory.payload + slot * pool->memory.stride, job_input(job, task), job->in_bytes);
    /* release: the input is there */
    atomic_store_explicit(&pool->memory.slots[slot].claim, (uint64_t)task << 32 | ANYBODY, memory_order_release);
}

static int zygote_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    outputs_were_read(pool);
    for (uint32_t looked = 0; taken < n && looked < pool->size; looked++, pool->tail++) {
        uint32_t slot = (uint32_t)(pool->tail & pool->mask);
        if (pool->state[slot] == SLOT_FREE) /* else it is stepped over: its task runs for long */
            slot_fill(pool, slot, tasks[taken++]);
    }
    pool->in_flight += taken;
    /* seq_cst: the tail, then the idle bits */
    atomic_store_explicit(&pool->shared->tail, pool->tail, memory_order_seq_cst);
    if (taken)
        forkers_wake(&pool->forkers, taken);
    return (int)taken;
}

/* ---- taking back ---- */

static unsigned collect(struct pool *pool, struct done *done, unsigned max)
{
    unsigned count = 0;
    for (uint32_t word = 0; word * 64 < pool->size && count < max; word++) {
        /* seq_cst: also the second look, after `wanted` was stored; acquires the records */
        uint64_t bits = atomic_load_explicit(&pool->memory.finished[word], memory_order_seq_cst), taken = 0;
        for (; bits && count < max; bits &= bits - 1) {
            uint32_t slot = word * 64 + (uint32_t)__builtin_ctzll(bits);
            unsigned char *payload = pool->memory.payload + slot * pool->memory.stride;
            taken |= bits & -bits;
            done[count] = pool->memory.slots[slot].done;
            done[count].out = pool->job->out_bytes ? payload + pool->memory.out_offset : NULL;
            if (pool->state[slot] == SLOT_TAKEN) {
                pool->state[slot] = SLOT_REAPED;
                pool->returned[pool->returned_count++] = slot;
            }
            count++;
        }
        if (taken) /* relaxed: the slots are the submitter's until it fills them */
            atomic_fetch_and_explicit(&pool->memory.finished[word], ~taken, memory_order_relaxed);
    }
    pool->in_flight -= count;
    return count;
}

/* The task in that slot, which its forker did not live to record: what its child has completed counts. */
static void task_lost(struct pool *pool, uint32_t slot, uint32_t row, int status)
{
    const struct forker *forker = &pool->shared->forkers[row];
    struct zygote_slot *at = &pool->memory.slots[slot];
    /* relaxed, all: what forker and child stored came before their ends, which were waited for */
    int32_t child = atomic_load_explicit(&forker->child, memory_order_relaxed);
    uint32_t task = (uint32_t)(atomic_load_explicit(&at->claim, memory_order_relaxed) >> 32);
    bool has_ended = !child || process_has_ended(child, ORPHAN_LIMIT_NS);
    bool complete = has_ended && forker->done.task == task &&
                    atomic_load_explicit(&forker->complete, memory_order_acquire); /* the record */
    if (complete) {
        at->done = forker->done;
        at->done.pid = child;
    } else {
        at->done = (struct done){.task = task, .pid = pool->forkers.pids[row]};
        task_fallen(&forker->done, status, &at->done);
        if (forkers_was_stopped(&pool->forkers, row))
            at->done.status = TASK_TIMEOUT;
    }
    at->done.slot = slot;
    at->done.worker = (uint16_t)atomic_load_explicit(&forker->worker, memory_order_relaxed);
    pool->state[slot] = has_ended ? SLOT_TAKEN : SLOT_HAUNTED;
    /* relaxed: the submitter's own, here */
    atomic_fetch_or_explicit(&pool->memory.finished[slot / 64], 1ull << (slot % 64), memory_order_relaxed);
}

/* Its task is over, whatever its child still does, which is killed. */
static void forker_lost(struct pool *pool, uint32_t row, int status)
{
    for (uint32_t slot = 0; row != SPAWNER && slot < pool->size; slot++) {
        /* acquire, both: only says that waitpid came after what the forker stored */
        uint64_t claim = atomic_load_explicit(&pool->memory.slots[slot].claim, memory_order_acquire);
        if ((uint32_t)claim == row && pool->state[slot] == SLOT_TAKEN &&
            !(atomic_load_explicit(&pool->memory.finished[slot / 64], memory_order_acquire) & 1ull << (slot % 64)))
            task_lost(pool, slot, row, status);
    }
    forkers_lose(&pool->forkers, row);
    forkers_wake(&pool->forkers, UINT32_MAX); /* it may have been woken for a task that it never took */
}

/* Waits for those that have ended; asks only when one of the submitter's children has. */
static void bury_the_dead(struct pool *pool, uint32_t seen)
{
    siginfo_t info = {0};
    if (seen == pool->asked_at)
        return;
    pool->asked_at = seen;
    bool found = waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
    while (found) { /* again: one that was lost may have left another that has ended, too */
        found = false;
        for (uint32_t row = 0; row < pool->forkers.made; row++) {
            int status;
            pid_t pid = pool->forkers.pids[row];
            if (!pid || waitpid(pid, &status, WNOHANG) != pid)
                continue;
            found = true;
            forker_lost(pool, row, status);
        }
    }
}

/* seen: the event word before; whatever happens after that changes it. 0, or -errno: nobody can be replaced. */
static int look_after_all(struct pool *pool, uint32_t seen, uint64_t *until_ns)
{
    forkers_take(&pool->forkers); /* first: what was made may have ended already */
    bury_the_dead(pool, seen);
    forkers_end_stopped(&pool->forkers, until_ns);
    return forkers_ask(&pool->forkers, until_ns);
}

static int zygote_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct event *event = &pool->shared->event;
    unsigned count = 0;
    bool slept = false;
    outputs_were_read(pool);
    max = max < REAP_MAX ? max : REAP_MAX;
    for (;;) {
        uint64_t wake_ns = until_ns;
        uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire); /* futex.h */
        int rc = look_after_all(pool, seen, &wake_ns);
        count += collect(pool, done + count, max - count);
        if (count >= min || count == max || !pool->in_flight || until_ns == 0 || (count && slept))
            return (int)count;
        /* relaxed: one word, and a forker shouts after it */
        int refused = atomic_load_explicit(&pool->shared->refused, memory_order_relaxed);
        if (refused || (rc < 0 && !pool->forkers.alive)) /* as long as one lives, it does all */
            return count ? (int)count : refused ? refused : rc;
        uint32_t wanted = (min < max ? min : max) - count;
        /* seq_cst: see zygote.h */
        atomic_store_explicit(&event->wanted, wanted < pool->in_flight ? wanted : pool->in_flight,
                              memory_order_seq_cst);
        unsigned got = collect(pool, done + count, max - count); /* the second look: these have told nobody */
        bool late = false;
        if (!got) {
            late = futex_wait(&event->word, seen, wake_ns, false) == -ETIMEDOUT && wake_ns == until_ns;
            slept = true;
        }
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
        count += got;
        if (late)
            return (int)(count + collect(pool, done + count, max - count));
    }
}

/* Until all that live have answered, and, where `all` is said, there is one for each worker. */
static int await_answers(struct pool *pool, bool all)
{
    uint64_t limit_ns = clock_monotonic_ns() + ANSWER_LIMIT_NS;
    for (;;) {
        uint64_t wake_ns = limit_ns;
        uint32_t seen = atomic_load_explicit(&pool->shared->event.word, memory_order_acquire); /* futex.h */
        int rc = look_after_all(pool, seen, &wake_ns), error = 0;
        if (forkers_have_answered(&pool->forkers, &error)) {
            if (error < 0 || (rc < 0 && (all || !pool->forkers.alive)))
                return error < 0 ? error : rc;
            if (!all || pool->forkers.alive == pool->forkers.workers)
                return 0;
        }
        if (futex_wait(&pool->shared->event.word, seen, wake_ns, false) == -ETIMEDOUT && clock_is_past(limit_ns))
            return -ETIMEDOUT;
    }
}

static int zygote_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    int rc = await_answers(pool, false); /* of those that are still opening */
    if (rc == 0) {
        forkers_order(&pool->forkers, with_memory ? ORDER_USAGE_AND_MEMORY : ORDER_USAGE);
        rc = await_answers(pool, false);
    }
    usage_read_own(usage, with_memory);
    for (uint32_t row = 1; row < pool->forkers.made && rc == 0; row++)
        if (pool->forkers.pids[row] > 0)
            usage_add(usage, &pool->shared->forkers[row].usage);
    usage->workers_lost += pool->forkers.lost;
    usage->replace_ns += pool->forkers.replace_ns;
    return rc;
}

static void zygote_peek(const struct pool *pool, struct peek *peeks)
{
    peeks[0] = (struct peek){
        .workers = pool->forkers.workers,
        .at = (uintptr_t)pool->shared->running,
        .stride = sizeof *pool->shared->running,
    };
}

static int zygote_close(struct pool *pool)
{
    event_unwatch_children(); /* children that are killed from here on are no news */
    free_all(pool);
    return 0;
}

/* ---- opening, when all else is there ---- */

static int zygote_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    int rc = made_early ? 0 : zygote_early(config);
    if (rc < 0)
        return rc;
    struct pool *pool = made_early;
    made_early = NULL;
    pool->job = job;
    pool->size = slots_wanted(job, config->workers);
    pool->mask = pool->size - 1;
    pool->state = calloc(pool->size, sizeof *pool->state);
    pool->returned = calloc(REAP_MAX, sizeof *pool->returned);
    rc = pool->state && pool->returned ? memory_make(pool, job) : -ENOMEM;
    if (rc == 0)
        rc = event_watch_children(&pool->shared->event);
    if (rc < 0) {
        free_all(pool);
        return rc;
    }
    /* some may have ended since they were made, unwatched */
    pool->asked_at = ~atomic_load_explicit(&pool->shared->event.word, memory_order_relaxed);
    forkers_order(&pool->forkers, ORDER_OPEN);
    rc = await_answers(pool, true);
    if (rc < 0)
        zygote_close(pool);
    else
        *result = pool;
    return rc;
}

const struct pool_ops pool_zygote = {
    .name = "zygote",
    .summary = "small processes made before all else, one a worker, fork a process for every task; it inherits no "
               "ballast, and its input is copied",
    .traits = POOL_TASK_IS_PROCESS,
    .handover_ns = 100000,
    .shape = zygote_shape,
    .early = zygote_early,
    .open = zygote_open,
    .submit = zygote_submit,
    .reap = zygote_reap,
    .usage = zygote_usage,
    .peek = zygote_peek,
    .close = zygote_close,
};
