/* One pass over the trials. */
#include "bench/analyse/costs.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double *costs_of(const struct costs *costs, size_t cell)
{
    return costs->ns + cell * costs->blocks;
}

static int id_compare(const void *a, const void *b)
{
    const struct summary_row *const *x = a, *const *y = b;

    return strcmp((*x)->cell_id, (*y)->cell_id);
}

static double number(int64_t value)
{
    return value == MISSING ? NAN : (double)value;
}

static double wall_of(const struct summary *summary, size_t trial)
{
    const struct trial_row *t = &summary->trials[trial];

    return t->f.tasks > 0 && t->wall_ns > 0 ? (double)t->wall_ns / (double)t->f.tasks : NAN;
}

static double latency_of(const struct summary *summary, size_t trial)
{
    return summary->latency_p99_ns[trial];
}

static double cpu_of(const struct summary *summary, size_t trial)
{
    const struct trial_row *t = &summary->trials[trial];

    return t->f.tasks > 0 ? (number(t->user_ns) + number(t->sys_ns)) / (double)t->f.tasks : NAN;
}

static double pss_of(const struct summary *summary, size_t trial)
{
    return number(summary->trials[trial].pss_bytes);
}

static double open_of(const struct summary *summary, size_t trial)
{
    return number(summary->trials[trial].open_ns);
}

/* A worker's share of the memory that nobody shares, the submitter's own included. */
static double private_of(const struct summary *summary, size_t trial)
{
    const struct trial_row *t = &summary->trials[trial];

    return t->f.workers > 0 ? number(t->private_bytes) / (double)t->f.workers : NAN;
}

static double trial_of(const struct summary *summary, size_t trial)
{
    return number(summary->trials[trial].trial_ns);
}

int costs_make(const struct summary *summary, struct costs *costs)
{
    return costs_make_of(summary, METRIC_WALL, costs);
}

int costs_make_of(const struct summary *summary, enum metric metric, struct costs *costs)
{
    static double (*const values[])(const struct summary *summary, size_t trial) = {
        wall_of, latency_of, cpu_of, pss_of, open_of, private_of, trial_of};
    const struct summary_row **sorted = calloc(summary->count + 1, sizeof(*sorted));

    *costs = (struct costs){.cells = summary->count};
    for (size_t i = 0; i < summary->trial_count; i++)
        if (summary->trials[i].block > (int64_t)costs->blocks)
            costs->blocks = (size_t)summary->trials[i].block;
    costs->ns = calloc(costs->cells * costs->blocks + 1, sizeof *costs->ns);
    if (!costs->ns || !sorted) {
        free(sorted);
        costs_release(costs);
        return -ENOMEM;
    }
    for (size_t i = 0; i < costs->cells * costs->blocks; i++)
        costs->ns[i] = NAN;
    for (size_t i = 0; i < summary->count; i++)
        sorted[i] = &summary->rows[i];
    qsort(sorted, summary->count, sizeof(*sorted), id_compare);
    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *t = &summary->trials[i];
        struct summary_row key;
        const struct summary_row *wanted = &key, **found;
        memcpy(key.cell_id, t->cell_id, sizeof key.cell_id);
        found = bsearch(&wanted, sorted, summary->count, sizeof(*sorted), id_compare);
        if (found && t->block > 0 && !strcmp(t->status, "ok"))
            costs_of(costs, (size_t)(*found - summary->rows))[t->block - 1] = values[metric](summary, i);
    }
    free(sorted);
    return 0;
}

void costs_release(struct costs *costs)
{
    free(costs->ns);
    *costs = (struct costs){0};
}
