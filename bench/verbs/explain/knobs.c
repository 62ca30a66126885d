/* Which things are changed, and how a cell becomes the one with a change. */
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/model/factors.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/explain/try.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PROPOSED   5   /* knobs at most, beside A/A */
#define WORTH      0.1 /* of the difference must be in states that speak for it */
#define CELLS_MOST (2 * KNOBS_MAX + 8)

/* ---- a cell with a change ---- */

static int parameter_at(const struct param *params, const char *name)
{
    for (int i = 0; params && params[i].name; i++)
        if (!strcmp(params[i].name, name))
            return i;
    return -1;
}

/* A pool or workload with another value of one of its own options. 1: changed; 0: it was so, or has no such option. */
static int spec_change(struct cell *cell, unsigned option, const struct param *params, const int64_t *values,
                       const char *name, const char *value, char *error)
{
    const bool is_pool = option == OPTION_POOL;
    char before[VALUE_MAX], text[2 * VALUE_MAX], canonical[SPEC_MAX];
    struct spec spec = {.name = is_pool ? cell->pool->name : cell->workload->name, .params = params};
    const int at = parameter_at(params, name);
    int64_t number;
    if (at < 0)
        return 0;
    if (param_parse(&params[at], value, &number, error))
        return refuse_at(error, "--try %s", name);
    if (number == values[at])
        return 0;
    memcpy(spec.values, values, sizeof spec.values);
    spec.values[at] = number;
    spec_spell(&spec, canonical);
    cell_spell(cell, &options[option], before);
    const char *name_at = is_pool ? spec_behind_label(before) : before;
    snprintf(text, sizeof text, "%.*s%s", (int)(name_at - before + (long)spec_name_length(name_at)), before,
             canonical + spec_name_length(canonical));
    return cell_set(cell, &options[option], text, error) ? refuse_at(error, "--try %s=%s", name, value) : 1;
}

/* The same cell under another label: a trial of it beside the other one. */
static int again_change(struct cell *cell, char *error)
{
    char before[VALUE_MAX], text[2 * VALUE_MAX];
    cell_spell(cell, &options[OPTION_POOL], before);
    snprintf(text, sizeof text, TRY_AGAIN "=%s", spec_behind_label(before));
    return cell_set(cell, &options[OPTION_POOL], text, error) ? -EINVAL : 1;
}

static int option_change(const struct tries *tries, struct cell *cell, const struct option *option, const char *value,
                         char *error)
{
    struct words values = {0};
    char before[VALUE_MAX], after[VALUE_MAX];
    int rc = option_values(option, value, &tries->session.machine, &values, error);
    if (!rc && values.count != 1)
        rc = refuse(error, "expected one value, found %zu", values.count);
    cell_spell(cell, option, before);
    if (!rc)
        rc = cell_set(cell, option, values.word[0], error);
    words_release(&values);
    cell_spell(cell, option, after);
    return rc ? refuse_at(error, "--try %s", option->name) : strcmp(before, after) != 0;
}

static const struct option *factor_find(const char *name)
{
    for (const struct option *option = options; option->name; option++)
        if (option->kind == OPTION_FACTOR && option_is_of_cell(option) && !strcmp(option->name, name))
            return option;
    return NULL;
}

/* One knob. 1: it changes the cell; 0: it does not; -EINVAL. */
static int knob_turn(const struct tries *tries, struct cell *cell, bool is_b, const char *knob, char *error)
{
    const char *value = strchr(knob, '=');
    char name[64];
    if (!strcmp(knob, TRY_AGAIN))
        return again_change(cell, error);
    snprintf(name, sizeof name, "%.*s", (int)(value - knob), knob);
    value++;
    const struct option *option = factor_find(name);
    if (option)
        return option == &options[OPTION_POOL] && !is_b ? 0 : option_change(tries, cell, option, value, error);
    int rc = spec_change(cell, OPTION_POOL, cell->pool->params, cell->pool_params, name, value, error);
    return rc ? rc
              : spec_change(cell, OPTION_WORKLOAD, cell->workload->params, cell->workload_params, name, value, error);
}

/* The plan's cell that is the same; or one more. */
static int cell_take(struct tries *tries, const struct cell *cell, uint32_t *number, char *error)
{
    const struct cells *cells = &tries->session.plan.cells;
    const factor_set without = option_bit("tasks");
    char key[CELL_KEY_MAX], other[CELL_KEY_MAX];
    cell_key(cell, without, key);
    for (uint32_t i = 0; i < cells->count; i++) {
        cell_key(&cells->cell[i], without, other);
        if (!strcmp(key, other)) {
            *number = i;
            return 0;
        }
    }
    *number = (uint32_t)cells->count;
    return session_add(&tries->session, cell, error);
}

