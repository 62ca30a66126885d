/* From the question to what was measured under its rate. */
#include "bench/verbs/advise/service.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/measure/session.h"
#include "bench/model/host.h"
#include "bench/model/options.h"
#include "bench/verbs/conclude.h"
#include <math.h>
#include <stdlib.h>

#define SECOND_NS    1e9
#define P99_TASKS    1100 /* in all, of which a warm-up may be cut */
#define BLOCKS       8
#define BLOCKS_LEAST 6
#define TRIAL_MOST_S 20 /* so that there is a word before half a minute is over */
#define TRIAL_TASKS  10 /* at least */
#define WORKERS_MOST 512

/* ---- the question ---- */

/* More than are needed on average, or than there are CPUs: what that is worth is asked of the simulated queue. */
static void workers_spell(const struct wish *wish, double rate, char *text, size_t size)
{
    unsigned most = 64;
    if (!wish->workload && wish->cpu_share >= 1) {
        snprintf(text, size, "1,cores,pus,2xcores");
        return;
    }
    while (!wish->workload && most < 2 * rate * (double)wish->size_ns / SECOND_NS && most < WORKERS_MOST)
        most *= 2;
    snprintf(text, size, "1..%u,cores", most);
}

/* One question at a time: cells differ in pool, workers and place alone. */
static int cells_check(const struct cells *cells, char *error)
{
    for (const struct option *option = options; option->name; option++) {
        char first[VALUE_MAX], next[VALUE_MAX];
        if (!option_is_of_cell(option) || option == &options[OPTION_POOL] || option == &options[OPTION_WORKERS] ||
            option == &options[OPTION_PLACE])
            continue;
        cell_spell(&cells->cell[0], option, first);
        for (size_t i = 1; i < cells->count; i++) {
            cell_spell(&cells->cell[i], option, next);
            if (strcmp(first, next) != 0)
                return refuse(error, "--%s: expected one value, found %.200s and %.200s", option->name, first, next);
        }
    }
    return 0;
}

static int service_open(struct service *service, char *error)
{
    const struct wish *wish = service->wish;
    struct asked asked = {.suites = {0}};
    char workload[64], size[32], ballast[32], workers[48], arrival[48];
    const char *given = asked_last(wish->asked, "arrival");
    snprintf(arrival, sizeof arrival, "rate:%.6f:poisson", wish->rate);
    workers_spell(wish, wish->rate, workers, sizeof workers);
    const char *const pairs[] = {"pool",     asked_last(wish->asked, "pool") ? "" : wish_pools(wish),
                                 "workload", wish->workload ? "" : wish_workload(wish, workload, sizeof workload),
                                 "size",     spell_duration(size, sizeof size, wish->size_ns),
                                 "ballast",  spell_bytes(ballast, sizeof ballast, wish->ballast_bytes),
                                 "workers",  asked_last(wish->asked, "workers") ? "" : workers,
                                 "arrival",  given ? "" : arrival,
                                 "tasks",    "1", /* until it is known how many there is time for */
                                 "blocks",   "1",
                                 NULL};
    int rc = asked_copy(&asked, wish->asked) || asked_pairs(&asked, pairs)
                 ? refuse(error, "out of memory")
                 : session_open(&service->session, &asked, error);
    asked_release(&asked);
    if (rc == 0)
        rc = cells_check(&service->session.plan.cells, error);
    if (rc == 0 && service->session.plan.cells.cell[0].f.arrival.kind != ARRIVAL_RATE)
        rc = refuse(error, "--arrival: %.64s is no rate, which --p99 and --deadline are for", given ? given : "");
    if (rc)
        return rc;
    service->candidates = service->session.plan.cells.count;
    service->rate = service->session.plan.cells.cell[0].f.arrival.rate;
    service->limit_ns = (double)wish->p99_ns;
    service->session.plan.blocks = 0; /* nothing is planned beforehand */
    service->session.budget_ns = wish->budget_ns;
    session_closes_as(&service->session, "advise");
    return 0;
}

