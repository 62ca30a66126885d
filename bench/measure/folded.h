/* Samples of call chains, added up by who was where: stacks.csv and frames.csv. Each stack of a run has one number; its
 * frames stand in frames.csv once. The kernel's part of a chain is one frame, the call or fault by which it was
 * entered: in a virtual machine samples of it pile up where interrupts are let in again. One thread. */
#ifndef POOLBENCH_MEASURE_FOLDED_H
#define POOLBENCH_MEASURE_FOLDED_H
#include "bench/machine/stacks.h"
#include "bench/machine/symbols.h"
#include "bench/model/csv.h"
#include "bench/profile/placed.h"

struct folded {
    struct symbols *symbols;
    void *numbers; /* tree of stacks (search.h) */
    int64_t last;  /* number of a stack */
    struct csv_writer *stacks, *frames;
};

struct stack_sum {
    struct place place;
    enum stack_kind kind;
    int64_t stack_id, samples;
    double weight_ns;
};

/* Of a trial. */
struct stack_sums {
    struct stack_sum *sum;
    size_t count;
};

/* Makes the files in `directory`, or goes on behind what they have. 0 or -errno with a line in error (ERROR_MAX bytes).
 * Close it in any case. */
int folded_open(struct folded *folded, const char *directory, char *error);
/* Names what was found and adds it up; stacks that are new go to frames.csv. 0 or -errno; sums to be freed. */
int folded_add(struct folded *folded, const struct stacks_found *found, const struct slots_from *from,
               struct stack_sums *sums);
/* To stacks.csv. 0 or -errno. */
int folded_put(struct folded *folded, const struct stack_sums *sums, int64_t trial_id);
int folded_close(struct folded *folded); /* 0 or -errno of what was not written */

#endif
