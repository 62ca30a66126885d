/* Places that name CPUs. An item that begins with a digit is a CPU or a range of CPUs by the operating system's number
 * (as in taskset); any other is a hwloc location, whose numbers are logical and count inside the object to their left
 * (as in hwloc-calc): a range or "all" makes one row for every object. */
#include "bench/machine/place_parse.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const struct machine *machine;
    const char *option, *place;
    struct place_rows *rows;
    char *error;
};

int place_rows_add(struct place_rows *rows, const struct machine *machine, hwloc_const_bitmap_t set)
{
    if (!hwloc_bitmap_intersects(set, machine->allowed))
        return -ENOENT;
    if (rows->count == rows->room) {
        unsigned room = rows->room ? 2 * rows->room : 16;
        hwloc_bitmap_t *sets = realloc(rows->sets, room * sizeof *sets);
        if (!sets)
            return -ENOMEM;
        rows->sets = sets;
        rows->room = room;
    }
    hwloc_bitmap_t row = hwloc_bitmap_alloc();
    if (!row || hwloc_bitmap_and(row, set, machine->allowed) != 0) {
        hwloc_bitmap_free(row);
        return -ENOMEM;
    }
    rows->sets[rows->count++] = row;
    return 0;
}

int place_rows_add_cpu(struct place_rows *rows, const struct machine *machine, unsigned cpu)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    int rc = -ENOMEM;
    if (set && hwloc_bitmap_only(set, cpu) == 0)
        rc = place_rows_add(rows, machine, set);
    hwloc_bitmap_free(set);
    return rc;
}

void place_rows_release(struct place_rows *rows)
{
    for (unsigned i = 0; i < rows->count; i++)
        hwloc_bitmap_free(rows->sets[i]);
    free(rows->sets);
    *rows = (struct place_rows){0};
}

__attribute__((format(printf, 2, 3))) static int refuse_place(const struct parser *parser, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(parser->error, ERROR_MAX, format, args);
    va_end(args);
    return refuse_at(parser->error, "%s: '%.*s'", parser->option, SPEC_MAX, parser->place);
}

static int refuse_set(const struct parser *parser, const char *what)
{
    char allowed[256];
    hwloc_bitmap_list_snprintf(allowed, sizeof allowed, parser->machine->allowed);
    refuse_place(parser, "%s is not allowed %s; allowed CPUs: %s", what,
                 parser->machine->described ? "on that machine" : "here", allowed);
    return -ENODEV;
}

/* N or N-M; leaves *text behind it. */
static int range_parse(const char **text, unsigned *first, unsigned *last)
{
    unsigned long numbers[2];
    for (unsigned i = 0; i < 2; i++) {
        char *end;
        if (!isdigit((unsigned char)**text))
            return -EINVAL;
        errno = 0;
        numbers[i] = strtoul(*text, &end, 10);
        if (errno || numbers[i] > INT_MAX)
            return -ERANGE;
        *text = end;
        if (i == 0 && *end != '-') {
            numbers[1] = numbers[0];
            break;
        }
        if (i == 0)
            ++*text;
    }
    *first = (unsigned)numbers[0];
    *last = (unsigned)numbers[1];
    return *first <= *last ? 0 : -EINVAL;
}

static int list_parse(const struct parser *parser, const char *item)
{
    unsigned first, last;
    const char *rest = item;
    int rc = range_parse(&rest, &first, &last);
    if (rc != 0 || *rest)
        return refuse_place(parser, "'%s' is not a CPU or a range of CPUs; expected a list such as 0+2-3", item);
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    if (!set)
        return -ENOMEM;
    for (unsigned cpu = first; rc == 0 && cpu <= last; cpu++) {
        char what[32];
        snprintf(what, sizeof what, "CPU %u", cpu);
        rc = -ENOENT;
        /* Asked first, so that a number far beyond the machine costs no memory. */
        if (hwloc_bitmap_isset(parser->machine->allowed, cpu))
            rc = hwloc_bitmap_only(set, cpu) != 0 ? -ENOMEM : place_rows_add(parser->rows, parser->machine, set);
        if (rc == -ENOENT)
            rc = refuse_set(parser, what);
    }
    hwloc_bitmap_free(set);
    return rc;
}

