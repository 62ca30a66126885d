/* The queue of queue.h. */
#include "pools/parts/queue.h"
#include "pools/parts/clock.h"
#include "pools/parts/task_run.h"
#include "pools/parts/worker.h"
#include <stdlib.h>
#include <string.h>

enum {
    SLOTS_DEFAULT = 4096,
    LINE = 8,             /* slots in 64 bytes */
    SHORT_TASK_NS = 2000, /* below this a fight for a cache line matters */
    OLDEST_EVERY = 16,    /* lines */
    HANDOVER_NS = 25,     /* about what a task costs that does nothing */
    TOGETHER_NS = 1000,   /* what the tasks of a slot may take in all */
    WAKE_NS = 50000,      /* work that is worth waking somebody for: the waker pays 10 us, and 50 pass until it works */
};
#define PAYLOAD_LIMIT (64u << 20) /* bytes of payload in slots, unless the workers alone need more */
#define NOBODY        SLOT_OWNER  /* owner of a slot that never held a task */

static size_t payload_stride(const struct job *job)
{
    return align_up(job->in_bytes, 64) + align_up(job->out_bytes, 64);
}

static uint32_t size_for(const struct job *job, unsigned workers)
{
    size_t stride = payload_stride(job);
    uint32_t least = LINE, size = SLOTS_DEFAULT;
    while (least < 2 * workers)
        least *= 2;
    while (size > least && stride * size > PAYLOAD_LIMIT)
        size /= 2;
    return size > least ? size : least;
}

/* Whether somebody who is awake can be waited for: every task is known to be short, and nothing is to go wrong. */
static uint64_t longest_of_short(const struct job *job, const struct group *group)
{
    if (job->faults.count || group->max_tasks || job->workload->file)
        return 0;
    uint64_t longest = 0;
    for (uint32_t i = 0; i < job->sequence.count; i++) {
        uint64_t label = task_cost_label_ns(job, &job->sequence.costs[i]);
        longest = label > longest ? label : longest;
    }
    return longest < SHORT_TASK_NS ? longest + HANDOVER_NS : 0;
}

/* How many tasks a slot may hold, and how many of the workers can run at the same time. */
static void together_set(struct queue *queue)
{
    const struct group *group = queue->group;
    const unsigned cpus = group->config->cpus;
    queue->at_once = cpus && cpus < group->workers ? cpus : group->workers;
    queue->together = 1;
    if (queue->task_ns && !queue->payload_stride)
        while (queue->together < SLOT_MOST && 2 * queue->together * queue->task_ns <= TOGETHER_NS)
            queue->together *= 2;
}

int queue_open(struct queue *queue, struct group *group, enum wait_mode wait, size_t extra, void **extra_memory)
{
    const struct job *job = group->job;
    uint32_t size = size_for(job, group->workers);
    size_t slots = align_up(sizeof(struct queue_shared) + size * sizeof(uint64_t), 4096);
    size_t bytes = slots + size * payload_stride(job);
    void *memory;
    int rc = group_prepare(group, wait, bytes + extra, &memory);
    if (rc < 0)
        return rc;
    queue->job = job;
    queue->group = group;
    queue->shared = memory;
    queue->size = size;
    queue->mask = size - 1;
    queue->task_ns = longest_of_short(job, group);
    group->defers = queue->task_ns != 0;
    queue->copies_input = group->processes != 0;
    queue->payload_stride = payload_stride(job);
    queue->out_offset = align_up(job->in_bytes, 64);
    together_set(queue);
    queue->payload = (unsigned char *)memory + slots;
    queue->state = calloc(size, sizeof *queue->state);
    queue->returned = calloc(QUEUE_REAP_MAX, sizeof *queue->returned);
    if (!queue->state || !queue->returned) {
        queue_release(queue);
        group_stop(group, false);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < size; i++) /* relaxed: before any worker exists */
        atomic_store_explicit(&queue->shared->slots[i], NOBODY, memory_order_relaxed);
    if (extra_memory)
        *extra_memory = (char *)memory + bytes;
    return 0;
}

void queue_release(struct queue *queue)
{
    free(queue->state);
    free(queue->returned);
    queue->state = NULL;
    queue->returned = NULL;
}

/* About how many tasks are queued; it may be more by what is in lines that somebody hunts in. relaxed: an estimate, and
 * the tail is the caller's own or one it has looked at */
static uint64_t count_queued(const struct queue *queue)
{
    uint64_t oldest = atomic_load_explicit(&queue->shared->scan_from, memory_order_relaxed);
    uint64_t line = atomic_load_explicit(&queue->shared->line, memory_order_relaxed);
    uint64_t tail = atomic_load_explicit(&queue->shared->tail, memory_order_relaxed);
    uint64_t from = line > oldest ? line : oldest;
    if (tail <= from)
        return 0;
    /* of one who was kept from storing its hint, that may lie far behind */
    uint64_t slots = tail - from < queue->size ? tail - from : queue->size;
    return slots * slot_tasks(atomic_load_explicit(&queue->shared->slots[from & queue->mask], memory_order_relaxed));
}

