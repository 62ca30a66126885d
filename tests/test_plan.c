/* The plan: orders, comparisons, number of tasks, limits. */
#include "bench/base/refuse.h"
#include "bench/measure/costs.h"
#include "bench/measure/earlier.h"
#include "bench/measure/lengths.h"
#include "bench/measure/plan.h"
#include "bench/model/columns.h"
#include "bench/stats/design.h"
#include "tests/request_line.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h> /* after what it needs */

static struct machine machine; /* two cores, described */

static int plan_of(const char *line, struct plan *plan, struct request *request, char *error)
{
    int rc = request_of_line(line, &machine, request, error);
    if (rc)
        fail_msg("'%s': %s", line, error);
    return plan_make(request, &machine, NULL, plan, error);
}

static void plan_good(const char *line, struct plan *plan)
{
    char error[ERROR_MAX];
    struct request request;
    if (plan_of(line, plan, &request, error))
        fail_msg("'%s': %s", line, error);
    request_release(&request);
}

static void plan_bad(const char *line, const char *expected)
{
    char error[ERROR_MAX];
    struct plan plan;
    struct request request;
    if (!plan_of(line, &plan, &request, error))
        fail_msg("'%s': was planned", line);
    if (strcmp(error, expected) != 0)
        fail_msg("'%s':\n  %s\nexpected:\n  %s", line, error, expected);
    assert_null(plan.cells.cell);
    assert_null(plan.order);
    request_release(&request);
}

/* ---- order ---- */

static void is_permutation(const uint32_t *block, unsigned cells)
{
    char seen[256] = {0};
    for (unsigned p = 0; p < cells; p++) {
        assert_true(block[p] < cells);
        assert_false(seen[block[p]]);
        seen[block[p]] = 1;
    }
}

static void order_permutes(void **state)
{
    (void)state;
    uint32_t order[64 * 64], again[64 * 64], other[64 * 64];
    for (unsigned cells = 1; cells <= 64; cells += cells < 12 ? 1 : 13) {
        for (unsigned blocks = 1; blocks <= 64; blocks += 7) {
            order_draw(42, blocks, cells, order);
            order_draw(42, blocks, cells, again);
            order_draw(43, blocks, cells, other);
            for (unsigned b = 0; b < blocks; b++)
                is_permutation(order + b * cells, cells);
            assert_memory_equal(order, again, blocks * cells * sizeof *order);
            if (cells > 8)
                assert_memory_not_equal(order, other, blocks * cells * sizeof *order);
        }
    }
}

/* In a square every cell stands once in every position; followers are balanced after one square for even numbers of
 * cells, after two for odd ones. */
static void order_balances(void **state)
{
    (void)state;
    for (unsigned cells = 2; cells <= 13; cells++) {
        unsigned blocks = cells % 2 ? 2 * cells : cells, each = cells % 2 ? 2 : 1;
        uint32_t order[26 * 13];
        unsigned position[13][13] = {{0}}, follows[13][13] = {{0}};
        order_draw(7, blocks, cells, order);
        for (unsigned b = 0; b < blocks; b++) {
            for (unsigned p = 0; p < cells; p++) {
                const uint32_t *at = &order[b * cells + p];
                position[at[0]][p]++;
                if (p)
                    follows[at[-1]][at[0]]++;
            }
        }
        for (unsigned a = 0; a < cells; a++)
            for (unsigned b = 0; b < cells; b++) {
                assert_int_equal(position[a][b], each);
                assert_int_equal(follows[a][b], a == b ? 0 : each);
            }
    }
}

/* With fewer blocks than cells, every cell comes first about as often as any other. */
static void order_is_random(void **state)
{
    (void)state;
    unsigned first[12] = {0};
    for (unsigned seed = 0; seed < 1200; seed++) {
        uint32_t order[3 * 12];
        order_draw(seed, 3, 12, order);
        first[order[0]]++;
        assert_true(memcmp(order, order + 12, 12 * sizeof *order) || memcmp(order, order + 24, 12 * sizeof *order));
    }
    for (unsigned cell = 0; cell < 12; cell++)
        assert_in_range(first[cell], 60, 140); /* 100 with a deviation of 9.6 */
}

