/* A worker group: the workers of a pool, threads of the submitter or processes of one or more threads, and all that
 * does not depend on how work reaches them: starting and pinning, completions, sleeping and waking, orders, stopping.
 *
 * Completions. Every worker owns a ring of records by value, filled by it alone and emptied by the submitter alone; a
 * bit in `ready` says which rings to look at, so that reaping costs O(ready), not O(workers). Short tasks are published
 * several at once. Nothing in a ring can be left half-changed by a worker that dies: the tail moves last.
 *
 * Sleeping. A worker that finds no work sets its bit in `idle`, looks again, and sleeps on its own doorbell. Whoever
 * brings work clears a bit and rings that doorbell. Both sides' store-then-load pairs are sequentially consistent, so
 * either the worker sees the work or the bringer sees the bit. Woken workers wake others while there is work (a tree
 * while there are CPUs, then a chain), so that the submitter pays for one.
 *
 * Orders (report your usage, stop) are a number that all workers compare before they sleep.
 *
 * Death. A worker process can end at any instruction (survive.c). What it says of itself are single stores in program
 * order to a line of its own: `running`, the task it has started and not finished; `filled`, the records it has
 * completed, published or not. Nobody else writes them, it holds no lock, and what it may have swallowed, a wake-up
 * that it was about to pass on, is made good by ringing everybody. So the submitter takes its completed records,
 * reports the one task that `running` names, offers again what it had claimed and not started, and starts another in
 * its place.
 *
 * Everything shared lies in one mapping, MAP_SHARED for processes. This header is what a group consists of; what is
 * done with it is in group.h (its life), worker.h (the worker's side, waking), reap.h (taking back), birth.h and
 * survive.h (processes that begin and end). Only the submitter calls group_*, waking apart; workers call worker_*. */
#ifndef POOLBENCH_GROUP_STATE_H
#define POOLBENCH_GROUP_STATE_H
#include "pools/parts/event.h"
#include "pools/parts/moves.h"
#include "pools/pool.h"
#include <pthread.h>

#define RING_SIZE 2048u /* completion records a worker, a power of two */

/* pool parameter `max_tasks`, of pools whose workers are processes */
#define MAX_TASKS_PARAM                                                                                                \
    {                                                                                                                  \
        .name = "max_tasks", .kind = PARAM_COUNT, .preset = "", .min = 1, .max = 1000000000,                           \
        .help = "tasks a worker process runs before a new one takes its place; without it, any number"                 \
    }

struct group;

/* One worker in the shared mapping. Lines are grouped by who writes them, and for whom. */
struct worker {
    /* the worker writes */
    _Alignas(128) _Atomic uint32_t tail; /* records published, of this life */
    _Atomic uint32_t blocked;            /* waits for room in its ring */
    _Atomic uint32_t tid;                /* of the thread; 0: not yet started */
    _Atomic uint32_t answered;           /* the last order it has carried out */
    int32_t pid;
    int32_t error;      /* why it could not start, -errno */
    uint64_t ready_ns;  /* when it had started, CLOCK_MONOTONIC */
    struct usage usage; /* its last report */
    /* the worker writes, for those who look after it: when it has died, when a task has a limit, from outside */
    _Alignas(128) _Atomic uint64_t running; /* task << 32 | slot + 1; 0: none */
    _Atomic uint64_t since;                 /* ticks when that began, where tasks have a limit */
    _Atomic uint32_t filled;                /* records completed, of this life */
    _Atomic uint32_t retired;               /* it, or a thread beside it, has run as many tasks as it may */
    _Atomic uint32_t fatal;                 /* the signal that its task is dying of */
    /* the submitter writes */
    _Alignas(128) _Atomic uint32_t head; /* records taken, ever */
};

/* A worker's own view, on its stack: private memory, whatever the group is made of. */
struct self {
    struct group *group;
    struct worker *worker;
    struct done *ring;
    unsigned number; /* in the group */
    uint16_t number_in_pool;
    uint32_t filled; /* records written, ever; those past worker->tail are not published yet */
    uint32_t published;
    uint32_t head_seen;      /* the submitter's head when it was last read */
    uint64_t unpublished_ns; /* labels of tasks since the last publication */
    unsigned together;       /* times as many are published together as when the submitter may be awake */
    uint32_t orders_seen;
    int32_t pid;
    struct moves moves;
    uint64_t cursor; /* the pool's: where this worker stands */
    uint64_t served; /* tasks run */
};

