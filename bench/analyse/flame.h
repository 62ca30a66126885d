/* Call chains of profiled siblings (profile/stacks.csv), added up as a tree: of one cell, or of two side by side. After
 * B. Gregg: The Flame Graph, CACM 59(6), 2016. Only reads files of the run. One thread. */
#ifndef POOLBENCH_ANALYSE_FLAME_H
#define POOLBENCH_ANALYSE_FLAME_H
#include "bench/model/run_data.h"

#define FLAME_NAME 160

struct flame_node {
    char name[FLAME_NAME]; /* of a function; below the root of a role */
    char object[64];       /* "" of a role */
    double ns[2];          /* a task, of either side, with what it called */
    double own_ns[2];      /* without */
    int64_t samples[2];
    size_t child, next; /* the first one, and the next of its parent; 0: none */
};

struct flame {
    struct flame_node *node; /* the first is the root */
    size_t count, room;
    unsigned sides;
    size_t trials[2]; /* profiled ones */
    int64_t tasks[2]; /* in them */
    bool is_named;    /* functions have names */
};

/* Adds the chains of a cell, in summary rows of the run, of the phase run and this kind ("on", "off"), as side 0, then
 * 1. -ENODATA: the run has none of it; the line says what would give them. 0 or -errno with a line in error (ERROR_MAX
 * bytes). Zeroed before the first; flame_close() in any case. */
int flame_add(struct flame *flame, const struct run_data *run, size_t cell, const char *kind, char *error);
/* Callees of each node by their names, for a picture that is the same for the same chains. 0 or -ENOMEM. */
int flame_sort(struct flame *flame);
void flame_close(struct flame *flame);
/* Which of the cells have chains: has[run->count], all false before. 0 or -errno with a line in error. */
int flame_cells(const struct run_data *run, bool *has, char *error);

#endif
