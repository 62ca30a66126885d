/* See crossing.h: combinations that make no difference are made once, and those that cannot be here are left out, by
 * name. */
#include "bench/ask/crossing.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/launch/plugin.h"
#include "bench/launch/program.h"
#include "bench/machine/place.h"
#include "bench/model/dist.h"
#include "bench/model/factors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_MAX        9999
#define COMBINATIONS_MAX 100000

/* What makes no difference for the pool or workload must not make cells. */
static int cell_normalise(struct cell *cell, char *error)
{
    const bool is_waited_for = cell->f.arrival.kind == ARRIVAL_WINDOW || cell->f.arrival.kind == ARRIVAL_RATE;
    if (cell->f.collect == COLLECT_AUTO)
        cell->f.collect = is_waited_for ? COLLECT_COMPLETED : COLLECT_JOINED;
    if (cell->f.collect == COLLECT_JOINED && is_waited_for)
        return refuse(error,
                      "--collect: joined waits for the last of what was handed in, and under --arrival %s each "
                      "result is waited for; expected completed or ordered",
                      cell->f.arrival.kind == ARRIVAL_RATE ? "rate" : "window");
    if (!(cell->workload->traits & WORKLOAD_SIZED)) {
        cell->f.size_ns = 0;
        dist_parse("fixed", &cell->dist, cell->f.size_dist, error);
    }
    if (cell->dist == DIST_FILE)
        cell->f.size_ns = 0; /* the plan takes the file's mean */
    return 0;
}

/* A pool that has no such number of workers for such tasks is left out, by name. */
static int cell_leave_out(const struct cell *cell, int64_t workers, struct words *left_out)
{
    char text[SPEC_MAX * 3];
    int length = snprintf(text, sizeof text, "%s with --workers %lld: too few for tasks of %s", cell->f.pool,
                          (long long)workers, cell->f.workload);
    return words_have(left_out, text) ? 0 : words_add(left_out, text, (size_t)length);
}

static int place_note(struct words *left_out, const char *text, char *error)
{
    return !words_have(left_out, text) && words_add(left_out, text, strlen(text)) ? refuse(error, "out of memory") : 1;
}

/* A place with ? in front is left out, by name, where this machine has none such, or it is another of the list here. 1,
 * 0 or -EINVAL. */
static int place_leave_out(const struct cell *cell, const struct words *places, size_t at,
                           const struct machine *machine, struct words *left_out, char *error)
{
    char text[SPEC_MAX * 3 + ERROR_MAX];
    struct placement placement;
    int is_same = 0;
    if (cell->place_explicit)
        return 0;
    int rc = place_plan(machine, cell->f.place, cell->place_main, (unsigned)cell->f.workers, &placement, error);
    if (rc == -ENODEV) {
        snprintf(text, sizeof text, "place %s", error + strlen("--place: "));
        return place_note(left_out, text, error);
    }
    if (rc)
        return rc;
    placement_release(&placement);
    for (size_t i = 0; i < at && !is_same; i++) {
        struct cell other = *cell;
        is_same = set_place(places->word[i], &other, error);
        if (is_same == 0)
            is_same =
                place_same(machine, other.f.place, cell->f.place, cell->place_main, (unsigned)cell->f.workers, error);
        if (is_same == -ENODEV) /* of one that was left out itself */
            is_same = 0;
        snprintf(text, sizeof text, "place %s: with %lld worker%s it is %s here", cell->f.place,
                 (long long)cell->f.workers, cell->f.workers == 1 ? "" : "s", other.f.place);
        if (is_same == 1)
            is_same = place_note(left_out, text, error);
    }
    return is_same;
}

/* Cells being made, with a hash of what tells each from the others. */
struct crossing {
    const struct machine *machine;
    struct cells *cells;
    struct words *left_out;
    uint64_t *hashes; /* one a cell */
    size_t room;      /* in both */
    char *error;
};

static int crossing_grow(struct crossing *crossing)
{
    size_t room = crossing->room ? 2 * crossing->room : 64;
    struct cell *cells = realloc(crossing->cells->cell, room * sizeof *cells);
    if (cells)
        crossing->cells->cell = cells;
    uint64_t *hashes = realloc(crossing->hashes, room * sizeof *hashes);
    if (hashes)
        crossing->hashes = hashes;
    if (!cells || !hashes)
        return refuse(crossing->error, "out of memory");
    crossing->room = room;
    return 0;
}

/* A cell that several experiments ask for is run once and stands in all of them. */
static int experiment_join(struct cell *cell, const char *experiment, char *error)
{
    size_t used = strlen(cell->experiments), length = strlen(experiment);
    const char *last = strrchr(cell->experiments, ';');
    if (!length || !strcmp(last ? last + 1 : cell->experiments, experiment))
        return 0;
    if (used + length + 2 > sizeof cell->experiments)
        return refuse(error, "experiment '%s': too many experiments ask for one cell (%.40s...)", experiment,
                      cell->experiments);
    snprintf(cell->experiments + used, sizeof cell->experiments - used, "%s%s", used ? ";" : "", experiment);
    return 0;
}

