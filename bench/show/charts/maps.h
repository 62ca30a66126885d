/* Maps: tiles on a grid of two factors, in panels of all others. One thread. */
#ifndef POOLBENCH_SHOW_CHARTS_MAPS_H
#define POOLBENCH_SHOW_CHARTS_MAPS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MAP_NAME_MAX 48

struct tile {
    size_t panel;
    int64_t x, y;
    int kind;                /* from 1; which one, the script says */
    double shade;            /* likewise */
    bool hatched;            /* nothing is said */
    char text[MAP_NAME_MAX]; /* stands in it */
};

/* The tics of an axis: every x (or y) there is, numbered from 0. */
struct map {
    struct tile *tiles; /* x and y become those numbers */
    size_t count, panels;
    char *(*x_name)(char *text, size_t size, int64_t x), *(*y_name)(char *text, size_t size, int64_t y);
};

/* To `data` a block of lines "x y kind hatched shade text" for each panel, to `script` x_count, y_count and
 * arrays x_names and y_names of so many texts, and into its array panel_hatched whether a panel has such tiles. 1, or
 * -ENOMEM.
 */
int map_print(struct map *map, FILE *data, FILE *script);
char *map_number(char *text, size_t size, int64_t number);

#endif
