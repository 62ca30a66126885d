/* The noise floor: a pool against itself, spinning and sleeping, for a few seconds. Trials as a run makes them, by a
 * session that writes nothing. */
#include "bench/measure/noise_floor.h"
#include "bench/base/refuse.h"
#include "bench/measure/job.h"
#include "bench/measure/session.h"
#include "bench/stats/verdict.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <string.h>
#include <sys/wait.h>

#define BLOCKS_MAX 60
#define CELLS      4 /* spin and sleep, twice each; the same twice stand together */

/* Wall time of one trial per task; NAN when it did not end well. 0 or -errno. */
static int trial_measure(struct session *session, const struct cell *cell, double *ns, char *error)
{
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    struct job_order order = {session->request.settings.seed, 0, 0, CONFORMANCE_NOT, 0};
    struct job_parts parts;
    struct outcome outcome;
    int rc = job_write_trial(launcher, cell, &order, &parts, error);
    if (rc)
        return rc;
    rc = launcher_run(launcher, (uint64_t)session->request.settings.trial_limit_ns, &outcome);
    if (rc)
        return refuse_as(rc, error, "starting a trial: %s", strerror(-rc));
    session->interrupted = outcome.interrupted;
    bool is_good = !outcome.interrupted && !outcome.timed_out && !outcome.wait_status &&
                   parts.report->stage == STAGE_DONE && !parts.report->error;
    *ns = is_good ? (double)parts.report->wall_ns / (double)cell->f.tasks : NAN;
    return 0;
}

static struct spread spread_of(const double *ns, size_t count, double *room)
{
    memcpy(room, ns, count * sizeof *ns);
    count = stats_sort(room, count);
    if (!count)
        return (struct spread){NAN, NAN, NAN};
    double median = stats_median(room, count);
    return (struct spread){median, (room[count * 3 / 4] - room[count / 4]) / median, room[count - 1] / median - 1};
}

static int noise_judge(const double *ns, unsigned blocks, struct noise_floor *noise)
{
    double room[CELLS + 2 * BLOCKS_MAX], both[2 * BLOCKS_MAX];
    struct comparison comparison[2];
    const struct family family = family_make(1, LOOKS_NONE, FAMILY_MARGIN);
    int rc = 0;
    for (size_t w = 0; w < 2 && !rc; w++) {
        const double *a = ns + 2 * w * BLOCKS_MAX, *b = a + BLOCKS_MAX;
        memcpy(both, a, blocks * sizeof *both);
        memcpy(both + blocks, b, blocks * sizeof *both);
        *(w ? &noise->sleep : &noise->spin) = spread_of(both, 2 * blocks, room);
        rc = comparison_make(a, b, blocks, &family, &comparison[w]);
    }
    if (rc)
        return rc;
    noise->blocks = blocks;
    noise->spin_visible = difference_visible(&comparison[0], 1, true, room);
    noise->sleep_visible = difference_visible(&comparison[1], 1, true, room);
    return 0;
}

int noise_floor_measure(uint64_t budget_ns, struct noise_floor *noise, char *error)
{
    static const char *const twice[] = {"pool", "a=serial,b=serial", "workload", "spin,sleep", "size", "1ms", "tasks",
                                        "20",   "samples",           "none",     "blocks",     "60",   NULL};
    struct asked asked = {.suites = {0}};
    struct session session = SESSION_CLOSED;
    double ns[CELLS * BLOCKS_MAX];
    unsigned block = 0;
    int rc = asked_pairs(&asked, twice) ? refuse(error, "out of memory") : session_open(&session, &asked, error);
    asked_release(&asked);
    uint64_t start_ns = clock_monotonic_ns();
    while (!rc && block < BLOCKS_MAX && !session.interrupted &&
           (block < STATS_INTERVAL_MIN || clock_monotonic_ns() - start_ns < budget_ns)) {
        for (size_t i = 0; i < CELLS && !rc && !session.interrupted; i++) {
            uint32_t cell = session.plan.order[block * CELLS + i];
            const struct cell *what = &session.plan.cells.cell[cell];
            size_t row = 2 * (size_t)!strcmp(what->workload->name, "sleep") + (what->f.pool[0] == 'b');
            rc = trial_measure(&session, what, &ns[row * BLOCKS_MAX + block], error);
        }
        block++;
    }
    if (!rc && session.interrupted) {
        rc = -EINTR;
        noise->signal = session.interrupted;
    }
    if (!rc && noise_judge(ns, block, noise))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    session_close(&session);
    return rc;
}
