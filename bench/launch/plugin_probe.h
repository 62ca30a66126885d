/* Asking a trial program what a plug-in is. One thread. */
#ifndef POOLBENCH_LAUNCH_PLUGIN_PROBE_H
#define POOLBENCH_LAUNCH_PLUGIN_PROBE_H
#include "bench/job/job_file.h"

struct probe_order {
    const char *file;
    bool is_pool;
    enum probe_step depth; /* the last step to be taken */
    unsigned workers;      /* from PROBE_SHAPE on */
    const int64_t *params;
    unsigned shape_workers; /* from PROBE_OPEN on: what they come to */
};

/* 0, or -EINVAL with a line in error that says what the plug-in did instead, not which it is. */
int plugin_probe(const struct probe_order *order, struct probe *probe, char *error);

/* FNV-1a of a file's content, and its size. 0 or -errno. */
int plugin_file_hash(const char *file, uint64_t *hash, int64_t *bytes);

/* Stands for the classify of a workload that is not in this process: says that there is one, is never called. */
enum task_class plugin_classify_elsewhere(const void *state, uint32_t index);

#endif
