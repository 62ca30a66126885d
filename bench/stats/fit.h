/* Laws of scaling, fitted to time per task at several numbers of workers (docs/SEARCHES.md). Arrays in, parameters out.
 * Pure and seeded: the same points give the same numbers. Thread-safe. */
#ifndef POOLBENCH_STATS_FIT_H
#define POOLBENCH_STATS_FIT_H
#include "bench/stats/stats.h"
#include <stdint.h>

enum fit_law {
    FIT_AMDAHL, /* throughput = one / (1/N + sigma (N - 1) / N): a share sigma of the work is done one after another */
    FIT_USL,    /* the Universal Scalability Law: N / (1 + sigma (N - 1) + kappa N (N - 1)), times that of one worker */
    FIT_SLEEP,  /* time per task = (size + wait) / N + handover: no CPU in it */
    FIT_LAWS
};

#define FIT_VALUES_MAX 4
/* What a law is called, and what is found: its parameters, then what follows from them. */
extern const struct fit_words {
    const char *law;
    size_t counts;     /* different numbers of workers it takes at least */
    size_t parameters; /* free ones, the first of the values */
    size_t values;
    struct {
        const char *name; /* in CSV */
        const char *words;
    } value[FIT_VALUES_MAX];
} fit_words[FIT_LAWS];

enum { FIT_ONE_PER_S, FIT_SIGMA }; /* Amdahl and USL: tasks per second of one worker, contention */
enum { AMDAHL_MOST = 2 };          /* the largest speed-up there is, 1 / sigma */
enum { USL_KAPPA = 2, USL_BEST };  /* coherence; the workers of the highest throughput */
enum { SLEEP_WAIT_NS, SLEEP_HANDOVER_NS, SLEEP_LIMIT_PER_S };

struct fit_points {
    size_t count, blocks;
    const double *workers; /* ascending, all different */
    const double *ns;      /* per task: count x blocks, all above 0; entry b of each was measured in the same block */
    double size_ns;        /* what a task sleeps; FIT_SLEEP alone */
};

struct fit_bootstrap {
    size_t resamples; /* of blocks; FIT_RESAMPLES unless there is no time */
    uint64_t seed;
};
#define FIT_RESAMPLES 2000
#define FIT_LEVEL     0.95

struct fit {
    enum fit_law law;
    double size_ns;
    double value[FIT_VALUES_MAX];
    struct interval interval[FIT_VALUES_MAX]; /* at FIT_LEVEL, each by itself */
    double worst;                             /* the largest |measured / fitted - 1| of a point's time per task */
    double worst_workers;                     /* where that is */
};

/* 0; -EDOM: the points do not bear it, with the reason in why (ERROR_MAX bytes); -ENOMEM, likewise. */
int fit_make(enum fit_law law, const struct fit_points *points, const struct fit_bootstrap *bootstrap, struct fit *fit,
             char *why);
double fit_ns(const struct fit *fit, double workers); /* time per task that it predicts */

#endif
