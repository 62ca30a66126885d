/* See still.h. */
#include "bench/launch/still.h"
#include "bench/base/sysfile.h"
#include "bench/machine/cgroup.h"
#include "pools/parts/clock.h"
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t asleep_ns(void)
{
    struct timespec boot = {0}, running = {0};
    clock_gettime(CLOCK_MONOTONIC, &running);
    clock_gettime(CLOCK_BOOTTIME, &boot); /* second: what lies between the two only makes it more */
    return (uint64_t)((int64_t)(boot.tv_sec - running.tv_sec) * 1000000000 + boot.tv_nsec - running.tv_nsec);
}

static uint64_t frozen_ns(const struct still *still)
{
    static const char key[] = "frozen_usec ";
    char text[256];
    ssize_t got = still->group < 0 ? -1 : pread(still->group, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    const char *at = strstr(text, key);
    return at ? strtoull(at + sizeof key - 1, NULL, 10) * 1000 : 0;
}

static uint64_t waited_ns(void)
{
    char text[128];
    uint64_t ns = 0;
    if (sysfile_read(text, sizeof text, "/proc/self/schedstat") > 0)
        sscanf(text, "%*s %" SCNu64, &ns);
    return ns;
}

static void group_see(const char *directory, void *data)
{
    struct still *still = data;
    char path[PATH_MAX];
    if (still->group < 0 && snprintf(path, sizeof path, "%s/cgroup.stat.local", directory) < (int)sizeof path)
        still->group = open(path, O_RDONLY | O_CLOEXEC);
}

void still_open(struct still *still)
{
    *still = (struct still){.group = -1};
    cgroup_walk("", "cgroup2", group_see, still); /* a controller that no version 1 has */
}

void still_close(struct still *still)
{
    if (still->group >= 0)
        close(still->group);
    *still = (struct still){.group = -1};
}

void still_begin(struct still *still)
{
    still->asleep_ns = asleep_ns();
    still->frozen_ns = frozen_ns(still);
    still->waited_ns = waited_ns();
    still->late_ns = 0;
}

uint64_t still_late(struct still *still, uint64_t late_ns, bool was_continued)
{
    const uint64_t waited = waited_ns(), more = waited - still->waited_ns;
    const uint64_t ns = late_ns > more + STILL_BEAT_NS ? late_ns - more : 0;
    still->waited_ns = waited;
    still->late_ns += was_continued ? 0 : ns;
    return ns;
}

uint64_t still_ns(const struct still *still)
{
    /* one clock is read after the other: a moment lies between */
    const uint64_t slack_ns = 10000000, asleep = asleep_ns(), frozen = frozen_ns(still) - still->frozen_ns;
    uint64_t ns = still->late_ns > frozen ? still->late_ns : frozen;
    return ns + (asleep > still->asleep_ns + slack_ns ? asleep - still->asleep_ns : 0);
}
