/* Call chains of a program and its descendants: perf_event_open(2) of the software clock of a CPU, 1,000 times a second
 * of CPU time, and of context switches, each. Opened as switches.h, on a process that starts programs; frames are found
 * by frame pointers, which the trial program, its pools and workloads are compiled with. A process that uses less than
 * a millisecond has no sample of the clock, as each begins a period of its own. Frames of the kernel, and switches at
 * all, take permission: kernel.perf_event_paranoid 1, or CAP_PERFMON. One thread. */
#ifndef POOLBENCH_MACHINE_STACKS_H
#define POOLBENCH_MACHINE_STACKS_H
#include "bench/machine/switches.h"

#define STACKS_PERIOD_NS 1000000u /* of CPU time, a sample */
#define STACK_FRAMES     64

enum stack_kind { STACK_ON, STACK_OFF, STACK_KINDS };
extern const char *const stack_kind_names[STACK_KINDS]; /* as profile/stacks.csv has them */

struct stack_sample {
    enum stack_kind kind; /* off: the thread is about to leave its CPU */
    uint64_t at_ns, period_ns;
    uint32_t pid, tid;
    size_t first;              /* in addresses: the innermost frame */
    unsigned count, in_kernel; /* frames, and how many of them, the first, are the kernel's */
};

/* A file that a process has mapped to be executed. */
struct stack_map {
    uint64_t at_ns, from, to, offset;
    uint32_t pid;
    char *file;
};

/* A process and the one that it has its mappings from. */
struct stack_birth {
    uint32_t pid, parent;
};

struct stacks {
    struct rings rings[STACK_KINDS];
    bool is_open[STACK_KINDS];
    bool has_kernel;
};

struct stacks_found {
    struct stack_sample *sample;
    size_t samples;
    uint64_t *address;
    size_t addresses;
    struct stack_map *map;
    size_t maps;
    struct stack_birth *birth;
    size_t births;
};

/* Whether samples of this thread can be had: 0, and which kinds; else -errno, and why. refused of a kind that is not to
 * be had says why where 0 is returned, too. */
int stacks_try(bool can[STACK_KINDS], struct switches_refused refused[STACK_KINDS]);
/* Those kinds, as switches_open(). 0, or -errno and why; nothing to be closed then. */
int stacks_open(struct stacks *stacks, const bool wanted[STACK_KINDS], pid_t pid, const unsigned *cpus, unsigned count,
                size_t bytes, struct switches_refused *refused);
/* To be released in any case. *lost: some are missing. 0 or -ENOMEM. */
int stacks_read(const struct stacks *stacks, struct stacks_found *found, bool *lost);
void stacks_found_release(struct stacks_found *found);
void stacks_close(struct stacks *stacks);
/* The mapping of an address in a process, or in those that it was made from; the last one that was made. NULL: none. */
const struct stack_map *stacks_map(const struct stacks_found *found, uint32_t pid, uint64_t address);

#endif