/* Wakes up to `count`, unless those who are awake will have done what is queued before the woken could help. They come
 * round soon, as all tasks are short; should they not, the submitter wakes others while it waits (reap.c). */
static void wake_for(struct queue *queue, unsigned count)
{
    unsigned awake = group_awake(queue->group);
    if (awake == queue->group->workers)
        return;
    if (!queue->task_ns || !awake || count_queued(queue) * queue->task_ns >= (uint64_t)awake * WAKE_NS)
        group_wake(queue->group, count);
}

/* ---- the submitter ---- */

/* `count` tasks from this one on go into a free slot, which there must be. Returns it. */
static inline uint32_t place(struct queue *queue, uint32_t task, unsigned count)
{
    struct queue_shared *shared = queue->shared;
    uint64_t tail = queue->tail;
    while (queue->state[tail & queue->mask] != SLOT_FREE)
        tail++;
    uint32_t slot = (uint32_t)(tail & queue->mask);
    queue->state[slot] = (uint8_t)count;
    queue->tail = tail + 1;
    queue->in_flight += count;
    if (slot % LINE == 0)
        clock_fetch_to_write(&shared->slots[(slot + 2 * LINE) & queue->mask]);
    if (queue->copies_input && queue->job->in_bytes)
        memcpy(queue->payload + slot * queue->payload_stride, job_input(queue->job, task), queue->job->in_bytes);
    /* release: whoever claims it sees its input */
    atomic_store_explicit(&shared->slots[slot], (uint64_t)task << 32 | (count - 1) << SLOT_MORE_BIT,
                          memory_order_release);
    return slot;
}

uint32_t queue_place(struct queue *queue, uint32_t task)
{
    return place(queue, task, 1);
}

bool queue_is_offered(const struct queue *queue, uint32_t slot)
{
    /* relaxed: somebody may claim it right after */
    return queue->state[slot] != SLOT_FREE && queue->state[slot] != SLOT_RETURNED &&
           (atomic_load_explicit(&queue->shared->slots[slot], memory_order_relaxed) & SLOT_OWNER) == 0;
}

/* How many of the first n tasks are to share a slot: several where each of those who are awake, or could be, has two
 * slots' worth before it. */
static unsigned together(const struct queue *queue, const uint32_t *tasks, unsigned n, unsigned awake)
{
    unsigned count = 1, most = n < queue->together ? n : queue->together;
    if (queue->in_flight < 2 * SLOT_MOST * (awake > queue->at_once ? awake : queue->at_once))
        return 1;
    while (count < most && tasks[count] == tasks[0] + count)
        count++;
    return count;
}

int queue_submit(struct queue *queue, const uint32_t *tasks, unsigned n)
{
    struct queue_shared *shared = queue->shared;
    const unsigned awake = queue->together > 1 ? group_awake(queue->group) : 0;
    unsigned taken = 0;
    n = n < queue->size - queue->in_flight ? n : queue->size - queue->in_flight;
    while (taken < n) {
        unsigned count = queue->together > 1 ? together(queue, tasks + taken, n - taken, awake) : 1;
        place(queue, tasks[taken], count);
        taken += count;
    }
    if (taken) {
        /* seq_cst: published, then group_wake looks who sleeps */
        atomic_store_explicit(&shared->tail, queue->tail, memory_order_seq_cst);
        wake_for(queue, 1); /* who is woken wakes others */
    }
    return (int)taken;
}

void queue_next_call(struct queue *queue)
{
    for (uint32_t i = 0; i < queue->returned_count; i++)
        queue->state[queue->returned[i]] = SLOT_FREE;
    queue->in_flight -= queue->returned_count;
    queue->returned_count = 0;
}

/* Records of one slot mostly follow one another. Its last one frees it in the next call. */
void queue_take_back(struct queue *queue, struct done *done, unsigned count)
{
    const size_t out_bytes = queue->job->out_bytes;
    for (unsigned i = 0, n; i < count; i += n) {
        const uint32_t slot = done[i].slot;
        const uint8_t left = queue->state[slot];
        for (n = 1; i + n < count && done[i + n].slot == slot; n++)
            ;
        if (out_bytes)
            done[i].out = queue->payload + slot * queue->payload_stride + queue->out_offset;
        if (left > n && left <= SLOT_MOST) {
            queue->state[slot] = (uint8_t)(left - n);
            queue->in_flight -= n;
        } else {
            queue->state[slot] = SLOT_RETURNED;
            queue->in_flight -= n - 1;
            queue->returned[queue->returned_count++] = slot;
        }
    }
}

