/* What was found out about how long trials take on this machine, kept beside the calibrations and used like them: by
 * machine, trial program and kind of cell, which is everything but its sizes and its number of tasks. Runs renew it.
 * One thread. */
#ifndef POOLBENCH_MEASURE_FORECAST_PRICES_H
#define POOLBENCH_MEASURE_FORECAST_PRICES_H
#include "bench/measure/calibrate.h"
#include "bench/measure/forecast/forecast.h"

/* Whether one is known. store: NULL knows nothing. */
bool price_recall(const struct calibrations *store, const struct cell *cell, struct trial_price *price);
void price_keep(struct calibrations *store, const struct cell *cell, const struct trial_price *price);
/* From the trials that forecast_note() was told of: the median of the last that went well, where some did. Cells with
 * failures on purpose tell nothing of others. */
bool price_learn(const struct cell *cell, struct trial_price *price);

/* What a verb takes after its last trial of a plan of so many cells (at first): summary, charts, report. The median of
 * what the last few took. */
double closing_recall_ns(const struct calibrations *store, const char *verb, size_t cells);
void closing_keep(struct calibrations *store, const char *verb, size_t cells, double ns);

#endif
