/* The values of factors, from text into a cell and back: the functions the option table names. */
#ifndef POOLBENCH_MODEL_FACTORS_H
#define POOLBENCH_MODEL_FACTORS_H
#include "bench/model/options.h"

option_expand expand_pool, expand_workload, expand_workers, expand_place, expand_trial_program, expand_numa;

option_set_cell set_pool, set_workload, set_size_dist, set_place, set_place_main, set_faults, set_task_limit,
    set_trial_program, set_arrival, set_draw;
option_spell_cell spell_pool, spell_workload, spell_size_dist, spell_place, spell_place_main, spell_faults,
    spell_task_limit, spell_trial_program, spell_draw;

/* With pool, workload and workers set: how many there are of them, and the pool's parameters that depend on it. False:
 * too few for such tasks. */
bool cell_staff(struct cell *cell);

#define RATE_LEAST 0.001 /* tasks a second, of --arrival rate */
#define RATE_MOST  1e9
extern const struct param workers_range;
extern const struct spelling tasks_spelling, arrival_spelling, payload_spelling, ballast_spelling, queue_limit_spelling,
    numa_spelling;

#endif