/* Hands in once more what had been claimed and not started. */
static void offer_again(struct queue *queue, uint32_t task, unsigned count)
{
    queue->in_flight -= count;
    for (unsigned i = 0; i < count; i++, task++)
        queue_submit(queue, &task, 1); /* takes it: there is room for one more now */
}

/* The slots that name the dead and have not come back: what they were running, and what they had claimed and not
 * started, which is handed in once more. Free slots may still name them: of tasks that have been reaped. */
unsigned queue_recover(void *work, unsigned first, unsigned count, struct done *fallen)
{
    struct queue *queue = work;
    unsigned found = 0;
    for (uint32_t slot = 0; slot < queue->size; slot++) {
        /* relaxed, here and of `running`: the process that wrote them is gone, and wait4 came after; slots that others
         * claim meanwhile are not looked at further */
        uint64_t value = atomic_load_explicit(&queue->shared->slots[slot], memory_order_relaxed);
        uint32_t owner = (uint32_t)value & SLOT_OWNER, left = queue->state[slot];
        if (left == SLOT_FREE || left == SLOT_RETURNED || owner <= first || owner > first + count)
            continue;
        const struct worker *worker = &queue->group->worker[owner - 1];
        uint32_t task = (uint32_t)(value >> 32) + slot_tasks(value) - left; /* the first that is not back */
        if (atomic_load_explicit(&worker->running, memory_order_relaxed) == ((uint64_t)task << 32 | (slot + 1))) {
            fallen[found++] = (struct done){.task = task, .slot = slot, .worker = (uint16_t)(owner - 1)};
            queue->state[slot] = SLOT_RETURNED; /* whoever bears the number next may die before it is reported */
            offer_again(queue, task + 1, left - 1);
            continue;
        }
        /* relaxed: says nothing that anybody acts upon; queue_submit publishes the task */
        atomic_store_explicit(&queue->shared->slots[slot], NOBODY, memory_order_relaxed);
        queue->state[slot] = SLOT_FREE;
        offer_again(queue, task, left);
    }
    return found;
}

bool queue_is_busy(const struct queue *queue)
{
    return queue->in_flight > queue->returned_count;
}

/* ---- workers ---- */

struct hunt {
    uint32_t owner;   /* who hunts */
    uint32_t slot;    /* what it has claimed */
    uint64_t word;    /* what stood there */
    uint64_t at, end; /* positions of the line of its own */
    uint32_t lines;   /* taken so far */
    bool short_tasks; /* the last task was one */
};

static inline bool claim_slot(struct queue *queue, uint32_t slot, uint32_t owner, uint64_t *word)
{
    _Atomic uint64_t *at = &queue->shared->slots[slot];
    /* relaxed: only a look; the compare-and-swap decides */
    *word = atomic_load_explicit(at, memory_order_relaxed);
    /* acquire: the task's input, written before the slot (place), and that its output may be overwritten; release is
     * not needed: the owner publishes nothing by it, and worker_begin's release keeps `running` behind it */
    return (*word & SLOT_OWNER) == 0 &&
           atomic_compare_exchange_strong_explicit(at, word, *word | owner, memory_order_acquire, memory_order_relaxed);
}

bool queue_claim(struct queue *queue, uint32_t slot, uint32_t owner, uint32_t *task)
{
    uint64_t word;
    if (!claim_slot(queue, slot, owner, &word))
        return false;
    *task = (uint32_t)(word >> 32);
    return true;
}

static bool claim(struct queue *queue, struct hunt *hunt, uint64_t position)
{
    hunt->slot = (uint32_t)(position & queue->mask);
    return claim_slot(queue, hunt->slot, hunt->owner, &hunt->word);
}

static bool claim_in_line(struct queue *queue, struct hunt *hunt)
{
    while (hunt->at < hunt->end)
        if (claim(queue, hunt, hunt->at++))
            return true;
    return false;
}

/* Takes a whole published line that nobody hunts in, when much is queued. */
static bool next_line(struct queue *queue, struct hunt *hunt, uint64_t tail)
{
    struct queue_shared *shared = queue->shared;
    uint64_t line = atomic_load_explicit(&shared->line, memory_order_relaxed); /* relaxed: hints, all of them */
    uint64_t oldest = atomic_load_explicit(&shared->scan_from, memory_order_relaxed) & ~(uint64_t)(LINE - 1);
    if (line < oldest) { /* others went on without lines: catch up */
        atomic_compare_exchange_strong_explicit(&shared->line, &line, oldest, memory_order_relaxed,
                                                memory_order_relaxed);
        line = oldest;
    }
    if (line + 2ull * LINE * group_awake(queue->group) > tail)
        return false;
    hunt->at = atomic_fetch_add_explicit(&shared->line, LINE, memory_order_relaxed);
    hunt->end = hunt->at + LINE;
    return hunt->end <= tail;
}

