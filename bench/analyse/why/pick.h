/* Which two cells are explained: for every group of cells that differ in one factor alone, an A and a B. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_PICK_H
#define POOLBENCH_ANALYSE_WHY_PICK_H
#include "bench/analyse/why/explain.h"

#define WHYS_WORTH 1.1 /* times: differences from here on are what people ask about */

/* One a group, in plan order. */
struct whys {
    struct explanation *why;
    size_t count;
};

/* In one run: a and b are values of the factor `by` (a FACTOR_ bit); "": A is the fastest of its group, B of pools the
 * next one that surely takes longer, by a tenth where there is one, else the slowest. serial, static and floors only
 * stand for B or A where they are named. 0; -EINVAL and a line in error (ERROR_MAX bytes) that says what there is:
 * nothing varies so, or no two cells have these; -ENOMEM likewise. whys_release() in any case. */
int whys_by(const struct why_run *run, factor_set by, const char *a, const char *b, struct whys *whys, char *error);
/* A cell in one run is A, the same in the other B. */
int whys_of_runs(const struct why_run *a, const struct why_run *b, struct whys *whys, char *error);
void whys_release(struct whys *whys);

/* The group that most is to be said of: the first whose difference is told and at least a tenth, else the first that is
 * told, else the first. RUN_NOTHING without any. */
size_t whys_first(const struct whys *whys);

/* "prefork", "workers 4", "run B". Returns text. */
char *why_name(char *text, size_t size, const struct explanation *why, bool is_b);
/* "the time per task of", "the slowest 1 % of tasks of". Returns text. */
char *why_metric(char *text, size_t size, const struct explanation *why);
/* What both have in common, and other groups have not: "spin, 10us, 2 workers". */
char *why_label(char *text, size_t size, const struct explanation *why);
/* The answer in sentences, a line each. */
void why_say(FILE *out, const struct explanation *why);
#define PROFILE_COST_SAID 1.05 /* times: from there on values carry a mark, */
#define PROFILE_COST_MOST 1.3  /* and from there on there are only shares */
/* Profiling surely costs that much of one of the two. */
bool why_costs(const struct explanation *why, double least);
/* Whether the difference is told, and there are blocks enough to take it apart. */
bool why_is_answered(const struct explanation *why);
/* The one sentence under the answer of a run: of the first row whose difference is told, a tenth or more, and explained
 * by half at least; nothing where there is none. */
void why_print(FILE *out, const struct whys *whys);

#endif
