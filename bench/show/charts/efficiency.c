/* Efficiency against task size: from which size on a pool is worth it. */
#include "bench/model/summary_factors.h"
#include "bench/show/charts/panels.h"
#include <math.h>

static double efficiency(const struct trial_row *trial)
{
    return trial->ideal_ns > 0 ? 100 * (double)trial->ideal_ns / (double)trial->wall_ns : NAN;
}

static const struct panels panels = {.x_label = "task size",
                                     .y_label = "efficiency: ideal / wall, %",
                                     .without =
                                         "no tasks of two sizes that held ended well and have an ideal time: the "
                                         "tables have what there is",
                                     .axis = FACTOR_SIZE,
                                     .value = efficiency};

const struct chart chart_efficiency = {
    .name = "efficiency",
    .title = "Efficiency against task size",
    .caption = "The ideal time of all tasks as a share of the time they took, against the size of a task. Below the "
               "dashed line, tasks take more than twice their ideal time, on handing them over or on whatever else the "
               "CPUs did.",
    .make = panels_make,
    .of = &panels,
};
