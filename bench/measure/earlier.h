/* The plan of an earlier run, for --like: how many tasks its cells had, and how long its trials took. (Its
 * iterations come with its calibrations.) One thread. */
#ifndef POOLBENCH_MEASURE_EARLIER_H
#define POOLBENCH_MEASURE_EARLIER_H
#include "bench/measure/forecast/forecast.h"
#include "bench/model/cell.h"
#include "bench/model/columns.h"
#include <stdbool.h>

struct earlier {
    struct plan_row *rows; /* one a cell */
    struct took {
        double whole_ns, wall_ns;
        unsigned trials;
    } * took; /* likewise, by its trials that went well, summed */
    size_t count;
};

/* directory: of the run; "" for none, which knows nothing. asked: the option that named it, "" where none did. -EINVAL
 * with a line in error. */
int earlier_read(const char *directory, const char *asked, struct earlier *earlier, char *error);
void earlier_release(struct earlier *earlier);

/* The tasks of the same cell; MISSING where there was none. */
int64_t earlier_tasks(const struct earlier *earlier, const struct cell *cell);

/* What its trials took there, if some went well. */
bool earlier_price(const struct earlier *earlier, const struct cell *cell, struct trial_price *price);

/* The earlier plan has the first of these cells and not the last: it was left out for the budget. */
bool earlier_left_out(const struct earlier *earlier, const struct cells *cells);
/* The earlier plan has these cells and no others, with as many tasks and iterations. */
bool earlier_same(const struct earlier *earlier, const struct cells *cells);

#endif
