/* See flame.h. */
#include "bench/analyse/flame.h"
#include "bench/analyse/timeline.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 1024

struct trial {
    int64_t trial_id, tasks;
};

struct reading {
    struct flame *flame;
    const struct run_data *run;
    const char *cell_id, *kind;
    bool *has;
    unsigned side;
    struct trial *trial; /* of the cell, profiled; or all, with the cell's number for tasks */
    size_t trials;
    struct frame_row *frame; /* by stack and depth */
    size_t frames, frame_room;
};

static bool stacks_are_there(const struct run_data *run, char directory[PATH_MAX])
{
    return profile_is_there(run, directory) && csv_is_there(directory, stack_format.file) &&
           csv_is_there(directory, frame_format.file);
}

static int trial_add(struct reading *r, int64_t trial_id, int64_t tasks)
{
    struct trial *more = reallocarray(r->trial, r->trials + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    r->trial = more;
    r->trial[r->trials++] = (struct trial){trial_id, tasks};
    return 0;
}

static int on_trial(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    if (!trial_has_time(trial) || strcmp(trial->cell_id, r->cell_id) != 0)
        return 0;
    return trial_add(r, trial->trial_id, trial_tasks(trial));
}

static int on_frame(const void *row, void *arg)
{
    struct reading *r = arg;
    if (r->frames == r->frame_room) {
        const size_t room = r->frame_room ? 2 * r->frame_room : 256;
        struct frame_row *more = reallocarray(r->frame, room, sizeof *more);
        if (!more)
            return -ENOMEM;
        r->frame = more;
        r->frame_room = room;
    }
    r->frame[r->frames++] = *(const struct frame_row *)row;
    return 0;
}

static int by_stack(const void *a, const void *b)
{
    const struct frame_row *x = a, *y = b;
    if (x->stack_id != y->stack_id)
        return x->stack_id < y->stack_id ? -1 : 1;
    return (x->depth > y->depth) - (x->depth < y->depth);
}

/* ---- the tree ---- */

/* The child of that name, made where there is none; 0: no memory. */
static size_t child_of(struct flame *flame, size_t parent, const char *name, const char *object)
{
    for (size_t i = flame->node[parent].child; i; i = flame->node[i].next)
        if (!strcmp(flame->node[i].name, name) && !strcmp(flame->node[i].object, object))
            return i;
    if (flame->count == flame->room) {
        struct flame_node *more = reallocarray(flame->node, 2 * flame->room, sizeof *more);
        if (!more)
            return 0;
        flame->node = more;
        flame->room *= 2;
    }
    struct flame_node *node = &flame->node[flame->count];
    *node = (struct flame_node){.next = flame->node[parent].child};
    snprintf(node->name, sizeof node->name, "%s", name);
    snprintf(node->object, sizeof node->object, "%s", object);
    flame->node[parent].child = flame->count;
    return flame->count++;
}

static void weight_add(struct reading *r, size_t node, const struct stack_row *stack)
{
    r->flame->node[node].ns[r->side] += (double)stack->weight_ns;
    r->flame->node[node].samples[r->side] += stack->samples;
}

static size_t first_frame(const struct reading *r, int64_t stack_id)
{
    size_t lo = 0, hi = r->frames;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2;
        if (r->frame[middle].stack_id < stack_id)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

static int on_stack(const void *row, void *arg)
{
    const struct stack_row *stack = row;
    struct reading *r = arg;
    size_t i = 0, node = 0;
    while (i < r->trials && r->trial[i].trial_id != stack->trial_id)
        i++;
    if (i == r->trials || strcmp(stack->phase, "run") != 0 || strcmp(stack->kind, r->kind) != 0 ||
        stack->weight_ns < 0 || stack->samples < 0)
        return 0;
    weight_add(r, 0, stack);
    node = child_of(r->flame, 0, stack->role, "");
    for (i = first_frame(r, stack->stack_id); node; i++) {
        weight_add(r, node, stack);
        if (i == r->frames || r->frame[i].stack_id != stack->stack_id || r->frame[i].depth > DEEPEST)
            break;
        r->flame->is_named |= r->frame[i].symbol[0] != '\0' && strncmp(r->frame[i].symbol, "0x", 2) != 0 &&
                              strcmp(r->frame[i].object, "[kernel]") != 0;
        node = child_of(r->flame, node, r->frame[i].symbol, r->frame[i].object);
    }
    if (!node)
        return -ENOMEM;
    r->flame->node[node].own_ns[r->side] += (double)stack->weight_ns;
    return 0;
}

/* From sums over trials to a task. */
static void tasks_divide(struct reading *r)
{
    struct flame *flame = r->flame;
    for (size_t i = 0; i < r->trials; i++)
        flame->tasks[r->side] += r->trial[i].tasks;
    flame->trials[r->side] = r->trials;
    for (size_t i = 0; i < flame->count && flame->tasks[r->side] > 0; i++) {
        flame->node[i].ns[r->side] /= (double)flame->tasks[r->side];
        flame->node[i].own_ns[r->side] /= (double)flame->tasks[r->side];
    }
}

static int files_read(struct reading *r, const char *directory, char *error)
{
    *error = '\0';
    int rc = csv_read(directory, &trial_format, -1, on_trial, r, error);
    rc = rc ? rc : csv_read(directory, &frame_format, -1, on_frame, r, error);
    if (!rc && r->frames)
        qsort(r->frame, r->frames, sizeof *r->frame, by_stack);
    rc = rc ? rc : csv_read(directory, &stack_format, -1, on_stack, r, error);
    return rc == -ENOMEM && !*error ? refuse_as(rc, error, "out of memory") : rc;
}

int flame_add(struct flame *flame, const struct run_data *run, size_t cell, const char *kind, char *error)
{
    struct reading r = {
        .flame = flame, .run = run, .cell_id = run->rows[cell].cell_id, .kind = kind, .side = flame->sides};
    char directory[PATH_MAX];
    if (!flame->node) {
        flame->node = calloc(64, sizeof *flame->node);
        flame->room = 64;
        flame->count = 1;
        if (!flame->node)
            return refuse_as(-ENOMEM, error, "out of memory");
        snprintf(flame->node[0].name, sizeof flame->node[0].name, "all");
    }
    if (!stacks_are_there(run, directory))
        return refuse_as(-ENODATA, error,
                         "%.300s: has no call chains; run --profile stacks samples them, where poolbench check says so",
                         run->directory);
    const double before = flame->node[0].ns[r.side];
    int rc = files_read(&r, directory, error);
    if (!rc && flame->node[0].ns[r.side] <= before)
        rc = refuse_as(-ENODATA, error, "%.300s/profile/%s: has no chains of kind %s of cell %.32s", run->directory,
                       stack_format.file, kind, r.cell_id);
    if (!rc)
        tasks_divide(&r);
    flame->sides += !rc;
    free(r.trial);
    free(r.frame);
    return rc;
}

void flame_close(struct flame *flame)
{
    free(flame->node);
    *flame = (struct flame){0};
}

static int by_name(const void *a, const void *b, void *nodes)
{
    const struct flame_node *node = nodes, *x = &node[*(const size_t *)a], *y = &node[*(const size_t *)b];
    const int named = strcmp(x->name, y->name);
    return named ? named : strcmp(x->object, y->object);
}

int flame_sort(struct flame *flame)
{
    size_t *child = calloc(flame->count + 1, sizeof *child);
    if (!child)
        return -ENOMEM;
    for (size_t i = 0; i < flame->count; i++) {
        size_t count = 0;
        for (size_t k = flame->node[i].child; k; k = flame->node[k].next)
            child[count++] = k;
        qsort_r(child, count, sizeof *child, by_name, flame->node);
        for (size_t k = 0; k < count; k++)
            flame->node[child[k]].next = k + 1 < count ? child[k + 1] : 0;
        flame->node[i].child = count ? child[0] : 0;
    }
    free(child);
    return 0;
}

/* ---- which cells ---- */

static int on_any_trial(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    for (size_t i = 0; i < r->run->count && trial_has_time(trial); i++)
        if (!strcmp(r->run->rows[i].cell_id, trial->cell_id))
            return trial_add(r, trial->trial_id, (int64_t)i);
    return 0;
}

static int on_any_stack(const void *row, void *arg)
{
    const struct stack_row *stack = row;
    struct reading *r = arg;
    for (size_t i = 0; i < r->trials; i++)
        if (r->trial[i].trial_id == stack->trial_id && !strcmp(stack->phase, "run"))
            r->has[r->trial[i].tasks] = true;
    return 0;
}

int flame_cells(const struct run_data *run, bool *has, char *error)
{
    struct reading r = {.run = run, .has = has};
    char directory[PATH_MAX];
    if (!stacks_are_there(run, directory))
        return 0;
    int rc = csv_read(directory, &trial_format, -1, on_any_trial, &r, error);
    rc = rc ? rc : csv_read(directory, &stack_format, -1, on_any_stack, &r, error);
    free(r.trial);
    return rc;
}
