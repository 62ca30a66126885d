/* Looking at one subject of check.h, for the files that do. One thread. */
#ifndef POOLBENCH_MACHINE_CHECK_LOOK_H
#define POOLBENCH_MACHINE_CHECK_LOOK_H
#include "bench/machine/check.h"

#define CPU_DIR "/sys/devices/system/cpu"

struct look {
    const struct machine *machine;
    const char *root;
    const struct busy *busy;
    struct check *check; /* to be filled */
};

/* What was found, unless it is found out to be something else. */
__attribute__((format(printf, 3, 4))) void check_set(const struct look *look, enum check_state state,
                                                     const char *format, ...);

typedef void look_at(const struct look *look);
look_at look_governor, look_frequency, look_cores, look_power, look_clock, look_layout, look_numa, look_turbo, look_smt,
    look_hypervisor, look_huge_pages, look_profiling; /* check_setup.c */

#endif
