/* CPU time that is this process's doing, so that what others use can be told from it. One thread. */
#ifndef POOLBENCH_MACHINE_OWN_H
#define POOLBENCH_MACHINE_OWN_H
#include <stdint.h>

/* Of this process, of its children that were waited for, and of what was added; ns. */
int64_t own_cpu_ns(void);
/* Used for us by processes that another one has waited for; taken back (negative) when that one was waited for. */
void own_cpu_add(int64_t ns);

#endif
