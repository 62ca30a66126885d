/* Calibrations: how long an iteration of a workload takes here. Measured uncontended by the trial program, fitted as
 * ns = fixed + per_iteration x iterations + ticks x (ns - 1 ms, where above 0), judged, and kept in a file keyed by
 * machine, trial binary and workload. What was kept is measured against the machine of this minute before it is used,
 * and again while the run goes on: a CPU's speed wanders. */
#ifndef POOLBENCH_MEASURE_CALIBRATE_H
#define POOLBENCH_MEASURE_CALIBRATE_H
#include "workloads/workload.h"
#include <stdbool.h>

struct calibration {
    double fixed_ns, ns_per_iteration;
    double ticks;    /* share of what a task takes beyond a millisecond that the kernel's timer ticks take of it */
    double residual; /* largest relative residual of the fit */
};
#define CALIBRATION_RESIDUAL 0.01 /* a larger one: sizes are labels alone, and nothing is computed from them */
#define CALIBRATION_TICKS    0.03 /* more than that are no ticks, but other programs */
#define CALIBRATION_OFF      0.01 /* what was kept and is off by more is measured anew */
#define CALIBRATION_HOLDS    0.02 /* a run's labels may be off by that, which is the margin of verdicts, too */

struct calibrations; /* a store; calibrate.c. One thread. */
struct launcher;
struct machine;

/* Opens the store; 0 or -errno with a line in error. may_measure: what is missing is measured when asked for. */
int calibrations_open(struct calibrations **store, bool may_measure, char *error);
void calibrations_close(struct calibrations *store); /* keeps what was measured */
bool calibrations_may_measure(const struct calibrations *store);
void calibrations_forget(struct calibrations *store); /* --recalibrate */
/* --like: uses those of an earlier run, from its host.json, so that iterations are the same. asked: what stands before
 * what is wrong: "--like: ", or "" where the run was named otherwise. */
int calibrations_like(struct calibrations *store, const char *directory, const char *asked, char *error);
/* Where cores are of several kinds, each has calibrations of its own: labels are those of the fastest kind. machine:
 * for as long as the store. 0 or -ENOMEM. */
int calibrations_machine(struct calibrations *store, const struct machine *machine);
/* What was asked for so far, for host.json: of each the fit, whether it was judged good, and of the times that it was
 * checked again what a task took, over its label. Borrowed, valid until the next call. */
struct json_t *calibrations_used(struct calibrations *store);
/* Measures again what is in use, where the last check is a quarter of a second ago; a few ms for each. Between trials.
 */
void calibrations_check(struct calibrations *store);
/* Whether sizes of the workload are what its tasks take, as far as was seen last; true where nothing is calibrated. */
bool calibration_holds(const struct calibrations *store, const struct workload_ops *workload, const int64_t *params);
/* "machine/program", hashes: of the CPU model and the system, and of the trial program. Borrowed. */
const char *calibrations_key(const struct calibrations *store);
struct launcher *calibrations_launcher(struct calibrations *store); /* the store's; trials use it too */

/* Other things that are kept like calibrations: by machine, trial program and `name`. Borrowed; NULL: there is none.
 * calibrations_keep() takes value over. */
struct json_t *calibrations_kept(const struct calibrations *store, const char *name);
void calibrations_keep(struct calibrations *store, const char *name, struct json_t *value);

/* The calibration of workload (of the workload it is calibrated as, when it names one). Kept: measured against first;
 * measured anew up to three times, until it is judged good; the best of these. workload and the texts of params must
 * stay. -ENODATA: not there and may not measure. -ENOTSUP: nothing to calibrate (ops->unit is NULL). */
int calibration_get(struct calibrations *calibrations, const struct workload_ops *workload, const int64_t *params,
                    struct calibration *calibration, char *error);

/* How fast CPU `cpu` does the work, 1 for those of the fastest kind; of another kind measured as above. NAN: that was
 * not judged good, or is not there and may not be measured. 0, or -errno as above but -ENODATA. */
int calibration_speed(struct calibrations *calibrations, const struct workload_ops *workload, const int64_t *params,
                      unsigned cpu, double *speed, char *error);

/* Iterations for a size, at least 1 (0 for size 0). Pure. */
uint64_t calibration_iterations(const struct calibration *calibration, int64_t size_ns);

/* What so many iterations take. Pure. */
double calibration_ns(const struct calibration *calibration, double iterations);

/* Least squares on points by relative error; all but the points is output. No parameter is below 0. -EINVAL: they make
 * no line. -ENOMEM. Pure. */
int calibration_fit(const double *iterations, const double *ns, unsigned points, struct calibration *calibration);

#endif