int knobs_cell(struct tries *tries, const char *text, uint32_t number, bool is_b, uint32_t *made, char *error)
{
    struct cell cell = tries->session.plan.cells.cell[number];
    const int64_t tasks = cell.f.tasks;
    struct words knobs = {0};
    int changes = 0, rc = words_split(&knobs, text, '+') ? refuse(error, "out of memory") : 0;
    const bool is_auto = cell.tasks_auto;
    cell_forget(&cell);
    cell.f.tasks = is_auto ? -1 : tasks;
    for (size_t i = 0; i < knobs.count && !rc; i++) {
        const int turned = knob_turn(tries, &cell, is_b, knobs.word[i], error);
        changes += turned > 0;
        rc = turned < 0 ? turned : 0;
    }
    words_release(&knobs);
    *made = number;
    if (rc || !changes)
        return rc;
    if (!cell_staff(&cell))
        return refuse(error, "--try %s: too few workers for %s", text, cell.f.pool);
    return cell_take(tries, &cell, made, error) ? refuse_at(error, "--try %s", text) : 0;
}

/* ---- which ---- */

/* A knob with its cells; *changes: whether either of both is another with it. */
static int knob_add(struct tries *tries, const char *text, bool *changes, char *error)
{
    struct knob *knob = &tries->knob[tries->count];
    *knob = (struct knob){.a = tries->a, .b = tries->b};
    snprintf(knob->text, sizeof knob->text, "%s", text);
    const size_t before = tries->session.plan.cells.count;
    int rc = knobs_cell(tries, text, tries->a, false, &knob->a, error);
    if (!rc)
        rc = knobs_cell(tries, text, tries->b, true, &knob->b, error);
    *changes = !rc && (knob->a != tries->a || knob->b != tries->b) && knob->a != knob->b;
    tries->count += *changes;
    if (rc)
        plan_drop(&tries->session.plan, before);
    return rc;
}

/* What there is: factors, and options of both pools and of the workload. */
static int knob_unknown(const struct tries *tries, const char *name, char *error)
{
    struct nearest nearest;
    char hint[320];
    nearest_init(&nearest, name);
    for (const struct option *option = options; option->name; option++)
        if (option->kind == OPTION_FACTOR && option_is_of_cell(option) && !(option->traits & OPTION_WORK))
            nearest_offer(&nearest, option->name);
    for (int k = 0; k < 3; k++) {
        const struct cell *cell = &tries->session.plan.cells.cell[k ? tries->b : tries->a];
        const struct param *params = k < 2 ? cell->pool->params : cell->workload->params;
        for (int i = 0; params && params[i].name; i++)
            nearest_offer(&nearest, params[i].name);
    }
    return refuse(error, "--try: there is nothing called '%.64s' to change%s", name,
                  nearest_advice(&nearest, hint, sizeof hint));
}

static bool is_there(const struct tries *tries, const char *name)
{
    const struct option *option = factor_find(name);
    bool found = option && !(option->traits & OPTION_WORK);
    for (int k = 0; k < 2; k++) {
        const struct cell *cell = &tries->session.plan.cells.cell[k ? tries->b : tries->a];
        found = found || parameter_at(cell->pool->params, name) >= 0 || parameter_at(cell->workload->params, name) >= 0;
    }
    return found;
}

static int named_add(struct tries *tries, const char *text, char *error)
{
    const char *by = tries->why->by ? factor_name((unsigned)__builtin_ctzll(tries->why->by)) : "run";
    const char *equals = strchr(text, '=');
    char name[64];
    bool changes;
    snprintf(name, sizeof name, "%.*s", (int)(equals ? equals - text : 0), text);
    if (!equals || !equals[1])
        return refuse(error, "--try: '%.64s' is not KNOB=VALUE, such as payload=0:0", text);
    if (!is_there(tries, name))
        return knob_unknown(tries, name, error);
    if (!strcmp(name, by) && strcmp(name, "pool") != 0)
        return refuse(error, "--try %s: is what A and B differ in", text);
    if (tries->count == KNOBS_MAX)
        return refuse(error, "--try: expected at most %d things to change", KNOBS_MAX);
    int rc = knob_add(tries, text, &changes, error);
    if (rc == 0 && !changes)
        rc = refuse(error, "--try %s: changes neither A nor B, or makes them the same", text);
    return rc;
}

/* ---- proposals ---- */

#define IN(state) (1u << STATE_##state)
#define ANY_WAIT                                                                                                       \
    (IN(WAIT_SUBMITTER) | IN(WAIT_WORKERS) | IN(WAIT_QUOTA) | IN(IDLE_SUBMITTER) | IN(WAIT_OTHERS) | IN(WAIT) | IN(OFF))

