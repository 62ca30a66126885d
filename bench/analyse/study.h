/* A study: one pool at several numbers of workers, all else equal, and the laws that were fitted to it or the reasons
 * why not. One thread. */
#ifndef POOLBENCH_ANALYSE_STUDY_H
#define POOLBENCH_ANALYSE_STUDY_H
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/stats/fit.h"

#define STUDY_POINTS_MAX 64

struct study_fit {
    enum fit_law law;
    bool made;
    struct fit fit;      /* made; */
    char why[ERROR_MAX]; /* else */
};

struct study {
    size_t cell[STUDY_POINTS_MAX], count; /* in run->rows, ascending by workers */
    size_t used;     /* the first so many are fitted: beyond them there are more workers than CPUs */
    size_t blocks;   /* that have all of those */
    int64_t cpus;    /* in effect; 0: host.json does not say */
    bool needs_cpus; /* the tasks do, so `used` may be less than count */
    size_t fits;
    struct study_fit fit[2];
    char why[ERROR_MAX]; /* no law is tried; "" otherwise */
};

struct studies {
    struct table table;
    struct study *study;
    size_t count;
};

/* Of the pool with that name, with or without options; of all for "". 0, -ENOMEM, or -ENOENT: there is no cell of
 * it. The run stays in use. */
int studies_make(const struct run_data *run, const char *pool, struct studies *studies);
void studies_release(struct studies *studies);

const struct summary_row *study_row(const struct studies *studies, const struct study *study, size_t point);
/* Tasks per second at a point, and the interval of their median. NAN for none. */
double study_per_s(const struct studies *studies, const struct study *study, size_t point, struct interval *interval);
/* What its cells share: "spin, 100us". Returns text. */
char *study_label(const struct studies *studies, const struct study *study, char *text, size_t size);

#endif
