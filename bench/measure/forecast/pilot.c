/* Running pilots, see pilot.h. */
#include "bench/measure/forecast/pilot.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/measure/forecast/prices.h"
#include "bench/measure/job.h"
#include "bench/measure/record.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define PILOT_NS       10e6 /* of wall time, about */
#define PILOT_LIMIT_NS 10e9
#define OVERRUN        2  /* of the time for pilots: no pilot goes on longer */
#define BALLAST_SHARE  16 /* a pilot has such a part of the ballast */

/* How far guesses were off, by what was measured so far: processes may cost ten times what they do elsewhere. */
struct bias {
    double task, beside; /* measured / guessed; 1 before anything was measured */
};

struct pilots {
    struct calibrations *store;
    struct launcher *launcher;
    uint64_t seed;
    struct bias bias[2]; /* of pools that make a process for every task, and of others */
    double spent_ns, most_ns;
    unsigned run;
};

static struct bias *bias_of(struct pilots *pilots, const struct cell *cell)
{
    return &pilots->bias[(cell->pool->traits & POOL_TASK_IS_PROCESS) != 0];
}

static void guess(struct pilots *pilots, struct cell *cell)
{
    const struct bias *bias = bias_of(pilots, cell);
    forecast_make(cell, NULL);
    double floor_ns = forecast_floor_ns(cell), extra_ns = fmax(cell->forecast.task_ns - floor_ns, 0);
    cell->forecast.task_ns = fmax(floor_ns + extra_ns * bias->task, 1);
    cell->forecast.beside_ns *= bias->beside;
}

/* Fewer tasks and less ballast than the cell has. */
static struct cell pilot_of(const struct cell *cell)
{
    struct cell pilot = *cell;
    pilot.faults = (struct faults){0};
    pilot.f.faults[0] = '\0';
    pilot.f.ballast.bytes /= BALLAST_SHARE;
    forecast_make(&pilot, NULL);
    pilot.forecast.task_ns = fmax(cell->forecast.task_ns, pilot.forecast.task_ns);
    pilot.f.tasks = (int64_t)fmin(ceil(PILOT_NS / pilot.forecast.task_ns), 1e6);
    if (pilot.f.tasks < (int64_t)pilot.shape.workers)
        pilot.f.tasks = pilot.shape.workers;
    return pilot;
}

static void progress_say(const struct pilots *pilots, const struct cell *cell)
{
    char label[SPEC_MAX * 4], line[SPEC_MAX * 4 + 64];
    if (!isatty(STDERR_FILENO))
        return;
    cell_label(cell, label, sizeof label);
    snprintf(line, sizeof line, "finding out how long trials take, %u: %s", pilots->run + 1, label);
    fprintf(stderr, "\r%.*s\033[K", (int)screen_columns(stderr) - 1, line);
}

/* Time for a pilot that takes longer than was thought. */
static uint64_t limit_ns(const struct pilots *pilots, const struct cell *pilot)
{
    double ns = fmin(PILOT_LIMIT_NS, fmax(OVERRUN * pilots->most_ns - pilots->spent_ns, 1));
    return (uint64_t)(pilot->trial_limit_ns ? fmin(ns, (double)pilot->trial_limit_ns) : ns);
}

/* One trial. 1: it went well, and wall_ns and whole_ns are what it took; 0: not. */
static int trial_run(struct pilots *pilots, const struct cell *pilot, double *wall_ns, double *whole_ns,
                     double *service_ns, char *error)
{
    double cv;
    struct job_order order = {pilots->seed, 0, pilots->seed, CONFORMANCE_NOT, 0};
    struct job_parts parts;
    struct outcome outcome;
    uint64_t since = clock_monotonic_ns();
    int rc = job_write_trial(pilots->launcher, pilot, &order, &parts, error);
    if (rc < 0)
        return rc;
    rc = launcher_run(pilots->launcher, limit_ns(pilots, pilot), &outcome);
    *whole_ns = (double)(clock_monotonic_ns() - since);
    pilots->spent_ns += *whole_ns;
    pilots->run++;
    if (rc < 0)
        return refuse_as(rc, error, "starting a trial: %s", strerror(-rc));
    if (outcome.interrupted)
        return refuse_as(-EINTR, error, "interrupted while it was found out how long trials take");
    *wall_ns = (double)parts.report->wall_ns;
    *service_ns = trial_service_ns(&parts, &cv);
    *service_ns = isnan(*service_ns) ? 0 : *service_ns;
    return parts.report->stage == STAGE_DONE && outcome.wait_status == 0 && *wall_ns > 0;
}

