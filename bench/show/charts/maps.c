/* Tiles stand at equal distances, whatever numbers they stand for. */
#include "bench/show/charts/maps.h"
#include "bench/show/charts/chart.h"
#include <errno.h>
#include <stdlib.h>

static int number_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t numbers_sort(int64_t *numbers, size_t count)
{
    size_t kept = 0;
    qsort(numbers, count, sizeof *numbers, number_compare);
    for (size_t i = 0; i < count; i++)
        if (!kept || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    return kept;
}

static int64_t place_of(int64_t number, const int64_t *numbers, size_t count)
{
    const int64_t *found = bsearch(&number, numbers, count, sizeof *numbers, number_compare);
    return found ? found - numbers : 0;
}

static void tics_print(FILE *out, const char *axis, const int64_t *numbers, size_t count,
                       char *(*name)(char *text, size_t size, int64_t number))
{
    char text[64], names[16];
    snprintf(names, sizeof names, "%s_names", axis);
    fprintf(out, "%s_count = %zu; array %s[%zu]\n", axis, count, names, count);
    for (size_t i = 0; i < count; i++)
        chart_text(out, names, i + 1, name(text, sizeof text, numbers[i]));
}

static void tile_print(FILE *data, const struct tile *tile, int64_t x, int64_t y)
{
    fprintf(data, "%lld %lld %d %d %.6g", (long long)x, (long long)y, tile->kind, tile->hatched, tile->shade);
    chart_datum(data, tile->text);
}

char *map_number(char *text, size_t size, int64_t number)
{
    snprintf(text, size, "%lld", (long long)number);
    return text;
}

int map_print(struct map *map, FILE *data, FILE *script)
{
    int64_t *xs = calloc(2 * map->count + 1, sizeof *xs), *ys;
    if (!xs)
        return -ENOMEM;
    ys = xs + map->count;
    for (size_t i = 0; i < map->count; i++) {
        xs[i] = map->tiles[i].x;
        ys[i] = map->tiles[i].y;
    }
    size_t x_count = numbers_sort(xs, map->count), y_count = numbers_sort(ys, map->count);
    tics_print(script, "x", xs, x_count, map->x_name);
    tics_print(script, "y", ys, y_count, map->y_name);
    for (size_t p = 0; p < map->panels; p++) {
        bool hatched = false;
        for (size_t i = 0; i < map->count; i++)
            hatched |= map->tiles[i].panel == p && map->tiles[i].hatched;
        fprintf(script, "panel_hatched[%zu] = %d\n", p + 1, hatched);
    }
    fputs("# x, y, kind, hatched, shade, text\n", data);
    for (size_t p = 0; p < map->panels; p++) {
        for (size_t i = 0; i < map->count; i++) {
            const struct tile *tile = &map->tiles[i];
            if (tile->panel == p)
                tile_print(data, tile, place_of(tile->x, xs, x_count), place_of(tile->y, ys, y_count));
        }
        fputs("\n\n", data);
    }
    free(xs);
    return 1;
}
