/* The submitter's side of completions: draining the rings of one or two groups, and waiting for news. */
#include "pools/parts/reap.h"
#include "pools/parts/clock.h"
#include "pools/parts/survive.h"
#include "pools/parts/worker.h"

enum { PATIENCE_NS = 200000 }; /* several wake-ups' worth */

static unsigned drain_worker(struct group *group, unsigned number, struct done *done, unsigned max, bool *empty)
{
    struct worker *worker = &group->worker[number];
    uint32_t head = atomic_load_explicit(&worker->head, memory_order_relaxed); /* ours */
    /* seq_cst: after the ready bit was cleared (worker.c, publish); acquires the records */
    uint32_t tail = atomic_load_explicit(&worker->tail, memory_order_seq_cst);
    unsigned count = tail - head < max ? tail - head : max;
    for (unsigned i = 0; i < count; i++)
        done[i] = *group_record(group, number, head + i);
    *empty = head + count == tail;
    if (count) {
        /* seq_cst: makes room, then looks whether the worker waits for it (worker.c, worker_record) */
        atomic_store_explicit(&worker->head, head + count, memory_order_seq_cst);
        if (atomic_load_explicit(&worker->blocked, memory_order_seq_cst))
            group_ring(group, number);
    }
    return count;
}

unsigned group_drain(struct group *group, struct done *done, unsigned max)
{
    unsigned count = 0;
    while (group->fallen_count && count < max)
        done[count++] = group->fallen[--group->fallen_count];
    for (unsigned word = 0; word < group->words && count < max; word++) {
        /* only a look first: an exchange would take the line away from workers for nothing. seq_cst, both: a worker
         * that saw its bit set, and left it, published its tail before the exchange, and so before drain_worker looks
         */
        if (atomic_load_explicit(&group->ready[word], memory_order_seq_cst))
            group->left[word] |= atomic_exchange_explicit(&group->ready[word], 0, memory_order_seq_cst);
        uint64_t ready = group->left[word];
        for (; ready && count < max; ready &= ready - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(ready);
            bool empty;
            unsigned got = drain_worker(group, word * 64 + bit, done + count, max - count, &empty);
            count += got;
            if (got)
                group->barren = 0; /* somebody gets things done */
            if (empty)
                group->left[word] &= ~(1ull << bit);
        }
    }
    return count;
}

static unsigned drain_all(const struct group_reap *reap, unsigned have)
{
    for (unsigned i = 0; i < reap->count; i++)
        have += group_drain(reap->groups[i], reap->done + have, reap->max - have);
    return have;
}

/* Whether it is so of one of the groups. */
static bool any(const struct group_reap *reap, bool (*is_so)(const struct group *group))
{
    for (unsigned i = 0; i < reap->count; i++)
        if (is_so(reap->groups[i]))
            return true;
    return false;
}

/* Looks after workers that have died, or are over their limit. have: tasks drained in this call, which the pool has not
 * taken back yet. *until_ns moves forward to when it must be done again. */
static int look_after_all(const struct group_reap *reap, unsigned have, uint64_t *until_ns)
{
    int rc = 0;
    for (unsigned i = 0; i < reap->count && rc == 0; i++)
        rc = group_look_after(reap->groups[i], have == 0, until_ns);
    return rc;
}

/* Polls until something is there, the spinning limit is reached or it is late. */
static unsigned spin_for_news(const struct group_reap *reap, uint64_t spin_ticks, uint64_t until)
{
    uint64_t start = clock_ticks();
    for (unsigned i = 0;; i++) {
        unsigned have = drain_all(reap, 0);
        if (have)
            return have;
        clock_pause();
        if (i % 16 != 15)
            continue;
        if (spin_ticks != UINT64_MAX && clock_ticks() - start >= spin_ticks)
            return 0;
        if (clock_is_past(until))
            return 0;
        if (any(reap, group_has_news))
            return 0;
    }
}

/* Is there work that idle workers were not woken for, because those who are awake were to come round soon (queue.c)? */
static bool is_deferred(const struct group *group)
{
    return group->defers && group_awake(group) < group->workers && group->body.has_work(NULL, group->body.work);
}

/* They did not: one more is woken. */
static void wake_deferred(const struct group_reap *reap)
{
    for (unsigned i = 0; i < reap->count; i++)
        if (is_deferred(reap->groups[i]))
            group_wake(reap->groups[i], 1);
}

/* Says what is wanted, looks again, and sleeps until there is news or it is `until_ns`. */
static unsigned sleep_for_news(const struct group_reap *reap, unsigned goal, unsigned have, uint64_t until_ns)
{
    const struct group *group = reap->groups[0];
    struct event *event = group->event;
    uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire); /* futex.h */
    /* seq_cst: say what we want, then look again (event.h) */
    atomic_store_explicit(&event->wanted, goal - have, memory_order_seq_cst);
    unsigned before = have;
    have = drain_all(reap, have);
    if (!event_found(event, have - before) && have < reap->max && !any(reap, group_has_news))
        futex_wait(&event->word, seen, until_ns, event->private);
    atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
    return drain_all(reap, have);
}

int group_reap(const struct group_reap *reap)
{
    uint64_t spin_ticks = reap->groups[0]->spin_ticks;
    unsigned goal = reap->min < reap->in_flight ? reap->min : (unsigned)reap->in_flight;
    unsigned have = drain_all(reap, 0);
    bool late = reap->until_ns == 0;
    for (;;) {
        uint64_t until_ns = reap->until_ns;
        int rc = look_after_all(reap, have, &until_ns);
        if (rc < 0)
            return have ? (int)have : rc; /* it is found again */
        if (have == 0)
            have = drain_all(reap, 0); /* what tending has brought */
        if (late || have >= goal || have == reap->max || (have && any(reap, group_must_tend)))
            return (int)have;
        if (spin_ticks) {
            if (have || (have = spin_for_news(reap, spin_ticks, until_ns)))
                return (int)have; /* no wake-up to spare: what is there is worth having */
        }
        bool deferred = any(reap, is_deferred);
        uint64_t patient_ns = deferred ? clock_monotonic_ns() + PATIENCE_NS : UINT64_MAX;
        have = sleep_for_news(reap, goal, have, patient_ns < until_ns ? patient_ns : until_ns);
        if (have)
            return (int)have;
        if (deferred)
            wake_deferred(reap);
        late = clock_is_past(reap->until_ns);
    }
}
