/* What the pool zygote and its forkers share (zygote.c, forkers.c and forker.c).
 *
 * Forkers are small processes made before the trial has a workload, payload or ballast. Each takes the next task by
 * itself, forks a child that runs it, waits for the child and records what became of it, so that submitter and forkers
 * never wait for each other while there is work.
 *
 * To take a task is to compare-and-swap the forker's incarnation into the task's slot: whoever is named there has it,
 * so that a dead forker's loss is exactly the slots that name it. Positions are hints where to look. Incarnations are
 * numbers of rows in `forkers` and no two forkers have the same. The slot of a task whose forker died is used again
 * when the child is seen to have ended, too, since it may write to its output for another moment: it says who it is
 * before it makes sure that its forker lives, so whoever has not said so by the time the forker was waited for never
 * runs a task.
 *
 * Death. Whoever ends, before the pool opens, while it opens or later, is replaced by a copy of one that lives: of the
 * spawner, a process that does nothing else, or, when that is gone, of a forker, which then makes a spawner. The
 * submitter never copies itself, for it has grown since, and never waits for one of them alone (forkers.h). The limit
 * of a task is its forker's to enforce; one that stands still (SIGSTOP) for as long is ended by the submitter.
 *
 * No process to be had for a task: the forker tries again. When nobody has had one for a second, it says so in
 * `refused`, and the pool ends with that error.
 *
 * Sleeping. A forker that finds nothing sets its bit in `idle`, looks again, and sleeps on its doorbell; whoever brings
 * work clears a bit and rings. The submitter stores in `wanted` how many results it waits for, looks again, and sleeps
 * on the event word; each result counts down, and the last one shouts. Both are store-then-load pairs on both sides,
 * all sequentially consistent, so that at least one side sees the other. */
#ifndef POOLBENCH_ZYGOTE_H
#define POOLBENCH_ZYGOTE_H
#include "pools/parts/event.h"
#include "pools/parts/memory.h"
#include "pools/pool.h"

enum {
    SPAWNER = 0,                       /* its row */
    FORKER_SPARES = 1000,              /* processes that may be replaced in a trial */
    SLOT_TAKEN_BY_NOBODY = UINT32_MAX, /* not a row: an unused slot, which nobody may take */
};

enum forker_order { ORDER_NONE, ORDER_OPEN, ORDER_USAGE, ORDER_USAGE_AND_MEMORY, ORDER_MAKE };

/* One forker; written by it alone, but for the doorbell, the orders and the pid. */
struct forker {
    _Alignas(128) _Atomic uint32_t doorbell;
    _Atomic uint32_t ordered, answered; /* numbers of orders */
    _Atomic uint32_t order, make;       /* what is ordered; ORDER_MAKE: the row to make a process for */
    _Atomic uint32_t worker;            /* of the pool */
    int32_t pid;                        /* of one that another made: the kernel writes it before the process exists */
    int32_t error;                      /* of the last order */
    struct usage usage;
    /* its child writes, one page fault a child: */
    _Alignas(128) _Atomic uint32_t complete;
    _Atomic int32_t child; /* who it is, its first word; 0: nobody has said anything */
    struct done done;
};

/* A task: task << 32 | row of the forker that has it; row 0 (the spawner's) means that anybody may take it. */
struct zygote_slot {
    _Atomic uint64_t claim;
    struct done done; /* of a finished task */
};

/* Made early and inherited by all. */
struct zygote_shared {
    struct event event;                       /* its word; `wanted` counts down results */
    _Alignas(128) _Atomic uint64_t tail;      /* positions published */
    _Alignas(128) _Atomic uint64_t scan_from; /* every slot at a position below is taken */
    _Alignas(128) uint32_t workers, rows, words;
    int32_t submitter;
    _Atomic int32_t refused; /* -errno: no process can be made for a task, and none is left that could end */
    uint64_t task_limit_ns;
    int memory; /* descriptor of what open adds: struct zygote_job and what follows it */
    uint64_t memory_bytes;
    struct places places;
    _Atomic uint64_t *idle; /* bits by row */
    /* by worker, peek_word: task and pid of the child that runs; plain, as they are read from outside alone, where a
     * moment late does not matter */
    uint64_t *running;
    struct forker forkers[];
};

/* Made by open, where the job is known; mapped by each forker on order. What zygote_memory_at says comes behind it. */
struct zygote_job {
    struct job job; /* its pointers into the submitter's memory are replaced by the forker */
    int64_t workload_params[PARAM_MAX];
    uint32_t size; /* slots, a power of two */
};

struct zygote_memory { /* the same, as addresses of one process */
    struct zygote_job *job;
    struct cost *costs;
    _Atomic uint64_t *finished; /* bits by slot */
    struct zygote_slot *slots;
    unsigned char *payload; /* a row for each slot: input, output */
    size_t stride, out_offset;
    size_t bytes; /* of all of it */
};

/* `of` has job and size. For its `bytes` alone, map may be anything that is not NULL. */
static inline struct zygote_memory zygote_memory_at(const struct zygote_job *of, void *map)
{
    struct zygote_memory memory = {.job = map, .out_offset = align_up(of->job.in_bytes, 64)};
    char *start = map, *at = start + align_up(sizeof *of, 128);
    memory.costs = (struct cost *)at;
    at += align_up(of->job.sequence.count * sizeof *memory.costs, 128);
    memory.finished = (_Atomic uint64_t *)at;
    at += align_up(of->size / 8 + 8, 128);
    memory.slots = (struct zygote_slot *)at;
    at += align_up(of->size * sizeof *memory.slots, 128);
    memory.payload = (unsigned char *)at;
    memory.stride = memory.out_offset + align_up(of->job.out_bytes, 64);
    memory.bytes = (size_t)(at - start) + of->size * memory.stride;
    return memory;
}

#endif
