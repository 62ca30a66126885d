/* Keeping what trials take, see prices.h. */
#include "bench/measure/forecast/prices.h"
#include "bench/launch/plugin.h"
#include "bench/launch/program.h"
#include "bench/model/options.h"
#include "bench/stats/stats.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#define CLOSING_GUESS_NS 1.5e9
#define CLOSINGS         5 /* the last ones, whose median counts */
#define KEY_MAX          64

/* Failures on purpose are forecast beside it (faults_wait_ns); with a limit or without, a task takes as long. */
static void cell_text(const struct cell *cell, char *key)
{
    const factor_set without = option_bit("size") | option_bit("size-dist") | option_bit("tasks") |
                               option_bit("faults") | option_bit("task-limit");
    uint64_t hash = cell_hash(cell, without);
    if (cell->pool->file) /* what it does may change from one build of it to the next */
        hash = mix64(hash, plugin_hash(cell->pool->file));
    if (cell->workload->file)
        hash = mix64(hash, plugin_hash(cell->workload->file));
    if (cell->program)
        hash = mix64(hash, cell->program->hash);
    snprintf(key, KEY_MAX, "trial/%016llx", (unsigned long long)hash);
}

/* Cells with few rows have few charts; and a search has others than a run. */
static void closing_text(const char *verb, size_t cells, char *key)
{
    snprintf(key, KEY_MAX, "closing/%s/%d", verb, cells ? (int)log2((double)cells) : 0);
}

bool price_recall(const struct calibrations *store, const struct cell *cell, struct trial_price *price)
{
    char key[KEY_MAX];
    cell_text(cell, key);
    json_t *entry = store ? calibrations_kept(store, key) : NULL;
    *price = (struct trial_price){json_number_value(json_object_get(entry, "task_ns")),
                                  json_number_value(json_object_get(entry, "floor_ns")),
                                  json_number_value(json_object_get(entry, "beside_ns")),
                                  json_number_value(json_object_get(entry, "service_ns"))};
    return price->task_ns > 0 && price->floor_ns >= 0 && price->beside_ns > 0;
}

void price_keep(struct calibrations *store, const struct cell *cell, const struct trial_price *price)
{
    char key[KEY_MAX];
    cell_text(cell, key);
    calibrations_keep(store, key,
                      json_pack("{s:f, s:f, s:f, s:f}", "task_ns", price->task_ns, "floor_ns", price->floor_ns,
                                "beside_ns", price->beside_ns, "service_ns", price->service_ns));
}

/* The median, the lower one of two: what is far off from the others does not count. Sorts. */
static double middle(double *values, size_t count)
{
    count = stats_sort(values, count);
    return count ? values[(count - 1) / 2] : NAN;
}

bool price_learn(const struct cell *cell, struct trial_price *price)
{
    const struct forecast *forecast = &cell->forecast;
    unsigned count = forecast->well < FORECAST_LAST ? forecast->well : FORECAST_LAST;
    double wall_ns[FORECAST_LAST], beside_ns[FORECAST_LAST];
    if (!count || cell->f.tasks <= 0 || cell->faults.count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        wall_ns[i] = forecast->last[i].wall_ns;
        beside_ns[i] = forecast->last[i].whole_ns - forecast->last[i].wall_ns;
    }
    *price = (struct trial_price){middle(wall_ns, count) / (double)cell->f.tasks, forecast_floor_ns(cell),
                                  fmax(middle(beside_ns, count), 1), forecast->service_ns};
    return true;
}

double closing_recall_ns(const struct calibrations *store, const char *verb, size_t cells)
{
    char key[KEY_MAX];
    closing_text(verb, cells, key);
    json_t *entry = store ? calibrations_kept(store, key) : NULL;
    double last[CLOSINGS];
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(entry) && count < CLOSINGS; i++)
        if (json_number_value(json_array_get(entry, i)) > 0)
            last[count++] = json_number_value(json_array_get(entry, i));
    double ns = count ? middle(last, count) : CLOSING_GUESS_NS;
    return count < 2 ? fmin(ns, 2 * CLOSING_GUESS_NS) : ns; /* one alone may be the one that is far off */
}

void closing_keep(struct calibrations *store, const char *verb, size_t cells, double ns)
{
    char key[KEY_MAX];
    closing_text(verb, cells, key);
    json_t *before = calibrations_kept(store, key), *last = json_is_array(before) ? json_copy(before) : json_array();
    json_array_append_new(last, json_real(ns));
    while (json_array_size(last) > CLOSINGS)
        json_array_remove(last, 0);
    calibrations_keep(store, key, last);
}
