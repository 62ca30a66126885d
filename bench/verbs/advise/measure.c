/* Running what advice rests on: candidate pools by numbers of workers, for tasks of one kind. */
#include "bench/ask/arguments.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/session.h"
#include "bench/model/host.h"
#include "bench/stats/design.h"
#include "bench/stats/looks.h"
#include "bench/verbs/advise/advise.h"
#include "bench/verbs/conclude.h"
#include <jansson.h>
#include <stdlib.h>

#define SIZE_LEAST_NS 1000         /* of which a tenth is still a task */
#define SIZE_MOST_NS  360000000000 /* and ten times it an hour */

bool wish_has_rate(const struct wish *wish)
{
    const char *arrival = asked_last(wish->asked, "arrival");
    return wish->rate > 0 || (arrival && (!strncmp(arrival, "rate", 4) || !strncmp(arrival, "trace", 5)));
}

const char *wish_pools(const struct wish *wish)
{
    return wish->isolation  ? "fork,prefork"
           : wish->workload ? "serial,fork,prefork,pthread"
                            : "serial,fork,prefork,pthread,hybrid";
}

const char *wish_workload(const struct wish *wish, char *text, size_t size)
{
    char share[32];
    if (wish->cpu_share >= 1 || wish->cpu_share <= 0)
        snprintf(text, size, wish->cpu_share > 0 ? "spin" : "sleep");
    else
        snprintf(text, size, "mixed:cpu_share=%s",
                 spell_share(share, sizeof share, (int64_t)(wish->cpu_share * 1e6 + 0.5)));
    return text;
}

/* More workers than CPUs pay where tasks sleep. `few`: where all of them would take too long. */
static const char *workers_of(const struct wish *wish, bool few)
{
    if (wish->workload)
        return few ? "cores" : "cores,2xcores,4xcores";
    if (wish->cpu_share >= 1)
        return few ? "cores" : "1,cores,pus";
    if (wish->cpu_share > 0)
        return few ? "2xcores" : "cores,2xcores,4xcores";
    return few ? "4xcores" : "cores,4xcores,16xcores";
}

/* What is run. */
struct scope {
    unsigned sizes; /* 1: the one that is asked for; 2: a tenth of it too; 3: and ten times of it */
    bool few;       /* one number of workers */
};

/* The one that is asked for comes first. */
static char *sizes_of(const struct wish *wish, const struct scope *scope, char *text, size_t size)
{
    const int64_t sizes[] = {wish->size_ns, wish->size_ns / 10, wish->size_ns * 10};
    size_t used = 0;
    for (unsigned i = 0; i < scope->sizes; i++) {
        char one[32];
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? "," : "", spell_duration(one, sizeof one, sizes[i]));
    }
    return text;
}

/* The cells in blocks. */
static int blocks_open(const struct wish *wish, const struct scope *scope, unsigned blocks, struct session *session,
                       char *error)
{
    char workload[64], sizes[96], ballast[32], number[16];
    struct asked asked = {.suites = {0}};
    int rc;
    snprintf(number, sizeof number, "%u", blocks);
    const char *const pairs[] = {"pool",     asked_last(wish->asked, "pool") ? "" : wish_pools(wish),
                                 "workload", wish->workload ? "" : wish_workload(wish, workload, sizeof workload),
                                 "size",     sizes_of(wish, scope, sizes, sizeof sizes),
                                 "workers",  asked_last(wish->asked, "workers") ? "" : workers_of(wish, scope->few),
                                 "ballast",  spell_bytes(ballast, sizeof ballast, wish->ballast_bytes),
                                 "blocks",   number,
                                 NULL};
    *session = (struct session)SESSION_CLOSED;
    rc = asked_copy(&asked, wish->asked) || asked_pairs(&asked, pairs) ? refuse(error, "out of memory")
                                                                       : session_open(session, &asked, error);
    asked_release(&asked);
    return rc;
}

/* A session with as many blocks as it takes to compare all cells of a size with each other, or as there is time for. */
static int scope_open(const struct wish *wish, const struct scope *scope, struct session *session, char *error)
{
    int rc = blocks_open(wish, scope, 1, session, error);
    if (rc)
        return rc;
    unsigned cells = (unsigned)session->plan.cells.count / scope->sizes;
    unsigned blocks = blocks_needed(cells * (cells - 1) / 2);
    for (unsigned look = look_next(blocks);
         look && look * session->plan.block_ns + session->plan.around_ns <= (double)wish->budget_ns;
         look = look_next(look))
        blocks = look;
    session_close(session);
    return blocks_open(wish, scope, blocks, session, error);
}

/* As much as there is time for: where the answer changes is told by other sizes, and is worth less than the number of
 * workers. */
static int measure_open(const struct wish *wish, struct session *session, char *error)
{
    static const struct scope plans[] = {{3, false}, {2, false}, {1, false}, {1, true}};
    size_t last = sizeof plans / sizeof *plans - 1;
    int rc = 0;
    for (size_t i = 0; i <= last; i++) {
        const struct scope *scope = &plans[i];
        if (scope->sizes > 1 && (wish->workload || wish->size_ns < SIZE_LEAST_NS || wish->size_ns > SIZE_MOST_NS))
            continue;
        rc = scope_open(wish, scope, session, error);
        if (rc || i == last || session->plan.estimate_ns <= wish->budget_ns)
            break;
        session_close(session);
    }
    return rc;
}

static int measure_run(struct session *session, int64_t budget_ns, char *error)
{
    const struct plan *plan = &session->plan;
    struct progress progress;
    int rc = 0;
    session->budget_ns = budget_ns;
    progress_begin(&progress, plan->cells.count, plan->blocks, 0);
    for (unsigned block = 0; block < plan->blocks && !rc && !session->interrupted && !session->over_budget; block++) {
        if (block && forecast_block_ns(&plan->cells, plan->cells.count) / 2 > session_left_ns(session, budget_ns))
            break;
        rc = session_blocks(session, block, block + 1, &progress, error);
    }
    progress_end(&progress);
    return rc;
}

int advise_measure(const struct wish *wish, char **argv, char *directory, size_t size)
{
    char error[ERROR_MAX] = "", text[32], budget[32];
    struct session session;
    int rc = measure_open(wish, &session, error);
    if (!rc && (double)session.plan.estimate_ns > BUDGET_SLACK * (double)wish->budget_ns)
        rc = refuse(error, "--budget: %s is too short: to measure this takes about %s; expected that, or a RUN",
                    spell_duration(budget, sizeof budget, wish->budget_ns),
                    format_duration(text, sizeof text, (double)session.plan.estimate_ns));
    if (!rc)
        fprintf(stderr, "poolbench advise: measuring %zu cells in %u blocks, about %s\n", session.plan.cells.count,
                session.plan.blocks, format_duration(text, sizeof text, (double)session.plan.estimate_ns));
    if (!rc)
        rc = session_begin(&session, "advise", argv, error);
    if (rc)
        return session_refuse(&session, "advise", rc, error);
    rc = measure_run(&session, wish->budget_ns, error);
    int code = session_finish(&session, "advise", rc, error);
    snprintf(directory, size, "%s", session.directory);
    session_close(&session);
    return code;
}
