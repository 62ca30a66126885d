/* The profiled siblings of a run's trials (profile/trials.csv), and the published trials that they are siblings of.
 * Only reads. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_SIBLINGS_H
#define POOLBENCH_ANALYSE_WHY_SIBLINGS_H
#include "bench/model/run_data.h"

struct sibling_trial {
    int64_t trial_id;
    size_t trial; /* the published one; RUN_NOTHING */
    double tasks, slots_ns, per_task_ns;
};

struct siblings_read {
    const struct run_data *run;
    char directory[PATH_MAX];
    struct sibling_trial *sibling; /* by trial_id */
    size_t room, count;
    bool is_there; /* siblings, and a file of that format */
    int64_t rows;  /* of profile/trials.csv */
    char *error;
};

/* Those that ended well, where profile/ of the run has the file of this format. To be released in any case. 0 or -errno
 * with a line in error (ERROR_MAX bytes). */
int siblings_read(const struct run_data *run, const struct file_format *format, struct siblings_read *siblings,
                  char *error);
void siblings_read_release(struct siblings_read *siblings);
/* Says where a file of profile/ has fewer rows than host.json has counted there under that key. */
void siblings_missing(const struct siblings_read *siblings, const char *file, const char *key, int64_t there);
/* Its place among them; RUN_NOTHING: there is none. */
size_t siblings_find(const struct siblings_read *siblings, int64_t trial_id);

#endif
