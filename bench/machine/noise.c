/* Steal from the first line of /proc/stat, load from /proc/loadavg. */
#include "bench/machine/noise.h"
#include "bench/base/sysfile.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

int noise_read(struct noise *noise)
{
    char text[512];
    long long steal_ticks;
    long ticks_per_s = sysconf(_SC_CLK_TCK);

    noise->steal_ns = -1;
    noise->load = NAN;

    /* user nice system idle iowait irq softirq steal */
    int stat = sysfile_read(text, sizeof text, "/proc/stat");
    if (stat >= 0)
        stat = sscanf(text, "cpu %*s %*s %*s %*s %*s %*s %*s %lld", &steal_ticks) == 1 ? 0 : -EBADMSG;
    if (stat == 0 && ticks_per_s > 0)
        noise->steal_ns = steal_ticks * (1000000000ll / ticks_per_s);

    int load = sysfile_read(text, sizeof text, "/proc/loadavg");
    if (load >= 0)
        load = sscanf(text, "%lf", &noise->load) == 1 ? 0 : -EBADMSG;
    return stat != 0 ? stat : load;
}
