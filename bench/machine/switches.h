/* Records of context switches, threads made, named and ended: perf_event_open(2) of the dummy software event, which
 * takes no PMU and, up to kernel.perf_event_paranoid 2, no permission. Events are opened, disabled, on a process that
 * starts programs. What it starts from then on inherits them, and they record from its exec(2) on, in all its threads
 * and descendants; the process itself is not recorded. One event and one ring a CPU: the ring of an inherited event
 * must belong to a CPU. Nobody reads while anything runs. Times are CLOCK_MONOTONIC in ns. One thread. */
#ifndef POOLBENCH_MACHINE_SWITCHES_H
#define POOLBENCH_MACHINE_SWITCHES_H
#include "bench/machine/rings.h"

enum switch_kind {
    SWITCH_IN,        /* it has the CPU from here on */
    SWITCH_OUT,       /* it left the CPU by itself, to wait for something */
    SWITCH_PREEMPTED, /* it was taken off, and could have gone on */
    SWITCH_MADE,      /* `parent` has made it; it can run */
    SWITCH_ENDED,
    SWITCH_NAMED, /* `name` is its name */
    SWITCH_EXEC,  /* it executed a program; `name` likewise */
};

struct switch_record {
    uint64_t at_ns;
    enum switch_kind kind;
    uint32_t pid, tid, cpu; /* of MADE and ENDED: who made it, or it itself, was there */
    uint32_t parent;        /* MADE: tid */
    char name[16];          /* NAMED, EXEC: as the kernel has it */
};

/* Why records cannot be had. */
struct switches_refused {
    int error;        /* errno; ENODATA: the event opens and records nothing */
    const char *call; /* that was refused */
    char remedy[192]; /* what would allow it: a sysctl, a capability, a container's flag */
};

/* Where a forced switch of this thread is recorded, 0; else -errno, and why. */
int switches_try(struct switches_refused *refused);
/* Fills in why `call` was refused with that errno, and what would allow it; of other events, too. -error. */
int switches_refuse(struct switches_refused *refused, const char *call, int error);
/* "perf_event_open: Permission denied (errno 13); what allows it: sysctl kernel.perf_event_paranoid=2 ...". Returns
 * text. */
char *switches_refused_text(const struct switches_refused *refused, char *text, size_t size);

/* Events on process `pid`, for these CPUs, as rings_open(). 0, or -errno and why; nothing to be closed then. */
int switches_open(struct rings *rings, pid_t pid, const unsigned *cpus, unsigned count, size_t bytes,
                  struct switches_refused *refused);
/* All records in the order of their times, to be freed; *lost: some are missing. 0 or -ENOMEM. */
int switches_read(const struct rings *rings, struct switch_record **records, size_t *count, bool *lost);

#endif
