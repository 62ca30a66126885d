/* Which columns that most runs do not know are in the files that this process writes: those of a factor, or of what is
 * only measured where it has some value, that something asked for here has, or a file that was read. One thread. */
#ifndef POOLBENCH_MODEL_RARE_H
#define POOLBENCH_MODEL_RARE_H
#include "bench/model/options.h"
#include <stdbool.h>

/* What is rare: by the position of an option in options[] (--arrival rate for OPTION_ARRIVAL), or what some workloads
 * and arrivals, control groups with a quota, or machines with several kinds of core, alone have. */
enum { RARE_FIRST = OPTIONS_MAX, RARE_CLASSES, RARE_QUOTA, RARE_KINDS, RARES };

void rare_note(unsigned what);
bool rare_is_noted(unsigned what);

#endif
