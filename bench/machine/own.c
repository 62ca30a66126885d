/* See own.h. */
#include "bench/machine/own.h"
#include <sys/resource.h>

static int64_t added_ns;

static int64_t used_ns(int who)
{
    struct rusage used = {0};
    getrusage(who, &used);
    return ((int64_t)used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000000 +
           ((int64_t)used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
}

int64_t own_cpu_ns(void)
{
    return used_ns(RUSAGE_SELF) + used_ns(RUSAGE_CHILDREN) + added_ns;
}

void own_cpu_add(int64_t ns)
{
    added_ns += ns;
}