static int refuse_object(const struct parser *parser, const char *name, unsigned number, hwloc_obj_t object)
{
    char what[128], cpus[64];
    hwloc_bitmap_list_snprintf(cpus, sizeof cpus, object->cpuset);
    snprintf(what, sizeof what, "%s:%u (CPU %s)", name, number, cpus);
    return refuse_set(parser, what);
}

/* One step of a location, type:index, inside `inside`; the rest after its dot is looked up inside every object found,
 * and every object that ends a location is a row. */
static int location_parse(const struct parser *parser, const char *step, hwloc_const_bitmap_t inside)
{
    hwloc_topology_t topology = parser->machine->topology;
    hwloc_obj_type_t type;
    char name[32];
    size_t length = strcspn(step, ":.");
    unsigned first = 0, last = UINT_MAX;
    int depth, rc = 0;
    if (step[length] != ':')
        return refuse_place(parser, "'%s' has no index; expected a location such as core:1.pu:0", step);
    const char *rest = step + length + 1;
    snprintf(name, sizeof name, "%.*s", (int)length, step);
    if (length == 0 || length >= sizeof name || hwloc_type_sscanf(name, &type, NULL, 0) != 0)
        return refuse_place(parser, "no kind of object is called '%.*s'; expected pack, numa, l3, l2, core or pu",
                            (int)length, step);
    if (hwloc_type_sscanf_as_depth(name, &type, topology, &depth) != 0 || depth == HWLOC_TYPE_DEPTH_UNKNOWN ||
        depth == HWLOC_TYPE_DEPTH_MULTIPLE || hwloc_obj_type_is_io(type) || type == HWLOC_OBJ_MISC)
        return refuse_place(parser, "%s has no level of '%s' with CPUs",
                            parser->machine->described ? "that machine" : "this machine", name),
               -ENODEV;
    unsigned count = hwloc_get_nbobjs_inside_cpuset_by_depth(topology, inside, depth);
    bool all = strncmp(rest, "all", 3) == 0;
    if (all)
        rest += 3;
    else
        rc = range_parse(&rest, &first, &last);
    if (rc != 0 || (*rest && *rest != '.'))
        return refuse_place(parser, "'%s' has no valid index; expected a number, a range such as 0-3, or all", step);
    if (!all && last >= count)
        return refuse_place(parser, "there is no %s:%u; %s %u, counted from 0", name, first < count ? count : first,
                            inside == hwloc_get_root_obj(topology)->cpuset ? "the machine has"
                                                                           : "inside that object there are",
                            count),
               -ENODEV;
    for (unsigned i = first; rc == 0 && i <= last && i < count; i++) {
        hwloc_obj_t object = hwloc_get_obj_inside_cpuset_by_depth(topology, inside, depth, i);
        if (*rest == '.') {
            rc = location_parse(parser, rest + 1, object->cpuset);
            continue;
        }
        rc = place_rows_add(parser->rows, parser->machine, object->cpuset);
        if (rc == -ENOENT && all)
            rc = 0; /* all there are for us */
        if (rc == -ENOENT)
            rc = refuse_object(parser, name, i, object);
    }
    return rc;
}

int place_parse(const struct machine *machine, const char *option, const char *place, struct place_rows *rows,
                char *error)
{
    struct parser parser = {machine, option, place, rows, error};
    char items[SPEC_MAX];
    int rc = 0;
    if ((size_t)snprintf(items, sizeof items, "%s", place) >= sizeof items)
        return refuse_place(&parser, "longer than %d characters", SPEC_MAX - 1);
    for (char *item = items, *next; rc == 0 && item; item = next) {
        next = strchr(item, '+');
        if (next)
            *next++ = '\0';
        if (!*item)
            rc = refuse_place(&parser, "nothing %s a plus; expected a list such as 0+2-3", next ? "before" : "after");
        else if (isdigit((unsigned char)*item))
            rc = list_parse(&parser, item);
        else
            rc = location_parse(&parser, item, hwloc_get_root_obj(machine->topology)->cpuset);
    }
    if (rc == 0 && rows->count == 0)
        rc = refuse_set(&parser, "none of it");
    return rc;
}
