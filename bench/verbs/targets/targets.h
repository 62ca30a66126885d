/* The verb targets: which ratios, differences and amounts of a run may be how large, read from a file, and whether they
 * are. Only reads files. One thread.
 *
 * A file of targets is an INI file, a section a target:
 *
 *   [pthread against a bare ring]      what it is called
 *   metric = wall                      a row of bench/model/metrics.c, or metg
 *   cell = pool=pthread, workload=empty, timing=trial
 *   base = pool=floor-ring             all else as in cell; given again: the cheapest of them counts
 *   at_most = 1.5x                     a ratio; 15ns: a difference; without a base: an amount. readings+5ns: that and
 *                                      what two readings of the run's clock take
 *
 * Keys above the first section hold for every section that does not set its own. */
#ifndef POOLBENCH_VERBS_TARGETS_TARGETS_H
#define POOLBENCH_VERBS_TARGETS_TARGETS_H
#include "bench/analyse/compare.h"

enum {
    SELECTOR_MAX = 16, /* factors, and the experiment */
    BASES_MAX = 6,
    WANTED_MAX = 128, /* bytes of a factor's value, as the run spells it */
};

/* Factors a cell must have. */
struct selector {
    struct {
        factor_set factor; /* FACTOR_ bit; 0: the experiment */
        char value[WANTED_MAX];
    } wanted[SELECTOR_MAX];
    unsigned count;
};

enum target_kind { TARGET_RATIO, TARGET_DIFFERENCE, TARGET_AMOUNT };

struct target {
    char name[96];
    unsigned line; /* of its section */
    const struct metric *metric;
    bool metg; /* a metric of its own, over sizes; then `metric` is the time it is made of */
    struct selector cell, base[BASES_MAX];
    unsigned bases;
    enum target_kind kind;
    double at_most;     /* a ratio, ns or bytes */
    bool with_readings; /* and what two readings of the run's clock take */
    char at_most_text[32];
};

struct targets {
    char path[PATH_MAX]; /* of the file */
    struct target *target;
    size_t count;
};

enum outcome_of { TARGET_HOLDS, TARGET_FAILS, TARGET_UNRESOLVED, TARGET_NOT_RUN };

struct judgement {
    enum outcome_of outcome;
    char why[256]; /* not run */
    double value;  /* over blocks: the middle of the ratio, the median of a difference or amount */
    struct interval interval;
    size_t blocks;
    double at_most;              /* as the target says, with the readings of the run's clock; NAN: not known */
    double cell_cost, base_cost; /* medians */
    char base_label[160];        /* of the base that counts */
    size_t failed;               /* trials of the cells that take part */
};

/* file: a path, or the name of one that comes with poolbench ("perf"). 0 or -EINVAL with a line in error (ERROR_MAX
 * bytes) that begins with file:line. */
int targets_read(const char *file, struct targets *targets, char *error);
void targets_release(struct targets *targets);

const char *target_metric_name(const struct target *target);
/* `judgement` has a row a target. 0; -EINVAL with a line in error: a selector means more than one cell; -ENOMEM. */
int targets_judge(const struct targets *targets, const struct run_data *run, struct family *family,
                  struct judgement *judgement, char *error);

#endif
