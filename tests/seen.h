/* All that is said of a run by who reads it, in this process: summary, screen, data of charts, documents, tasks, and
 * what `resume` would do; as texts, to be compared. One thread. */
#ifndef POOLBENCH_TESTS_SEEN_H
#define POOLBENCH_TESTS_SEEN_H
#include "bench/base/refuse.h"
#include "bench/model/cell.h"
#include <stdbool.h>

enum { SEEN_MOST = 64 };

/* One of them. */
struct seen_part {
    const char *name; /* "screen", or that of a chart */
    char *text;       /* what it says, with what went to stderr; "" where it was refused */
    char refused[ERROR_MAX];
};

struct seen {
    struct seen_part part[SEEN_MOST];
    size_t count;
};

/* cells: of the run as it was, with their ids, which a plan is read for. Writes summary.csv and reports into the
 * directory. Aborts without memory. */
void run_see(const char *directory, const struct cells *cells, struct seen *seen);
void seen_release(struct seen *seen);

/* The cells of a plan.csv with their ids, to be freed; none where it cannot be read. */
struct cells seen_cells(const char *directory);

/* Whether all that `now` says is what `before` said, or an error, or stands beside a line about `file` that `before`
 * does not have. NULL; else the name of the first part that says something else in silence. */
const char *seen_silent(const struct seen *before, const struct seen *now, const char *file);

#endif
