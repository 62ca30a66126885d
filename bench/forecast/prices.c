/* Keeping what trials take, see prices.h. */
#include "bench/forecast/prices.h"
#include "bench/options.h"
#include "bench/plugin.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#define CLOSING_GUESS_NS 1.5e9
#define KEY_MAX          64

/* Failures on purpose are forecast beside it (faults_wait_ns); with a limit or without, a task takes as long. */
static void cell_text(const struct cell *cell, char *key)
{
    const unsigned without = option_bit("size") | option_bit("size-dist") | option_bit("tasks") | option_bit("faults") |
                             option_bit("task-limit");
    uint64_t hash = cell_hash(cell, without);
    if (cell->pool->file) /* what it does may change from one build of it to the next */
        hash = mix64(hash, plugin_hash(cell->pool->file));
    if (cell->workload->file)
        hash = mix64(hash, plugin_hash(cell->workload->file));
    snprintf(key, KEY_MAX, "trial/%016llx", (unsigned long long)hash);
}

/* Cells with few rows have few charts. */
static void closing_text(size_t cells, char *key)
{
    snprintf(key, KEY_MAX, "closing/%d", cells ? (int)log2((double)cells) : 0);
}

bool price_recall(const struct calibrations *store, const struct cell *cell, struct price *price)
{
    char key[KEY_MAX];
    cell_text(cell, key);
    json_t *entry = store ? calibrations_kept(store, key) : NULL;
    *price = (struct price){json_number_value(json_object_get(entry, "task_ns")),
                            json_number_value(json_object_get(entry, "floor_ns")),
                            json_number_value(json_object_get(entry, "beside_ns"))};
    return price->task_ns > 0 && price->floor_ns >= 0 && price->beside_ns > 0;
}

void price_keep(struct calibrations *store, const struct cell *cell, const struct price *price)
{
    char key[KEY_MAX];
    cell_text(cell, key);
    calibrations_keep(store, key,
                      json_pack("{s:f, s:f, s:f}", "task_ns", price->task_ns, "floor_ns", price->floor_ns, "beside_ns",
                                price->beside_ns));
}

bool price_learn(const struct cell *cell, struct price *price)
{
    const struct forecast *forecast = &cell->forecast;
    if (!forecast->walls || cell->tasks <= 0)
        return false;
    double wall_ns = forecast->wall_ns / forecast->walls, whole_ns = forecast->seen_ns / forecast->seen;
    *price = (struct price){wall_ns / (double)cell->tasks, forecast_floor_ns(cell), fmax(whole_ns - wall_ns, 1)};
    return true;
}

double closing_recall_ns(const struct calibrations *store, size_t cells)
{
    char key[KEY_MAX];
    closing_text(cells, key);
    json_t *entry = store ? calibrations_kept(store, key) : NULL;
    return json_number_value(entry) > 0 ? json_number_value(entry) : CLOSING_GUESS_NS;
}

void closing_keep(struct calibrations *store, size_t cells, double ns)
{
    char key[KEY_MAX];
    closing_text(cells, key);
    calibrations_keep(store, key, json_real(ns));
}
