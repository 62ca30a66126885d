/* A row of tasks and a counter, for three floors: floor-claim, floor-zygote, floor-wake. Whoever adds one to the
 * counter has the task at that position, waits until it is there, runs it, and marks it finished.
 *
 * Sleeping. A worker whose position is not there yet counts itself in `sleepers`, looks again, and sleeps on
 * `published`; the submitter stores `published` and then looks for sleepers. Results: floor_tell(). */
#include "pools/floors/floor.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { POSITIONS = 8192 };

struct claims_kind {
    bool processes; /* workers are */
    bool forks;     /* each runs its task in a child */
    bool blocks;    /* waits without spinning, and is woken once for all tasks, when the submitter begins to wait */
};

struct place {
    _Atomic uint32_t finished; /* the position + 1 of the last task that finished here */
    uint32_t task;
    struct done done;
};

struct shared {
    struct event event;                  /* its word; `wanted` counts down results */
    _Alignas(128) _Atomic uint32_t next; /* the first position that nobody has */
    _Alignas(128) _Atomic uint32_t published, sleepers, stop;
    struct place places[POSITIONS];
};

struct pool {
    struct floor_team team;
    struct claims_kind kind;
    struct shared *shared;
    uint64_t spin_ticks;
    uint32_t sent, taken; /* positions; sent runs ahead of `published` where kind.blocks */
    uint32_t in_flight;
    bool returned[POSITIONS]; /* reaped, behind one that is not */
};

/* ---- a worker ---- */

/* False: stop. Positions wrap around. */
static bool position_wait(const struct pool *pool, uint32_t position)
{
    struct shared *shared = pool->shared;
    uint64_t since = 0;
    uint32_t published;
    /* acquire: the task at the position */
    while ((int32_t)((published = atomic_load_explicit(&shared->published, memory_order_acquire)) - position) <= 0) {
        if (wait_spins(&since, pool->spin_ticks))
            continue;
        /* seq_cst: then the second look, which the kernel takes, after a barrier of its own (futex.h) */
        atomic_fetch_add_explicit(&shared->sleepers, 1, memory_order_seq_cst);
        futex_wait(&shared->published, published, UINT64_MAX, !pool->kind.processes);
        atomic_fetch_sub_explicit(&shared->sleepers, 1, memory_order_relaxed); /* seen late, it wakes nobody */
        since = 0;
    }
    return !atomic_load_explicit(&shared->stop, memory_order_relaxed); /* stored before `published` */
}

/* In a child; what it leaves undone is what its end was. */
static void task_fork(const struct pool *pool, struct place *place)
{
    int status = 0;
    place->done = (struct done){.task = place->task};
    pid_t pid = fork();
    if (pid == 0) {
        task_run(pool->team.job, place->task, NULL, NULL, &place->done);
        _exit(0);
    }
    if (pid > 0)
        waitpid(pid, &status, 0);
    if (status)
        task_ended(status, &place->done);
    if (pid < 0)
        place->done = (struct done){.task = place->task, .status = TASK_ERROR, .code = errno};
    place->done.pid = pid > 0 ? pid : getpid();
}

static void claims_serve(unsigned worker, void *work)
{
    struct pool *pool = work;
    struct shared *shared = pool->shared;
    for (;;) {
        /* relaxed: whose it is is all that it says */
        uint32_t position = atomic_fetch_add_explicit(&shared->next, 1, memory_order_relaxed);
        struct place *place = &shared->places[position % POSITIONS];
        if (!position_wait(pool, position))
            return;
        if (pool->kind.forks) {
            task_fork(pool, place);
        } else {
            task_run(pool->team.job, place->task, NULL, NULL, &place->done);
            place->done.pid = pool->team.pids[worker];
        }
        place->done.worker = (uint16_t)worker;
        atomic_store_explicit(&place->finished, position + 1, memory_order_seq_cst); /* releases it; then floor_tell */
        floor_tell(&shared->event);
    }
}

/* ---- the submitter ---- */

static int claims_open(const struct pool_config *config, const struct job *job, struct claims_kind kind,
                       struct pool **result)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->kind = kind;
    pool->spin_ticks =
        kind.blocks || kind.forks ? 0 : wait_spin_ticks((enum wait_mode)config->params[0], config->spare_cpu);
    pool->team = (struct floor_team){
        .config = config, .job = job, .processes = kind.processes, .body = claims_serve, .work = pool};
    pool->shared = memory_share(sizeof *pool->shared, -1);
    int rc = -errno;
    if (pool->shared) {
        pool->shared->event.private = !kind.processes;
        rc = floor_start(&pool->team);
    }
    if (rc < 0) {
        if (pool->shared)
            munmap(pool->shared, sizeof *pool->shared);
        free(pool);
    } else {
        *result = pool;
    }
    return rc;
}

