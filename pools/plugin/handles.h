/* Handles: the host's side of plug-in pools. A handle is a task handed in, in memory that workers reach, be they
 * threads or forked processes; running it leaves its record there, finishing it puts it on one list that the submitter
 * empties.
 *
 * The list is a stack of slot numbers, pushed by compare-and-swap and taken as a whole, with its length beside the top
 * in the same word, so that whoever pushes knows how much is waiting: no lock, nothing a dying process leaves
 * half-changed. The submitter sleeps on the event word (event.h).
 *
 * Nothing a plug-in does is believed: a handle is free, handed, running, ran or finished, and moves by
 * compare-and-swap. A task that is run twice, finished twice or given back before it was run is a complaint, which
 * names it.
 *
 * Where workers are to be executed and not forked, the memory is a file, and HANDLES_WHERE in the environment says
 * whose descriptor that is. Such a process has copies of the tasks, with functions and payload at its own addresses. */
#ifndef POOLBENCH_TICKETS_H
#define POOLBENCH_TICKETS_H
#include "include/poolbench/pool.h"
#include "pools/parts/event.h"
#include "pools/pool.h"

struct handle {
    struct poolbench_task task;
    _Atomic uint32_t state;
    uint32_t next; /* of the list: slot + 1, 0: the last */
    struct done done;
    struct handles *handles; /* same address in every process */
} __attribute__((aligned(128)));

/* A worker, as it became known by running a task or by saying so. Written by itself. */
struct handle_worker {
    _Alignas(128) _Atomic uint32_t tid; /* 0: nobody is that worker */
    int32_t pid;
    uint32_t cpu; /* of its last task, UINT32_MAX: none yet */
    int64_t migrations;
};

struct handles_shared {
    _Alignas(128) _Atomic uint64_t finished;  /* how many << 32 | slot + 1 of the last */
    _Alignas(128) _Atomic uint64_t complaint; /* the first: what << 32 | task */
    _Atomic uint32_t strangers;               /* threads that ran tasks beyond the number of workers */
    struct handle_worker worker[];
};

#define HANDLES_WHERE "POOLBENCH_TRIAL" /* PID, and the descriptor there */

enum { HANDLES_SUBMITTER_WORKS = 1, HANDLES_IN_FILE = 2 };

struct handles {
    const struct job *job;
    const struct pool_config *config;
    unsigned workers;
    pid_t submitter; /* thread */
    uint32_t depth;
    uint64_t spin_ticks;
    struct handles_shared *shared;
    struct handle *handle;
    unsigned char *outputs; /* depth x out_stride */
    size_t out_stride;
    void *map;
    size_t map_bytes;
    int fd;                      /* the file it is in; -1: none */
    struct poolbench_task *copy; /* of each handle's task, in a process that was executed; NULL elsewhere */
    struct event *event;         /* NULL in such a process */
    /* the submitter's own */
    uint32_t *vacant; /* ring of depth free slots; first in, first out, so that what is free stays so for a while */
    uint32_t vacant_head, vacant_count;
    uint32_t taken; /* chain of finished handles, in order: slot + 1 */
    uint32_t in_flight;
};

/* 0 or -errno. job, config and workers are set by the caller. The handles live until handles_release; workers in other
 * processes are forked in between, or executed where they are HANDLES_IN_FILE. */
int handles_init(struct handles *handles, unsigned traits);
void handles_release(struct handles *handles);
/* The same handles in a process that was executed. 0 or -errno. */
int handles_attach(struct handles *handles, int fd);
/* Lays out the memory and maps it, from a file where fd is not -1. 0 or -errno. */
int handles_map(struct handles *handles, int fd);
/* They are the ones of this process from now on, which threads that end give their numbers back to. */
void handles_live(struct handles *handles);
/* The task in a slot; NULL where there is no such slot. */
struct poolbench_task *handles_task(const struct handles *handles, uint32_t slot);
/* Runs the task of a handle, as its `work` does. */
void handles_work(struct handles *handles, struct handle *handle, const void *in, void *out);

/* Fills up to n handles for these tasks; returns how many there was room for. handles_settle says afterwards how many
 * of them the pool took. 0 or -EPROTO. */
unsigned handles_hand(struct handles *handles, const uint32_t *tasks, unsigned n, struct poolbench_task **out);
int handles_settle(struct handles *handles, unsigned handed, unsigned taken);
/* Finished ones off the list, in order of completion, up to max. */
unsigned handles_drain(struct handles *handles, struct done *done, unsigned max);
/* A handle that a pool with completions of its own gave back. 0 or -EPROTO. */
int handles_take(struct handles *handles, struct poolbench_task *task, struct done *done);
/* Waits for finished tasks as the contract of reap says; what was drained before counts. Returns how many there are. */
int handles_wait(struct handles *handles, struct done *done, unsigned have, unsigned goal, unsigned max,
                 uint64_t until_ns);
/* What the calling thread is from now on. 0 or -errno. */
int handles_worker(struct handles *handles, unsigned number);
/* Its task died with a process: finishes the handle. */
void handles_died(struct poolbench_task *task, int wait_status);
/* -EPROTO and words in text when the pool has broken the contract; else 0. */
int handles_complaint(const struct handles *handles, char *text, size_t size);
/* Sums over this process, children that were waited for, and processes that have run tasks. */
int handles_usage(const struct handles *handles, bool with_memory, struct usage *usage);

#endif