/* ---- under the rate ---- */

/* How long a trial must last at least to tell of the steady state of all of them. */
static double needed_s(const struct service *service)
{
    double most_ns = 0;
    for (size_t i = 0; i < service->finalists; i++) {
        struct steady_queue queue = offer_steady(service, &service->offer[service->finalist[i]]);
        most_ns = fmax(most_ns, STEADY_ENOUGH * steady_needed_ns(&queue));
    }
    return most_ns / SECOND_NS;
}

/* Fewer candidates rather than too few tasks for a percentile; fewer trials rather than too short ones. */
static void rounds_plan(struct service *service, size_t *tasks, unsigned *blocks)
{
    const struct settings *settings = &service->session.request.settings;
    const double left_s = session_left_ns(&service->session, service->wish->budget_ns) / SECOND_NS;
    while (service->finalists > 1 && left_s * service->rate / (double)service->finalists < P99_TASKS)
        service->finalists--;
    const double each_s = left_s / (double)service->finalists,
                 most_s = fmin(TRIAL_MOST_S, (double)settings->trial_limit_ns / 2 / SECOND_NS);
    *blocks = (unsigned)fmax(BLOCKS, ceil(each_s / most_s));
    if (each_s / *blocks < needed_s(service))
        *blocks = BLOCKS_LEAST;
    *tasks = (size_t)fmax(each_s / *blocks * service->rate, 0);
    if (*tasks >= TRIAL_TASKS)
        return;
    *tasks = TRIAL_TASKS; /* too few to tell by, but they show how well predictions agree */
    *blocks = (unsigned)fmax(each_s * service->rate / TRIAL_TASKS, 0);
}

/* A candidate at the rate, with so many tasks a trial. */
static int finalist_add(struct service *service, struct offer *offer, size_t tasks, char *error)
{
    struct cell copy = service->session.plan.cells.cell[offer->cell];
    cell_forget(&copy);
    copy.f.tasks = (int64_t)tasks;
    int rc = session_add(&service->session, &copy, error);
    if (rc == 0)
        offer->measured = (uint32_t)service->session.plan.cells.count - 1;
    return rc;
}

static int finalists_run(struct service *service, char *error)
{
    struct session *session = &service->session;
    struct trial_row rows[MEASURE_MOST];
    uint32_t cells[MEASURE_MOST];
    size_t tasks = 0, done;
    unsigned blocks = 0;
    int rc = 0;
    if (service->finalists)
        rounds_plan(service, &tasks, &blocks);
    if (!blocks)
        return 0;
    for (size_t i = 0; i < service->finalists && rc == 0; i++) {
        struct offer *offer = &service->offer[service->finalist[i]];
        rc = finalist_add(service, offer, tasks, error);
        cells[i] = offer->measured;
    }
    const unsigned last = service->block + blocks;
    const double block_ns = (double)(service->finalists * tasks) / service->rate * SECOND_NS;
    while (rc == 0 && service->block < last && !session->interrupted && !session->over_budget &&
           session_left_ns(session, service->wish->budget_ns) > block_ns / 2)
        rc = service_block(service, "at the rate", cells, service->finalists, rows, &done, error);
    return rc;
}

int service_measure(struct service *service, char *directory, size_t size)
{
    char error[ERROR_MAX] = "";
    struct session *session = &service->session;
    int rc = service_open(service, error);
    if (rc == 0)
        rc = session_begin(session, "advise", service->argv, error);
    if (rc)
        return session_refuse(session, "advise", rc, error);
    rc = bursts_run(service, error);
    if (rc == 0 && !session->interrupted)
        rc = offers_make(service, error);
    if (rc == 0 && !session->interrupted)
        rc = finalists_run(service, error);
    status_clear();
    snprintf(directory, size, "%s", session->directory);
    return session_finish(session, "advise", rc, error);
}

void service_close(struct service *service)
{
    bursts_release(service);
    free(service->offer);
    session_close(&service->session);
}
