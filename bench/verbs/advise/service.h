/* Advice for tasks that come at a rate. How long tasks take and what handing them over costs is measured in short
 * bursts of each pool; a queue in simulated time (bench/stats/queue.h) answers for all numbers of workers; and those
 * few that are left are measured at that rate. One thread. */
#ifndef POOLBENCH_VERBS_ADVISE_SERVICE_H
#define POOLBENCH_VERBS_ADVISE_SERVICE_H
#include "bench/base/status.h"
#include "bench/measure/session.h"
#include "bench/model/run_data.h"
#include "bench/stats/queue.h"
#include "bench/stats/steady.h"
#include "bench/verbs/advise/advise.h"

#define SERVICE_P    0.99
#define MEASURE_MOST 3 /* candidates, at the rate that is asked for */
#define NOT_MEASURED UINT32_MAX

/* What bursts have shown of a pool in a place. */
struct burst {
    uint32_t like, cell, wide; /* of the plan: the candidate that it is a copy of, itself, and one with most workers */
    size_t trials, tasks;
    struct bucket *service; /* of all its trials, ascending; owned */
    size_t buckets;
    double mean_ns, scv, doubt; /* of service; how far means of trials lie from it, as a share */
    double cpu_share;           /* of it, what a task computes */
    double handover_ns;         /* CPU time of the submitter for a task, one after the other */
    double beside_ns;           /* what else a latency has beside service */
    double each_bytes;          /* memory a worker adds; */
    double all_bytes;           /* and what there is once */
    double command_bytes;       /* the largest memory of a command that a task was; 0: none, or not known */
    struct queue_sample sample;
};

/* A pool with a number of workers in a place, as predicted. */
struct offer {
    uint32_t cell; /* of the plan */
    const struct burst *burst;
    struct queue queue;
    double p99_ns, lo_ns, hi_ns; /* predicted; and were tasks faster or slower by the doubt of the burst */
    double most;                 /* tasks a second at which all is busy */
    /* The rate up to which p99 keeps to the limit, or where there is none the queue does not grow; and were tasks
     * slower or faster by the doubt. Of finalists, and of those that go farthest of their pool (is_farthest); else NAN.
     */
    double edge, edge_lo, edge_hi;
    bool is_farthest;
    double bytes;      /* memory of pool and submitter, predicted by the burst, */
    double commands;   /* and of commands with all workers busy */
    bool fits;         /* in --memory */
    uint32_t measured; /* the cell of the plan that measures it, or NOT_MEASURED */
};

struct service {
    const struct wish *wish;
    char **argv;
    struct session session;
    double rate, limit_ns; /* limit: of p99; 0: none */
    size_t candidates;     /* the first so many cells of the plan */
    struct burst *burst;
    size_t bursts;
    struct offer *offer; /* the best first (offers_make) */
    size_t offers;
    size_t finalist[MEASURE_MOST]; /* in offer; what may be advised comes first */
    size_t finalists;
    struct trial_row *rows; /* of the bursts */
    size_t row_count;
    unsigned block; /* the last one */
    struct status status;
};

/* A trial of each of these cells of the plan, in random order, as the next block; says `what` before each. rows: room
 * for them; done: how many there are. 0 or -errno. */
int service_block(struct service *service, const char *what, const uint32_t *cells, size_t count,
                  struct trial_row *rows, size_t *done, char *error);
/* What others took of the CPUs meanwhile, as a share; NAN: not known, or there is none of that cell in rows. */
double trials_others(const struct service *service, const struct trial_row *rows, size_t count, const char *cell_id);
/* Runs bursts of all pools. 0 or -errno, with a line in error. */
int bursts_run(struct service *service, char *error);
void bursts_release(struct service *service);
/* Predicts all candidates, and chooses those that are worth measuring. Likewise. */
int offers_make(struct service *service, char *error);
/* Its queue at the rate, for how long that depends on itself and a trial must last (bench/stats/steady.h). */
struct steady_queue offer_steady(const struct service *service, const struct offer *offer);

/* Measures under the rate. 0, or the exit code after a line. */
int service_measure(struct service *service, char *directory, size_t size);
/* The screen, with what was measured. What to exit with. */
int service_print(const struct service *service, const struct run_data *run);
void service_close(struct service *service);

#endif
