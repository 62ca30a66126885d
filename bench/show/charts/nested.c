/* The map of nested pools: processes x threads, each beside the best of equally many workers. */
#include "bench/base/refuse.h"
#include "bench/model/metrics.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/maps.h"
#include "bench/stats/verdict.h"
#include <math.h>
#include <stdlib.h>

#define POOL  "hybrid"
#define ROUTE "route=nested"

struct nested {
    const struct run_data *run;
    const struct series *series;
    struct family family;
    factor_set factors;
    struct map map;
    struct shape {
        size_t row, panel;
    } * shape; /* of such a pool */
    size_t shapes;
    size_t *first; /* per panel: a row */
    bool hatched;
    double worst;
};

static const struct summary_row *row_at(const struct nested *n, size_t i)
{
    return &n->run->rows[n->shape[i].row];
}

static bool is_nested(const struct summary_row *row)
{
    return row_has_pool(row, POOL) && strstr(row->f.pool, ROUTE) && row->f.processes > 0 && row->f.workers > 0 &&
           row->f.workers % row->f.processes == 0 && row->ns_per_task > 0;
}

/* The pool without its shape, which is where a tile stands. */
static void options_copy(char *text, size_t size, const char *pool)
{
    size_t length = 0;
    *text = '\0';
    for (const char *at = pool; *at;) {
        size_t word = strcspn(at, ":,") + 1;
        bool shape = !strncmp(at, "processes=", 10) || !strncmp(at, "threads=", 8);
        if (!shape && length + word < size) {
            memcpy(text + length, at, word - 1);
            length += word - 1;
            text[length++] = at[word - 1] == ':' ? ':' : ',';
        }
        at += at[word - 1] ? word : word - 1;
    }
    text[length ? length - 1 : 0] = '\0';
}

static bool same_panel(const struct nested *n, const struct summary_row *a, const struct summary_row *b)
{
    char x[sizeof a->f.pool + 1], y[sizeof a->f.pool + 1];
    options_copy(x, sizeof x, a->f.pool);
    options_copy(y, sizeof y, b->f.pool);
    return !strcmp(x, y) && factors_equal(a, b, n->factors & ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_TASKS));
}

/* Of equally many workers in a panel. */
static bool same_product(const struct nested *n, size_t i, size_t j)
{
    return n->shape[i].panel == n->shape[j].panel && row_at(n, i)->f.workers == row_at(n, j)->f.workers;
}

/* Of those, itself where it has no partner. */
static size_t best_of(const struct nested *n, size_t i, bool *alone)
{
    size_t best = i;
    *alone = true;
    for (size_t j = 0; j < n->shapes; j++) {
        if (j == i || !same_product(n, i, j))
            continue;
        *alone = false;
        if (row_at(n, j)->ns_per_task < row_at(n, best)->ns_per_task)
            best = j;
    }
    return best;
}

/* Every pair of a product, because the same trials say which is the best. */
static unsigned pairs_count(const struct nested *n)
{
    unsigned pairs = 0;
    for (size_t i = 0; i < n->shapes; i++)
        for (size_t j = 0; j < i; j++)
            pairs += same_product(n, i, j);
    return pairs;
}

static void shapes_find(struct nested *n)
{
    for (size_t r = 0; r < n->run->count; r++) {
        size_t panel = 0, again = 0;
        if (!is_nested(&n->run->rows[r]))
            continue;
        while (panel < n->map.panels && !same_panel(n, &n->run->rows[n->first[panel]], &n->run->rows[r]))
            panel++;
        if (panel == n->map.panels)
            n->first[n->map.panels++] = r;
        /* One shape may be spelled in several ways. */
        for (size_t i = 0; i < n->shapes; i++)
            again += n->shape[i].panel == panel && row_at(n, i)->f.processes == n->run->rows[r].f.processes &&
                     row_at(n, i)->f.workers == n->run->rows[r].f.workers;
        if (!again)
            n->shape[n->shapes++] = (struct shape){r, panel};
    }
}

