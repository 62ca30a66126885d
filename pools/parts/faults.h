/* Failures on purpose (--faults): which tasks fail, and how. A pure function of seed and task number says which, so the
 * same ones fail under every pool; strike.h does it. Thread- and fork-safe. */
#ifndef POOLBENCH_POOLS_FAULTS_H
#define POOLBENCH_POOLS_FAULTS_H
#include <stdbool.h>
#include <stdint.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_ERROR,
    FAULT_EXIT,
    FAULT_ABORT,
    FAULT_SEGV,
    FAULT_STACK,
    FAULT_KILL,
    FAULT_STOP,
    FAULT_HANG,
    FAULT_OOM,
    FAULT_FDLEAK,
    FAULT_WRONG,
    FAULT_KINDS
};

/* By kind; the first one has no name. */
extern const struct fault_about {
    const char *name;
    const char *help; /* one line for `list`: what the task does, and what becomes of it */
    bool fatal;       /* ends its process, or stands still until it is ended */
} fault_kinds[FAULT_KINDS];

enum { FAULTS_MAX = 4, FAULT_NO_TASK = -1, FAULT_EXIT_STATUS = 3 };

/* Up to FAULTS_MAX kinds; zeroed: none. */
struct faults {
    uint64_t count;
    struct fault {
        uint32_t kind;
        uint32_t rate_ppm; /* seeded share of the tasks, beside the shares of the faults before it */
        int64_t task;      /* that task, or FAULT_NO_TASK */
    } fault[FAULTS_MAX];
};

/* What is to happen to task `index` of the sequence of `seed`. Never anything to a warm-up task. */
enum fault_kind fault_find(const struct faults *faults, uint64_t seed, uint32_t index);
#endif
