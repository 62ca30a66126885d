/* Trials for tests, see trials.h. */
#include "tests/trials.h"
#include "bench/base/spec.h"
#include "pools/parts/clock.h"
#include "tests/given.h"
#include "tests/pool_bench.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h> /* after what it needs */

#define LIMIT_NS (150ull * 1000000000u) /* of what hangs: a thousand forks may take half a minute */

struct launcher launcher;
static unsigned trials;

bool can_run(const struct pool_ops *pool)
{
    return HAS_SIGNALS || !(pool->traits & POOL_TASK_IS_PROCESS);
}

/* All allowed CPUs for everyone, whatever their numbers: placement has tests of its own. Valid until the next call. */
static void place_anywhere(struct cell *cell)
{
    static uint64_t *masks;
    static int *planned;
    static int32_t *nodes;
    static unsigned cpus[CPUS_MAX];
    unsigned count = allowed_cpus(cpus, CPUS_MAX), words = cpus[count - 1] / 64 + 1, rows = cell->shape.workers + 1;
    free(masks);
    free(planned);
    free(nodes);
    masks = calloc((size_t)rows * words, sizeof *masks);
    planned = calloc(rows, sizeof *planned);
    nodes = calloc(rows, sizeof *nodes);
    assert_true(masks && planned && nodes);
    for (unsigned row = 0; row < rows; row++) {
        planned[row] = nodes[row] = -1;
        for (unsigned i = 0; i < count; i++)
            masks[(size_t)row * words + cpus[i] / 64] |= 1ull << (cpus[i] % 64);
    }
    cell->placement = (struct placement){
        .workers = cell->shape.workers,
        .words = words,
        .masks = masks + words,
        .planned = planned,
        .nodes = nodes,
        .main_mask = masks,
        .cpus = 1,
    };
}

void cell_init(struct cell *cell, const char *pool, const char *workload, unsigned workers, uint32_t tasks)
{
    *cell = (struct cell){.pool = pool_find(pool), .workload = workload_find(workload), .f.workers = workers};
    assert_non_null(cell->pool);
    assert_non_null(cell->workload);
    for (unsigned i = 0; cell->workload->params && cell->workload->params[i].name; i++)
        if (!given(&cell->workload->params[i], &cell->workload_params[i]))
            cell->workload_params[i] = param_preset(&cell->workload->params[i]);
    cell->f.tasks = tasks;
    cell->f.timing = true;
}

struct ran run_limited(struct cell *cell, const struct cost *costs, uint32_t cost_count, uint64_t limit_ns)
{
    struct job_order order = {.seed = 42, .samples = SAMPLES_ALL, .sample_seed = 1};
    struct ran ran;
    char error[ERROR_MAX] = "";
    const struct workload_ops *workload = cell->workload;
    if (cell->pool->staff) {
        double cpu_held =
            workload->cpu_held ? workload->cpu_held(cell->workload_params) : workload->class != TASK_SLEEP;
        unsigned workers = cell->pool->staff((unsigned)cell->f.workers, cpu_held, cell->pool_params);
        cell->f.workers = workers ? workers : cell->pool->staff(2, cpu_held, cell->pool_params);
    }
    assert_null(cell->pool->shape(cell->f.workers, cell->pool_params, &cell->shape));
    place_anywhere(cell);
    cell->costs = (struct cost *)costs;
    cell->cost_count = cost_count;
    assert_int_equal(job_write_trial(&launcher, cell, &order, &ran.parts, error), 0);
    assert_int_equal(launcher_run(&launcher, limit_ns, &ran.outcome), 0);
    trials++;
    return ran;
}

struct ran run(struct cell *cell, const struct cost *costs, uint32_t cost_count)
{
    return run_limited(cell, costs, cost_count, LIMIT_NS);
}

int trials_setup(void **state)
{
    (void)state;
    char error[ERROR_MAX] = "";
    clock_choose(20000000);
    if (launcher_open(&launcher, error) < 0) {
        fprintf(stderr, "%s\n", error);
        return -1;
    }
    return 0;
}

int trials_teardown(void **state)
{
    (void)state;
    launcher_close(&launcher);
    printf("%u trials\n", trials);
    return waitpid(-1, NULL, WNOHANG) == -1 ? 0 : -1; /* nobody left */
}

void assert_ended_well(const struct ran *ran, const struct cell *cell)
{
    const struct trial_report *report = ran->parts.report;
    if (report->stage != STAGE_DONE || ran->outcome.wait_status != 0)
        fail_msg("%s, %lld workers, %lld tasks: stage %u, status %x: %s", cell->pool->name, (long long)cell->f.workers,
                 (long long)cell->f.tasks, report->stage, ran->outcome.wait_status, report->reason);
    assert_false(ran->outcome.timed_out);
    assert_false(ran->outcome.left_processes);
}

void assert_samples(const struct ran *ran, const struct cell *cell)
{
    const struct trial_report *report = ran->parts.report;
    uint32_t tasks = (uint32_t)cell->f.tasks;
    uint64_t sum = 0;
    char *seen = calloc(tasks + 1, 1);
    assert_non_null(seen);
    assert_int_equal(report->tasks_ok, tasks);
    assert_int_equal(report->tasks_failed, 0);
    assert_int_equal(report->samples_count, tasks);
    for (uint32_t i = 0; i < tasks; i++) {
        const struct sample *s = &ran->parts.samples[i];
        assert_in_range(s->task, 0, tasks - 1);
        assert_false(seen[s->task]);
        seen[s->task] = 1;
        assert_int_equal(s->status, TASK_OK);
        assert_in_range(s->worker, 0, cell->shape.workers - 1);
        assert_true(s->pid > 0);
        /* clocks of two CPUs agree within the time a line takes to travel between them */
        assert_true(s->submit_ns <= s->start_ns + 1000);
        assert_true(s->start_ns <= s->end_ns);
        assert_true(s->end_ns <= s->reap_ns + 1000);
        if (i && cell->f.collect == COLLECT_ORDERED) {
            assert_int_equal(s->task, i);
            assert_true(s->reap_ns >= ran->parts.samples[i - 1].reap_ns);
        }
        if (cell->f.arrival.kind == ARRIVAL_RATE)
            assert_true(s->due_ns >= 0 && s->submit_ns + 1000 >= s->due_ns);
        sum += mix64(s->task, s->result);
    }
    free(seen);
    assert_true(report->result_sum == sum);
}