static int cell_add(struct crossing *crossing, const struct cell *cell)
{
    struct cells *cells = crossing->cells;
    uint64_t hash = cell_hash(cell, 0);
    for (size_t i = 0; i < cells->count; i++)
        if (crossing->hashes[i] == hash)
            return experiment_join(&cells->cell[i], cell->experiment, crossing->error);
    if (cells->count == CELLS_MAX)
        return refuse(crossing->error, "more than %d cells: cross fewer values", CELLS_MAX);
    if (cells->count == crossing->room && crossing_grow(crossing))
        return -EINVAL;
    crossing->hashes[cells->count] = hash;
    struct cell *added = &cells->cell[cells->count];
    *added = *cell;
    added->number = (unsigned)cells->count++;
    snprintf(added->id, sizeof added->id, "c%03u", (unsigned)cells->count);
    snprintf(added->experiments, sizeof added->experiments, "%s", cell->experiment);
    return 0;
}

/* An odometer over the values of all factors: the pool turns fastest, so that cells to be compared stand together; then
 * the last option of the table, and the first of them slowest. False when it has gone round. */
static bool odometer_step(size_t *at, const struct experiment *experiment, size_t count)
{
    for (size_t step = 0; step < count; step++) {
        size_t i = step == 0 ? OPTION_POOL : count - step;
        if (!option_is_of_cell(&options[i]))
            continue;
        if (++at[i] < experiment->values[i].count)
            return true;
        at[i] = 0;
    }
    return false;
}

/* Many combinations can come to few cells, where pools ignore workers and tasks have no size; but each is looked at. */
static int combinations_check(const struct experiment *experiment, char *error)
{
    size_t combinations = 1;
    for (size_t i = 0; options[i].name; i++)
        if (option_is_of_cell(&options[i]) && (combinations *= experiment->values[i].count) > COMBINATIONS_MAX)
            return refuse(error, "more than %d combinations of values: cross fewer of them", COMBINATIONS_MAX);
    return 0;
}

static int experiment_cross(const struct experiment *experiment, struct crossing *crossing)
{
    size_t at[OPTIONS_MAX] = {0}, count = 0;
    int rc = combinations_check(experiment, crossing->error);
    while (options[count].name)
        count++;
    if (rc)
        return rc;
    do {
        struct cell cell = {0};
        snprintf(cell.experiment, sizeof cell.experiment, "%s", experiment->name);
        for (size_t i = 0; i < count && !rc; i++)
            if (option_is_of_cell(&options[i]) &&
                cell_set(&cell, &options[i], experiment->values[i].word[at[i]], crossing->error))
                rc = refuse_at(crossing->error, "--%s", options[i].name);
        if (!rc)
            rc = cell_normalise(&cell, crossing->error);
        const int64_t workers = cell.f.workers;
        int is_left_out = rc ? 0
                             : place_leave_out(&cell, &experiment->values[OPTION_PLACE], at[OPTION_PLACE],
                                               crossing->machine, crossing->left_out, crossing->error);
        rc = is_left_out < 0 ? is_left_out : rc;
        if (!rc && !is_left_out)
            rc = cell_staff(&cell)                                        ? cell_add(crossing, &cell)
                 : cell_leave_out(&cell, workers, crossing->left_out) < 0 ? refuse(crossing->error, "out of memory")
                                                                          : 0;
    } while (!rc && odometer_step(at, experiment, count));
    return rc;
}

/* A label stands for one trial program. */
static int programs_check(const struct cells *cells, char *error)
{
    for (size_t i = 0; i < cells->count; i++)
        for (size_t j = 0; j < i && cells->cell[i].program; j++) {
            const struct trial_program *a = cells->cell[j].program, *b = cells->cell[i].program;
            if (a && a != b && !strcmp(a->label, b->label))
                return refuse(error,
                              "--trial-program: the label '%s' stands for two, %.300s and %.300s, expected LABEL=PATH",
                              a->label, a->file, b->file);
        }
    return 0;
}

/* And a name for one workload. */
static int names_check(const struct cells *cells, char *error)
{
    char a[SPEC_MAX], b[SPEC_MAX];
    for (size_t i = 0; i < cells->count; i++) {
        const char *workload = cells->cell[i].f.workload;
        if (!strcmp(workload_shown(workload, a), workload))
            continue;
        if (workload_find(a))
            return refuse(error, "--workload: '%s' is the name of a workload, expected another one as name", a);
        for (size_t j = 0; j < cells->count; j++) {
            const char *other = cells->cell[j].f.workload;
            if (strcmp(workload, other) != 0 && !strcmp(a, workload_shown(other, b)))
                return refuse(error, "--workload: the name '%s' stands for two, %s and %s", a, workload, other);
        }
    }
    return 0;
}

int experiments_cross(struct request *request, const struct machine *machine, char *error)
{
    struct crossing crossing = {
        .machine = machine, .cells = &request->cells, .left_out = &request->left_out, .error = error};
    int rc = 0;
    for (size_t e = 0; e < request->experiments.count && !rc; e++)
        rc = experiment_cross(&request->experiments.experiment[e], &crossing);
    free(crossing.hashes);
    if (!rc && !request->cells.count)
        rc = refuse(error, "--%s%s", strncmp(request->left_out.word[0], "place ", 6) ? "pool: " : "",
                    request->left_out.word[0]);
    rc = rc ? rc : programs_check(&request->cells, error);
    return rc ? rc : names_check(&request->cells, error);
}
