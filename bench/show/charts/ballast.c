/* Cost of a task against ballast: what a fork copies grows with the memory of who forks. */
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/panels.h"

static double cost_s(const struct trial_row *trial)
{
    return 1e-9 * (double)trial->wall_ns / (double)trial->f.tasks;
}

static const struct panels panels = {.x_label = "ballast",
                                     .y_label = "time per task",
                                     .without = "nothing ran well with two ballasts that differ in ballast alone",
                                     .axis = FACTOR_BALLAST,
                                     .value = cost_s};

static int ballast_make(const struct chart_work *work)
{
    if (!factors_varying(work->run->rows, work->run->count, FACTOR_BALLAST))
        return refuse(work->why, "all cells have the same ballast"), 0;
    return panels_make(work);
}

const struct chart chart_ballast = {
    .name = "ballast",
    .title = "Time per task against ballast",
    .caption =
        "Wall time per task of each pool against the memory that the submitter had touched before. A fork copies "
        "the page tables of that memory, for every task under fork.",
    .make = ballast_make,
    .of = &panels,
};
