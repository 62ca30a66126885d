/* Finding rows that belong together. */
#include "bench/analyse/sweep.h"
#include "bench/model/summary_factors.h"
#include "workloads/workload.h"
#include <string.h>

static const struct summary_row *row_of(const struct table *t, size_t row)
{
    return &t->run->rows[t->row[row]];
}

enum kind row_kind(const struct table *t, size_t row)
{
    const char *spec = row_of(t, row)->f.workload;
    char name[SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(spec), spec);
    const struct workload_ops *w = workload_find(name);
    if (!w) /* a plug-in's */
        return row_of(t, row)->f.size_ns > 0 ? KIND_CPU : KIND_UNSIZED;
    if (!(w->traits & WORKLOAD_SIZED))
        return KIND_UNSIZED;
    return w->classify ? KIND_MIXED : w->class == TASK_SLEEP ? KIND_SLEEP : KIND_CPU;
}

double sweep_number(const struct table *t, size_t row, factor_set factor)
{
    const struct summary_row *r = row_of(t, row);
    return (double)(factor == FACTOR_SIZE      ? r->f.size_ns
                    : factor == FACTOR_WORKERS ? r->f.workers
                                               : r->f.ballast.bytes);
}

static bool fits(const struct table *t, size_t row, factor_set factor, enum kind kind)
{
    const struct summary_row *r = row_of(t, row);
    return row_kind(t, row) == kind && !r->f.payload.in && !r->f.payload.out &&
           (factor == FACTOR_BALLAST || !r->f.ballast.bytes) && t->best[row] != NO_CELL && !row_has_pool(r, BASE_POOL);
}

static void insert(const struct table *t, struct sweep *sweep, size_t row, factor_set factor)
{
    double number = sweep_number(t, row, factor);
    size_t at = sweep->count;
    while (at && sweep_number(t, sweep->row[at - 1], factor) > number)
        at--;
    if (sweep->count == SWEEP_MAX || (at && sweep_number(t, sweep->row[at - 1], factor) == number))
        return;
    memmove(&sweep->row[at + 1], &sweep->row[at], (sweep->count - at) * sizeof sweep->row[0]);
    sweep->row[at] = row;
    sweep->count++;
}

void sweep_find(const struct table *t, factor_set factor, enum kind kind, struct sweep *sweep)
{
    factor_set same = t->factors & ~(factor | FACTOR_POOL | FACTOR_TASKS);
    *sweep = (struct sweep){.count = 0};
    for (size_t first = 0; first < t->rows; first++) {
        struct sweep next = {.count = 0};
        if (!fits(t, first, factor, kind))
            continue;
        for (size_t row = 0; row < t->rows; row++)
            if (fits(t, row, factor, kind) && factors_equal(row_of(t, first), row_of(t, row), same))
                insert(t, &next, row, factor);
        if (next.count > sweep->count || (next.count == sweep->count && sweep->count &&
                                          row_of(t, next.row[0])->f.workers > row_of(t, sweep->row[0])->f.workers))
            *sweep = next;
    }
}
