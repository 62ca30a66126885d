/* The verb advise: which pool, with how many workers, for given tasks. It rests on cells of a run that were measured,
 * and on nothing in between. One thread. */
#ifndef POOLBENCH_VERBS_ADVISE_ADVISE_H
#define POOLBENCH_VERBS_ADVISE_ADVISE_H
#include "bench/analyse/summary.h"
#include "bench/ask/asked.h"
#include "bench/model/metrics.h"
#include "bench/stats/verdict.h"

/* What is asked. */
struct wish {
    int64_t size_ns;
    double cpu_share; /* of the tasks; 1: all compute, 0: all sleep */
    double rate;      /* tasks a second; 0: all at once, and throughput counts */
    int64_t p99_ns;   /* latency to keep to under that rate; 0: none, the smaller the better */
    int64_t ballast_bytes;
    bool isolation;            /* every worker a process */
    const struct asked *asked; /* what of a run's options was given */
    const char *workload;      /* as given; NULL: tasks that compute and sleep, by cpu_share */
    int64_t memory_bytes;      /* that pools may take; 0: any */
    int64_t budget_ns;         /* for measuring */
};

#define CONTEST_NEAR                                                                                                   \
    1.1 /* times the best, as measured: what is unresolved and further off is not advised for being simple */

struct candidate {
    size_t cell; /* in run->rows */
    double cost; /* of what counts, in ns: time per task, median over blocks; or latency p99, of all trials together */
    struct interval interval; /* of it, at 95 % by itself */
    struct comparison to_best;
};

/* Cells that differ in pool, workers and place alone: those of them that may be advised, by cost. */
struct contest {
    size_t cell; /* one of them */
    struct candidate *candidates;
    size_t count;  /* 0: nobody may be advised */
    size_t chosen; /* in candidates: the simplest of those that may be as good as the best */
    struct family family;
};

struct advice {
    const struct run_data *run;
    struct wish wish;
    struct series series; /* of what counts */
};

int advice_init(struct advice *advice, const struct run_data *run, const struct wish *wish); /* 0 or -ENOMEM */
void advice_release(struct advice *advice);
/* The cell nearest to the wish, or SIZE_MAX. */
size_t advice_nearest(const struct advice *advice);
/* The contest that a cell is in. 0 or -ENOMEM. */
int contest_make(const struct advice *advice, size_t cell, struct contest *contest);
void contest_release(struct contest *contest);
/* The nearest size of the run, all else equal, at which somebody is surely better than what was chosen; SIZE_MAX: none.
 * `sizes`: how many other sizes there are. */
size_t advice_turn(const struct advice *advice, const struct contest *contest, struct contest *turn, size_t *sizes);

/* A line that is being made. */
struct text {
    char text[2048];
    size_t used;
};
__attribute__((format(printf, 2, 3))) void text_add(struct text *text, const char *format, ...);

/* Tasks come at a rate, by --rate or --arrival. */
bool wish_has_rate(const struct wish *wish);
/* The pools that are candidates where none are named; and a workload for cpu_share. Return text. */
const char *wish_pools(const struct wish *wish);
const char *wish_workload(const struct wish *wish, char *text, size_t size);
/* Runs what is missing, as long as the budget says, and says where. 0, or the exit code after a line. */
int advise_measure(const struct wish *wish, char **argv, char *directory, size_t size);
/* The answer on five lines. 0, or what to exit with. */
int advise_print(const struct advice *advice, const char *directory);

#endif
