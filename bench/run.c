/* The verb run: the plan, block by block, then what it found. */
#include "bench/host.h"
#include "bench/judge/looks.h"
#include "bench/judge/table.h"
#include "bench/refuse.h"
#include "bench/session.h"
#include "bench/summary.h"
#include "bench/verbs.h"
#include "pools/clock.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether another block fits the budget, going by those that were run since. */
static bool affordable(const struct session *session, uint64_t since_ns, unsigned blocks_done)
{
    int64_t budget = session->request.settings.budget_ns;
    if (!budget || session->request.settings.blocks || !blocks_done ||
        session->plan.blocks_before + blocks_done < session->plan.blocks_needed)
        return true;
    double elapsed = (double)(clock_monotonic_ns() - since_ns);
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

/* Which cells need further blocks: after a look, the rows of the table that have a comparison, or without one a median,
 * that is not precise enough yet; the whole row, base and all, because what is compared must be run in the same blocks.
 * `wanted`: one a cell of the plan. Returns how many, or -errno. */
static int look(const struct session *session, bool *wanted, char *error)
{
    double precision = (double)session->request.settings.precision_ppm / 1e6;
    struct summary summary;
    struct table table;
    int count = 0, rc = summary_make(session->directory, &summary, error);
    if (rc)
        return rc == -ENODATA ? (int)session->plan.cells.count : rc;
    rc = table_init(&table, &summary);
    memset(wanted, 0, session->plan.cells.count * sizeof *wanted);
    for (size_t r = 0; r < table.rows && !rc; r++) {
        if (table_precise(&table, r, precision))
            continue;
        for (size_t c = 0; c < table.pools; c++)
            for (size_t i = 0; i < session->plan.cells.count && table_entry(&table, r, c)->cell != NO_CELL; i++)
                if (!strcmp(session->plan.cells.cell[i].id, summary.rows[table_entry(&table, r, c)->cell].cell_id)) {
                    count += !wanted[i];
                    wanted[i] = true;
                }
    }
    table_release(&table);
    summary_release(&summary);
    return rc ? refuse(error, "out of memory") : count;
}

/* Why the run ended when it did: stands in host.json, and on every screen where it is not "blocks". */
struct ending {
    const char *because;
    unsigned blocks;
};

static int blocks_run(struct session *session, struct ending *ending, char *error)
{
    const struct plan *plan = &session->plan;
    size_t cells = plan->cells.count, count;
    bool *wanted = calloc(cells + 1, sizeof *wanted);
    uint32_t *order = calloc(cells + 1, sizeof *order);
    struct progress progress;
    const uint64_t since_ns = clock_monotonic_ns();
    int rc = wanted && order ? 0 : refuse(error, "out of memory");
    left_out_say(plan);
    progress_begin(&progress, cells, plan->blocks, plan->blocks_before);
    if (!rc)
        memset(wanted, true, cells * sizeof *wanted);
    *ending = (struct ending){.because = "blocks"};
    for (unsigned block = 0; block < plan->blocks && rc >= 0 && !session->interrupted; block++) {
        if (plan->looks && block >= plan->blocks_needed && look_next(block - 1) == block) {
            rc = look(session, wanted, error);
            if (rc <= 0) {
                ending->because = "precision";
                break;
            }
        }
        if (!affordable(session, since_ns, block)) {
            ending->because = "budget";
            break;
        }
        count = 0;
        for (size_t i = 0; i < cells; i++)
            if (wanted[plan->order[block * cells + i]])
                order[count++] = plan->order[block * cells + i];
        rc = session_block(session, plan->blocks_before + block + 1, order, count, &progress, NULL, error);
        ending->blocks = plan->blocks_before + block + 1;
    }
    if (session->interrupted)
        ending->because = "interrupted";
    progress_end(&progress);
    free(wanted);
    free(order);
    return rc < 0 ? rc : 0;
}

int verb_run(const struct arguments *given)
{
    char error[ERROR_MAX] = "", closing[ERROR_MAX];
    struct session session;
    struct ending ending;
    int code = 0, rc = session_open(&session, given->argc, given->argv, error);
    if (rc == 0)
        rc = session_begin(&session, "run", given->argv, error);
    if (rc < 0) {
        code = rc == -EINTR ? 130 : complain("run", "%s", error);
        session_close(&session);
        return code;
    }
    rc = blocks_run(&session, &ending, error);
    int closed = session_end(&session, closing);
    if (rc == 0 && closed == 0)
        rc = host_note(session.directory, "ended",
                       json_pack("{s:s, s:i}", "because", ending.because, "blocks", (int)ending.blocks), error);
    if (rc < 0 || closed < 0) {
        complain("run", "%s; %zu trials are in %s", rc < 0 ? error : closing, session.trials, session.directory);
        code = 1;
    } else {
        code = session_conclude(&session, "run", false);
        if (session.interrupted) {
            complain("run", "interrupted; %zu trials are in %s; `poolbench run --more %s` goes on", session.trials,
                     session.directory, session.directory);
            code = 128 + session.interrupted;
        }
    }
    session_close(&session);
    return code;
}
