/* The values of settings, from text and back: the functions the option table names. One thread. */
#ifndef POOLBENCH_MODEL_SETTINGS_H
#define POOLBENCH_MODEL_SETTINGS_H
#include "bench/model/options.h"

option_set set_blocks, set_budget, set_precision, set_drop, set_seed, set_samples, set_trial_limit, set_deadline,
    set_profile, set_wrap, set_out, set_note, set_like, set_more, set_recalibrate, set_trust, set_measure;

option_spell spell_blocks, spell_budget, spell_precision, spell_drop, spell_seed, spell_samples, spell_trial_limit,
    spell_deadline, spell_profile;

#endif
