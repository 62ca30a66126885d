/* Calibrations: how long an iteration of a workload takes here. Measured uncontended by the trial program, fitted as
 * ns = fixed + per_iteration x iterations, kept in a file keyed by machine, trial binary and workload. */
#ifndef POOLBENCH_MEASURE_CALIBRATE_H
#define POOLBENCH_MEASURE_CALIBRATE_H
#include "workloads/workload.h"
#include <stdbool.h>

struct calibration {
    double fixed_ns, ns_per_iteration;
    double residual; /* largest relative residual of the fit */
};

struct calibrations; /* a store; calibrate.c. One thread. */
struct launcher;

/* Opens the store; 0 or -errno with a line in error. may_measure: what is missing is measured when asked for. */
int calibrations_open(struct calibrations **store, bool may_measure, char *error);
void calibrations_close(struct calibrations *store); /* keeps what was measured */
bool calibrations_may_measure(const struct calibrations *store);
void calibrations_forget(struct calibrations *store); /* --recalibrate */
/* --like: uses those of an earlier run, from its host.json, so that iterations are the same. asked: what stands before
 * what is wrong: "--like: ", or "" where the run was named otherwise. */
int calibrations_like(struct calibrations *store, const char *directory, const char *asked, char *error);
struct json_t *calibrations_used(struct calibrations *store); /* what was asked for so far, for host.json; borrowed */
/* "machine/program", hashes: of the CPU model and the system, and of the trial program. Borrowed. */
const char *calibrations_key(const struct calibrations *store);
struct launcher *calibrations_launcher(struct calibrations *store); /* the store's; trials use it too */

/* Other things that are kept like calibrations: by machine, trial program and `name`. Borrowed; NULL: there is none.
 * calibrations_keep() takes value over. */
struct json_t *calibrations_kept(const struct calibrations *store, const char *name);
void calibrations_keep(struct calibrations *store, const char *name, struct json_t *value);

/* The calibration of workload (of the workload it is calibrated as, when it names one).
 * -ENODATA: not there and may not measure. -ENOTSUP: nothing to calibrate (ops->unit is NULL). */
int calibration_get(struct calibrations *calibrations, const struct workload_ops *workload, const int64_t *params,
                    struct calibration *calibration, char *error);

/* Iterations for a size, at least 1 (0 for size 0). Pure. */
uint64_t calibration_iterations(const struct calibration *calibration, int64_t size_ns);

/* Least squares on points by relative error; all but the points is output. -EINVAL: they make no line. Pure. */
int calibration_fit(const double *iterations, const double *ns, unsigned points, struct calibration *calibration);

#endif
