/* The map of winners: which pool was the fastest at each task size and number of workers, and where that is not known.
 * Pools that stand in a tile have letters, from A on, so that the map reads in grey. */
#include "bench/analyse/table.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/maps.h"
#include <stdlib.h>

#define POOLS_MAX 26 /* letters */

struct winners {
    const struct table *table;
    struct map map;
    size_t *panel;          /* per panel: a row of the table */
    bool stands[POOLS_MAX]; /* per column: in a tile */
    char letter[POOLS_MAX]; /* of those that do */
    bool equal, hatched;
};

static const struct summary_row *row_at(const struct winners *w, size_t row)
{
    return &w->table->run->rows[w->table->row[row]];
}

static bool same_panel(const struct winners *w, size_t a, size_t b)
{
    factor_set same = w->table->factors & ~(FACTOR_POOL | FACTOR_SIZE | FACTOR_WORKERS | FACTOR_TASKS);
    return factors_equal(row_at(w, a), row_at(w, b), same);
}

/* A contest: two pools or more, and a size to stand at. */
static bool row_counts(const struct winners *w, size_t row)
{
    const struct table *t = w->table;
    size_t contenders = 0;
    for (size_t c = 0; c < t->pools; c++)
        contenders += table_entry(t, row, c)->contends;
    return contenders > 1 && row_at(w, row)->f.size_ns > 0 && row_at(w, row)->f.workers > 0 && t->best[row] < POOLS_MAX;
}

/* Two sizes and two numbers of workers: less is no map. */
static bool is_map(const struct winners *w, size_t row)
{
    bool sizes = false, workers = false;
    for (size_t r = 0; r < w->table->rows; r++) {
        if (!row_counts(w, r) || !same_panel(w, row, r))
            continue;
        sizes |= row_at(w, r)->f.size_ns != row_at(w, row)->f.size_ns;
        workers |= row_at(w, r)->f.workers != row_at(w, row)->f.workers;
    }
    return sizes && workers;
}

static void tile_add(struct winners *w, size_t panel, size_t row)
{
    const struct table *t = w->table;
    struct tile *tile = &w->map.tiles[w->map.count++];
    size_t best = t->best[row], length = 1;
    *tile = (struct tile){.panel = panel,
                          .x = row_at(w, row)->f.workers,
                          .y = row_at(w, row)->f.size_ns,
                          .kind = (int)best + 1,
                          .hatched = !table_marked(t),
                          .text = {(char)('A' + best)}};
    w->stands[best] = true;
    for (size_t c = 0; c < t->pools && c < POOLS_MAX; c++) {
        const struct entry *e = table_entry(t, row, c);
        if (c == best || !e->contends)
            continue;
        tile->hatched |= e->mark == MARK_UNRESOLVED;
        if (e->mark == MARK_BEST && length + 3 < sizeof tile->text) {
            tile->text[length++] = '=';
            tile->text[length++] = (char)('A' + c);
            w->stands[c] = w->equal = true;
        }
    }
    w->hatched |= tile->hatched;
}

static void tiles_make(struct winners *w)
{
    for (size_t r = 0; r < w->table->rows; r++) {
        size_t panel = 0;
        if (!row_counts(w, r))
            continue;
        while (panel < w->map.panels && !same_panel(w, w->panel[panel], r))
            panel++;
        if (panel == w->map.panels) {
            if (!is_map(w, r))
                continue;
            w->panel[w->map.panels++] = r;
        }
        tile_add(w, panel, r);
    }
}

/* In tiles columns have stood for their letters so far. */
static void letters_give(struct winners *w)
{
    char next = 'A';
    for (size_t c = 0; c < POOLS_MAX; c++)
        w->letter[c] = w->stands[c] ? next++ : '?';
    for (size_t i = 0; i < w->map.count; i++)
        for (char *text = w->map.tiles[i].text; *text; text++)
            if (*text != '=')
                *text = w->letter[*text - 'A'];
}

static void script_print(const struct winners *w, const struct chart_work *work)
{
    const struct table *t = w->table;
    factor_set said = (t->shown | FACTOR_WORKLOAD) & ~(FACTOR_POOL | FACTOR_SIZE | FACTOR_WORKERS);
    size_t pools = t->pools < POOLS_MAX ? t->pools : POOLS_MAX;
    char text[512];
    fprintf(
        work->script,
        "x_text = 'workers'\ny_text = 'task size'\npage_panels = %d; panels = %zu; pools = %zu\n"
        "array panel_title[panels]; array pool_name[pools]; array pool_stands[pools]; array panel_hatched[panels]\n",
        CHART_PANELS_MAX, w->map.panels, pools);
    for (size_t p = 0; p < w->map.panels; p++) {
        chart_text(work->script, "panel_title", p + 1, factors_label(text, sizeof text, row_at(w, w->panel[p]), said));
    }
    for (size_t c = 0; c < pools; c++) {
        fprintf(work->script, "pool_stands[%zu] = %d; ", c + 1, w->stands[c]);
        snprintf(text, sizeof text, "%c: %.128s", w->letter[c], POOL_SHOWN(t->run->rows[t->pool[c]].f.pool));
        chart_text(work->script, "pool_name", c + 1, text);
    }
    chart_looks(work->script, t->run, t->pool, pools);
    snprintf(text, sizeof text, "Least median time per task of %zu blocks%s%s", t->series.blocks,
             w->equal ? "; letters joined by = are equal within 2 %" : "",
             !table_marked(t) ? "; pale: too few blocks to tell"
             : w->hatched     ? "; pale: another pool may be as fast (95 % over all comparisons)"
                              : "; each is resolved (95 % over all comparisons)");
    chart_notes(work, text);
}

static char *size_name(char *text, size_t size, int64_t ns)
{
    char spelled[40];
    return micro_shown(text, size, spell_duration(spelled, sizeof spelled, ns));
}

static int winner_make(const struct chart_work *work)
{
    struct winners w = {.table = &work->analysis->table, .map = {.x_name = map_number, .y_name = size_name}};
    int result = -ENOMEM;
    w.map.tiles = calloc(w.table->rows + 1, sizeof *w.map.tiles);
    w.panel = calloc(w.table->rows + 1, sizeof *w.panel);
    if (!w.map.tiles || !w.panel)
        goto done;
    result = 0;
    tiles_make(&w);
    letters_give(&w);
    if (!w.map.panels) {
        refuse(work->why, "it takes two pools at two or more task sizes and two or more numbers of workers");
    } else {
        script_print(&w, work);
        result = map_print(&w.map, work->data, work->script);
    }
done:
    free(w.map.tiles);
    free(w.panel);
    return result;
}

const struct chart chart_winner = {
    .name = "winner",
    .title = "Winners by task size and workers",
    .caption = "The pool with the least time per task, for each task size and number of workers. Colours and letters "
               "say which; several letters are equal; pale tiles are not resolved.",
    .make = winner_make,
};