/* What a worker does until worker_rest returns false; `work` is the pool's. */
struct group_body {
    void (*run)(struct self *self, void *work);
    /* seq_cst loads: the second look before sleeping. self NULL, where the group defers: is there any at all? */
    bool (*has_work)(struct self *self, void *work);
    void (*touch)(struct self *self, void *work); /* optional: reads what run() will use, so it is mapped before */
    /* Processes only, by the submitter: workers first .. first + count - 1 are dead and their records taken. What they
     * were running goes to `fallen` (task and slot; `worker` as the group counts), the rest is offered again. How many.
     */
    unsigned (*recover)(void *work, unsigned first, unsigned count, struct done *fallen);
    /* Optional: workers sleep on something else than their doorbells, and are to look at their orders. */
    void (*call)(void *work);
    void *work;
};

struct group_shared {
    _Alignas(128) _Atomic uint32_t idle_count;
    _Alignas(128) _Atomic uint32_t orders; /* number of the last order */
    _Atomic uint32_t stopping;             /* it was: stop; else: report usage */
    _Atomic uint32_t with_memory;          /* of a usage order */
    _Alignas(
        128) _Atomic uint32_t awaited; /* number + 1 of the worker whose answer the submitter sleeps for; 0: none */
    _Alignas(128) _Atomic uint64_t words[]; /* idle bits, then ready bits, then doorbells */
};

/* A worker process, as the submitter knows it. */
struct unit {
    pid_t pid; /* 0: none; its place is to be filled */
    int status;
    bool fallen;         /* ended and waited for, not yet recovered */
    bool timed_out;      /* ended for the tasks in `over` */
    unsigned restless;   /* looks in a row for which it did not stand still */
    uint64_t stopped_ns; /* since when it was seen to stand still of itself; 0: it does not */
    uint64_t noticed_ns; /* when the one before was found dead; 0: not replaced since it was last counted */
};

struct group {
    const struct pool_config *config;
    const struct job *job;
    struct event *event;
    struct group_body body;
    unsigned first;                       /* number of its first worker in the pool */
    unsigned workers, processes, threads; /* processes 0: threads of the submitter; else threads a process */
    unsigned words;                       /* of each bitmap */
    bool defers;                          /* idle workers are not woken for every task, see queue.c */
    size_t ring_touched;                  /* bytes of each ring that are mapped from the start */
    uint64_t spin_ticks;                  /* how long to spin before sleeping; UINT64_MAX: for ever */
    struct group_shared *shared;
    _Atomic uint64_t *idle, *ready;
    _Atomic uint32_t *doorbells; /* whoever wakes a worker writes its; side by side, as each is written with a system
                                    call, and a process maps every page that it touches */
    struct worker *worker;
    struct done *rings;
    void *map;
    size_t map_bytes;
    /* the submitter's own */
    uint64_t *left; /* ready bits taken over whose rings are not empty yet */
    pthread_t *pthreads;
    unsigned started;      /* processes or threads */
    uint32_t max_tasks;    /* that a worker process runs before it makes way for a new one; 0: no limit */
    uint32_t born_after;   /* the last order when the process that is being made was made */
    bool opening;          /* workers that start are waited for */
    uint64_t limit_ticks;  /* of a task; 0: none */
    uint64_t limit_due_ns; /* no task can be over its limit before that */
    struct over {
        uint64_t ended;            /* what it was `running` when its process was ended for it */
        uint64_t running, allowed; /* while it was on that, we did not run for so many ticks */
    } * over;                      /* by worker */
    /* processes */
    struct unit *unit;
    unsigned down;          /* units that are not alive */
    uint32_t children_seen; /* event->children at the last look */
    struct done *fallen;    /* tasks to be reported, of units that have been recovered */
    unsigned fallen_count;
    unsigned barren;     /* deaths since somebody last got something done */
    uint64_t retry_ns;   /* when to try again to make what could not be made */
    uint64_t refused_ns; /* since when none can be made, while none is left; 0: one was made since */
    struct usage gone;   /* of those that have ended */
};

/* Where a worker's record of that position is, counted for ever. */
static inline struct done *group_record(const struct group *group, unsigned number, uint32_t position)
{
    return &group->rings[(size_t)number * RING_SIZE + position % RING_SIZE];
}

/* How many workers do not sleep, or are about to; fewer after a death that left the count of the idle too high.
 * seq_cst: work was published before, see Sleeping. */
static inline unsigned group_awake(const struct group *group)
{
    uint32_t idle = atomic_load_explicit(&group->shared->idle_count, memory_order_seq_cst);
    return idle < group->workers ? group->workers - idle : 0;
}

#endif
