/* What is computed of a run, once, for all who show it: screen, report, charts. One thread. */
#ifndef POOLBENCH_ANALYSE_ANALYSIS_H
#define POOLBENCH_ANALYSE_ANALYSIS_H
#include "bench/analyse/fault_costs.h"
#include "bench/analyse/price.h"
#include "bench/analyse/table.h"
#include "bench/analyse/why/pick.h"

struct analysis {
    const struct run_data *run; /* stays in use */
    struct table table;         /* without rows where the run has no cell */
    struct price *prices;       /* one a column of the table */
    struct fault_costs fault_costs;
    char *findings; /* a sentence a line, "" */
    struct why_run why;
    struct whys whys; /* pools, a pair a row; none where there are no two, or files cannot be read for it */
};

int analysis_make(const struct run_data *run,
                  struct analysis *analysis); /* 0 or -ENOMEM; release it in any case, and leave it where it is */
void analysis_release(struct analysis *analysis);

#endif
