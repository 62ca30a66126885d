/* floor-futex and floor-spin: one task to and fro between the submitter and one thread. floor-futex wakes and sleeps
 * each time; floor-spin waits for the cache line. What a round trip could cost at best from where the two are. */
#include "pools/floors/floor.h"
#include <stdlib.h>

struct pool {
    struct floor_team team;
    bool spins;
    bool in_flight;
    uint32_t round; /* of the submitter */
    _Atomic uint32_t stop;
    _Alignas(128) _Atomic uint32_t ball; /* the round that the worker is to play */
    uint32_t task;
    _Alignas(128) _Atomic uint32_t back; /* the round that it has played */
    struct done done;
};

/* Until *word is no longer `old`; false: the time is up. */
static bool ball_wait(const struct pool *pool, _Atomic uint32_t *word, uint32_t old, uint64_t until_ns)
{
    /* acquire: what came with the ball */
    for (unsigned i = 1; atomic_load_explicit(word, memory_order_acquire) == old; i++) {
        bool late = pool->spins
                        ? until_ns != UINT64_MAX && (!until_ns || (i % 64 == 0 && clock_monotonic_ns() >= until_ns))
                        : !until_ns || futex_wait(word, old, until_ns, true) == -ETIMEDOUT;
        if (late)
            return atomic_load_explicit(word, memory_order_acquire) != old;
        if (pool->spins)
            clock_pause();
    }
    return true;
}

static void ball_throw(const struct pool *pool, _Atomic uint32_t *word, uint32_t round)
{
    atomic_store_explicit(word, round, memory_order_release); /* what comes with it is there */
    if (!pool->spins)
        futex_wake(word, 1, true);
}

static void play(unsigned worker, void *work)
{
    struct pool *pool = work;
    (void)worker;
    for (uint32_t round = 0;; round++) {
        ball_wait(pool, &pool->ball, round, UINT64_MAX);
        if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) /* stored before the ball was thrown */
            return;
        task_run(pool->team.job, pool->task, NULL, NULL, &pool->done);
        ball_throw(pool, &pool->back, round + 1);
    }
}

static const char *pingpong_shape(unsigned workers, const int64_t *params, struct pool_shape *shape)
{
    shape_of_threads(1, params, shape);
    return workers == 1 ? NULL : "a ping-pong has one worker";
}

static int pingpong_open(const struct pool_config *config, const struct job *job, bool spins, struct pool **result)
{
    struct pool *pool = aligned_alloc(_Alignof(struct pool), sizeof *pool);
    if (!pool)
        return -ENOMEM;
    *pool = (struct pool){.team = {.config = config, .job = job, .body = play, .work = pool}, .spins = spins};
    int rc = floor_start(&pool->team);
    if (rc < 0)
        free(pool);
    else
        *result = pool;
    return rc;
}

static int futex_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    return pingpong_open(config, job, false, result);
}

static int spin_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    return pingpong_open(config, job, true, result);
}

static int pingpong_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    if (!n || pool->in_flight)
        return 0;
    pool->task = tasks[0];
    pool->in_flight = true;
    ball_throw(pool, &pool->ball, ++pool->round);
    return 1;
}

static int pingpong_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    (void)min;
    if (!pool->in_flight || !max || !ball_wait(pool, &pool->back, pool->round - 1, until_ns))
        return 0;
    done[0] = pool->done;
    done[0].worker = 0;
    done[0].pid = getpid();
    pool->in_flight = false;
    return 1;
}

static int pingpong_close(struct pool *pool)
{
    struct done done;
    while (pool->in_flight)
        pingpong_reap(pool, &done, 1, 1, UINT64_MAX);
    atomic_store_explicit(&pool->stop, 1, memory_order_relaxed); /* the ball releases it */
    ball_throw(pool, &pool->ball, pool->round + 1);
    floor_end(&pool->team);
    free(pool);
    return 0;
}

#define PINGPONG_OPS                                                                                                   \
    .traits = POOL_FLOOR, .shape = pingpong_shape, .submit = pingpong_submit, .reap = pingpong_reap,                   \
    .usage = floor_usage, .close = pingpong_close

const struct pool_ops floor_futex = {
    PINGPONG_OPS,
    .name = "floor-futex",
    .summary = "a ping-pong with one thread, each waking the other by a futex",
    .handover_ns = 20000,
    .open = futex_open,
};

const struct pool_ops floor_spin = {
    PINGPONG_OPS,       .name = "floor-spin", .summary = "a ping-pong with one thread, both spinning on a cache line",
    .handover_ns = 300, .open = spin_open,
};
