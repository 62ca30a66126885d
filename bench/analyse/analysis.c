/* All that is computed of a run, in the order in which one needs the other, see analysis.h. */
#include "bench/analyse/analysis.h"
#include "bench/analyse/findings.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <stdlib.h>

static int findings_make(struct analysis *analysis)
{
    size_t size;
    FILE *out = open_memstream(&analysis->findings, &size);
    if (!out)
        return -ENOMEM;
    int rc = analysis->run->count ? findings_print(out, &analysis->table) : 0;
    return fclose(out) ? -ENOMEM : rc;
}

/* Whoever reads samples.csv for the summary has said what is wrong with it. */
static int whys_make(struct analysis *analysis)
{
    char error[ERROR_MAX];
    if (!analysis->run->count)
        return 0;
    int rc = why_open(analysis->run, 0, &analysis->why, error);
    if (!rc)
        rc = whys_by(&analysis->why, FACTOR_POOL, "", "", &analysis->whys, error);
    return rc == -ENOMEM ? rc : 0;
}

int analysis_make(const struct run_data *run, struct analysis *analysis)
{
    *analysis = (struct analysis){.run = run};
    int rc = run->count ? table_init(&analysis->table, run) : 0;
    if (!rc && !(analysis->prices = calloc(analysis->table.pools + 1, sizeof *analysis->prices)))
        rc = -ENOMEM;
    for (size_t c = 0; c < analysis->table.pools && !rc; c++)
        rc = price_make(&analysis->table, c, &analysis->prices[c]);
    if (!rc)
        rc = fault_costs_make(run, &analysis->fault_costs);
    if (!rc)
        rc = whys_make(analysis);
    return rc ? rc : findings_make(analysis);
}

void analysis_release(struct analysis *analysis)
{
    if (analysis->run->count)
        table_release(&analysis->table);
    free(analysis->prices);
    fault_costs_release(&analysis->fault_costs);
    whys_release(&analysis->whys);
    why_close(&analysis->why);
    free(analysis->findings);
}
