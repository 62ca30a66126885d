/* The values of factors, from text into a cell and back: the functions the option table names. */
#ifndef POOLBENCH_MODEL_FACTORS_H
#define POOLBENCH_MODEL_FACTORS_H
#include "bench/model/options.h"

option_expand expand_pool, expand_workload, expand_workers;

option_set_cell set_pool, set_workload, set_size, set_size_dist, set_tasks, set_workers, set_place, set_place_main,
    set_arrival, set_collect, set_payload, set_ballast, set_faults, set_task_limit, set_timing;

option_spell_cell spell_pool, spell_workload, spell_size, spell_size_dist, spell_tasks, spell_workers, spell_place,
    spell_place_main, spell_arrival, spell_collect, spell_payload, spell_ballast, spell_faults, spell_task_limit,
    spell_timing;

#endif
