/* Profiled siblings of published trials (--profile): trials of the same cells with the same seed, in some of the same
 * blocks, whose switches are recorded and whose every task is kept. They stand in profile/ of the run alone, in the
 * formats of the published ones, with states.csv: what each role's threads and the slots did (bench/profile/), and of
 * the middle one of each cell spans.csv: when they did it. Where
 * records are refused, profile/abilities.csv says what refused them and what would allow them, and the run is as it
 * would be without. One thread. 0 or -errno with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_MEASURE_SIBLINGS_H
#define POOLBENCH_MEASURE_SIBLINGS_H
#include "bench/machine/switches.h"
#include "bench/measure/middles.h"
#include "bench/measure/session.h"

#define SIBLINGS_BLOCKS 10   /* at least, where a run has so many: what intervals of ten states together take */
#define SIBLINGS_SHARE  0.25 /* of a budget, at most */

struct siblings {
    bool are_wanted; /* else nothing below holds */
    struct recorder recorder;
    struct csv_writer *states;
    struct middles middles;
    int64_t state_rows; /* in states.csv */
    char directory[PATH_MAX];
    uint64_t *blocks; /* bits, from 0: those that have siblings */
    unsigned count, blocks_chosen;
    struct sibling_done *done; /* of an earlier part of the run */
    size_t done_count;
    size_t trials, without; /* that were run; of them, without states */
    double spent_ns;        /* on them */
};

/* Chooses the blocks, makes or opens the files; says on `talk` what is not to be had and how much longer the run is. */
int siblings_open(struct siblings *siblings, struct session *session, FILE *talk, char *error);
/* Behind a block of the plan: the siblings of these cells, where it is one of the chosen, in that order. */
int siblings_block(struct siblings *siblings, struct session *session, unsigned block, const uint32_t *order,
                   size_t count, char *error);
/* Says on `talk` what there is of them; also of one that is not wanted. */
int siblings_close(struct siblings *siblings, FILE *talk, char *error);

#endif
