#include "tests/deadly.h"
#include "pools/transport/transport.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum deed deeds[TASKS];
_Atomic uint32_t *starts;

int deadly_run(void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = mix64(7, task->index);
    if (task->index >= TASKS)
        return 0;
    atomic_fetch_add_explicit(&starts[task->index], 1, memory_order_relaxed);
    switch (deeds[task->index]) {
    case NOTHING:
        break;
    case KILL:
        raise(SIGKILL);
        break;
    case ABORT:
        abort();
    case SEGV:
        signal(SIGSEGV, SIG_DFL); /* a sanitizer would turn it into an exit */
        raise(SIGSEGV);
        break;
    case EXIT:
        _exit(3);
    case HANG:
        for (;;)
            pause();
    case STOP:
        raise(SIGSTOP);
        break;
    }
    return 0;
}

const struct workload_ops deadly = {.name = "deadly", .run = deadly_run};

void deeds_clear(void)
{
    if (!starts)
        starts = mmap(NULL, TASKS * sizeof *starts, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(starts != MAP_FAILED);
    memset(deeds, 0, sizeof deeds);
    for (unsigned i = 0; i < TASKS; i++)
        atomic_store_explicit(&starts[i], 0, memory_order_relaxed);
}

const struct variant variants[VARIANTS] = {
    {.pool = "fork", .threads = 1},
    {.pool = "prefork", .threads = 1},
    {.pool = "hybrid", .params = {0, 3, 2}, .threads = 1},
    {.pool = "hybrid", .params = {1, 2, 2}, .threads = 2},
    {.pool = "prefork", .params = {0, 0, TRANSPORT_PIPE}, .threads = 1},
    {.pool = "prefork", .params = {0, 0, TRANSPORT_SOCKET}, .threads = 1},
};
void open_variant(struct bench *bench, const struct variant *variant)
{
    bench_init(bench, pool_find(variant->pool), &deadly, (struct cost){1000, 0}, WORKERS);
    memcpy(bench->params, variant->params, sizeof bench->params);
}

void run_all(struct bench *bench, struct done *all)
{
    bool seen[TASKS] = {0};
    uint32_t next = 0, back = 0;
    while (back < TASKS) {
        struct done done[64];
        uint32_t batch[16];
        unsigned n = 0;
        for (; n < 16 && next + n < TASKS && next + n - back < 40; n++)
            batch[n] = next + n;
        int taken = n ? bench->ops->submit(bench->pool, batch, n) : 0;
        assert_true(taken >= 0);
        next += (uint32_t)taken;
        int got = bench->ops->reap(bench->pool, done, 1, 64, FOREVER);
        assert_true(got > 0);
        for (int i = 0; i < got; i++) {
            assert_true(done[i].task < next);
            assert_false(seen[done[i].task]);
            seen[done[i].task] = true;
            all[done[i].task] = done[i];
            if (done[i].status == TASK_OK)
                assert_int_equal(done[i].result, mix64(7, done[i].task));
        }
        back += (uint32_t)got;
    }
    for (unsigned i = 0; i < TASKS; i++)
        assert_true(atomic_load(&starts[i]) == 1 || (all[i].status != TASK_OK && atomic_load(&starts[i]) == 0));
}

void kill_all_workers(void)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "pb-worker-%u", i);
        pid_t worker = find_child(name);
        if (worker)
            kill(worker, SIGKILL); /* one that has gone meanwhile has not to be killed */
    }
}