static void blocks_of_comparisons(void **state)
{
    (void)state;
    static const unsigned known[][2] = {{0, 8},  {1, 8},   {4, 8},   {6, 8},    {7, 9},
                                        {12, 9}, {13, 10}, {64, 12}, {1000, 16}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(blocks_needed(known[i][0]), known[i][1]);
}

/* ---- cells ---- */

static void comparisons(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        unsigned count;
    } known[] = {
        {"--pool pthread", 0},
        {"--pool pthread --size 1us,1ms --workers 1,2", 0}, /* no two differ in the pool alone */
        {"--pool pthread,prefork", 1},
        {"--pool pthread,prefork,fork --size 1us,1ms", 6}, /* every pair */
        {"--pool pthread,prefork --workers 1,2,4", 3},
        {"--pool serial,pthread,prefork --workers 1,2", 2},
        {"--pool serial,pthread --workers 1,2", 2}, /* serial is compared where there is just one other */
        {"--pool serial --workload spin,primes", 0},
        {"--pool pthread:wait=spin/block,prefork", 3},
        {"", 6},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct plan plan;
        plan_good(known[i].line, &plan);
        if (plan.comparisons != known[i].count)
            fail_msg("'%s': %u comparisons, expected %u", known[i].line, plan.comparisons, known[i].count);
        plan_release(&plan);
    }
}

/* What does not fit the budget is left out from the end, whole rows by name, and never the first; where nothing more
 * can leave, or --blocks is somebody's own decision, the least is said instead. */
static void budget(void **state)
{
    (void)state;
    struct plan plan;
    plan_good("--pool serial,pthread,prefork --size 1ms,2ms,4ms --workers 2 --budget 4s", &plan);
    assert_true(plan.cells.count < 9);
    assert_int_equal(plan.cells.count % 3, 0);
    assert_int_equal(plan.kept, plan.cells.count);
    assert_int_equal(plan.left_out.count, 2 * (3 - plan.cells.count / 3));
    assert_string_equal(plan.left_out.word[0], "spin 4ms, 1 worker (serial)");
    assert_string_equal(plan.left_out.word[1], "spin 4ms, 2 workers (pthread, prefork)");
    assert_true(plan.blocks >= plan.blocks_needed);
    assert_true(plan.blocks_needed >= 8);
    assert_true(plan.estimate_ns <= 4400000000);
    plan_release(&plan);
    plan_bad(
        "--pool pthread,prefork --size 1ms,2ms --workers 2 --budget 1ms",
        "--budget: 1ms is too short for 8 blocks of 2 trials and what is around them, expected 3s or more, or fewer "
        "pools, or --blocks");
    plan_bad(
        "--pool pthread,prefork --size 1ms,2ms --workers 2 --budget 1ms --blocks 9",
        "--budget: 1ms is too short for 9 blocks of 4 trials and what is around them, expected 4s or more, or fewer "
        "--blocks");
}

/* A budget is used: the more time, the more blocks, and none is left that would have fitted. */
static void budget_used(void **state)
{
    (void)state;
    static const int seconds[] = {3, 5, 10, 60, 600};
    unsigned blocks = 0;
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        char line[128];
        struct plan plan;
        snprintf(line, sizeof line, "--pool pthread,prefork --size 1ms --workers 2 --budget %ds", seconds[i]);
        plan_good(line, &plan);
        double left_ns = seconds[i] * 1e9 - (double)plan.estimate_ns;
        assert_true(left_ns >= 0 || plan.blocks == plan.blocks_needed);
        assert_true(left_ns < plan.block_ns);
        assert_true(plan.blocks > blocks);
        blocks = plan.blocks;
        plan_release(&plan);
    }
}

/* More blocks behind those that were planned, each with every cell once. */
static void extended(void **state)
{
    (void)state;
    char error[ERROR_MAX];
    struct plan plan;
    plan_good("--pool serial,pthread,prefork --workers 2 --blocks 8 --seed 7", &plan);
    uint32_t first[24];
    memcpy(first, plan.order, sizeof first);
    assert_int_equal(plan_extend(&plan, 7, 5, error), 0);
    assert_int_equal(plan.blocks, 13);
    assert_memory_equal(first, plan.order, sizeof first);
    for (unsigned b = 0; b < 13; b++)
        is_permutation(plan.order + 3 * b, 3);
    plan_release(&plan);
}

/* While it runs, rows leave from the end, and what was measured by for them alone goes too. */
static void rows_leave_one_by_one(void **state)
{
    (void)state;
    struct plan plan;
    plan_good("--pool serial,pthread,prefork --size 1ms,2ms --workers 2 --blocks 8", &plan);
    assert_int_equal(plan.cells.count, 6);
    assert_int_equal(rows_before(plan.rows, 6), 3);
    assert_int_equal(rows_before(plan.rows, 3), 0);
    const bool runs[] = {true, true, true, false, false, true}; /* pthread was dropped, and is not named */
    const unsigned blocks[] = {7, 7, 7, 7, 6, 7};
    assert_int_equal(plan_leave_out(&plan, 3, runs, blocks), 0);
    assert_int_equal(plan.kept, 3);
    assert_int_equal(plan.left_out.count, 1);
    assert_string_equal(plan.left_out.word[0], "spin 2ms, 2 workers (prefork) after 7 blocks");
    plan_release(&plan);
}

