/* The worker's side of a group: records, publication, ringing the submitter, resting. See group_state.h for the design.
 */
#include "pools/parts/worker.h"
#include "pools/parts/clock.h"
#include "pools/parts/usage.h"

void worker_publish(struct self *self)
{
    struct group *group = self->group;
    struct worker *worker = self->worker;
    uint32_t count = self->filled - self->published;
    if (!count)
        return;
    self->published = self->filled;
    self->unpublished_ns = 0;
    /* seq_cst, here and in the loads after it: the submitter clears the ready bit and sets `wanted` before it looks at
     * the tails; either it sees this tail, or we see what it wrote */
    atomic_store_explicit(&worker->tail, self->filled, memory_order_seq_cst);
    uint64_t bit = 1ull << (self->number % 64);
    _Atomic uint64_t *ready = &group->ready[self->number / 64];
    if (!(atomic_load_explicit(ready, memory_order_seq_cst) & bit))
        atomic_fetch_or_explicit(ready, bit, memory_order_seq_cst);
    const int32_t wanted = event_report(group->event, count);
    self->together = wanted > (int32_t)(ASLEEP_TIMES * PUBLISH_BATCH * group->workers) ? ASLEEP_TIMES : 1;
    /* relaxed, a hint: a worker whose ring is full could only wait */
    if (self->filled - atomic_load_explicit(&worker->head, memory_order_relaxed) >= RING_SIZE / 2)
        event_ring(group->event);
}

void worker_note_usage(struct self *self)
{
    struct usage *usage = &self->worker->usage;
    usage_read_thread(usage);
    moves_add(&self->moves, usage);
}

bool worker_goes_on(struct self *self)
{
    struct group *group = self->group;
    if (!group->max_tasks)
        return true;
    unsigned first = self->number - self->number % group->threads;
    _Atomic uint32_t *retired = &group->worker[first].retired;
    /* exchange: one of them rings; ordered by the doorbells, which come after it (is_retired), and relaxed below:
     * whoever does not see it yet runs one task more */
    if (self->served >= group->max_tasks && !atomic_exchange_explicit(retired, 1, memory_order_seq_cst))
        for (unsigned i = first; i < first + group->threads; i++) /* those who sleep beside it go too */
            group_ring(group, i);
    if (!atomic_load_explicit(retired, memory_order_relaxed))
        return true;
    worker_note_usage(self); /* nobody will ask it again */
    worker_publish(self);
    return false;
}

bool worker_await_room(struct self *self)
{
    /* acquire: as worker_record */
    while (!worker_has_room(self, memory_order_acquire)) {
        struct worker *worker = self->worker;
        worker_publish(self);
        event_ring(self->group->event);
        _Atomic uint32_t *doorbell = &self->group->doorbells[self->number];
        uint32_t seen = atomic_load_explicit(doorbell, memory_order_acquire); /* futex.h */
        /* seq_cst: we say that we wait, then look again; the submitter makes room, then looks whether we wait */
        atomic_store_explicit(&worker->blocked, 1, memory_order_seq_cst);
        if (atomic_load_explicit(&self->group->shared->stopping, memory_order_seq_cst))
            return false;
        if (!worker_has_room(self, memory_order_seq_cst))
            futex_wait(doorbell, seen, UINT64_MAX, self->group->processes == 0);
        atomic_store_explicit(&worker->blocked, 0, memory_order_relaxed); /* who sees it late rings for nothing */
    }
    return true;
}

void group_ring(struct group *group, unsigned number)
{
    _Atomic uint32_t *doorbell = &group->doorbells[number];
    /* seq_cst: after an order, before the worker's second look; else release would do: it sees what it is woken for
     * when it sees the new number */
    atomic_fetch_add_explicit(doorbell, 1, memory_order_seq_cst);
    futex_wake(doorbell, 1, group->processes == 0);
}

/* ---- resting ---- */

bool worker_has_orders(const struct self *self)
{
    /* seq_cst: the second look, though the doorbell that follows every order would do (futex.h); acquires the order */
    return atomic_load_explicit(&self->group->shared->orders, memory_order_seq_cst) != self->orders_seen;
}

/* Only where there is somebody beside it who may have said so. */
static bool is_retired(const struct self *self)
{
    const struct group *group = self->group;
    /* seq_cst: as worker_has_orders; worker_goes_on rings after it */
    return group->max_tasks && group->threads > 1 &&
           atomic_load_explicit(&group->worker[self->number - self->number % group->threads].retired,
                                memory_order_seq_cst);
}

