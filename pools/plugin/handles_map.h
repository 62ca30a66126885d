/* Handles: the host's side of plug-in pools. A handle is a task handed in, in memory that workers reach, be they
 * threads or forked processes; running it leaves its record there, finishing it puts it on one list that the submitter
 * empties.
 *
 * The list is a stack of slot numbers, pushed by compare-and-swap and taken as a whole, with its length beside the top
 * in the same word, so that whoever pushes knows how much is waiting: no lock, nothing a dying process leaves
 * half-changed. The submitter sleeps on the event word (event.h).
 *
 * Nothing a plug-in does is believed: a handle is free, handed, running, ran, finished or dropped, and moves by
 * compare-and-swap. A task that is run twice, finished twice or given back before it was run is a complaint, which
 * names it.
 *
 * This header is what they are made of, and where that lies. */
#ifndef POOLBENCH_HANDLES_MAP_H
#define POOLBENCH_HANDLES_MAP_H
#include "include/poolbench/pool.h"
#include "pools/parts/event.h"
#include "pools/parts/moves.h"
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
    struct moves moves;
};

struct handles_shared {
    _Alignas(128) _Atomic uint64_t finished;  /* how many << 32 | slot + 1 of the last */
    _Alignas(128) _Atomic uint64_t complaint; /* the first: what << 32 | task */
    _Atomic uint32_t drops;                   /* handles that became DROPPED */
    _Atomic uint32_t strangers;               /* threads that ran tasks beyond the number of workers */
    struct handle_worker worker[];
};

struct handles {
    const struct job *job;
    const struct pool_config *config;
    unsigned workers;
    pid_t submitter;     /* its thread */
    uint32_t depth;      /* how many there are */
    uint64_t spin_ticks; /* before the submitter sleeps */
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
    uint32_t taken;      /* chain of finished handles, in order: slot + 1 */
    uint32_t drops_seen; /* of shared->drops */
    uint32_t in_flight;
};

/* Lays out the memory, depth and out_stride included, and maps it, zeroed or from the file fd where that is not -1. job
 * and workers are set. 0 or -errno. */
int handles_map(struct handles *handles, int fd);
/* The task in a slot, as this process is to see it; NULL where there is no such slot. */
struct poolbench_task *handles_task(const struct handles *handles, uint32_t slot);

#endif