static void cells(void **state)
{
    (void)state;
    struct plan plan;
    plan_good("--pool serial,static,hybrid --size 1ms --workers 2", &plan);
    assert_int_equal(plan.cells.count, 3);
    assert_int_equal(plan.blocks, 8);
    const struct cell *serial = &plan.cells.cell[0], *two = &plan.cells.cell[1], *hybrid = &plan.cells.cell[2];
    assert_int_equal(serial->f.tasks, 50); /* 50 ms of 1 ms tasks, one at a time */
    assert_int_equal(two->f.tasks, 100);   /* two at a time */
    assert_int_equal(two->shape.workers, 2);
    assert_int_equal(two->placement.workers, 2);
    assert_int_equal(two->placement.planned[0], 0);
    assert_int_equal(two->placement.planned[1], 1);
    assert_int_equal(hybrid->shape.workers, 2);
    assert_int_equal(hybrid->shape.processes, 2);
    assert_int_equal(hybrid->placement.workers, 2);
    assert_int_equal(two->f.iterations, MISSING);
    assert_int_equal(two->cost_count, 1);
    assert_int_equal(two->costs[0].size_ns, 1000000);
    /* three trials of more than 50 ms each, and not absurdly more */
    assert_true(plan.estimate_ns >= (int64_t)(8 * plan.block_ns));
    assert_true(plan.block_ns > 3 * 50e6 && plan.block_ns < 3 * 100e6);
    plan_release(&plan);
}

static void tasks_auto(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int64_t tasks;
    } known[] = {
        {"--pool pthread --workload sleep --size 10ms --workers 5", 25}, /* 5 at once on 2 cores: sleepers need none */
        {"--pool pthread --workload spin --size 10ms --workers 5", 20},  /* at least 4 a worker */
        {"--pool pthread --workload spin --size 1ms --workers 5", 100},  /* 2 at once */
        {"--pool serial --workload sleep --size 6ms", 16},               /* at least 16 */
        {"--pool serial --workload sleep --size 1s", 1},                 /* but not where that is more than 100 ms: */
        {"--pool pthread --workload sleep --size 1s --workers 5", 5},    /* a round then */
        {"--pool pthread --workload sleep --size 30ms --workers 5", 15}, /* or as many as there is time for */
        {"--pool pthread --workload spin --size 10ms --workers 1", 10},
        {"--pool pthread --workload spin --size 1ms --workers 3", 102}, /* whole rounds */
        {"--pool pthread --workload spin --size 1ms --workers 2 --arrival window:1", 50},
        {"--pool pthread --workload spin --size 1ms --workers 2 --arrival wave:30", 120},
        {"--pool pthread --workload spin --size 1us --workers 2 --arrival rate:1k", 160}, /* p99 of 8 */
        {"--pool pthread --workload spin --size 1us --workers 2 --arrival rate:10", 50},  /* 5 s of them */
        /* 24 relaxation times, of 211 ms: Poisson arrivals, two workers that are busy for 60 % */
        {"--pool pthread,prefork --workload spin --size-dist exponential --size 3ms --workers 2 --arrival "
         "rate:400:poisson",
         203},
        /* of 401 s; but without a budget no longer than 10 s */
        {"--pool pthread --workload spin --size-dist exponential --size 30ms --workers 2 --arrival rate:63:poisson",
         630},
        {"--pool pthread --workload sleep --size 30ms --workers 2 --arrival rate:100", 160}, /* grows for ever */
        /* ten times on and off; no longer than 10 s */
        {"--pool pthread --workload sleep --size 1us --workers 2 --arrival rate:100:on=100ms:off=200ms", 300},
        {"--pool pthread --workload sleep --size 1us --workers 2 --arrival rate:10:on=1s:off=9s", 100},
        {"--pool pthread --workload empty --workers 2", 1000000},
        {"--pool pthread --workload empty --workers 2 --tasks 7", 7},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct plan plan;
        plan_good(known[i].line, &plan);
        if (plan.cells.cell[0].f.tasks != known[i].tasks)
            fail_msg("'%s': %lld tasks, expected %lld", known[i].line, (long long)plan.cells.cell[0].f.tasks,
                     (long long)known[i].tasks);
        plan_release(&plan);
    }
}

/* A budget that has no time for a steady queue shortens trials, and that is said. */
static void lengths(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said; /* a part of it; NULL: nothing */
    } known[] = {
        {"--pool pthread --workload spin --size 30ms --workers 2 --arrival rate:40:poisson --budget 60s", NULL},
        {"--pool pthread --workload spin --size 30ms --workers 2 --arrival rate:63:poisson --budget 10s",
         "workers busy for 94 % of the time"},
        {"--pool pthread --workload spin --size 30ms --workers 2 --arrival rate:40:poisson --tasks 20", "have 500 ms"},
        {"--pool pthread --workload spin --size 30ms --workers 2 --arrival rate:70 --budget 60s", NULL}, /* grows */
        {"--pool pthread --workload spin --size 30ms --workers 2", NULL},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct plan plan;
        char text[512] = "";
        plan_good(known[i].line, &plan);
        const bool is_short = lengths_short(&plan.cells, text, sizeof text);
        if (is_short != !!known[i].said || (is_short && !strstr(text, known[i].said)))
            fail_msg("'%s': %s", known[i].line, is_short ? text : "nothing said");
        plan_release(&plan);
    }
}