static bool claim_oldest(struct queue *queue, struct hunt *hunt, uint64_t tail)
{
    struct queue_shared *shared = queue->shared;
    /* relaxed, here and below: a hint, true for ever: whoever has loaded a tail (acquire) sees the slots before it as
     * they were published or later, so that one it saw claimed is. An older hint that comes late costs looks */
    uint64_t at = atomic_load_explicit(&shared->scan_from, memory_order_relaxed);
    if (at + queue->size < tail)
        at = tail - queue->size;
    for (; at < tail; at++) {
        if (claim(queue, hunt, at)) {
            atomic_store_explicit(&shared->scan_from, at + 1, memory_order_relaxed);
            return true;
        }
    }
    atomic_store_explicit(&shared->scan_from, at, memory_order_relaxed);
    return false;
}

static bool find_task(struct queue *queue, struct hunt *hunt)
{
    if (claim_in_line(queue, hunt))
        return true;
    /* acquire: the slots before it; the second look, which needs more, is queue_has_work */
    uint64_t tail = atomic_load_explicit(&queue->shared->tail, memory_order_acquire);
    /* now and then the oldest first: a task must not wait for ever in the line of a worker that met a long one */
    while (hunt->short_tasks && ++hunt->lines % OLDEST_EVERY && next_line(queue, hunt, tail))
        if (claim_in_line(queue, hunt))
            return true;
    hunt->at = hunt->end = 0;
    return claim_oldest(queue, hunt, tail);
}

bool queue_has_work(struct self *self, void *work)
{
    (void)self;
    struct queue *queue = work;
    /* seq_cst: after the idle bit was set; queue_submit stores it before it looks at the bits. relaxed, the others:
     * what was stored before this tail is seen, and a claim that is not seen yet costs a look */
    uint64_t tail = atomic_load_explicit(&queue->shared->tail, memory_order_seq_cst);
    uint64_t at = atomic_load_explicit(&queue->shared->scan_from, memory_order_relaxed);
    if (at + queue->size < tail)
        at = tail - queue->size;
    for (; at < tail; at++)
        if ((atomic_load_explicit(&queue->shared->slots[at & queue->mask], memory_order_relaxed) & SLOT_OWNER) == 0)
            return true;
    return false;
}

void queue_touch(struct self *self, void *work)
{
    (void)self;
    struct queue *queue = work;
    memory_map_now(queue->shared->slots, queue->size * sizeof *queue->shared->slots);
    if (queue->copies_input)
        memory_map_now(queue->payload, queue->size * queue->payload_stride);
}

inline void queue_run(struct self *self, struct queue *queue, uint32_t slot, uint32_t task, struct done *done)
{
    const struct job *job = queue->job;
    unsigned char *payload = queue->payload + slot * queue->payload_stride;
    const void *in = queue->copies_input && job->in_bytes ? payload : job_input(job, task);
    worker_begin(self, task, slot);
    task_run(job, task, in, job->out_bytes ? payload + queue->out_offset : NULL, done);
    done->slot = slot;
}

/* A tree is faster than a chain as long as there are CPUs for it. Beyond that it wakes workers that have to wait for
 * one, and find nothing when they have it. */
static unsigned fan_out(const struct queue *queue)
{
    return group_awake(queue->group) < queue->group->config->cpus ? 2 : 1;
}

/* Runs what it has claimed. false: stop. */
static bool hunted_run(struct self *self, struct queue *queue, struct hunt *hunt)
{
    uint32_t task = (uint32_t)(hunt->word >> 32);
    for (unsigned left = slot_tasks(hunt->word); left; left--, task++) {
        uint64_t label = task_label_ns(queue->job, task);
        hunt->short_tasks = label < SHORT_TASK_NS;
        worker_before(self, label);
        struct done *done = worker_record(self);
        if (!done)
            return false;
        queue_run(self, queue, hunt->slot, task, done);
        worker_finish(self, done, label);
    }
    return true;
}

void queue_work(struct self *self, void *work)
{
    struct queue *queue = work;
    struct hunt hunt = {.owner = self->number + 1};
    bool rested = false;
    while (worker_goes_on(self)) {
        if (!find_task(queue, &hunt)) {
            if (!worker_rest(self))
                return;
            rested = true;
            continue;
        }
        if (rested) { /* somebody woke us: hand it on while there is more */
            rested = false;
            if (queue_has_work(self, queue))
                wake_for(queue, fan_out(queue));
        }
        if (!hunted_run(self, queue, &hunt))
            return;
    }
}
