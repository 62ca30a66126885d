/* Of the verb explain: the counterfactual. A and B of an explanation run once more, and beside them, in the same
 * blocks, both with one thing changed (a knob): what share of the difference goes away with it. One thread. 0 or
 * -errno, with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_VERBS_EXPLAIN_TRY_H
#define POOLBENCH_VERBS_EXPLAIN_TRY_H
#include "bench/analyse/why/explain.h"
#include "bench/analyse/why/gone.h"
#include "bench/measure/session.h"

#define KNOBS_MAX 16
#define KNOB_TEXT 200

/* What is changed, in A and in B where they have it: "payload=0:0" is an option of run, "wait=spin" one of a pool or
 * workload; "pool=floor-ring" puts that in B's place. */
struct knob {
    char text[KNOB_TEXT]; /* two that are tried together with a plus between */
    uint32_t a, b;        /* cells of the session; the one without the change where that changes nothing there */
    unsigned from;        /* the first block in which it is, from 0 */
    struct gone gone;
};

struct tries {
    const struct explanation *why;
    struct session session;
    uint32_t a, b;
    struct knob *knob;  /* KNOBS_MAX + 2; the last of those one at a time is A/A */
    size_t kept;        /* the first so many are still run, and A/A */
    size_t count, both; /* both: the number of the two together; RUN_NOTHING: they were not tried */
    double *ns;         /* time per task, a row of BLOCKS_MOST a cell */
    size_t cells;       /* with such a row */
    unsigned block;     /* that ran */
    unsigned least;     /* blocks that intervals take */
    int64_t budget_ns;
    double level;
};
#define TRY_AGAIN       "again" /* the A/A knob: the same under another label */
#define TRY_BLOCKS_MOST 240

/* ---- knobs.c ---- */

/* Puts the knobs "payload=0:0,wait=spin" into knob[], or without text those that the states of the explanation speak
 * for; and A/A. Adds their cells to the session. -EINVAL: a knob that there is not, or that changes neither. */
int knobs_choose(struct tries *tries, const char *text, char *error);
/* The cell with the knobs of that text (joined by plus) added to the session; *made is `number` itself where they
 * change nothing. is_b: B's. */
int knobs_cell(struct tries *tries, const char *text, uint32_t number, bool is_b, uint32_t *made, char *error);

/* ---- try.c: the whole of it ---- */

struct try_wish {
    const char *knobs; /* NULL: by the states */
    const char *budget, *out;
    bool trust;
};
/* The exit code: EXIT_BLIND where the difference is not resolved here. Writes what it says to stdout. */
int try_go(const struct explanation *why, const struct try_wish *wish, char **argv);

/* ---- tried.c: what came of it ---- */

int tries_judge(struct tries *tries, char *error);
int tries_write(const struct tries *tries, char *error); /* tries.csv of the session's run */
void tries_print(const struct tries *tries, FILE *out);

#endif
