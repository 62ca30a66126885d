/* Steal from the first line of /proc/stat, load from /proc/loadavg. */
#include "bench/machine/noise.h"
#include "bench/base/sysfile.h"
#include <math.h>
#include <stdio.h>
#include <unistd.h>

void noise_read(struct noise *noise)
{
    char text[512];
    long long steal_ticks;
    long ticks_per_s = sysconf(_SC_CLK_TCK);

    noise->steal_ns = -1;
    noise->load = NAN;

    /* user nice system idle iowait irq softirq steal */
    sysfile_read(text, sizeof text, "/proc/stat");
    if (sscanf(text, "cpu %*s %*s %*s %*s %*s %*s %*s %lld", &steal_ticks) == 1 && ticks_per_s > 0)
        noise->steal_ns = steal_ticks * (1000000000ll / ticks_per_s);
    sysfile_read(text, sizeof text, "/proc/loadavg");
    sscanf(text, "%lf", &noise->load);
}