static void blocks(void **state)
{
    (void)state;
    struct plan plan;
    plan_good("--pool pthread,prefork --blocks 3", &plan);
    assert_int_equal(plan.blocks, 3);
    assert_int_equal(plan.blocks_needed, 8);
    plan_release(&plan);
}

static void limits(void **state)
{
    (void)state;
    machine.tasks_limit = 10;
    plan_bad("--pool prefork --workers 9",
             "--workers: 9 workers of prefork are up to 11 processes and threads, only 10 more are allowed here "
             "(pids.max, ulimit -u, kernel.pid_max)");
    machine.tasks_limit = -1;
    machine.memory_free_bytes = 1 << 30;
    plan_bad("--pool pthread --ballast 2GiB",
             "--ballast: a trial of spin on pthread would need 2 GiB of memory, 1 GiB are available here");
    plan_bad(
        "--pool pthread --workload memory:bytes=3GiB",
        "--workload: a trial of memory:bytes=3GiB on pthread would need 3 GiB of memory, 1 GiB are available here");
    plan_bad("--pool pthread --payload 64MiB:0 --workers 2",
             "--payload: a trial of spin on pthread would need 4.12 GiB of memory, 1 GiB are available here");
    /* each of four processes writes half of it */
    struct plan plan;
    plan_good("--pool fork --ballast 500MiB:write=50% --workers 2", &plan);
    plan_release(&plan);
    plan_bad("--pool fork --ballast 500MiB:write=50% --workers 4",
             "--ballast: a trial of spin on fork would need 1.46 GiB of memory, 1 GiB are available here");
    plan_bad("--pool pthread --tasks 200000000",
             "--tasks: a trial of spin on pthread would need 1.68 GiB of memory, 1 GiB are available here");
    plan_bad("--pool pthread --tasks 20000000 --samples all",
             "--samples: a trial of spin on pthread would need 1.51 GiB of memory, 1 GiB are available here");
    plan_bad("--pool pthread --tasks 20000000 --collect ordered",
             "--collect: a trial of spin on pthread would need 1.21 GiB of memory, 1 GiB are available here");
    machine.memory_free_bytes = -1;
    plan_bad("--pool pthread --faults error:task=7 --tasks 7", "--faults: there is no task 7 among 7, counted from 0");
    plan_bad(
        "--pool hybrid:route=nested:processes=3 --workers 4",
        "--pool: hybrid:route=nested:processes=3 with --workers 4: route=nested needs processes x threads = workers");
    plan_bad("--pool pthread --size-dist file:/nowhere", "--size-dist: /nowhere: No such file or directory");
}

static int setup(void **state)
{
    (void)state;
    char error[ERROR_MAX];
    return machine_open(&machine, "synthetic:pack:1 core:2 pu:1", error);
}

static int teardown(void **state)
{
    (void)state;
    machine_close(&machine);
    return 0;
}

/* What an earlier run waited for a task that hangs is forecast beside its tasks, and not in them as well. */
static void waits_once(void **state)
{
    (void)state;
    struct plan plan;
    struct trial_price price;
    plan_good("--pool prefork --workload sleep --size 1ms --workers 2 --tasks 100 --faults hang:task=3 "
              "--task-limit 100ms --blocks 1",
              &plan);
    struct plan_row row = {.f = plan.cells.cell[0].f};
    struct took took = {.whole_ns = 210e6, .wall_ns = 200e6, .trials = 1};
    const struct earlier earlier = {&row, &took, 1};
    snprintf(row.cell_id, sizeof row.cell_id, "%s", plan.cells.cell[0].id);
    assert_true(earlier_price(&earlier, &plan.cells.cell[0], &price));
    assert_true(price.task_ns == 1e6 && price.beside_ns == 10e6);
    plan_release(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_once),
        cmocka_unit_test(order_permutes),
        cmocka_unit_test(order_balances),
        cmocka_unit_test(order_is_random),
        cmocka_unit_test(blocks_of_comparisons),
        cmocka_unit_test(comparisons),
        cmocka_unit_test(budget),
        cmocka_unit_test(budget_used),
        cmocka_unit_test(extended),
        cmocka_unit_test(rows_leave_one_by_one),
        cmocka_unit_test(cells),
        cmocka_unit_test(tasks_auto),
        cmocka_unit_test(lengths),
        cmocka_unit_test(blocks),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
