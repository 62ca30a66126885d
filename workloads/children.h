/* What programs run as tasks have used: those that the calling thread has waited for. A thread of its own is the only
 * one that knows them from other children of its process; pools/parts/usage.c adds them to what the thread itself has
 * used. */
#ifndef POOLBENCH_CHILDREN_H
#define POOLBENCH_CHILDREN_H
#include <stdint.h>
#include <sys/resource.h>

struct children {
    struct rusage used; /* sums; ru_maxrss: the largest */
    uint64_t count;
};

extern _Thread_local struct children children_waited;

/* Adds a program that the calling thread has waited for; rusage: as wait4(2) tells. */
void children_add(const struct rusage *rusage);

#endif
