/* Who else takes CPU time: /proc at two moments, and the difference. Thread-safe. */
#ifndef POOLBENCH_MACHINE_BUSY_H
#define POOLBENCH_MACHINE_BUSY_H
#include "bench/machine/machine.h"

#define BUSY_SHOWN 3

struct busy_watch; /* the first moment */

/* What happened between the two, on the CPUs we may use. */
struct busy {
    double others_cpus; /* that were busy and not with us or with programs of ours that have ended; NAN: not known */
    double steal_cpus;  /* that the hypervisor took; NAN: not known */
    unsigned shown;
    struct {
        char name[32];
        int pid;
        double cpus;
    } process[BUSY_SHOWN]; /* the busiest; on whatever CPU. Those of other containers are not to be seen */
};

struct busy_watch *busy_begin(const struct machine *machine); /* NULL: it cannot be known, or no memory */
/* watch may be NULL; it is freed. The clock of the kernel ticks at 100 Hz or so: watch for a tenth of a second or more.
 */
void busy_end(struct busy_watch *watch, const struct machine *machine, struct busy *busy);
void busy_drop(struct busy_watch *watch);

#endif
