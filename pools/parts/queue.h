/* The queue: one submitter, many workers, each task separately claimable.
 *
 * A slot is one 64-bit word: task << 32 | more << 24 | owner; owner 0 means anybody may claim it. To claim is to
 * compare-and-swap the owner in, right before the task is run: whoever is named in the slot is running the task, so
 * that a dead worker's loss is exactly the slots that name it and have not come back. Nothing else decides anything:
 * positions (`tail`, `scan_from`, `line`) are hints where to look. A task is offered again only when the one who had
 * claimed it died before it started, so a compare-and-swap that comes late on a slot that is used again either fails or
 * claims what is on offer there.
 *
 * Several in a slot. Where all tasks are short and many are queued, a slot holds the task and `more` that follow it in
 * number: as many as take a microsecond together, so that nobody waits for them longer than for a wake-up. The owner
 * runs them in order, each with a beginning and a record of its own, so of a dead worker's slot that many are back as
 * have been reported, at most the next one was running, and the rest is offered again.
 *
 * Where to look. When much is queued and tasks are short, a worker takes eight consecutive slots (a cache line) as its
 * own hunting ground, so that workers do not fight for lines; the tasks in it stay claimable by all. Else, and when the
 * lines are used up, it looks from the oldest unclaimed slot on.
 *
 * The submitter writes a slot only when the task that was in it has been reaped; slots of tasks that run for long are
 * stepped over. Payload lies beside the slots: input is copied in for workers in other processes, output is written
 * there by the worker and read by the submitter in place. */
#ifndef POOLBENCH_QUEUE_H
#define POOLBENCH_QUEUE_H
#include "pools/parts/group.h"

struct queue_shared {
    _Alignas(128) _Atomic uint64_t tail;      /* positions published */
    _Alignas(128) _Atomic uint64_t scan_from; /* every slot at a position below is claimed */
    _Alignas(128) _Atomic uint64_t line;      /* next line that nobody hunts in */
    _Alignas(128) _Atomic uint64_t slots[];
};

/* Between free and returned: how many of a slot's tasks are not back. */
enum slot_state { SLOT_FREE, SLOT_MOST = 8, SLOT_RETURNED };

#define SLOT_OWNER    0xffffffu
#define SLOT_MORE_BIT 24
static inline unsigned slot_tasks(uint64_t word)
{
    return ((uint32_t)word >> SLOT_MORE_BIT) + 1;
}

struct queue {
    const struct job *job;
    struct group *group;
    struct queue_shared *shared;
    uint32_t size, mask; /* slots, a power of two */
    uint64_t task_ns;    /* what a task takes at most, with handing it over, when all are short; 0: some are not */
    unsigned together;   /* tasks in a slot at most */
    unsigned at_once;    /* workers that can run at the same time */
    bool copies_input;
    size_t payload_stride, out_offset;
    unsigned char *payload; /* size rows: input, output */
    /* the submitter's own, away from what threads read for every task */
    _Alignas(128) uint64_t tail;
    uint32_t in_flight; /* tasks; slots in use are no more */
    uint8_t *state;     /* per slot, enum slot_state */
    uint32_t *returned; /* slots reaped in the last call, whose output the driver may still read */
    uint32_t returned_count;
};

#define QUEUE_REAP_MAX 256 /* most completions per reap, because of `returned` */

/* Prepares the group (group_prepare) with a queue in its memory; extra: bytes of zeroed memory behind it. 0 or -errno,
 * and then nothing is left of both. queue_release: once the group has stopped. */
int queue_open(struct queue *queue, struct group *group, enum wait_mode wait, size_t extra, void **extra_memory);
void queue_release(struct queue *queue);

/* Those who hand over slots by other ways (pools/transport/) place and claim one at a time. The submitter: into a free
 * slot, which there must be (in_flight below size); returns it. */
uint32_t queue_place(struct queue *queue, uint32_t task);
/* A worker, as owner (its number + 1): true, and *task is its own from now on; false when somebody else has it. */
bool queue_claim(struct queue *queue, uint32_t slot, uint32_t owner, uint32_t *task);
/* What a worker does with what it has claimed: all of *done but what worker_sign adds. */
void queue_run(struct self *self, struct queue *queue, uint32_t slot, uint32_t task, struct done *done);
/* Is the slot's task still to be claimed? For the submitter. */
bool queue_is_offered(const struct queue *queue, uint32_t slot);

/* As submit of the pool contract. */
int queue_submit(struct queue *queue, const uint32_t *tasks, unsigned n);
/* After group_reap: takes back the slots of finished tasks and fills in their output. */
void queue_take_back(struct queue *queue, struct done *done, unsigned count);
bool queue_is_busy(const struct queue *queue); /* tasks were handed in and not reaped */
void queue_next_call(struct queue *queue);     /* output of the last call is not read any more */

/* Workers: the body of a group whose work is a struct queue. */
void queue_work(struct self *self, void *queue);
bool queue_has_work(struct self *self, void *queue);
void queue_touch(struct self *self, void *queue);
unsigned queue_recover(void *queue, unsigned first, unsigned count, struct done *fallen);

#endif
