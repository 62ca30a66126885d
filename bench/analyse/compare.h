/* The verb compare: which cell is measured by which, and the statements that come of it. Only reads files. One thread.
 */
#ifndef POOLBENCH_ANALYSE_COMPARE_H
#define POOLBENCH_ANALYSE_COMPARE_H
#include "bench/model/metrics.h"
#include "bench/stats/runs.h"
#include "bench/stats/series.h"

#define SIDE_RUNS_MAX 32
#define DISTURBED     0.01 /* of the time that serial tasks wanted a CPU, somebody else had it: the machine was busy */

struct side { /* a run */
    const char *id;
    struct run_data run;
    struct series series;
};

/* Runs that are compared as one side: one, or RUNS_LEAST and more, which are the units then. */
struct sides {
    struct side *run; /* the first one names cells, and stands for all */
    size_t count;
};

struct question {
    const struct metric *metric;
    factor_set by;        /* one FACTOR_ bit; 0: not asked for */
    const char *baseline; /* its value; "": not asked for */
    double margin;
    double between_runs; /* by which absolute times of two runs of one program differ at most, in 19 of 20 */
};

struct pair {
    size_t cell, base;            /* in rows of the two sides */
    size_t cell_own, base_own;    /* two runs: what each is divided by first, in its own run; RUN_NOTHING: nothing, and
                                     what the machine did between the runs is in it */
    struct comparison comparison; /* of no block where there is nothing but 0 on both sides: nothing was measured */
    struct lag lag;               /* of its log ratios: whether blocks depend on the one before */
    double cell_cost, base_cost;  /* medians of what is compared: absolute, or relative to cell_own and base_own */
    double cell_own_cost, base_own_cost; /* of those, absolute */
};

struct compare {
    const struct side *base, *cell; /* the same in one run; of several a side, the first */
    struct sides bases, cells;
    struct question question;     /* with what was chosen where nothing was asked for */
    bool two;                     /* runs: a cell is compared with itself in the other run */
    bool several;                 /* runs a side, which are the units */
    bool relative;                /* two runs, and cells are first divided by their own run's baseline */
    bool apart;                   /* one run, by hosts that ran at different times: cells are first divided by a pool
                                     of their own host and block */
    bool other_machine;           /* two runs: absolute times are not compared */
    const struct side *disturbed; /* of two runs, one in which others took the CPUs; NULL: none */
    factor_set factors, shown;    /* what tells cells apart; what of it differs within these runs */
    struct pair *pairs;           /* in plan order of the cells */
    size_t count;
    size_t *alone[2], alone_count[2]; /* cells without a partner, of base and of cell; one run uses the second */
    struct family family;
    size_t blocks_needed, blocks; /* blocks: the most that a pair has */
    struct comparison mean;       /* the geometric mean, with an interval for itself alone */
    size_t mean_cells;            /* that are in it; */
    size_t mean_left_out;         /* others left their run before its end, which would leave few blocks that all have */
    double visible;
};

/* Reads a run, which side_release() closes, and says on stderr what of it is not used. 0, or -errno after a line on
 * stderr; nothing is to be released then. */
int side_read(const char *directory, struct side *side);
int side_costs(struct side *side, const struct metric *metric);
void side_release(struct side *side);

/* base and cell are the same for one run. other_machine: two runs, not of one machine. 0; -EINVAL and a line on stderr:
 * the runs do not bear the question. */
int compare_make(const struct sides *base, const struct sides *cell, const struct question *question,
                 bool other_machine, struct compare *compare);
void compare_release(struct compare *compare);
/* Of compare_make(). First what cells are measured by (room: for a name that is chosen); then the pairs, in the room
 * there is, and the cells that have none; last their numbers and verdicts. 0, -EINVAL after a line, -ENOMEM. */
int pairs_measure(struct compare *compare, char *room, size_t size);
void pairs_find(struct compare *compare);
int pairs_judge(struct compare *compare);
size_t cell_twin(const struct compare *compare, const struct summary_row *row, const struct run_data *in);
bool pair_is_relative(const struct pair *pair);
/* Of hosts that ran apart: the pool that cells are measured by, of their own host. */
const char *compare_own_pool(const struct compare *compare);
/* Times depend on what the machine does meanwhile, sizes and counts do not. */
bool compare_is_of_time(const struct compare *compare);
/* Two runs: this row is the baseline's own change, by which all others are measured. */
bool pair_is_own(const struct compare *compare, const struct pair *pair);
/* Whether nothing is told of it, because a run was disturbed: times hold what tasks waited for CPUs, and absolute CPU
 * times that others have used caches and cores; by the base pool of their own run CPU times hold. */
bool pair_is_disturbed(const struct compare *compare, const struct pair *pair);
/* What a gate makes of it. */
enum gate pair_gate(const struct compare *compare, const struct pair *pair, double limit);
/* The share of the time that others had the CPU that serial tasks wanted; NAN: none ran, or it is not known. */
double run_disturbed(const struct run_data *run);
size_t pair_failed(const struct compare *compare, const struct pair *pair); /* trials, of all cells that take part */
/* Those of all comparisons, each once: several may share a baseline. */
void compare_trials(const struct compare *compare, size_t *failed, size_t *trials);
/* "faster"; "failed" where no block has both, "" where none has the metric. */
const char *verdict_words(const struct compare *compare, const struct pair *pair);

/* What differs between the machines of two runs: prints a line for each to talk. The number of differences; 0 also
 * where a host.json is missing, which it says. */
size_t hosts_differ(const struct side *base, const struct side *cell, FILE *talk);

enum style { STYLE_TEXT, STYLE_MARKDOWN, STYLE_LATEX };
void compare_print(FILE *out, const struct compare *compare, enum style style);
int compare_rows(const struct compare *compare, const char *how); /* csv, json: to standard output; 0 or -errno */

#endif
