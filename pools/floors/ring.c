/* floor-ring: a pair of rings for each thread, one of requests and one of answers, dealt to in turn: what handing over
 * a task and taking back its result could cost at best. Requests are published once a call, answers up to 32 at a time.
 *
 * Sleeping. A worker stores `asleep`, looks again, and sleeps on `asked`; the submitter stores `wanted` (how many
 * answers of this lane), looks again, and sleeps on the event word. All of it sequentially consistent. */
#include "pools/floors/floor.h"
#include <stdlib.h>

static const struct param params[] = {WAIT_PARAM, {0}};

enum { RING = 1024, ANSWERS_AT_ONCE = 32, ANSWER_EACH_NS = 10000 };

struct lane {
    /* the submitter writes */
    _Alignas(128) _Atomic uint32_t asked; /* requests, ever */
    _Atomic uint32_t wanted;              /* answers, ever, at which to wake the submitter; 0: it is awake */
    uint32_t requests[RING];
    uint32_t sent, taken; /* its own copies: sent == asked */
    /* the worker writes */
    _Alignas(128) _Atomic uint32_t answered; /* answers, ever */
    _Atomic uint32_t asleep;
    struct done answers[RING];
};

struct pool {
    struct floor_team team;
    struct event *event;
    struct lane *lanes;
    unsigned workers, next; /* next: lane of the next task */
    uint32_t in_flight;
    uint64_t spin_ticks;
    _Atomic uint32_t stop;
};

/* ---- a worker ---- */

/* How many requests there are, ever; more than `head`. */
static uint32_t lane_wait(const struct pool *pool, struct lane *lane, uint32_t head)
{
    uint64_t since = 0;
    uint32_t asked;
    /* acquire: the requests */
    while ((asked = atomic_load_explicit(&lane->asked, memory_order_acquire)) == head) {
        if (wait_spins(&since, pool->spin_ticks))
            continue;
        /* seq_cst: `asleep`, then the second look; lane_wake has them the other way round */
        atomic_store_explicit(&lane->asleep, 1, memory_order_seq_cst);
        if (atomic_load_explicit(&lane->asked, memory_order_seq_cst) == head)
            futex_wait(&lane->asked, head, UINT64_MAX, true);
        atomic_store_explicit(&lane->asleep, 0, memory_order_relaxed); /* who sees it late wakes nobody */
        since = 0;
    }
    return asked;
}

static void lane_publish(struct pool *pool, struct lane *lane, uint32_t head)
{
    atomic_store_explicit(&lane->answered, head, memory_order_seq_cst); /* releases the answers; then `wanted` */
    uint32_t wanted = atomic_load_explicit(&lane->wanted, memory_order_seq_cst);
    if (wanted && (int32_t)(head - wanted) >= 0)
        event_ring(pool->event);
}

static void lane_serve(unsigned worker, void *work)
{
    struct pool *pool = work;
    struct lane *lane = &pool->lanes[worker];
    for (uint32_t head = 0;;) {
        uint32_t asked = lane_wait(pool, lane, head);
        if (atomic_load_explicit(&pool->stop, memory_order_relaxed)) /* stored before `asked` */
            return;
        uint32_t end = asked - head > ANSWERS_AT_ONCE ? head + ANSWERS_AT_ONCE : asked;
        while (head != end) {
            uint32_t task = lane->requests[head % RING];
            struct done *done = &lane->answers[head % RING];
            task_run(pool->team.job, task, NULL, NULL, done);
            done->worker = (uint16_t)worker;
            head++;
            if (task_label_ns(pool->team.job, task) >= ANSWER_EACH_NS)
                break;
        }
        lane_publish(pool, lane, head);
    }
}

/* ---- the submitter ---- */

static int ring_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    struct pool *pool = calloc(1, sizeof *pool);
    size_t bytes = config->workers * sizeof(struct lane);
    if (!pool)
        return -ENOMEM;
    pool->workers = config->workers;
    pool->spin_ticks = wait_spin_ticks((enum wait_mode)config->params[0], config->spare_cpu);
    pool->team = (struct floor_team){.config = config, .job = job, .body = lane_serve, .work = pool};
    pool->lanes = aligned_alloc(_Alignof(struct lane), bytes);
    int rc = pool->lanes ? event_open(&pool->event, true) : -ENOMEM;
    for (unsigned i = 0; i < config->workers && rc == 0; i++)
        pool->lanes[i] = (struct lane){0};
    if (rc == 0)
        rc = floor_start(&pool->team);
    if (rc < 0) {
        event_close(pool->event);
        free(pool->lanes);
        free(pool);
    } else {
        *result = pool;
    }
    return rc;
}

