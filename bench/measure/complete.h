/* Completing a cell for this machine: its workers, their CPUs, its costs in iterations, what it needs. What cannot
 * work is found here, before anything runs or is written. 0, or -EINVAL with a line in planner->error that names the
 * option. One thread. */
#ifndef POOLBENCH_MEASURE_COMPLETE_H
#define POOLBENCH_MEASURE_COMPLETE_H
#include "bench/machine/machine.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/earlier.h"

/* What completing a cell draws on. */
struct planner {
    const struct machine *machine;
    const struct settings *settings;
    struct calibrations *calibrations;
    struct earlier earlier; /* --like */
    char unpinnable[128];   /* why pinning is forbidden, "" when it is not */
    char *error;
};

void planner_init(struct planner *planner, const struct settings *settings, const struct machine *machine,
                  struct calibrations *calibrations, char *error);
/* All but its number of tasks, where that is auto: cell->tasks_auto, it depends on how long trials take. */
int cell_prepare(struct cell *cell, struct planner *planner);
/* With its number of tasks. */
int cell_check_whole(const struct cell *cell, struct planner *planner);

#endif
