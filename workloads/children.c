/* Sums over programs run as tasks, see children.h. */
#include "workloads/children.h"
#include <sys/time.h>

_Thread_local struct children children_waited;

void children_add(const struct rusage *rusage)
{
    struct rusage *sum = &children_waited.used;
    timeradd(&sum->ru_utime, &rusage->ru_utime, &sum->ru_utime);
    timeradd(&sum->ru_stime, &rusage->ru_stime, &sum->ru_stime);
    sum->ru_nvcsw += rusage->ru_nvcsw;
    sum->ru_nivcsw += rusage->ru_nivcsw;
    sum->ru_minflt += rusage->ru_minflt;
    sum->ru_majflt += rusage->ru_majflt;
    if (rusage->ru_maxrss > sum->ru_maxrss)
        sum->ru_maxrss = rusage->ru_maxrss;
    children_waited.count++;
}
