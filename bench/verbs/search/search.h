/* Searching with trials: what metg and crossover have in common, and a little of it capacity. A search copies a cell
 * along one factor, mostly beside another one that it is measured by; all searches of a verb go on together, so that
 * they share blocks. One thread. 0 or -errno, with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_VERBS_SEARCH_SEARCH_H
#define POOLBENCH_VERBS_SEARCH_SEARCH_H
#include "bench/analyse/summary.h"
#include "bench/base/status.h"
#include "bench/measure/session.h"
#include "bench/stats/search.h"
#include "bench/verbs/verbs.h"

#define SEARCH_NONE       UINT32_MAX
#define SEARCH_ANSWER_MAX 192
/* Options of run that no search takes: what it sets itself, and what would be several searches or another run. */
#define SEARCH_ALL_BUT                                                                                                 \
    "tasks", "faults", "timing", "precision", "samples", "wrap", "task-limit", "trial-program", "like", "more",        \
        "trust", "measure", "profile", NULL

/* The search that one cell is copied for. */
struct cell_search {
    uint32_t subject, base; /* numbers of the cells that are copied; base may be SEARCH_NONE */
    struct search search;
    struct crossing crossing; /* of a bracket */
    bool resolved;            /* it is what will be reported */
    size_t trials;
    char failure[SEARCH_ANSWER_MAX]; /* of the last trial that failed */
};

struct searches;
/* What a verb searches for. */
struct search_kind {
    const char *verb;
    /* Options of run that are set to what the search needs, as name and value in turn; ends with NULL. */
    const char *const *fixed;
    unsigned step_blocks; /* to tell a side by */
    double base_x;        /* where the base is, at whatever x its subjects are; 0: where they are */
    /* After session_open(): fills each, count and what the functions below need. */
    int (*prepare)(struct searches *searches, const struct arguments *given, char *error);
    /* What makes a cell the one at x. */
    int (*set)(const struct searches *searches, double x, struct cell *cell, char *error);
    /* Above 0 on one side of the crossing, below on the other. base: NULL with SEARCH_NONE. */
    double (*g)(const struct searches *searches, double x, const struct trial_row *subject,
                const struct trial_row *base);
    char *(*spell)(const struct searches *searches, double x, char *text, size_t size);
    /* What the answer is where the crossing is at x, for spell; NULL: x itself, else x is the label that stands beside.
     */
    double (*answer_at)(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                        double x);
    /* What was seen at an end of the range that is beyond the crossing; NULL: the last blocks alone may say so. */
    void (*there)(const struct searches *searches, const struct cell_search *one, const struct search_point *at,
                  const struct run_data *run, char *text, size_t size);
    const struct file_format *format; /* its CSV file: a row a search, which `answer` fills */
    void (*answer)(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                   void *row);
    void (*print)(const struct searches *searches, const struct run_data *run, FILE *out);
};

/* All searches of a verb. */
struct searches {
    const struct search_kind *kind;
    struct session session;
    struct cell_search *each; /* owned */
    size_t count;
    unsigned blocks; /* of the last round */
    int64_t budget_ns;
    bool over_budget;
    double limit;  /* of metg: the efficiency */
    unsigned over; /* of crossover: the factor */

    struct status status;
    unsigned block;          /* the last one that ran */
    struct trial_row *trial; /* the last one of each cell of the plan; owned */
    struct added_cell {
        uint32_t from, number;
        double x;
    } * cell; /* those that were added; owned */
    size_t cells;
};

/* The first rows of the verbs' tables of arguments. */
enum { SEARCH_POOL, SEARCH_RANGE, SEARCH_BLOCKS, SEARCH_BUDGET, SEARCH_OWN };
extern const char search_blocks_help[], search_budget_help[];

/* The verb, from its words to its exit code (bench/verbs/search/verb.c). */
int search_verb(const struct search_kind *kind, const struct arguments *given);

/* ---- for prepare ---- */

/* "A..B", each read by `parse` of bench/base/units.h; A above 0 and below B. `expected`: an example. */
int search_range(const char *text, int (*parse)(const char *text, int64_t *value), const char *expected,
                 struct search_rules *rules, char *error);
/* A search has one factor, and the pools: another one with several values would be several searches. -EINVAL. */
int search_single(const struct cells *cells, char *error);
/* A search for each cell of the plan but the one of pool `base` (NULL: none), which they are measured by. */
int search_cells(struct searches *searches, const char *base, const struct search_rules *rules, char *error);

/* ---- the loop (bench/verbs/search/search.c) ---- */

/* Whether the budget has time for the first step and what is around it, by pilots of it where that is not known. Leaves
 * the plan as it was. -EINVAL where it has not. */
int search_fits(struct searches *searches, char *error);
/* Narrows the brackets of all searches, then runs the last round. */
int search_run(struct searches *searches, char *error);
/* The level of each interval: all of them hold together at 95 %. */
double search_level(const struct searches *searches);
const struct cell *search_subject(const struct searches *searches, const struct cell_search *one);

/* ---- for answer and print (bench/verbs/search/verb.c) ---- */

unsigned search_workers(const struct searches *searches); /* as asked for, which some pools ignore */
/* The row of the summary that the subject has at x; NULL: none. */
const struct summary_row *search_row(const struct searches *searches, const struct cell_search *one, double x,
                                     const struct run_data *run);
/* Whether there is a crossing; `reason` (SEARCH_ANSWER_MAX): why not, or what is to be known of it. */
bool search_found(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                  char *reason);
/* The first lines of a screen, and the last one. */
void search_head(const struct session *session, const char *verb, unsigned blocks, const struct run_data *run,
                 FILE *out);
void search_foot(const struct session *session, const char *verb, FILE *out);
int64_t search_whole(double value); /* for an integer column */
/* The name of the run, as long as its column. */
void search_name(const struct searches *searches, char name[40]);
/* "1.20 ms  [1.10 ms .. 1.30 ms]  12 blocks" or the reason. */
void search_line(const struct searches *searches, const struct cell_search *one, const struct run_data *run, FILE *out);
/* Those of all searches, each behind the name of its pool. */
void search_lines(const struct searches *searches, const struct run_data *run, FILE *out);

#endif
