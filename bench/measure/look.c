/* Rows and cells that need no further blocks, see look.h. */
#include "bench/measure/look.h"
#include "bench/analyse/summary.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/stats/drop.h"
#include <errno.h>

#define EACH_OF 64 /* blocks, after each of which it is looked; then after every second, and so on */

static bool is_look(unsigned blocks)
{
    return blocks && look_after(blocks - 1) == blocks;
}

/* Who looks reads all trials there are, so of many blocks it is not each: of as many more, one look more. */
static bool is_asked(unsigned blocks)
{
    return blocks >= DROP_LEAST && (is_look(blocks) || blocks % (1 + blocks / EACH_OF) == 0);
}

/* What a few blocks tell is asked all along; all else at looks, which share the error. */
bool look_is_due(const struct session *session, unsigned blocks)
{
    const struct plan *plan = &session->plan;
    if (plan->leaves)
        return is_asked(blocks) || (blocks && blocks == plan->blocks_before);
    return plan->looks.planned && is_look(blocks) && blocks > plan->blocks_before && blocks >= plan->blocks_needed &&
           blocks <= LOOK_MAX;
}

/* The cell of the plan that this row of the summary is of; their count: none. */
static size_t planned_cell(const struct plan *plan, const struct run_data *run, size_t row)
{
    size_t i = 0;
    while (i < plan->cells.count && strcmp(plan->cells.cell[i].id, run->rows[row].cell_id) != 0)
        i++;
    return i;
}

/* Where the error is shared: at looks, and at the end of the command that is gone on with. */
static bool is_judged(const struct plan *plan, unsigned blocks)
{
    return blocks >= plan->looks.leave_from && (is_look(blocks) || blocks == plan->blocks_before);
}

/* Whether the row runs no more. */
static bool row_leaves(const struct session *session, const struct table *t, size_t row, unsigned blocks)
{
    const struct plan *plan = &session->plan;
    if (!plan->leaves)
        return table_precise(t, row, (double)session->request.settings.precision_ppm / 1e6);
    return (is_judged(plan, blocks) && table_told(t, row)) || table_clear(t, row);
}

/* Marks the cells of the row that run on: all of a row that does, but those that are dropped. */
static void row_want(const struct session *session, const struct table *t, size_t row, bool drops, bool *wanted)
{
    for (size_t c = 0; c < t->pools; c++) {
        const struct entry *e = table_entry(t, row, c);
        if (e->cell == NO_CELL || (drops && table_dropped(t, row, c)))
            continue;
        size_t cell = planned_cell(&session->plan, t->run, e->cell);
        if (cell < session->plan.kept)
            wanted[cell] = true;
    }
}

/* Whether the run goes on for this row: a verdict in it is not told, or its latencies are what is asked for. */
static bool row_is_open(const struct session *session, const struct table *t, size_t row, unsigned blocks)
{
    const bool is_paced = t->run->rows[t->row[row]].f.arrival.kind == ARRIVAL_RATE;
    return !row_leaves(session, t, row, blocks) && (table_compares(t, row) || is_paced);
}

/* Rows in which nothing is compared run on as long as others do; the last ones until there are as many blocks as marks
 * take. */
static void table_want(const struct session *session, const struct table *t, unsigned blocks, bool *wanted)
{
    const struct plan *plan = &session->plan;
    bool is_open = !plan->leaves, is_compared = false;
    for (size_t r = 0; r < t->rows; r++) {
        is_open = is_open || row_is_open(session, t, r, blocks);
        is_compared = is_compared || table_compares(t, r);
    }
    if (!is_open && is_compared && blocks >= plan->looks.leave_from)
        return;
    for (size_t r = 0; r < t->rows; r++)
        if (!is_open || !row_leaves(session, t, r, blocks))
            row_want(session, t, r, plan->leaves, wanted);
}

int look(const struct session *session, unsigned blocks, bool *wanted, char *error)
{
    const struct plan *plan = &session->plan;
    const bool drops = plan->leaves;
    struct run_data run;
    struct table table;
    int count = 0, rc = run_timed_open(session->directory, &run, error);
    if (rc)
        return rc == -ENODATA ? (int)plan->cells.count : rc;
    run.looks.end = blocks;                            /* whatever failed in the last one */
    run.looks.is_open = blocks != plan->blocks_before; /* that was an end: what it told stays */
    bool *now = calloc(plan->cells.count + 1, sizeof *now);
    rc = now ? table_init(&table, &run) : -ENOMEM;
    if (!rc)
        table_want(session, &table, blocks, now);
    for (size_t i = 0; !rc && i < plan->cells.count; i++) {
        wanted[i] = now[i] && (wanted[i] || !drops);
        count += wanted[i];
    }
    if (!rc)
        table_release(&table);
    free(now);
    run_data_close(&run);
    return rc ? refuse_as(rc, error, "out of memory") : count;
}

int look_blocks(const struct session *session, unsigned *blocks, char *error)
{
    struct run_data run;
    int rc = run_timed_open(session->directory, &run, error);
    if (rc)
        return rc == -ENODATA ? 0 : rc;
    for (size_t row = 0; row < run.count; row++) {
        size_t cell = planned_cell(&session->plan, &run, row);
        if (cell < session->plan.cells.count)
            blocks[cell] = (unsigned)run.rows[row].trials;
    }
    run_data_close(&run);
    return 0;
}

int look_nothing_left(const struct session *session, char *error)
{
    const struct plan *plan = &session->plan;
    if (!session->request.settings.more[0] || !plan->leaves)
        return 0;
    bool *wanted = calloc(plan->cells.count + 1, sizeof *wanted);
    for (size_t i = 0; i < plan->cells.count && wanted; i++)
        wanted[i] = true;
    int count = wanted ? look(session, plan->blocks_before, wanted, error) : refuse_as(-ENOMEM, error, "out of memory");
    free(wanted);
    return count < 0 ? count : !count;
}
