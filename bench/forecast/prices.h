/* What was found out about how long trials take on this machine, kept beside the calibrations and used like them: by
 * machine, trial program and kind of cell, which is everything but its sizes and its number of tasks. Runs renew it.
 * One thread. */
#ifndef POOLBENCH_FORECAST_PRICES_H
#define POOLBENCH_FORECAST_PRICES_H
#include "bench/calibrate.h"
#include "bench/forecast/forecast.h"

/* Whether one is known. store: NULL knows nothing. */
bool price_recall(const struct calibrations *store, const struct cell *cell, struct price *price);
void price_keep(struct calibrations *store, const struct cell *cell, const struct price *price);
/* From the trials that forecast_note() was told of: where some went well. */
bool price_learn(const struct cell *cell, struct price *price);

/* What a run of so many cells takes after its last trial: summary, charts, report. */
double closing_recall_ns(const struct calibrations *store, size_t cells);
void closing_keep(struct calibrations *store, size_t cells, double ns);

#endif
