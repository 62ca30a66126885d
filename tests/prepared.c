/* See prepared.h. */
#include "tests/prepared.h"
#include "tests/given.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

/* The number of `word` among a|b|c, -1 when it is none of them. */
static int64_t choice_value(const char *choices, const char *word)
{
    size_t length = strlen(word);
    for (int64_t number = 0;; number++) {
        if (!strncmp(choices, word, length) && (choices[length] == '|' || !choices[length]))
            return number;
        choices = strchr(choices, '|');
        if (!choices)
            return -1;
        choices++;
    }
}

/* "50%" in the unit of its kind, of the simple form: digits, then a unit. */
static int64_t number_value(const struct param *param)
{
    static const struct unit {
        enum param_kind kind;
        const char *name;
        int64_t factor;
    } units[] = {{PARAM_COUNT, "", 1},          {PARAM_BYTES, "", 1},           {PARAM_BYTES, "KiB", 1 << 10},
                 {PARAM_BYTES, "MiB", 1 << 20}, {PARAM_DURATION, "ns", 1},      {PARAM_DURATION, "us", 1000},
                 {PARAM_SHARE, "%", 10000},     {PARAM_DURATION, "ms", 1000000}};
    char *end;
    int64_t digits = strtoll(param->preset, &end, 10);
    for (size_t i = 0; end != param->preset && i < sizeof units / sizeof *units; i++)
        if (units[i].kind == param->kind && !strcmp(units[i].name, end))
            return digits * units[i].factor;
    return -1;
}

int64_t prepared_preset(const struct param *param)
{
    return param->kind == PARAM_CHOICE ? choice_value(param->choices, param->preset) : number_value(param);
}

int64_t *prepared_param(struct prepared *bench, const char *name)
{
    for (unsigned i = 0; bench->ops->params && bench->ops->params[i].name; i++)
        if (!strcmp(bench->ops->params[i].name, name))
            return &bench->params[i];
    fail_msg("%s has no parameter %s", bench->ops->name, name);
    return NULL;
}

bool prepared_is_dear(const struct workload_ops *ops)
{
    return ops->unit && (!strcmp(ops->unit, "mapping") || !strcmp(ops->unit, "block"));
}

struct prepared prepared_of(const struct workload_ops *ops)
{
    struct prepared bench = {.ops = ops};
    for (unsigned i = 0; ops->params && ops->params[i].name; i++) {
        const struct param *param = &ops->params[i];
        if (given(param, &bench.params[i]))
            continue;
        bench.params[i] = prepared_preset(param);
        /* enough, and quick under sanitizers, and where a page fault takes 50 us */
        const int64_t most = prepared_is_dear(ops) ? 1 << 13 : 1 << 16;
        if (param->kind == PARAM_BYTES && bench.params[i] > most)
            bench.params[i] = most;
    }
    return bench;
}

int prepared_make(struct prepared *bench, uint64_t seed)
{
    struct workload_config config = {.params = bench->params, .seed = seed, .tasks = PREPARED_TASKS};
    return bench->ops->prepare(&config, &bench->state);
}

struct prepared prepared_open(const char *name, const char *param, int64_t value)
{
    assert_non_null(workload_find(name));
    struct prepared bench = prepared_of(workload_find(name));
    if (param)
        *prepared_param(&bench, param) = value;
    assert_int_equal(prepared_make(&bench, 7), 0);
    return bench;
}

struct task prepared_task(const struct prepared *bench, uint32_t index, uint64_t iterations)
{
    const struct workload_ops *ops = bench->ops;
    return (struct task){.index = index,
                         .class = ops->classify ? ops->classify(bench->state, index) : ops->class,
                         .size_ns = PREPARED_SIZE_NS,
                         .iterations = iterations};
}

uint64_t prepared_run(const struct prepared *bench, uint32_t index, uint64_t iterations)
{
    struct task task = prepared_task(bench, index, iterations);
    uint64_t result = 0;
    int code = bench->ops->run(bench->state, &task, &result);
    if (code) /* also called by threads and children, where cmocka's asserts do not work */
        abort();
    return result;
}

void prepared_agrees(const struct prepared *bench)
{
    const uint64_t iterations[] = {0, 1, 2, 63, prepared_is_dear(bench->ops) ? 70 : 1000};
    for (uint32_t i = 0; bench->ops->expect && i < 50; i++) {
        struct task task = prepared_task(bench, i, iterations[i % 5]);
        uint64_t expected = 0;
        if (bench->ops->expect(bench->state, &task, &expected))
            assert_true(expected == prepared_run(bench, i, iterations[i % 5]));
    }
}
