/* Programs that tasks have run and that left the trial's process group (setsid), when the harness is no longer there to
 * inherit and end them. All that descend from a harness carry its mark in their environment. */
#ifndef POOLBENCH_MACHINE_STRAYS_H
#define POOLBENCH_MACHINE_STRAYS_H
#include <stdbool.h>
#include <sys/types.h>

#define STRAYS_MARK "POOLBENCH_GUARD"

/* A child of this process that `is_other` is not said of, from /proc/PID/stat of all; 0: there is none. For kernels
 * that do not list the children of a process. */
pid_t orphans_child(bool (*is_other)(pid_t pid));
/* Whatever this process makes from now on carries the mark of that guard. 0 or -ENOMEM. Not thread-safe. */
int orphans_mark(pid_t guard);
/* Kills all that carry the mark, until none is found, those aside that may not be looked at. In the guard itself. */
void orphans_kill(void);

#endif
