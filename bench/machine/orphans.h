/* Processes of trials whose guard is no longer there to inherit and end them (bench/launch/guard.h). All that descend
 * from a guard carry its mark in their environment. */
#ifndef POOLBENCH_MACHINE_ORPHANS_H
#define POOLBENCH_MACHINE_ORPHANS_H
#include <sys/types.h>

#define ORPHANS_MARK "POOLBENCH_GUARD"
enum { MARK_MAX = 64 };

/* A child of this process; 0: there is none. */
pid_t orphans_child(void);
/* The mark of that guard: its number, when it was made, its namespace of numbers. Returns mark. */
char *orphans_mark_of(pid_t guard, char mark[MARK_MAX]);
/* Whatever this process, a guard, makes from now on carries its mark. 0 or -ENOMEM. Not thread-safe. */
int orphans_mark(void);
/* Kills all that carry the mark, until none is found, those aside that may not be looked at. */
void orphans_kill(const char *mark);
/* The same of all marks of guards that are gone. */
void orphans_kill_old(void);

#endif
