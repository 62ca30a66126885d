/* The verb run: the plan, block by block, then what it found. */
#include "bench/session.h"
#include "bench/verbs.h"
#include "pools/clock.h"
#include <errno.h>
#include <stdio.h>

/* Whether another block fits the budget, going by those that were. */
static bool affordable(const struct session *session, unsigned blocks_done)
{
    int64_t budget = session->request.settings.budget_ns;
    if (!budget || session->request.settings.blocks || blocks_done < session->plan.blocks_needed)
        return true;
    double elapsed = (double)(clock_monotonic_ns() - session->start_ns);
    return elapsed * (blocks_done + 1) / blocks_done <= (double)budget;
}

static void left_out_say(const struct plan *plan)
{
    if (plan->left_out.count)
        fprintf(stderr, "poolbench run: left out, to keep to the budget:");
    for (size_t i = 0; i < plan->left_out.count; i++)
        fprintf(stderr, "%s %s", i ? ";" : "", plan->left_out.word[i]);
    if (plan->left_out.count)
        fputc('\n', stderr);
}

static int blocks_run(struct session *session, char *error)
{
    const struct plan *plan = &session->plan;
    size_t cells = plan->cells.count;
    struct progress progress;
    int rc = 0;
    left_out_say(plan);
    progress_begin(&progress, cells, plan->blocks);
    for (unsigned block = 0; block < plan->blocks && rc == 0 && !session->interrupted; block++) {
        if (!affordable(session, block))
            break;
        rc = session_block(session, block + 1, plan->order + block * cells, cells, &progress, NULL, error);
    }
    progress_end(&progress);
    return rc;
}

int verb_run(const struct arguments *given)
{
    char error[ERROR_MAX] = "", closing[ERROR_MAX];
    struct session session;
    int code = 0, rc = session_open(&session, given->argc, given->argv, error);
    if (rc == 0)
        rc = session_begin(&session, "run", given->argv, error);
    if (rc < 0) {
        code = rc == -EINTR ? 130 : complain("run", "%s", error);
        session_close(&session);
        return code;
    }
    rc = blocks_run(&session, error);
    int closed = session_end(&session, closing);
    if (rc < 0 || closed < 0) {
        complain("run", "%s; %zu trials are in %s", rc < 0 ? error : closing, session.trials, session.directory);
        code = 1;
    } else {
        code = session_conclude(&session, "run");
        if (session.interrupted) {
            complain("run", "interrupted; %zu trials are in %s", session.trials, session.directory);
            code = 128 + session.interrupted;
        }
    }
    session_close(&session);
    return code;
}