/* From a pilot to its cell: what ballast adds grows with it. */
static struct trial_price price_of(const struct cell *cell, const struct cell *pilot, double wall_ns, double whole_ns,
                                   double service_ns)
{
    struct trial_price price = {wall_ns / (double)pilot->f.tasks, forecast_floor_ns(pilot), fmax(whole_ns - wall_ns, 1),
                                service_ns};
    if (cell->f.ballast.bytes) { /* in the same ratio as the guesses: what else is slow here is not the ballast's */
        struct cell little = *pilot, whole = *pilot;
        whole.f.ballast.bytes = cell->f.ballast.bytes;
        forecast_make(&little, NULL);
        forecast_make(&whole, NULL);
        price.task_ns *= whole.forecast.task_ns / little.forecast.task_ns;
        price.beside_ns *= whole.forecast.beside_ns / little.forecast.beside_ns;
    }
    return price;
}

static double ratio(double measured, double guessed)
{
    return guessed > 0 ? fmin(fmax(measured / guessed, 0.1), 1000) : 1;
}

/* A price that was kept stays where this one is no better: what disturbs a trial can only add to it. */
static void price_take(struct pilots *pilots, struct cell *cell, const struct trial_price *price)
{
    struct cell priced = *cell;
    forecast_make(&priced, price);
    if (cell->forecast.recalled && forecast_trial_ns(&priced) >= forecast_trial_ns(cell))
        return;
    price_keep(pilots->store, cell, price);
    cell->forecast = priced.forecast;
}

static int pilot_run(struct pilots *pilots, struct cell *cell, const struct cell *pilot, char *error)
{
    double wall_ns = 0, whole_ns = 0, service_ns = 0;
    progress_say(pilots, cell);
    int good = trial_run(pilots, pilot, &wall_ns, &whole_ns, &service_ns, error);
    if (!good && !cell->forecast.recalled) /* its own trials will say why; they take as long, if not longer */
        cell->forecast.beside_ns = fmax(cell->forecast.beside_ns, whole_ns);
    if (good <= 0)
        return good;
    struct trial_price price = price_of(cell, pilot, wall_ns, whole_ns, service_ns);
    struct bias *bias = bias_of(pilots, cell);
    struct cell guessed = *pilot;
    forecast_make(&guessed, NULL);
    double floor_ns = forecast_floor_ns(pilot);
    if (guessed.forecast.task_ns > floor_ns)
        bias->task = ratio(wall_ns / (double)pilot->f.tasks - floor_ns, guessed.forecast.task_ns - floor_ns);
    bias->beside = ratio(whole_ns - wall_ns, guessed.forecast.beside_ns);
    price_take(pilots, cell, &price);
    return 0;
}

/* A pilot of a cell, where it may be run and there is time for it. */
static int pilot_try(struct pilots *pilots, struct cell *cell, char *error)
{
    struct cell guessed = *cell;
    guess(pilots, &guessed);
    if (!cell->forecast.recalled)
        cell->forecast = guessed.forecast;
    struct cell pilot = pilot_of(&guessed);
    bool repeatable = !cell->workload->once || !cell->workload->once(cell->workload_params);
    double takes_ns =
        (double)pilot.f.tasks * pilot.forecast.task_ns + pilot.forecast.beside_ns * bias_of(pilots, cell)->beside;
    if (!pilots->launcher || !repeatable || pilots->spent_ns + takes_ns > pilots->most_ns)
        return 0;
    return pilot_run(pilots, cell, &pilot, error);
}

/* renew: of cells whose price was kept; else of those that have none. */
static int cells_try(struct calibrations *store, struct cells *cells, uint64_t seed, bool measure, bool renew,
                     double most_ns, char *error)
{
    struct pilots pilots = {.store = store, .seed = seed, .bias = {{1, 1}, {1, 1}}, .most_ns = most_ns};
    int rc = 0;
    if (measure && store && calibrations_may_measure(store))
        pilots.launcher = calibrations_launcher(store);
    for (size_t i = 0; i < cells->count && !rc; i++) {
        struct cell *cell = &cells->cell[i];
        struct trial_price price;
        if (!renew && price_recall(store, cell, &price)) {
            forecast_make(cell, &price);
            cell->forecast.recalled = true;
        } else if (!renew || cell->forecast.recalled) {
            rc = pilot_try(&pilots, cell, error);
        }
    }
    if (pilots.run && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    return rc;
}

int pilots_run(struct calibrations *store, struct cells *cells, uint64_t seed, bool measure, double most_ns,
               char *error)
{
    return cells_try(store, cells, seed, measure, false, most_ns, error);
}

int pilots_renew(struct calibrations *store, struct cells *cells, uint64_t seed, double most_ns, char *error)
{
    return cells_try(store, cells, seed, true, true, most_ns, error);
}
