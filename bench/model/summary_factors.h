/* What makes two cells comparable, and how a group of cells is called on the screen and in charts: by the factors of
 * their summary rows. Pure. */
#ifndef POOLBENCH_MODEL_SUMMARY_FACTORS_H
#define POOLBENCH_MODEL_SUMMARY_FACTORS_H
#include "bench/model/columns.h"
#include "bench/model/options.h"
#include <stdbool.h>

/* The two pools that docs/METHOD.md measures others by. */
#define BASE_POOL  "serial" /* of speed-ups: the same tasks without any pool; has no workers to count or place */
#define IDEAL_POOL "static" /* of efficiency_vs_static: workers without a queue */

/* The sets of one factor that the code knows by name. */
#define FACTOR_POOL          OPTION_BIT(OPTION_POOL)
#define FACTOR_WORKLOAD      OPTION_BIT(OPTION_WORKLOAD)
#define FACTOR_SIZE          OPTION_BIT(OPTION_SIZE)
#define FACTOR_SIZE_DIST     OPTION_BIT(OPTION_SIZE_DIST)
#define FACTOR_TASKS         OPTION_BIT(OPTION_TASKS)
#define FACTOR_WORKERS       OPTION_BIT(OPTION_WORKERS)
#define FACTOR_PLACE         OPTION_BIT(OPTION_PLACE)
#define FACTOR_ARRIVAL       OPTION_BIT(OPTION_ARRIVAL)
#define FACTOR_PAYLOAD       OPTION_BIT(OPTION_PAYLOAD)
#define FACTOR_BALLAST       OPTION_BIT(OPTION_BALLAST)
#define FACTOR_FAULTS        OPTION_BIT(OPTION_FAULTS)
#define FACTOR_TIMING        OPTION_BIT(OPTION_TIMING)
#define FACTOR_TRIAL_PROGRAM OPTION_BIT(OPTION_TRIAL_PROGRAM)
#define FACTOR_NUMA          OPTION_BIT(OPTION_NUMA)
#define FACTOR_HOST          OPTION_BIT(OPTION_HOST)
factor_set factors_all(void);
factor_set factors_work(void); /* those that results of tasks depend on */

bool factors_same(const struct factors *a, const struct factors *b, factor_set set);

bool factors_equal(const struct summary_row *a, const struct summary_row *b, factor_set factors);

/* All factors; without FACTOR_TASKS where the number of tasks was chosen for each cell (--tasks auto), which it was
 * unless two cells differ in it alone. */
factor_set factors_of(const struct summary_row *rows, size_t count);

/* Those of `factors` that are not the same in all rows. */
factor_set factors_varying(const struct summary_row *rows, size_t count, factor_set factors);

/* "spin, 10us, 2 workers": the given factors of a row, as many as text has room for; with the pool among them, workers
 * of two kinds are named (row_staff). Returns text. */
char *factors_label(char *text, size_t size, const struct summary_row *row, factor_set factors);

/* What options call factor number 0.., NULL after the last; and its value as an option takes it. Returns text. */
const char *factor_name(unsigned number);
char *factor_spell(char *text, size_t size, const struct summary_row *row, factor_set factor);

/* "1 process + 1 thread", "2 processes x 3 threads"; "" where all workers are of one kind. Returns text. */
char *row_staff(char *text, size_t size, const struct summary_row *row);

bool row_has_pool(const struct summary_row *row, const char *name); /* with whatever label and options */
const struct pool_ops *row_pool(const struct summary_row *row);     /* NULL: it is none of ours */
bool row_is_floor(const struct summary_row *row);                   /* shown beside pools, never the best one */
bool row_has_label(const struct summary_row *row, const char *label);
/* What people read: the label of a pool where it has one, else all of it. text: POOL_TEXT bytes. Returns text. */
#define POOL_TEXT SPEC_MAX
char *pool_shown(char *text, const char *pool);
#define POOL_SHOWN(name) pool_shown((char[POOL_TEXT]){0}, name) /* lives as long as the block */

#endif
