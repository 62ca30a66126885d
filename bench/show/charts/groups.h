/* Which trials stand together in a picture: a panel for everything that varies but the pool, and in it a bar or a line
 * for each pool. Cells that two experiments have in common are one. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_GROUPS_H
#define POOLBENCH_SHOW_CHARTS_GROUPS_H
#include "bench/analyse/summary.h"

struct groups {
    const struct run_data *run;
    size_t *pool_of;           /* per row: its pool */
    bool *in_panel;            /* panels x rows: a row may be in several */
    size_t *panel, panels;     /* per panel: a row that stands for it; in the order of the plan */
    size_t *pool, pools;       /* per pool: likewise */
    factor_set factors, label; /* what tells panels apart, and what their titles say */
    bool *drawn;               /* per trial */
    size_t *trial;             /* groups_trials() leaves them here */
    double *values;            /* room for one number a trial */
};

/* Of the trials that are drawn. 0 or -ENOMEM; release it in any case. */
int groups_init(struct groups *groups, const struct run_data *run, bool (*is_drawn)(const void *arg, size_t trial),
                const void *arg);
void groups_release(struct groups *groups);

/* Finds the trials of that pool in that panel. Returns how many. The base pool, which has no workers to count or to
 * place, is in the panels of all numbers and places. */
size_t groups_trials(struct groups *groups, size_t panel, size_t pool);

const struct summary_row *groups_panel(const struct groups *groups, size_t panel);
const char *groups_pool(const struct groups *groups, size_t pool);
char *groups_title(char *text, size_t size, const struct groups *groups, size_t panel); /* returns text */

/* Variables for style.gp: page_panels, panels, pools, panel_title[], pool_name[]. */
void groups_print(FILE *script, const struct groups *groups);

#endif
