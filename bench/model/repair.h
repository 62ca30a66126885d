/* What is whole of a run whose files were damaged: rows that have the values that were written, trials that have all of
 * their rows, each once and in order. One thread. */
#ifndef POOLBENCH_MODEL_REPAIR_H
#define POOLBENCH_MODEL_REPAIR_H
#include <stddef.h>

#define REPAIR_KEPT "damaged" /* the folder of the run in which files stay as they were */

struct repair {
    /* Told of each row and each trial that is dropped; one line. */
    void (*dropped)(const char *what, void *arg);
    void *arg;
    /* filled */
    size_t rows_dropped, trials_dropped; /* of rows: not those of dropped trials */
    size_t trials;                       /* that are whole */
};

/* Makes plan.csv, samples.csv, latency.csv, states.csv and trials.csv, those that are there, anew where something is
 * dropped from them, or they are not as they were written; what they were is in REPAIR_KEPT then. RUN/profile has the
 * same files, and is repaired by itself. *is_changed: whether they are. The caller holds the lock of
 * the run. 0 or -errno with a line in error (ERROR_MAX bytes); the files are as they were then, or the run can be
 * repaired once more. */
int repair_run(const char *directory, struct repair *repair, int *is_changed, char *error);

#endif
