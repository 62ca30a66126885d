/* The guard: a process that starts trial programs, is the subreaper of all that comes of them, and ends it, also when
 * the harness is no longer there. So children of the harness that are none of its doing (it may have been executed by a
 * shell that had some) are never taken for those of a trial. One trial at a time; one thread.
 *
 * Between harness and guard stands the warden, a process that sleeps until the guard has ended, and is the next
 * subreaper: what a guard that was killed has left becomes its child, and it ends that. The guard, in turn, ends all
 * there is when the warden dies. So of the three any two may be killed at once.
 *
 * What holds when processes are killed: as long as one of guard and warden lives, that one ends all there is. Guard and
 * warden at once, and the kernel kills the trial, its workers and the programs that they run, each with its parent, and
 * the harness all that carries the guard's mark. All three at once, and the kernel does the same: what those programs
 * have forked may live on until poolbench is started again.
 */
#ifndef POOLBENCH_LAUNCH_GUARD_H
#define POOLBENCH_LAUNCH_GUARD_H
#include "bench/machine/orphans.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct guard {
    pid_t pid;  /* of the warden, our child; 0: there is none */
    int socket; /* to it; hangs up when it dies */
    int memfd;  /* the job file, JOB_FD of trials */
    int64_t cpu_ns;
    char mark[MARK_MAX]; /* of the guard */
};

/* How a trial program stood still because somebody stopped it (SIGSTOP and its like): what waitid(2) tells its parent.
 */
struct stops {
    uint64_t ns;          /* of those that are over, together; of one that was over before the guard looked, nothing */
    uint64_t standing_ns; /* it stands still now, since so long; 0: it does not */
    unsigned count;       /* that are over */
};

/* Makes the guard; what an earlier one whose harness was killed with it has left is ended first. 0 or -errno. */
int guard_open(struct guard *guard, int memfd);
void guard_close(struct guard *guard); /* also one that was never opened (zeroed) */
#define GUARD_WORDS 32                 /* at most, with the program */
/* Starts the program in a process group of its own, whose number goes to *pid. words: NULL behind the last, which is
 * the trial program; those before it are a command that starts it, the first found as execvp(3) does. 0 or -errno;
 * -EPIPE: the guard is dead, and what follows is guard_replace. */
int guard_start_trial(struct guard *guard, const char *const *words, pid_t *pid);
/* Of the guard itself, which makes trial programs: what is opened on it, they inherit. 0 or -EPIPE. */
int guard_number(struct guard *guard, pid_t *pid);
int guard_stops(struct guard *guard, struct stops *stops); /* of the trial so far. 0 or -EPIPE */
/* Waits until the trial, which has been killed or ends by itself, has ended, and ends what it has left: *left says
 * whether that was anything alive. 0 or -EPIPE. */
int guard_end_trial(struct guard *guard, int *wait_status, bool *left, struct stops *stops);
/* Another in the place of one that is dead; first ends what it was to end, that process group (0: none) and all that
 * carries its mark. 0 or -errno. */
int guard_replace(struct guard *guard, pid_t group);

#endif
