/* Which blocks have profiled siblings, of which kind, and which events each counts; what this machine counts. Made-up
 * plans, and the kernel as it is. */
/* sanitizers: address undefined (one thread) */
#include "bench/machine/counters.h"
#include "bench/measure/siblings_plan.h"
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static unsigned chosen_of(const struct siblings_plan *plan, const struct settings *settings, unsigned blocks)
{
    unsigned count = 0;
    for (unsigned i = 1; i <= blocks; i++)
        count += siblings_chosen(plan, settings, i);
    return count;
}

/* Ten, or a third; all where there are fewer; of two kinds twice as many. */
static void so_many_blocks_have_them(void **state)
{
    static const struct {
        unsigned profile, blocks, expected;
    } cases[] = {{PROFILE_NONE, 50, 0},
                 {PROFILE_STATES, 0, 0},
                 {PROFILE_STATES, 1, 1},
                 {PROFILE_STATES, 8, 8},
                 {PROFILE_STATES, 12, 10},
                 {PROFILE_COUNTERS, 30, 10},
                 {PROFILE_STATES, 90, 30},
                 {PROFILE_STATES | PROFILE_COUNTERS, 12, 12},
                 {PROFILE_STATES | PROFILE_COUNTERS, 40, 20}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (uint64_t seed = 1; seed < 50; seed++) {
            const struct settings settings = {.profile = cases[i].profile, .seed = seed};
            const struct siblings_plan plan = siblings_plan(&settings, 0, cases[i].blocks, 1e6);
            assert_int_equal(plan.blocks, cases[i].expected);
            assert_int_equal(chosen_of(&plan, &settings, cases[i].blocks), cases[i].expected);
        }
}

/* A quarter of it is for them, and the blocks that are planned leave that room. */
static void a_budget_has_a_quarter_for_them(void **state)
{
    (void)state;
    for (double block_ns = 1e6; block_ns < 5e9; block_ns *= 1.7) {
        const struct settings settings = {.profile = PROFILE_STATES, .seed = 7, .budget_ns = 10000000000};
        const double blocks = siblings_fit(&settings, 9e9, block_ns);
        const struct siblings_plan plan = siblings_plan(&settings, 0, (unsigned)blocks, block_ns);
        assert_true(plan.blocks * block_ns <= 2.5e9);
        assert_true(blocks <= 1 || (blocks + plan.blocks) * block_ns <= 9e9);
        assert_true(plan.blocks > 0 || block_ns > 2.5e9);
    }
    const struct settings none = {.profile = PROFILE_NONE, .budget_ns = 10000000000};
    assert_true(siblings_fit(&none, 9e9, 1e9) == 9);
}

/* What is resumed has no budget: it runs those that were chosen, and others. */
static void without_a_budget_they_are_more(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 50; seed++) {
        struct settings settings = {.profile = PROFILE_STATES, .seed = seed, .budget_ns = 8000000000};
        const struct siblings_plan few = siblings_plan(&settings, 0, 20, 5e8);
        settings.budget_ns = 0;
        const struct siblings_plan all = siblings_plan(&settings, 0, 20, 5e8);
        assert_int_equal(few.blocks, 4);
        for (unsigned i = 1; i <= 20; i++)
            assert_true(!siblings_chosen(&few, &settings, i) || siblings_chosen(&all, &settings, i));
    }
}

static void kinds_take_turns(void **state)
{
    const unsigned both = PROFILE_STATES | PROFILE_COUNTERS;
    const struct settings settings = {.profile = both, .seed = 3};
    const struct siblings_plan plan = siblings_plan(&settings, 0, 60, 1e6);
    unsigned next = 0, turn;
    (void)state;
    for (unsigned i = 1; i <= 60; i++) {
        if (!siblings_chosen(&plan, &settings, i))
            continue;
        assert_int_equal(siblings_kind(&plan, &settings, both, i, &turn), next % 2 ? PROFILE_COUNTERS : PROFILE_STATES);
        assert_int_equal(turn, next++ / 2);
        assert_int_equal(siblings_kind(&plan, &settings, PROFILE_COUNTERS, i, &turn), PROFILE_COUNTERS);
    }
    assert_int_equal(next, 20);
}

/* ---- events ---- */

static void counter_put(struct counters *counters, const char *pmu, const char *event, const char *group, uint32_t type,
                        int error)
{
    struct counter *counter = &counters->counter[counters->count++];
    *counter = (struct counter){.event = event, .group = group, .asked = {.type = type}, .refused = {.error = error}};
    snprintf(counter->pmu, sizeof counter->pmu, "%s", pmu);
}

/* Two kinds of cores: what is together in a trial are the kernel's events and one group of each kind. */
static void groups_take_turns(void **state)
{
    struct counters made = {.turns = 2};
    unsigned chosen[COUNTERS_MOST];
    (void)state;
    counter_put(&made, "software", "task-clock", "software", PERF_TYPE_SOFTWARE, 0);
    counter_put(&made, "software", "cpu-migrations", "software", PERF_TYPE_SOFTWARE, 61);
    counter_put(&made, "cpu_core", "cycles", "core", PERF_TYPE_HARDWARE, 0);
    counter_put(&made, "cpu_atom", "cycles", "core", PERF_TYPE_HARDWARE, 0);
    counter_put(&made, "cpu_core", "branches", "branch", PERF_TYPE_HARDWARE, 0);
    counter_put(&made, "cpu_atom", "branches", "branch", PERF_TYPE_HARDWARE, 2);
    counter_put(&made, "cpu_core", "cache-misses", "cache", PERF_TYPE_HARDWARE, 0);
    counter_put(&made, "cpu_atom", "cache-misses", "cache", PERF_TYPE_HARDWARE, 0);
    for (unsigned turn = 0; turn < 4; turn++) {
        assert_int_equal(counters_choose(&made, turn, chosen), turn % 2 ? 5 : 4);
        assert_int_equal(chosen[1], 2);
        assert_int_equal(chosen[2], 3);
        assert_int_equal(chosen[3], turn % 2 ? 6 : 4);
    }
    made.turns = 0;
    made.count = 2;
    assert_int_equal(counters_choose(&made, 5, chosen), 1);
}

/* Each event counts, or it is said what refused it and what would allow it. */
static void what_is_not_there_has_a_reason(void **state)
{
    static struct counters here;
    unsigned chosen[COUNTERS_MOST];
    (void)state;
    counters_find(&here);
    assert_true(here.count >= 10);
    for (unsigned i = 0; i < here.count; i++) {
        const struct counter *counter = &here.counter[i];
        printf("%s/%s/ %s: %d %s\n", counter->pmu, counter->event, counter_scope(counter), counter->refused.error,
               counter->refused.remedy);
        assert_true(!counter->refused.error == !counter->refused.remedy[0]);
    }
    for (unsigned turn = 0; turn < 8; turn++) {
        const unsigned count = counters_choose(&here, turn, chosen);
        assert_true(count <= COUNTERS_MOST);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(here.counter[chosen[i]].refused.error, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_blocks_have_them),
        cmocka_unit_test(a_budget_has_a_quarter_for_them),
        cmocka_unit_test(without_a_budget_they_are_more),
        cmocka_unit_test(kinds_take_turns),
        cmocka_unit_test(groups_take_turns),
        cmocka_unit_test(what_is_not_there_has_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
