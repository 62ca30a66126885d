/* Profiled siblings of published trials (--profile): trials of the same cells with the same seed, in some of the same
 * blocks. Of one kind switches are recorded and every task is kept: states.csv has what each role's threads and the
 * slots did (bench/profile/), and spans.csv of the middle one of each cell when they did it. Of the other events are
 * counted: counters.csv. They stand in profile/ of the run alone, in the formats of the published ones. Where something
 * is refused, profile/abilities.csv says what refused them and what would allow them, and the run is as it would be
 * without. One thread. 0 or -errno with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_MEASURE_SIBLINGS_H
#define POOLBENCH_MEASURE_SIBLINGS_H
#include "bench/machine/counters.h"
#include "bench/measure/folded.h"
#include "bench/measure/middles.h"
#include "bench/measure/session.h"
#include "bench/measure/siblings_plan.h"

struct trials_there {
    struct trial_there *trial;
    size_t room, count;
};

struct siblings {
    unsigned kinds; /* that are wanted and can be had, enum profile_kind; 0: nothing below holds */
    struct recorder recorder;
    struct csv_writer *states, *counted; /* NULL: none */
    struct counters counters;
    bool can[STACK_KINDS]; /* call chains */
    struct switches_refused stacks_refused[STACK_KINDS];
    struct folded folded;
    struct middles middles;
    int64_t state_rows, counter_rows; /* in states.csv and counters.csv */
    char directory[PATH_MAX];
    struct settings settings; /* of the session */
    struct siblings_plan plan;
    struct trials_there done, published; /* of an earlier part of the run; published: of one that is resumed */
    size_t trials, without;              /* that were run; of them, with nothing found */
    double spent_ns;                     /* on them; */
    double forecast_ns;                  /* what published trials of those cells take */
};

/* profile/ of the run, made where it is not there; a directory, no link. */
int siblings_directory(const struct session *session, char path[PATH_MAX], char *error);
/* Chooses the blocks, makes or opens the files; says on `talk` what is not to be had and how much longer the run is. */
int siblings_open(struct siblings *siblings, struct session *session, FILE *talk, char *error);
/* Behind a block of the plan: the siblings of these cells, where it is one of the chosen, in that order; and of those
 * that an earlier part of the run has published without. Within a budget as many as it has time for. */
int siblings_block(struct siblings *siblings, struct session *session, unsigned block, const uint32_t *order,
                   size_t count, char *error);
/* What those of this block and of all behind it take, by the forecast. */
double siblings_left_ns(const struct siblings *siblings, const struct session *session, unsigned block);
/* Says on `talk` what there is of them; also of one that is not wanted. */
int siblings_close(struct siblings *siblings, FILE *talk, char *error);

#endif
