/* What a place comes to. Places that name CPUs: lists (0+2-3) and hwloc locations (core:0-3.pu:0), joined with plus.
 * Used by place.c and place_rows.c alone. One thread. */
#ifndef POOLBENCH_MACHINE_PLACE_PARSE_H
#define POOLBENCH_MACHINE_PLACE_PARSE_H
#include "bench/machine/machine.h"

/* What workers are dealt in turn: a set of CPUs each. */
struct place_rows {
    hwloc_bitmap_t *sets; /* owned; never empty sets */
    unsigned count, room;
};

/* Adds what of `set` is allowed. 0, -ENOMEM, or -ENOENT when that is nothing. */
int place_rows_add(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t set);
int place_rows_add_cpu(struct place_rows *rows, const struct machine *machine, unsigned cpu);
void place_rows_release(struct place_rows *rows);

/* The rows of a place as --place takes it, at least one. -EINVAL with a line in error that begins with `option`,
 * -ENODEV likewise where the machine has no such place, or -ENOMEM without; rows stay the caller's to release. */
int place_rows_make(struct place_rows *rows, const struct machine *machine, const char *option, const char *place,
                    char *error);

/* Adds a row per named CPU or object, in the order they are named. Errors as above. */
int place_parse(const struct machine *machine, const char *option, const char *place, struct place_rows *rows,
                char *error);

#endif