/* A value that depends on the cells: "" where it has none. */
static char *value_of(const struct tries *tries, const char *name, char *text, size_t size)
{
    const struct factors *b = &tries->session.plan.cells.cell[tries->b].f;
    const char *pool = spec_behind_label(b->pool);
    const size_t length = spec_name_length(pool);
    char bytes[VALUE_MAX];
    *text = '\0';
    if (!strcmp(name, "pool") && tries->why->by == FACTOR_POOL)
        snprintf(text, size, "%s",
                 !strncmp(pool, "fork", length)                                           ? "floor-fork"
                 : !strncmp(pool, "zygote", length)                                       ? "floor-zygote"
                 : !strncmp(pool, "prefork", length) || !strncmp(pool, "pthread", length) ? "floor-ring"
                                                                                          : "");
    else if (!strcmp(name, "ballast") && b->ballast.bytes > 0 && !b->ballast.thp) {
        cell_spell(&tries->session.plan.cells.cell[tries->b], &options[OPTION_BALLAST], bytes);
        snprintf(text, size, "%.*s:thp%.60s", (int)strcspn(bytes, ":"), bytes, bytes + strcspn(bytes, ":"));
    } else if (!strcmp(name, "workers") && b->workers > 1)
        snprintf(text, size, "%lld", (long long)(b->workers + 1) / 2);
    else if (!strcmp(name, "place"))
        snprintf(text, size, "%s", strcmp(b->place, "none") != 0 ? "none" : "cores-first");
    return text;
}

/* In the order in which equals are taken. value NULL: value_of(). */
static const struct proposal {
    const char *name, *value;
    unsigned speaks; /* states that speak for it */
} proposals[] = {
    {"payload", "0:0", IN(BODY_MORE) | IN(HAND) | IN(WAIT_SUBMITTER) | IN(IDLE) | IN(OFF) | IN(MADE)},
    {"ballast", "0", IN(BODY_MORE) | IN(HAND) | IN(WAIT_SUBMITTER) | IN(MADE) | IN(OFF)},
    {"ballast", NULL, IN(MADE) | IN(BODY_MORE) | IN(OFF)},
    {"transport", "ring", IN(HAND) | IN(WAIT_SUBMITTER) | IN(IDLE) | IN(SLEEP_MORE)},
    {"wait", "spin", IN(HAND) | IN(IDLE)},
    {"wait", "block", ANY_WAIT},
    {"slack", "1ns", IN(SLEEP_MORE)},
    {"sync", "none", IN(BODY_MORE) | IN(SLEEP_MORE) | ANY_WAIT},
    {"pool", NULL, IN(HAND) | IN(MADE) | IN(IDLE)},
    {"workers", NULL, ANY_WAIT | IN(BODY_MORE) | IN(IDLE_END) | IN(SLEEP_MORE)},
    {"place", NULL, ANY_WAIT | IN(BODY_MORE) | IN(IDLE)},
    {"timing", "trial", IN(HAND)},
};
#define PROPOSALS (sizeof proposals / sizeof *proposals)

static double score_of(const struct explanation *why, unsigned speaks)
{
    double sum = 0;
    for (int i = 0; i < STATES; i++)
        if (speaks >> i & 1 && why->part[i].change.is_sure)
            sum += fabs(why->part[i].share);
    return sum;
}

/* Whether states speak for anything; else all of it may be tried. */
static bool any_speaks(const struct explanation *why)
{
    bool any = false;
    for (size_t i = 0; i < PROPOSALS; i++)
        any = any || score_of(why, proposals[i].speaks) >= WORTH;
    return any;
}

/* The one with the highest score that was not taken; PROPOSALS: none is worth it. */
static size_t proposal_next(const struct explanation *why, const bool *taken, bool any)
{
    size_t best = PROPOSALS;
    double most = any ? WORTH : 0;
    for (size_t i = 0; i < PROPOSALS; i++) {
        const double score = any ? score_of(why, proposals[i].speaks) : 1;
        if (!taken[i] && (best == PROPOSALS ? score >= most : score > most)) {
            best = i;
            most = score;
        }
    }
    return best;
}

/* What cannot be run here is left out: nobody asked for it. */
static void propose(struct tries *tries)
{
    const char *by = tries->why->by ? factor_name((unsigned)__builtin_ctzll(tries->why->by)) : "";
    const bool any = any_speaks(tries->why);
    bool taken[PROPOSALS] = {false};
    while (tries->count < PROPOSED) {
        char text[KNOB_TEXT], value[128], ignored[ERROR_MAX];
        const size_t at = proposal_next(tries->why, taken, any);
        bool changes;
        if (at == PROPOSALS)
            return;
        taken[at] = true;
        const struct proposal *p = &proposals[at];
        const char *given = p->value ? p->value : value_of(tries, p->name, value, sizeof value);
        snprintf(text, sizeof text, "%s=%s", p->name, given);
        if (*given && (strcmp(p->name, by) != 0 || !strcmp(by, "pool")))
            knob_add(tries, text, &changes, ignored);
    }
}

int knobs_choose(struct tries *tries, const char *text, char *error)
{
    struct words words = {0};
    bool changes;
    int rc = 0;
    if (text && words_split(&words, text, ','))
        rc = refuse(error, "--try: '%.200s' is no list of KNOB=VALUE with commas between", text);
    for (size_t i = 0; i < words.count && !rc; i++)
        rc = named_add(tries, words.word[i], error);
    words_release(&words);
    if (!text)
        propose(tries);
    if (!rc && !tries->count)
        rc = refuse(error, "there is nothing to change that the states speak for; name it: --try KNOB=VALUE,...");
    return rc ? rc : knob_add(tries, TRY_AGAIN, &changes, error);
}