static void publish(struct pool *pool)
{
    struct shared *shared = pool->shared;
    /* relaxed: the submitter's own */
    if (atomic_load_explicit(&shared->published, memory_order_relaxed) == pool->sent)
        return;
    /* seq_cst: `published`, then `sleepers`; releases the tasks */
    atomic_store_explicit(&shared->published, pool->sent, memory_order_seq_cst);
    if (atomic_load_explicit(&shared->sleepers, memory_order_seq_cst))
        futex_wake(&shared->published, INT_MAX, !pool->kind.processes); /* each waits for a position of its own */
}

static int claims_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    for (; taken < n && pool->sent - pool->taken < POSITIONS; taken++)
        pool->shared->places[pool->sent++ % POSITIONS].task = tasks[taken];
    pool->in_flight += taken;
    if (!pool->kind.blocks)
        publish(pool);
    return (int)taken;
}

/* Positions are claimed in order, so that no more than a worker each are unfinished before the first unclaimed one. */
static unsigned claims_drain(struct pool *pool, struct done *done, unsigned max)
{
    unsigned count = 0, unfinished = 0;
    for (uint32_t at = pool->taken; at != pool->sent && count < max && unfinished < pool->team.config->workers; at++) {
        struct place *place = &pool->shared->places[at % POSITIONS];
        bool *returned = &pool->returned[at % POSITIONS];
        /* seq_cst: also the second look; acquires the record */
        if (!*returned && atomic_load_explicit(&place->finished, memory_order_seq_cst) == at + 1) {
            done[count++] = place->done;
            *returned = true;
        }
        unfinished += !*returned;
        if (*returned && at == pool->taken) {
            *returned = false; /* its place may be used again */
            pool->taken++;
        }
    }
    pool->in_flight -= count;
    return count;
}

static int claims_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    struct event *event = &pool->shared->event;
    unsigned count = 0;
    uint64_t since = 0;
    if (!pool->kind.blocks || until_ns) /* else more is about to be handed in */
        publish(pool);
    for (;;) {
        uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire); /* futex.h */
        count += claims_drain(pool, done + count, max - count);
        if (count >= min || count == max || !pool->in_flight || !until_ns)
            return (int)count;
        if (wait_spins(&since, pool->spin_ticks)) {
            if (clock_is_past(until_ns))
                return (int)count;
            continue;
        }
        uint32_t more = min < max ? min - count : max - count;
        /* seq_cst: then the second look (floor_tell) */
        atomic_store_explicit(&event->wanted, more < pool->in_flight ? more : pool->in_flight, memory_order_seq_cst);
        unsigned got = claims_drain(pool, done + count, max - count); /* these have told nobody: ask anew */
        int rc = got ? 0 : futex_wait(&event->word, seen, until_ns, !pool->kind.processes);
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
        count += got;
        if (rc == -ETIMEDOUT)
            return (int)count;
        since = 0;
    }
}

static int claims_close(struct pool *pool)
{
    struct shared *shared = pool->shared;
    atomic_store_explicit(&shared->stop, 1, memory_order_relaxed); /* released by `published` */
    pool->sent += pool->team.config->workers;
    publish(pool);
    floor_end(&pool->team);
    munmap(shared, sizeof *shared);
    free(pool);
    return 0;
}

/* ---- three floors ---- */

static const struct param spin_params[] = {WAIT_PARAM, {0}};

static int claim_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    return claims_open(config, job, (struct claims_kind){0}, result);
}

static int zygote_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    return claims_open(config, job, (struct claims_kind){.processes = true, .forks = true}, result);
}

enum { WAKE_THREADS, WAKE_PROCESSES };
static const struct param wake_params[] = {
    {"of", PARAM_CHOICE, "threads", 0, 0, "threads|processes", "what is woken"},
    {0},
};

static const char *wake_shape(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    return params[0] == WAKE_PROCESSES ? shape_of_processes(workers, params, shape)
                                       : shape_of_threads(workers, params, shape);
}

static int wake_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    bool processes = config->params[0] == WAKE_PROCESSES;
    return claims_open(config, job, (struct claims_kind){.processes = processes, .blocks = true}, result);
}

#define CLAIMS_OPS .submit = claims_submit, .reap = claims_reap, .usage = floor_usage, .close = claims_close

const struct pool_ops floor_claim = {
    CLAIMS_OPS,
    .name = "floor-claim",
    .summary = "threads that claim tasks by adding one to a counter",
    .params = spin_params,
    .traits = POOL_FLOOR,
    .handover_ns = 20,
    .shape = shape_of_threads,
    .open = claim_open,
};

const struct pool_ops floor_zygote = {
    CLAIMS_OPS,
    .name = "floor-zygote",
    .summary = "processes that claim tasks by adding one to a counter, and fork, exit and wait for each",
    .traits = POOL_FLOOR | POOL_TASK_IS_PROCESS,
    .handover_ns = 100000,
    .shape = shape_of_processes,
    .open = zygote_open,
};

const struct pool_ops floor_wake = {
    CLAIMS_OPS,
    .name = "floor-wake",
    .summary = "threads or processes that sleep on one futex and are all woken at once",
    .params = wake_params,
    .traits = POOL_FLOOR,
    .handover_ns = 20000,
    .shape = wake_shape,
    .open = wake_open,
};
