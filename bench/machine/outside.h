/* What others do to this machine while a trial runs: /proc, /sys and control groups at two moments, the difference, and
 * the rule by which a trial counts as disturbed. The rule sees no time of the trial and nothing that its pool causes:
 * neither switches nor waiting for a CPU, nor pressure on CPUs, which is the same waiting. One thread. */
#ifndef POOLBENCH_MACHINE_OUTSIDE_H
#define POOLBENCH_MACHINE_OUTSIDE_H
#include "bench/machine/machine.h"
#include "bench/machine/place.h"
#include <limits.h>

/* A trial is disturbed where the hypervisor, or other programs, took more than this share of the time of the CPUs that
 * it may use while it ran, and more than what can be told apart from nothing. What the kernel does for a process after
 * that was waited for counts as others': under `fork` with empty tasks up to 0.018 where this was written. */
#define OUTSIDE_SHARE 0.04
/* And where they took more than this share, times of tasks that need a CPU say little of the pool. */
#define OUTSIDE_MOST 0.25

/* How the CPU time of all tasks is known, the best first. */
enum usage_source {
    USAGE_GROUP,     /* of the topmost control group that is seen (version 1): in ns */
    USAGE_SCHEDSTAT, /* /proc/schedstat: in ns, of a task when it leaves its CPU */
    USAGE_STAT,      /* /proc/stat: in ticks, and whoever is found running at one has had all of it */
    USAGE_UNKNOWN
};

struct outside_watch {
    hwloc_bitmap_t cpus; /* that are watched */
    const char *root;    /* "", or a directory that stands for / (tests) */
    enum usage_source source;
    char group[PATH_MAX];    /* the file of USAGE_GROUP */
    char quota[PATH_MAX];    /* cpu.stat of the group whose quota is the tightest; "": none has one */
    struct put_off *put_off; /* threads that do what was put off (ksoftirqd): freeing what forked tasks had, say */
    size_t put_off_count;
};

/* Times since some beginning, in ns; -1 where this machine does not tell. */
struct moment {
    uint64_t at_ns;
    int64_t steal_ns;                           /* runnable here, and the hypervisor ran something else: all CPUs */
    int64_t stolen_ns;                          /* of those that are watched */
    int64_t used_ns;                            /* CPU time of all tasks there but ksoftirqd, whose work is nobody's; */
    int64_t own_ns;                             /* of that, ours and our ended children's */
    int64_t memory_pressure_ns, io_pressure_ns; /* some task waited for memory, for a device */
    int64_t throttled_ns;                       /* the quota kept a CPU from our group that had work for it: all CPUs */
    double load;                                /* average number of runnable tasks in the last minute; NAN unknown */
};

/* All CPUs that we may use. `root` stays in use. 0 or -ENOMEM. */
int outside_watch(struct outside_watch *watch, const struct machine *machine, const char *root);
void outside_unwatch(struct outside_watch *watch); /* also of {0}, and twice */
/* From now on those that a trial of that place may use. */
void outside_watch_place(struct outside_watch *watch, const struct placement *placement);
const char *outside_source(const struct outside_watch *watch); /* for host.json; NULL: others' time is not known */
void outside_read(const struct outside_watch *watch, struct moment *moment);

/* Between two moments; -1 likewise. */
struct outside {
    int64_t steal_ns, stolen_ns, others_ns, memory_pressure_ns, io_pressure_ns, throttled_ns;
    int disturbs; /* by the rule: 1 or 0; -1: neither steal nor CPU time of others is known */
};
struct outside outside_between(const struct outside_watch *watch, const struct moment *from, const struct moment *to);

/* What the kernel says the frequency of a CPU is; -1: it does not. */
int64_t outside_frequency_khz(const struct outside_watch *watch, int cpu);

#endif
