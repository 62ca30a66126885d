/* Whose a moment of a thread was, and in which phase of the trial: for samples that know no more than a thread's number
 * and the time. Pure. */
#ifndef POOLBENCH_PROFILE_PLACED_H
#define POOLBENCH_PROFILE_PLACED_H
#include "bench/profile/slots.h"

struct placed {
    const struct slots_from *from;
    size_t *by_thread; /* stretches, by number of the thread and beginning */
    size_t count;
};

struct place {
    enum thread_role role;
    enum trial_phase phase;
    double off_ns; /* how long the thread was off its CPU from then on, within the phase; 0: it was not, or waited for
                      it */
};

/* What it is made from must stay. 0 or -ENOMEM. */
int placed_make(const struct slots_from *from, struct placed *placed);
/* False: no such thread lived then, or it was in no phase. leaves: it was about to leave its CPU. */
bool placed_find(const struct placed *placed, uint32_t tid, uint64_t at_ns, bool leaves, struct place *place);
void placed_release(struct placed *placed);

#endif
