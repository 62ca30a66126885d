/* The worker's side of a group: what its body calls around each task and where there is none; and how workers are
 * woken. Called by the worker whose `self` it is, but for waking. */
#ifndef POOLBENCH_WORKER_H
#define POOLBENCH_WORKER_H
#include "pools/parts/clock.h"
#include "pools/parts/group_state.h"

/* Short tasks are published together, so that the line of the tail does not travel for each of them; but not for
 * longer than a wake-up's worth. Who brings the last result that the submitter sleeps for wakes it; while that is far
 * off, so that it sleeps whatever is published, it is done less often: each time is a fight for the count of those. */
enum { PUBLISH_BATCH = 16, PUBLISH_NS = 1000, RECORDS_AHEAD = 4, ASLEEP_TIMES = 4 };

/* Around each task: goes_on, (claiming), before, record, begin, task_run, finish. What is done for every task is
 * inline.
 *
 * false: this process is to make way for a new one; everything has been handed over. */
bool worker_goes_on(struct self *self);
/* All records that are complete are the submitter's. */
void worker_publish(struct self *self);

/* Before a task that may take `label_ns`: nothing finished may wait behind a long one. */
static inline void worker_before(struct self *self, uint64_t label_ns)
{
    if (label_ns >= PUBLISH_NS)
        worker_publish(self);
}

/* The submitter's line is read only when what was seen of it last says that the ring is full: the acquire that saw it
 * then covers all records before. */
static inline bool worker_has_room(struct self *self, memory_order order)
{
    if (self->filled - self->head_seen < RING_SIZE)
        return true;
    self->head_seen = atomic_load_explicit(&self->worker->head, order);
    return self->filled - self->head_seen < RING_SIZE;
}

/* Waits for room in the ring. false: stop. */
bool worker_await_room(struct self *self);

/* The next free record of the worker's ring; waits for room. NULL: stop. */
static inline struct done *worker_record(struct self *self)
{
    /* relaxed: nothing comes with it, and who misses it now sees it with the next task or asleep */
    if (atomic_load_explicit(&self->group->shared->stopping, memory_order_relaxed))
        return NULL; /* in the middle of a backlog: nobody will reap it */
    /* acquire: the submitter has read the record that is about to be overwritten */
    if (!worker_has_room(self, memory_order_acquire) && !worker_await_room(self))
        return NULL;
    return &self->ring[self->filled & (RING_SIZE - 1)];
}

/* The worker starts that task, from that slot: from now on its death is the task's. */
static inline void worker_begin(struct self *self, uint32_t task, uint32_t slot)
{
    if (self->group->limit_ticks)
        atomic_store_explicit(&self->worker->since, clock_ticks(),
                              memory_order_relaxed); /* the next line publishes it */
    /* release: after the claim and `since`. That the task comes after it no order need say: whoever takes the dead's
     * word for it sees all they stored in program order, which the call of task_run keeps */
    atomic_store_explicit(&self->worker->running, (uint64_t)task << 32 | (slot + 1), memory_order_release);
}

/* For those who hand back their records by other ways than the ring: signs one; after worker_end, the task is over. */
static inline void worker_sign(struct self *self, struct done *done)
{
    done->worker = self->number_in_pool;
    done->pid = self->pid;
    moves_note(&self->moves, &self->group->config->places, done->cpu);
    self->served++;
}

static inline void worker_end(struct self *self)
{
    /* release: the record was handed back before */
    atomic_store_explicit(&self->worker->running, 0, memory_order_release);
}

/* The record is complete; label_ns: how long its task was expected to take. */
static inline void worker_finish(struct self *self, struct done *done, uint64_t label_ns)
{
    struct worker *worker = self->worker;
    uint32_t filled = self->filled + 1;
    worker_sign(self, done);
    self->filled = filled;
    /* the claim of the next task waits until this one's stores are out, and they wait for lines that the submitter has
     * read: have those that come next sent here meanwhile */
    clock_fetch_to_write(&self->ring[(filled + RECORDS_AHEAD) & (RING_SIZE - 1)]);
    /* release: whoever counts this record finds it complete; and it comes before the next line, so that one who dies in
     * between has finished the task */
    atomic_store_explicit(&worker->filled, filled, memory_order_release);
    worker_end(self);
    self->unpublished_ns += label_ns;
    if (filled - self->published >= PUBLISH_BATCH * self->together ||
        self->unpublished_ns >= PUBLISH_NS * self->together)
        worker_publish(self);
}

/* No work: waits for some. false: stop. */
bool worker_rest(struct self *self);
/* Carries out an order, if there is a new one. false: it was to stop. */
bool worker_obey(struct self *self);
bool worker_has_orders(const struct self *self); /* there is one that it has not carried out */

/* What the worker has used so far goes where group_usage reads it. */
void worker_note_usage(struct self *self);
/* It has carried out the order of that number; to have started is the answer to the last order before that. */
void worker_answer(struct group *group, struct worker *worker, uint32_t order);

/* ---- waking: by anybody, after work was published with a seq_cst store ---- */

void group_wake(struct group *group, unsigned count);         /* up to count idle workers */
void group_wake_worker(struct group *group, unsigned number); /* this one, if it is idle */
void group_ring_all(struct group *group);                     /* everybody, idle or not */
void group_ring(struct group *group, unsigned number);        /* this one, asleep or not */
/* Clears a worker's idle bit; false when somebody else has. */
bool idle_leave(struct group *group, unsigned number);

#endif
