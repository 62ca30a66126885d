/* What a run that ended early still has to do: its plan.csv, and which trials of that stand in trials.csv. Only
 * reads. 0 or -errno with a line in error (ERROR_MAX bytes). One thread. */
#ifndef POOLBENCH_ANALYSE_REMAINING_H
#define POOLBENCH_ANALYSE_REMAINING_H
#include "bench/model/cell.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct remaining {
    unsigned blocks;
    size_t cells;
    uint32_t *order; /* blocks x cells cell numbers, as in struct plan */
    bool *done;      /* likewise: that trial is there, or was not wanted by the look before it */
    size_t left;     /* that are not */
    bool has_ended;  /* it came to an end, and was not broken off */
    /* --precision: the cells that need further blocks since the last look; without one, all */
    bool *wanted;         /* one a cell */
    unsigned wanted_from; /* number of the first block after that look, from 1; 0: there was none */
};

/* Rows of interrupted and disturbed trials do not count as done. -EBADMSG: the plan does not have every one of these
 * cells once in every block. */
int remaining_read(const char *directory, const struct cells *cells, struct remaining *remaining, char *error);
void remaining_release(struct remaining *remaining);

/* For host.json, before block `block` (from 1) begins: what a look found, to be read as `wanted`. */
int remaining_note(const char *directory, const struct cells *cells, unsigned block, const bool *wanted, char *error);

#endif
