/* Limits of the control groups we are in, v1 and v2 alike, from our group up to the top one that is mounted here.
 * Needs no library. Thread-safe. */
#ifndef POOLBENCH_CGROUP_H
#define POOLBENCH_CGROUP_H
#include <stddef.h>
#include <stdint.h>

/* The tightest of every level. */
struct cgroup_limits {
    double quota_cpus;         /* CPU time per wall time; 0: no quota */
    int64_t memory_bytes;      /* -1: no limit */
    int64_t memory_free_bytes; /* of it, not in use (file cache that can be dropped counts as free); -1: no limit */
    int64_t tasks_left;        /* processes and threads that may still be made; -1: no limit */
};

/* root: "" for this machine, or a directory that stands for / (tests). What cannot be read limits nothing. */
void cgroup_limits_read(const char *root, struct cgroup_limits *limits);
/* The text of `file` in our group of the controller, or in the nearest group above that has it; 0 or -ENOENT. */
int cgroup_file_read(const char *root, const char *controller, const char *file, char *text, size_t size);

#endif
