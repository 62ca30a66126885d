/* Trials that were disturbed from outside, and run again: whole rows of a block, once. A row is a plan's (rows.h):
 * cells that differ in the pool alone, with what they are measured by. Were it a trial that is run again, those that a
 * neighbour prefers, or that take long, would be chosen by how long they took, and be compared with others of another
 * moment. One thread. */
#ifndef POOLBENCH_MEASURE_AGAIN_H
#define POOLBENCH_MEASURE_AGAIN_H
#include "bench/measure/plan.h"
#include "bench/model/columns.h"

/* What became of the trials of a block, a word a cell of the plan. */
enum ran {
    RAN_NOT,       /* or it failed, or was run again: it stays as it is */
    RAN_WELL,      /* and by the rule of bench/machine/outside.h nobody disturbed it, or that is not known */
    RAN_DISTURBED, /* it went well, and somebody did */
    RAN_STOOD,     /* it stood still because of somebody outside, and has no times */
};

#define AGAIN_SHARE 0.1 /* of the trials of a run: no row is begun again once so many were */

/* Marks the rows with a trial that was disturbed or stood still, those that went well of them: in plan order, as long
 * as less than `room` cells are marked. Returns how many are. Pure. */
size_t again_choose(const struct row *rows, const enum ran *ran, size_t cells, double room, bool *again);

/* The trials of an earlier part of a run, and those that were set aside since. Begin with {0}. */
struct again_before {
    struct again_trial *trial;
    size_t count;
};
int again_before_read(const char *directory, struct again_before *before, char *error); /* 0 or -errno */
void again_before_release(struct again_before *before);
/* Of a trial that is to be run: 2 where it was set aside, else 1. */
unsigned again_attempt(const struct again_before *before, unsigned block, const char *cell_id);
/* They are set aside now. 0 or -ENOMEM. */
int again_set_aside(struct again_before *before, unsigned block, const struct cells *cells, const uint32_t *order,
                    size_t count);
/* Fills in what is known of that block; order gets the cells that have a trial there. Returns their number. */
size_t again_block(const struct again_before *before, unsigned block, const struct cells *cells, enum ran *ran,
                   uint32_t *order);
/* How many trials were run again. */
size_t again_count(const struct again_before *before);

enum ran again_ran(const struct trial_row *trial);

#endif
