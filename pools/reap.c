/* The submitter's side of completions: draining the rings of one or two crews, and waiting for news. */
#include "pools/clock.h"
#include "pools/crew.h"

static unsigned drain_worker(struct crew *crew, unsigned number, struct done *done, unsigned max, bool *empty)
{
    struct worker *worker = &crew->worker[number];
    const struct done *ring = crew->rings + (size_t)number * crew->ring_size;
    uint32_t head = atomic_load_explicit(&worker->head, memory_order_relaxed); /* ours */
    /* seq_cst: after the ready bit was cleared (worker.c, publish); acquires the records */
    uint32_t tail = atomic_load_explicit(&worker->tail, memory_order_seq_cst);
    unsigned count = tail - head < max ? tail - head : max;
    for (unsigned i = 0; i < count; i++)
        done[i] = ring[(head + i) & (crew->ring_size - 1)];
    *empty = head + count == tail;
    if (count) {
        /* seq_cst: makes room, then looks whether the worker waits for it (worker.c, worker_record) */
        atomic_store_explicit(&worker->head, head + count, memory_order_seq_cst);
        if (atomic_load_explicit(&worker->blocked, memory_order_seq_cst)) {
            atomic_fetch_add_explicit(&worker->doorbell, 1, memory_order_release);
            futex_wake(&worker->doorbell, 1, crew->processes == 0);
        }
    }
    return count;
}

unsigned crew_drain(struct crew *crew, struct done *done, unsigned max)
{
    unsigned count = 0;
    for (unsigned word = 0; word < crew->words && count < max; word++) {
        /* plain look first: an exchange would take the line away from workers for nothing */
        if (atomic_load_explicit(&crew->ready[word], memory_order_seq_cst))
            crew->left[word] |= atomic_exchange_explicit(&crew->ready[word], 0, memory_order_seq_cst);
        uint64_t ready = crew->left[word];
        for (; ready && count < max; ready &= ready - 1) {
            unsigned bit = (unsigned)__builtin_ctzll(ready);
            bool empty;
            count += drain_worker(crew, word * 64 + bit, done + count, max - count, &empty);
            if (empty)
                crew->left[word] &= ~(1ull << bit);
        }
    }
    return count;
}

static unsigned drain_all(const struct crew_reap *reap, unsigned have)
{
    for (unsigned i = 0; i < reap->count; i++)
        have += crew_drain(reap->crews[i], reap->done + have, reap->max - have);
    return have;
}

static int check_all(const struct crew_reap *reap)
{
    int rc = 0;
    for (unsigned i = 0; i < reap->count && rc == 0; i++)
        rc = crew_check(reap->crews[i]);
    return rc;
}

/* For those who only ever poll: a look at the processes when the event word has moved since the last. */
static int check_if_shouted(const struct crew_reap *reap)
{
    struct crew *crew = reap->crews[0];
    uint32_t word = atomic_load_explicit(&crew->event->word, memory_order_acquire);
    if (word == crew->checked_at)
        return 0;
    crew->checked_at = word;
    return check_all(reap);
}

/* Polls until something is there, the spinning limit is reached or it is late. */
static unsigned spin_for_news(const struct crew_reap *reap, uint64_t spin_ticks)
{
    uint64_t start = clock_ticks();
    uint64_t until = reap->until_ns;
    for (unsigned i = 0;; i++) {
        unsigned have = drain_all(reap, 0);
        if (have)
            return have;
        clock_pause();
        if (i % 16 != 15)
            continue;
        if (spin_ticks != UINT64_MAX && clock_ticks() - start >= spin_ticks)
            return 0;
        if (until != UINT64_MAX && clock_monotonic_ns() >= until)
            return 0;
        if (spin_ticks == UINT64_MAX && i % 65536 == 65535 && check_all(reap) < 0)
            return 0; /* the sleeping path finds it again and reports it */
    }
}

int crew_reap(const struct crew_reap *reap)
{
    struct event *event = reap->crews[0]->event;
    uint64_t spin_ticks = reap->crews[0]->spin_ticks;
    unsigned workers = 0;
    for (unsigned i = 0; i < reap->count; i++)
        workers += reap->crews[i]->workers;
    unsigned goal = reap->min < reap->in_flight ? reap->min : (unsigned)reap->in_flight;

    unsigned have = drain_all(reap, 0);
    if (reap->until_ns == 0)
        return have ? (int)have : check_if_shouted(reap);
    if (have >= goal || have == reap->max)
        return (int)have;
    if (spin_ticks) {
        if (have || (have = spin_for_news(reap, spin_ticks)))
            return (int)have; /* no wake-up to spare: what is there is worth having */
    }
    for (;;) {
        uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire);
        uint32_t each = (goal - have) / workers;
        if (each > reap->crews[0]->ring_size / 2)
            each = reap->crews[0]->ring_size / 2; /* a worker whose ring is full can only wait */
        /* seq_cst: say what we want, then look again (event.h) */
        atomic_store_explicit(&event->wanted, each ? each : 1, memory_order_seq_cst);
        have = drain_all(reap, have);
        int rc = 0;
        if (have < goal && have < reap->max) {
            rc = check_all(reap);
            if (rc == 0)
                rc = futex_wait(&event->word, seen, reap->until_ns, event->private);
        }
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed);
        have = drain_all(reap, have);
        if (have || rc == -ETIMEDOUT)
            return (int)have;
        if (rc < 0)
            return rc;
    }
}
