/* What was counted in profiled siblings (profile/counters.csv), for the published trials that they are siblings of, a
 * task, submitter and all others together. Only reads. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_COUNTED_H
#define POOLBENCH_ANALYSE_WHY_COUNTED_H
#include "bench/model/run_data.h"

#define COUNTED_MOST 64 /* events; of more the first ones */

struct counted_event {
    char pmu[32], event[32], scope[16];
    bool is_shared; /* in a sibling at least it had its PMU for a part of the time: values are scaled by that */
};

struct counted {
    struct counted_event event[COUNTED_MOST];
    unsigned count;
    size_t trials;
    double *value; /* COUNTED_MOST x trials; NAN: not counted */
};

/* *counted: to be freed by counted_free(); NULL: nothing was counted. 0 or -errno with a line in error. */
int counted_make(const struct run_data *run, struct counted **counted, char *error);
void counted_free(struct counted *counted);
/* A task, of a trial; NAN: not counted. */
double counted_at(const struct counted *counted, unsigned event, size_t trial);
/* The same event; counted->count: there is none. */
unsigned counted_find(const struct counted *counted, const char *pmu, const char *event, const char *scope);

#endif
