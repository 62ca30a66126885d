/* Limits of the control groups we are in, v1 and v2 alike, from our group up to the top one that can be seen here.
 * Needs no library. Thread-safe. `root` in all: "" for this machine, or a directory that stands for / (tests). */
#ifndef POOLBENCH_MACHINE_CGROUP_H
#define POOLBENCH_MACHINE_CGROUP_H
#include <stddef.h>
#include <stdint.h>

enum limit_kind { LIMIT_CPU, LIMIT_MEMORY, LIMIT_TASKS, LIMIT_KINDS };

/* The tightest of every level. */
struct cgroup_limits {
    double quota_cpus;               /* CPU time per wall time; 0: none was seen */
    int64_t memory_bytes;            /* -1: none was seen */
    int64_t memory_free_bytes;       /* of it, not in use (file cache that can be dropped counts as free); as above */
    int64_t tasks_left;              /* processes and threads that may still be made; -1: none was seen */
    const char *unseen[LIMIT_KINDS]; /* why there may be a lower limit than was seen; NULL: there is none */
};

void cgroup_limits_read(const char *root, struct cgroup_limits *limits);
/* The path of cpu.stat of the group, ours or above, whose quota of CPU time is the tightest; "": none has one. */
void cgroup_quota_stat(const char *root, char *path, size_t size);
/* The text of `file` in our group of the controller, or in the nearest group above that has it; 0 or -ENOENT. */
int cgroup_file_read(const char *root, const char *controller, const char *file, char *text, size_t size);

/* Calls visit for our group of the controller and for every group above it that can be seen, under every mount of the
 * tree that has it (so for some twice). NULL when none was left out; else why some may have been. */
const char *cgroup_walk(const char *root, const char *controller, void (*visit)(const char *directory, void *data),
                        void *data);

#endif
