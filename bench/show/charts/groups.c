/* Panels and pools by the factors of the cells. */
#include "bench/show/charts/groups.h"
#include "bench/analyse/layout.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool in_panel(const void *arg, size_t first, size_t row)
{
    const struct groups *groups = arg;
    const struct summary_row *rows = groups->run->rows;
    factor_set same = groups->factors;
    if (row_has_pool(&rows[row], BASE_POOL))
        same &= ~(FACTOR_PLACE | FACTOR_WORKERS);
    return factors_equal(&rows[first], &rows[row], same);
}

/* Once for all rows, because it is asked of every trial. */
static int members_find(struct groups *groups)
{
    const struct run_data *s = groups->run;
    groups->in_panel = calloc(groups->panels * s->count + 1, sizeof *groups->in_panel);
    groups->pool_of = calloc(s->count + 1, sizeof *groups->pool_of);
    if (!groups->in_panel || !groups->pool_of)
        return -ENOMEM;
    for (size_t row = 0; row < s->count; row++) {
        while (groups->pool_of[row] < groups->pools &&
               strcmp(groups_pool(groups, groups->pool_of[row]), s->rows[row].f.pool) != 0)
            groups->pool_of[row]++;
        for (size_t p = 0; p < groups->panels; p++)
            groups->in_panel[p * s->count + row] = in_panel(groups, groups->panel[p], row);
    }
    return 0;
}

int groups_init(struct groups *groups, const struct run_data *run, bool (*is_drawn)(const void *arg, size_t trial),
                const void *arg)
{
    size_t room = run->count + 1, count = 0;
    size_t *order = calloc(room, sizeof *order);
    struct summary_row *used = calloc(room, sizeof *used);
    int result = -ENOMEM;
    *groups = (struct groups){.run = run};
    groups->panel = calloc(room, sizeof *groups->panel);
    groups->pool = calloc(room, sizeof *groups->pool);
    groups->drawn = calloc(run->trial_count + 1, sizeof *groups->drawn);
    groups->trial = calloc(run->trial_count + 1, sizeof *groups->trial);
    groups->values = calloc(run->trial_count + 1, sizeof *groups->values);
    if (!order || !used || !groups->panel || !groups->pool || !groups->drawn || !groups->trial || !groups->values)
        goto done;
    for (size_t i = 0; i < run->trial_count; i++)
        groups->drawn[i] = is_drawn(arg, i);
    for (size_t i = 0; i < run->count; i++) {
        size_t row = run->plan[i], trial = run->first[row];
        while (trial != RUN_NOTHING && !groups->drawn[trial])
            trial = run->next[trial];
        if (trial != RUN_NOTHING)
            order[count++] = row;
    }
    for (size_t i = 0; i < count; i++)
        used[i] = run->rows[order[i]];
    groups->factors = factors_of(run->rows, run->count) & ~FACTOR_POOL;
    groups->label = factors_varying(used, count, groups->factors) | FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_WORKERS;
    groups->label &= groups->factors;
    for (size_t i = 0; i < count; i++)
        if (factors_have_latency(&used[i].f))
            groups->label |= groups->factors & FACTOR_ARRIVAL;
    groups->panels = layout_groups(run, order, count, in_panel, groups, true, groups->panel);
    groups->pools = layout_pools(run, order, count, false, groups->pool);
    result = members_find(groups);
done:
    free(order);
    free(used);
    return result;
}

void groups_release(struct groups *groups)
{
    free(groups->pool_of);
    free(groups->in_panel);
    free(groups->panel);
    free(groups->pool);
    free(groups->drawn);
    free(groups->trial);
    free(groups->values);
    *groups = (struct groups){0};
}

size_t groups_trials(struct groups *groups, size_t panel, size_t pool)
{
    size_t count = 0;
    for (size_t i = 0; i < groups->run->trial_count; i++) {
        size_t row = groups->run->cell[i];
        if (groups->drawn[i] && groups->pool_of[row] == pool && groups->in_panel[panel * groups->run->count + row])
            groups->trial[count++] = i;
    }
    return count;
}

const struct summary_row *groups_panel(const struct groups *groups, size_t panel)
{
    return &groups->run->rows[groups->panel[panel]];
}

const char *groups_pool(const struct groups *groups, size_t pool)
{
    return groups->run->rows[groups->pool[pool]].f.pool;
}

char *groups_title(char *text, size_t size, const struct groups *groups, size_t panel)
{
    return factors_label(text, size, groups_panel(groups, panel), groups->label);
}

void groups_print(FILE *script, const struct groups *groups)
{
    char title[96];
    fprintf(script, "page_panels = %d; panels = %zu; pools = %zu\narray panel_title[panels]; array pool_name[pools]\n",
            CHART_PANELS_MAX, groups->panels, groups->pools);
    for (size_t p = 0; p < groups->panels; p++)
        chart_text(script, "panel_title", p + 1, groups_title(title, sizeof title, groups, p));
    chart_pools(script, groups->run, groups->pool, groups->pools);
}
