/* The values of --faults, from text into a cell and back: kinds of failure joined with plus, each a spec; and of
 * --task-limit, which ends those that do not end. */
#include "bench/model/faults.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/factors.h"
#include <math.h>
#include <stdio.h>

#define EVERY_TASK_PPM 1000000

static const struct param fault_params[] = {
    {.name = "task", .kind = PARAM_COUNT, .preset = "", .min = 0, .max = TASK_WARMUP_FIRST - 1},
    {.name = "rate", .kind = PARAM_SHARE, .preset = "", .min = 0, .max = EVERY_TASK_PPM},
    {0},
};
static const struct param limit_range = {.kind = PARAM_DURATION, .min = 1000000, .max = 86400000000000};
enum { GIVEN_TASK, GIVEN_RATE };

/* FAULT_NONE, and a line in error, when there is none of that name. */
static enum fault_kind kind_find(const char *text, char *error)
{
    char name[SPEC_MAX], hint[288];
    struct nearest nearest;
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(text), text);
    nearest_init(&nearest, name);
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++) {
        if (!strcmp(fault_kinds[kind].name, name))
            return (enum fault_kind)kind;
        nearest_offer(&nearest, fault_kinds[kind].name);
    }
    refuse(error, "no failure is called '%s'%s", name, nearest_advice(&nearest, hint, sizeof hint));
    return FAULT_NONE;
}

static int fault_add(const char *text, struct cell *cell, char *error)
{
    struct faults *faults = &cell->faults;
    char canonical[SPEC_MAX];
    enum fault_kind kind = kind_find(text, error);
    if (!kind)
        return -EINVAL;
    struct spec spec = {.name = fault_kinds[kind].name, .params = fault_params};
    if (spec_parse(text, &spec, error))
        return -EINVAL;
    if (!spec.given)
        return refuse(error, "'%s' alone says no task, expected %s:task=N or %s:rate=SHARE", spec.name, spec.name,
                      spec.name);
    if (faults->count == FAULTS_MAX)
        return refuse(error, "more than %d failures in one cell", FAULTS_MAX);
    uint64_t share = (uint64_t)spec.values[GIVEN_RATE];
    for (uint64_t i = 0; i < faults->count; i++)
        share += faults->fault[i].rate_ppm;
    if (share > EVERY_TASK_PPM)
        return refuse(error, "the rates come to more than all tasks, expected at most 1 together");
    faults->fault[faults->count++] = (struct fault){
        .kind = kind,
        .rate_ppm = (uint32_t)spec.values[GIVEN_RATE],
        .task = spec.given & 1u << GIVEN_TASK ? spec.values[GIVEN_TASK] : FAULT_NO_TASK,
    };
    spec_spell(&spec, canonical);
    size_t used = strlen(cell->f.faults);
    if (used + 1 + strlen(canonical) >= SPEC_MAX)
        return refuse(error, "longer than %d letters", SPEC_MAX - 1);
    snprintf(cell->f.faults + used, SPEC_MAX - used, "%s%s", used ? "+" : "", canonical);
    return 0;
}

int set_faults(const char *value, struct cell *cell, char *error)
{
    cell->faults = (struct faults){0};
    cell->f.faults[0] = '\0';
    if (!strcmp(value, "none"))
        return 0;
    for (const char *end; *value; value = *end ? end + 1 : end) {
        char one[SPEC_MAX];
        end = value + strcspn(value, "+");
        if (end == value || (*end && !end[1]))
            return refuse(error, "nothing beside a plus, expected KIND:task=N+KIND:rate=SHARE");
        if ((size_t)(end - value) >= sizeof one)
            return refuse(error, "'%.40s...' is longer than %d letters", value, SPEC_MAX - 1);
        snprintf(one, sizeof one, "%.*s", (int)(end - value), value);
        if (fault_add(one, cell, error))
            return -EINVAL;
    }
    return 0;
}

void spell_faults(const struct cell *cell, char *text)
{
    snprintf(text, SPEC_MAX, "%s", cell->f.faults[0] ? cell->f.faults : "none");
}

int set_task_limit(const char *value, struct cell *cell, char *error)
{
    return param_parse_or(&limit_range, "none", value, &cell->task_limit_ns, error);
}

void spell_task_limit(const struct cell *cell, char *text)
{
    param_spell_or(&limit_range, "none", cell->task_limit_ns, text, SPEC_MAX);
}

int faults_check(const struct cell *cell, char *error)
{
    char limit[32], other[32];
    for (uint64_t i = 0; i < cell->faults.count; i++)
        if (cell->faults.fault[i].task >= cell->f.tasks)
            return refuse(error, "--faults: there is no task %lld among %lld, counted from 0",
                          (long long)cell->faults.fault[i].task, (long long)cell->f.tasks);
    if (!cell->task_limit_ns)
        return 0;
    spell_duration(limit, sizeof limit, cell->task_limit_ns);
    if (cell->task_limit_ns >= cell->trial_limit_ns) /* it would never end a task */
        return refuse(error, "--task-limit: %s is not below --trial-limit %s", limit,
                      spell_duration(other, sizeof other, cell->trial_limit_ns));
    if (cell->dist == DIST_FIXED && cell->f.size_ns >= cell->task_limit_ns) /* it would end every task */
        return refuse(error, "--task-limit: %s is not above --size %s", limit,
                      spell_duration(other, sizeof other, cell->f.size_ns));
    return 0;
}

/* About how many tasks of a cell have a failure of this kind. */
static double tasks_with(const struct cell *cell, enum fault_kind kind)
{
    double tasks = 0;
    for (uint64_t i = 0; i < cell->faults.count; i++) {
        const struct fault *fault = &cell->faults.fault[i];
        if (fault->kind == kind)
            tasks += (double)cell->f.tasks * fault->rate_ppm / EVERY_TASK_PPM + (fault->task != FAULT_NO_TASK);
    }
    return tasks;
}

double faults_wait_ns(const struct cell *cell)
{
    double hang = tasks_with(cell, FAULT_HANG), stop = tasks_with(cell, FAULT_STOP), stuck = hang + stop;
    double workers = cell->shape.workers ? cell->shape.workers : 1;
    bool ends_one = cell->task_limit_ns && cell->shape.processes; /* and its process with it */
    /* the submitter may look at the limit while one of its threads hangs, not while it hangs or stands still itself */
    bool ends_all = cell->task_limit_ns && !(cell->pool->traits & POOL_SUBMITTER_WORKS) && stop == 0;
    if (stuck <= 0)
        return 0;
    if (ends_one) /* one after another in each worker, and the last one to the end */
        return fmax(stuck / workers, 1) * (double)cell->task_limit_ns;
    return fmin(stuck, 1) * (double)(ends_all ? cell->task_limit_ns : cell->trial_limit_ns);
}