static void lane_wake(struct lane *lane)
{
    /* seq_cst: `asked`, then `asleep` */
    atomic_store_explicit(&lane->asked, lane->sent, memory_order_seq_cst);
    if (atomic_load_explicit(&lane->asleep, memory_order_seq_cst))
        futex_wake(&lane->asked, 1, true);
}

static int ring_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    for (; taken < n; taken++) {
        struct lane *lane = &pool->lanes[pool->next];
        if (lane->sent - lane->taken == RING)
            break;
        lane->requests[lane->sent++ % RING] = tasks[taken];
        pool->next = pool->next + 1 == pool->workers ? 0 : pool->next + 1;
    }
    for (unsigned i = 0; i < pool->workers && i < taken; i++)
        lane_wake(&pool->lanes[(pool->next + pool->workers - 1 - i) % pool->workers]);
    pool->in_flight += taken;
    return (int)taken;
}

static unsigned lanes_drain(struct pool *pool, struct done *done, unsigned max)
{
    unsigned count = 0;
    for (unsigned i = 0; i < pool->workers; i++) {
        struct lane *lane = &pool->lanes[i];
        /* seq_cst: also the second look; acquires the answers */
        uint32_t answered = atomic_load_explicit(&lane->answered, memory_order_seq_cst);
        for (; lane->taken != answered && count < max; count++) {
            done[count] = lane->answers[lane->taken++ % RING];
            done[count].pid = pool->team.pids[i];
        }
    }
    pool->in_flight -= count;
    return count;
}

/* Each lane is to wake the submitter at its share of what is still wanted. */
static void lanes_want(struct pool *pool, unsigned more)
{
    /* seq_cst, both: then the second look. The event's first: who sees its lane's must find it */
    atomic_store_explicit(&pool->event->wanted, 1, memory_order_seq_cst);
    for (unsigned i = 0; i < pool->workers; i++) {
        struct lane *lane = &pool->lanes[i];
        uint32_t open = lane->sent - lane->taken;
        uint64_t share = (uint64_t)open * more / (pool->in_flight ? pool->in_flight : 1);
        uint32_t at = lane->taken + (share ? (uint32_t)share : 1);
        atomic_store_explicit(&lane->wanted, open ? at + !at : 0, memory_order_seq_cst); /* 0 would mean none */
    }
}

static void lanes_want_nothing(struct pool *pool)
{
    atomic_store_explicit(&pool->event->wanted, 0, memory_order_relaxed); /* event.h, both */
    for (unsigned i = 0; i < pool->workers; i++)
        atomic_store_explicit(&pool->lanes[i].wanted, 0, memory_order_relaxed);
}

static int ring_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    unsigned count = 0;
    uint64_t since = 0;
    min = min < max ? min : max;
    for (;;) {
        unsigned got = lanes_drain(pool, done + count, max - count);
        count += got;
        if (count >= min || !pool->in_flight || !until_ns)
            return (int)count;
        if (got)
            since = 0;
        if (wait_spins(&since, pool->spin_ticks)) {
            if (clock_is_past(until_ns))
                return (int)count;
            continue;
        }
        uint32_t seen = atomic_load_explicit(&pool->event->word, memory_order_acquire); /* futex.h */
        lanes_want(pool, min - count);
        count += lanes_drain(pool, done + count, max - count);
        int rc = count >= min || !pool->in_flight ? 0 : futex_wait(&pool->event->word, seen, until_ns, true);
        lanes_want_nothing(pool);
        if (rc == -ETIMEDOUT)
            return (int)(count + lanes_drain(pool, done + count, max - count));
        since = 0;
    }
}

static int ring_close(struct pool *pool)
{
    atomic_store_explicit(&pool->stop, 1, memory_order_relaxed); /* the next release below carries it */
    for (unsigned i = 0; i < pool->workers; i++) {
        pool->lanes[i].sent++; /* so that it does not sleep on */
        lane_wake(&pool->lanes[i]);
    }
    floor_end(&pool->team);
    event_close(pool->event);
    free(pool->lanes);
    free(pool);
    return 0;
}

const struct pool_ops floor_ring = {
    .name = "floor-ring",
    .summary = "a ring of requests and a ring of answers for each thread, dealt to in turn",
    .params = params,
    .traits = POOL_FLOOR,
    .handover_ns = 20,
    .shape = shape_of_threads,
    .open = ring_open,
    .submit = ring_submit,
    .reap = ring_reap,
    .usage = floor_usage,
    .close = ring_close,
};