/* Spins while there is nothing to do and a spinning limit is not reached. true: there is something. */
static bool spin(struct self *self)
{
    struct group *group = self->group;
    if (!group->spin_ticks)
        return false;
    uint64_t start = clock_ticks();
    for (unsigned i = 0;; i++) {
        if (group->body.has_work(self, group->body.work) || worker_has_orders(self) || is_retired(self))
            return true;
        clock_pause();
        if (i % 16 == 15 && group->spin_ticks != UINT64_MAX && clock_ticks() - start >= group->spin_ticks)
            return false;
    }
}

bool idle_leave(struct group *group, unsigned number)
{
    uint64_t bit = 1ull << (number % 64);
    /* seq_cst: the bit is the hand-over between waker and worker; exactly one of them clears it */
    if (!(atomic_fetch_and_explicit(&group->idle[number / 64], ~bit, memory_order_seq_cst) & bit))
        return false;
    /* relaxed: after the bit that its own increment came before; one that is seen late makes the count too high, which
     * costs a look */
    atomic_fetch_sub_explicit(&group->shared->idle_count, 1, memory_order_relaxed);
    return true;
}

static void sleep_until_rung(struct self *self)
{
    struct group *group = self->group;
    unsigned n = self->number;
    uint32_t seen = atomic_load_explicit(&group->doorbells[n], memory_order_acquire); /* futex.h */
    /* seq_cst: both are seen before the second look, or the look finds the work (group_state.h, Sleeping). The count
     * goes up before the bit, and down after it (idle_leave), so that it is never too low for a waker */
    atomic_fetch_add_explicit(&group->shared->idle_count, 1, memory_order_seq_cst);
    atomic_fetch_or_explicit(&group->idle[n / 64], 1ull << (n % 64), memory_order_seq_cst);
    if (!group->body.has_work(self, group->body.work) && !worker_has_orders(self) && !is_retired(self))
        futex_wait(&group->doorbells[n], seen, UINT64_MAX, group->processes == 0);
    idle_leave(group, n);
}

bool worker_rest(struct self *self)
{
    worker_publish(self);
    if (!spin(self) && !worker_has_orders(self))
        sleep_until_rung(self);
    return worker_obey(self);
}

void worker_answer(struct group *group, struct worker *worker, uint32_t order)
{
    /* seq_cst, and the load after it: either the submitter sees this answer, or we see that it waits for it */
    atomic_store_explicit(&worker->answered, order, memory_order_seq_cst);
    uint32_t awaited = atomic_load_explicit(&group->shared->awaited, memory_order_seq_cst);
    if (awaited == (uint32_t)(worker - group->worker) + 1)
        event_shout(group->event);
}

static void report(struct self *self, uint32_t order)
{
    struct group *group = self->group;
    worker_note_usage(self);
    bool speaks_for_process = group->processes && self->number % group->threads == 0;
    /* relaxed: published by the order */
    if (speaks_for_process && atomic_load_explicit(&group->shared->with_memory, memory_order_relaxed))
        usage_read_memory(&self->worker->usage);
    worker_answer(group, self->worker, order);
}

bool worker_obey(struct self *self)
{
    if (worker_has_orders(self)) {
        self->orders_seen++;
        if (atomic_load_explicit(&self->group->shared->stopping, memory_order_relaxed)) /* published by the order */
            return false;
        report(self, self->orders_seen);
    }
    return true;
}

void group_wake_worker(struct group *group, unsigned number)
{
    /* only a look first: mostly nobody sleeps; seq_cst, see group_state.h, Sleeping */
    if (!(atomic_load_explicit(&group->idle[number / 64], memory_order_seq_cst) & 1ull << (number % 64)))
        return;
    if (idle_leave(group, number)) /* else somebody else woke it, or it woke itself */
        group_ring(group, number);
}

void group_wake(struct group *group, unsigned count)
{
    /* seq_cst: the work was published before this load */
    if (atomic_load_explicit(&group->shared->idle_count, memory_order_seq_cst) == 0)
        return;
    for (unsigned word = 0; word < group->words && count; word++) { /* seq_cst: as the count */
        uint64_t idle = atomic_load_explicit(&group->idle[word], memory_order_seq_cst);
        for (; idle && count; idle &= idle - 1, count--)
            group_wake_worker(group, word * 64 + (unsigned)__builtin_ctzll(idle));
    }
}

void group_ring_all(struct group *group)
{
    for (unsigned i = 0; i < group->workers; i++)
        group_ring(group, i);
    if (group->body.call)
        group->body.call(group->body.work);
}