static int tile_make(struct nested *n, size_t i)
{
    struct tile *tile = &n->map.tiles[n->map.count];
    const struct summary_row *row = row_at(n, i);
    bool alone;
    size_t best = best_of(n, i, &alone);
    struct comparison comparison;
    if (alone)
        return 0;
    int result = comparison_make(series_of(n->series, n->shape[i].row), series_of(n->series, n->shape[best].row),
                                 n->series->blocks, &n->family, &comparison);
    *tile = (struct tile){.panel = n->shape[i].panel,
                          .x = row->f.workers / row->f.processes,
                          .y = row->f.processes,
                          .kind = 1 + (i == best),
                          .shade = comparison.ratio,
                          .hatched = i != best && comparison.verdict == VERDICT_UNRESOLVED};
    if (isnan(comparison.ratio)) /* never in the same block */
        return result;
    if (i == best)
        snprintf(tile->text, sizeof tile->text, "best");
    else
        snprintf(tile->text, sizeof tile->text, "%.2fx", comparison.ratio);
    n->hatched |= tile->hatched;
    n->worst = fmax(n->worst, comparison.ratio);
    n->map.count++;
    return result;
}

static void script_print(const struct nested *n, const struct chart_work *work)
{
    factor_set said = (factors_varying(n->run->rows, n->run->count, n->factors) | FACTOR_WORKLOAD) &
                      ~(FACTOR_POOL | FACTOR_WORKERS | FACTOR_TASKS);
    char text[512], pool[160];
    fprintf(work->script,
            "x_text = 'threads of each process'\ny_text = 'processes'\npage_panels = %d; panels = %zu\n"
            "array panel_title[panels]; array panel_hatched[panels]; shade_most = %.6g\n",
            CHART_PANELS_MAX, n->map.panels, fmax(n->worst, 1 + FAMILY_MARGIN));
    for (size_t p = 0; p < n->map.panels; p++) {
        const struct summary_row *row = &n->run->rows[n->first[p]];
        options_copy(pool, sizeof pool, row->f.pool);
        factors_label(text, sizeof text - sizeof pool - 2, row, said);
        snprintf(text + strlen(text), sizeof text - strlen(text), "; %s", pool);
        chart_text(work->script, "panel_title", p + 1, text);
    }
    snprintf(text, sizeof text,
             "Time per task over that of the best shape with as many workers, middles of %zu blocks; the darker, the "
             "faster%s",
             n->series->blocks,
             n->series->blocks < n->family.blocks ? "; crossed: too few blocks to tell"
             : n->hatched                         ? "; crossed: not resolved (95 % over all comparisons)"
                                                  : "");
    chart_notes(work, text);
}

static int nested_make(const struct chart_work *work)
{
    const struct run_data *run = work->run;
    struct nested n = {.run = run,
                       .series = &work->analysis->table.series,
                       .factors = factors_of(run->rows, run->count),
                       .map = {.x_name = map_number, .y_name = map_number},
                       .worst = 1};
    int result = -ENOMEM;
    n.map.tiles = calloc(run->count + 1, sizeof *n.map.tiles);
    n.shape = calloc(run->count + 1, sizeof *n.shape);
    n.first = calloc(run->count + 1, sizeof *n.first);
    if (n.map.tiles && n.shape && n.first) {
        shapes_find(&n);
        n.family = family_make(pairs_count(&n), run->looks, FAMILY_MARGIN);
        result = 0;
    }
    for (size_t i = 0; i < n.shapes && !result; i++)
        result = tile_make(&n, i);
    if (!result && n.map.count < 2) {
        refuse(work->why, "it takes " POOL ":" ROUTE " with two or more shapes of equally many workers");
    } else if (!result) {
        script_print(&n, work);
        result = map_print(&n.map, work->data, work->script);
    }
    free(n.map.tiles);
    free(n.shape);
    free(n.first);
    return result;
}

const struct chart chart_nested = {
    .name = "nested",
    .title = "Processes and threads of nested pools",
    .caption = "Time per task of each shape over that of the best with as many workers, processes times threads: "
               "diagonals are comparable, other tiles are not. Crossed tiles are not resolved.",
    .make = nested_make,
};
