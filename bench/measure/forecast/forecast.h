/* How long trials take: the one forecast that plan, pilots, the time left and the budget rest on. A cell's is guessed
 * from rough prices; better where something was measured of it, by a pilot or in an earlier run (prices.h); and what
 * its own trials took once some were run. Claims nothing: it only divides time. Pure but for forecast_make() and
 * forecast_note(), which fill cell->forecast. */
#ifndef POOLBENCH_MEASURE_FORECAST_FORECAST_H
#define POOLBENCH_MEASURE_FORECAST_FORECAST_H
#include "bench/model/cell.h"
#include "bench/stats/steady.h"

#define TRIAL_LEAST_NS  50e6  /* between gate and last reap, with --tasks auto: as long as that, */
#define TRIAL_MOST_NS   200e6 /* or, up to this, TRIAL_TO_BESIDE times what the trial takes beside it */
#define TRIAL_TO_BESIDE 8
/* Under rate, with --tasks auto: as long as the queue needs to be steady and to have been so for long enough, and that
 * many tasks where they come within RATE_WISH_NS, so that 8 blocks have a p99 though some are cut. */
#define RATE_TASKS   160
#define RATE_WISH_NS 5e9
#define RATE_MOST_NS 10e9 /* but no longer without a budget */

/* What was found out about trials of a cell, for others of its sizes and numbers of tasks: a task that took up to half
 * as long again as its size, or less, does so at any size (a clock that is slower than the calibration says); one that
 * took longer took that much in addition. */
struct trial_price {
    double task_ns;    /* wall time of a task */
    double floor_ns;   /* what of that its size and its arrival came to (forecast_floor_ns) */
    double beside_ns;  /* of a trial, beside its tasks */
    double service_ns; /* time inside a task; 0: not known */
};

/* Wall time of a task if nothing but its size and its arrival took any. */
double forecast_floor_ns(const struct cell *cell);
/* From a price, or guessed (NULL). Costs and placement of the cell must be known. */
void forecast_make(struct cell *cell, const struct trial_price *price);
/* Nobody knows how long a task takes before it was run: a command. The forecast is then not worth saying. */
bool forecast_unknown(const struct cell *cell);
/* How many tasks make a trial of about wall_ns: whole rounds of workers; at least four each and 16, or where that takes
 * more than twice the time, one round. */
int64_t forecast_tasks(const struct cell *cell, double wall_ns);
/* Under rate: the queue that arrivals make, as far as that is known before. Returns how long a trial must last to be
 * steady; 0: arrivals are not at a rate, or the queue grows for ever. Where nobody knows how long a task takes, as if
 * workers were busy for UNKNOWN_BUSY of the time. */
#define UNKNOWN_BUSY 0.7
double forecast_steady_ns(const struct cell *cell, struct steady_queue *queue);
/* Of a trial, for --tasks auto: long beside what surrounds it, or steady; at most `most_ns`. */
double forecast_length_ns(const struct cell *cell, double most_ns);
/* A whole trial, and one of each of the first `count` cells. */
double forecast_trial_ns(const struct cell *cell);
double forecast_block_ns(const struct cells *cells, size_t count);
/* A trial was run and took that long, with recording it; wall_ns: NAN where it did not go well. */
void forecast_note(struct cell *cell, double whole_ns, double wall_ns);
/* A trial of a command has shown how long it takes: other cells of that command, of which nothing was known, are
 * forecast by it, by how many of its tasks they run at once. */
void forecast_compare(struct cells *cells, const struct cell *seen);

#endif
