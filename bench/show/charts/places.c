/* The map of places: the same work with workers here and memory there, each beside the fastest of all. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/maps.h"
#include "bench/stats/verdict.h"
#include <math.h>
#include <stdlib.h>

#define WHERE (FACTOR_PLACE | FACTOR_NUMA)

struct where {
    const struct run_data *run;
    const struct series *series;
    struct family family;
    factor_set factors;
    struct map map;
    struct spot {
        size_t row, panel;
        int64_t memory, workers; /* the numbers of their names, in order of their first cell */
    } * spot;
    size_t spots;
    size_t *first; /* per panel: a row */
    bool hatched;
    double worst;
};

static const struct run_data *named; /* whose places the tics of an axis are, while a chart is made */

/* Rows stand for their place, or memory: the first that has it. */
static int64_t name_of(const struct run_data *run, size_t row, factor_set factor)
{
    size_t first = 0;
    while (!factors_equal(&run->rows[first], &run->rows[row], factor))
        first++;
    return (int64_t)first;
}

static char *memory_name(char *text, size_t size, int64_t row)
{
    return factor_spell(text, size, &named->rows[row], FACTOR_NUMA);
}

static char *workers_name(char *text, size_t size, int64_t row)
{
    return factor_spell(text, size, &named->rows[row], FACTOR_PLACE);
}

static bool same_panel(const struct where *p, size_t a, size_t b)
{
    return factors_equal(&p->run->rows[a], &p->run->rows[b], p->factors & ~WHERE);
}

static bool same_spot(const struct run_data *run, size_t a, size_t b)
{
    return factors_equal(&run->rows[a], &run->rows[b], WHERE);
}

/* Another row that differs in nothing but where it is. */
static bool has_other(const struct where *p, size_t row)
{
    for (size_t i = 0; i < p->run->count; i++)
        if (p->run->rows[i].ns_per_task > 0 && same_panel(p, i, row) && !same_spot(p->run, i, row))
            return true;
    return false;
}

static void spots_find(struct where *p)
{
    for (size_t r = 0; r < p->run->count; r++) {
        size_t panel = 0, again = 0;
        if (!(p->run->rows[r].ns_per_task > 0) || !has_other(p, r))
            continue;
        while (panel < p->map.panels && !same_panel(p, p->first[panel], r))
            panel++;
        if (panel == p->map.panels)
            p->first[p->map.panels++] = r;
        for (size_t i = 0; i < p->spots; i++) /* cells of older runs may have become the same */
            again += p->spot[i].panel == panel && same_spot(p->run, p->spot[i].row, r);
        if (!again)
            p->spot[p->spots++] =
                (struct spot){r, panel, name_of(p->run, r, FACTOR_NUMA), name_of(p->run, r, FACTOR_PLACE)};
    }
}

static const struct summary_row *row_at(const struct where *p, size_t i)
{
    return &p->run->rows[p->spot[i].row];
}

static size_t best_of(const struct where *p, size_t i)
{
    size_t best = i;
    for (size_t j = 0; j < p->spots; j++)
        if (p->spot[j].panel == p->spot[i].panel && row_at(p, j)->ns_per_task < row_at(p, best)->ns_per_task)
            best = j;
    return best;
}

/* Every pair of a panel, because the same trials say which is the best. */
static unsigned pairs_count(const struct where *p)
{
    unsigned pairs = 0;
    for (size_t i = 0; i < p->spots; i++)
        for (size_t j = 0; j < i; j++)
            pairs += p->spot[i].panel == p->spot[j].panel;
    return pairs;
}

static int tile_make(struct where *p, size_t i)
{
    struct tile *tile = &p->map.tiles[p->map.count];
    const size_t best = best_of(p, i);
    struct comparison comparison;
    char time[32];
    int result = comparison_make(series_of(p->series, p->spot[i].row), series_of(p->series, p->spot[best].row),
                                 p->series->blocks, &p->family, &comparison);
    *tile = (struct tile){.panel = p->spot[i].panel,
                          .x = p->spot[i].memory,
                          .y = p->spot[i].workers,
                          .kind = 1 + (i == best),
                          .shade = comparison.ratio,
                          .hatched = i != best && comparison.verdict == VERDICT_UNRESOLVED};
    if (isnan(comparison.ratio)) /* never in the same block */
        return result;
    format_duration(time, sizeof time, row_at(p, i)->ns_per_task);
    if (i == best)
        snprintf(tile->text, sizeof tile->text, "%s, best", time);
    else
        snprintf(tile->text, sizeof tile->text, "%s, %.2fx", time, comparison.ratio);
    p->hatched |= tile->hatched;
    p->worst = fmax(p->worst, comparison.ratio);
    p->map.count++;
    return result;
}

static void script_print(const struct where *p, const struct chart_work *work)
{
    factor_set said = (factors_varying(p->run->rows, p->run->count, p->factors) | FACTOR_WORKLOAD | FACTOR_POOL) &
                      ~(WHERE | FACTOR_TASKS);
    char text[512];
    fprintf(work->script,
            "x_text = 'memory'\ny_text = 'workers'\npage_panels = %d; panels = %zu\n"
            "array panel_title[panels]; array panel_hatched[panels]; shade_most = %.6g\n",
            CHART_PANELS_MAX, p->map.panels, fmax(p->worst, 1 + FAMILY_MARGIN));
    for (size_t i = 0; i < p->map.panels; i++)
        chart_text(work->script, "panel_title", i + 1,
                   factors_label(text, sizeof text, &p->run->rows[p->first[i]], said));
    snprintf(text, sizeof text,
             "Median time per task, and over that of the best of a panel, middles of %zu blocks; the darker, the "
             "faster%s",
             p->series->blocks,
             p->series->blocks < p->family.blocks ? "; crossed: too few blocks to tell"
             : p->hatched                         ? "; crossed: not resolved (95 % over all comparisons)"
                                                  : "");
    chart_notes(work, text);
}

static int places_make(const struct chart_work *work)
{
    const struct run_data *run = work->run;
    struct where p = {.run = run,
                      .series = &work->analysis->table.series,
                      .factors = factors_of(run->rows, run->count),
                      .map = {.x_name = memory_name, .y_name = workers_name},
                      .worst = 1};
    int result = -ENOMEM;
    named = run;
    p.map.tiles = calloc(run->count + 1, sizeof *p.map.tiles);
    p.spot = calloc(run->count + 1, sizeof *p.spot);
    p.first = calloc(run->count + 1, sizeof *p.first);
    if (p.map.tiles && p.spot && p.first) {
        spots_find(&p);
        p.family = family_make(pairs_count(&p), run->looks, FAMILY_MARGIN);
        result = 0;
    }
    for (size_t i = 0; i < p.spots && !result; i++)
        result = tile_make(&p, i);
    if (!result && p.map.count < 2) {
        refuse(work->why, "it takes cells that differ in --place or --numa alone");
    } else if (!result) {
        script_print(&p, work);
        result = map_print(&p.map, work->data, work->script);
    }
    free(p.map.tiles);
    free(p.spot);
    free(p.first);
    return result;
}

const struct chart chart_places = {
    .name = "places",
    .title = "Where workers and memory are",
    .caption =
        "Time per task of the same work, by where workers are pinned and where memory is, over that of the best: "
        "what a remote memory node costs, and how fast each kind of core is. Crossed tiles are not resolved.",
    .make = places_make,
    .drawn_by = "nested",
};
