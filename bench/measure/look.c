/* Rows and cells that need no further blocks, see look.h. */
#include "bench/measure/look.h"
#include "bench/analyse/summary.h"
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/stats/drop.h"
#include <errno.h>

bool look_is_due(const struct session *session, unsigned blocks)
{
    const struct plan *plan = &session->plan;
    bool is_look = blocks && look_after(blocks - 1) == blocks;
    if (plan->leaves)
        return is_look || blocks == DROP_LEAST || (blocks && blocks == plan->blocks_before);
    return plan->looks.planned && is_look && blocks > plan->blocks_before && blocks >= plan->blocks_needed &&
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

int look(const struct session *session, unsigned blocks, bool *wanted, char *error)
{
    const struct plan *plan = &session->plan;
    const bool drops = plan->leaves, is_judged = blocks >= plan->looks.leave_from;
    double precision = (double)session->request.settings.precision_ppm / 1e6;
    struct run_data run;
    struct table table;
    int count = 0, rc = run_summed_open(session->directory, &run, error);
    if (rc)
        return rc == -ENODATA ? (int)plan->cells.count : rc;
    run.looks.end = blocks; /* whatever failed in the last one */
    run.looks.is_open = true;
    bool *now = calloc(plan->cells.count + 1, sizeof *now);
    rc = now ? table_init(&table, &run) : -ENOMEM;
    for (size_t r = 0; !rc && r < table.rows; r++)
        if (drops ? !(is_judged && table_told(&table, r)) : !table_precise(&table, r, precision))
            row_want(session, &table, r, drops, now);
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
