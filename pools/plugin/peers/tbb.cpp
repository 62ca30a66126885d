// tbb: oneTBB, in two ways, each a plug-in of its own, because in one of them the submitter is a worker:
//
//     tbb          task_group::run and wait inside an arena; the thread that waits works
//     tbb-enqueue  task_arena::enqueue to threads beside the submitter (compiled with ENQUEUE)
#include <exception>
#include <poolbench/pool.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>
#ifdef ENQUEUE
enum { RESERVED = 0 }; // places in the arena for threads that come in by themselves
#else
enum { RESERVED = 1 };
#endif

namespace
{

// A thread is the worker that its place in the arena says.
class Workers : public tbb::task_scheduler_observer
{
  public:
    Workers(tbb::task_arena &arena, const poolbench_host *given) : task_scheduler_observer(arena), host(given)
    {
        observe(true);
    }

    ~Workers() override
    {
        observe(false);
    }

    void on_scheduler_entry(bool) override
    {
        host->worker(host, static_cast<unsigned>(tbb::this_task_arena::current_thread_index()));
    }

  private:
    const poolbench_host *host;
};

struct Pool {
    Pool(const poolbench_host *host, unsigned workers)
        : limit(tbb::global_control::max_allowed_parallelism, workers + 1 - RESERVED),
          arena(static_cast<int>(workers), RESERVED), observer(arena, host)
    {
        arena.initialize();
    }

    tbb::global_control limit;
    tbb::task_arena arena;
    Workers observer;
    tbb::task_group group;
};

const char *pool_shape(unsigned workers, const int64_t *, poolbench_shape *shape)
{
    shape->threads = workers - RESERVED;
    return nullptr;
}

// No exception may leave a plug-in.
int pool_open(const poolbench_host *host, const poolbench_config *config, void **pool)
{
    try {
        *pool = new Pool(host, config->workers);
        return 0;
    } catch (const std::exception &error) {
        return host->refuse(host, "%s", error.what());
    }
}

int pool_submit(void *argument, poolbench_task *const *tasks, unsigned n)
{
    auto pool = static_cast<Pool *>(argument);
    unsigned taken = 0;
    try {
        for (; taken < n; taken++) {
            auto task = tasks[taken];
#ifdef ENQUEUE
            pool->arena.enqueue([task] { task->run(task); });
#else
            pool->group.run([task] { task->run(task); });
#endif
        }
    } catch (const std::exception &) { // out of memory: the rest is offered again
    }
    return static_cast<int>(taken);
}

int pool_close(void *argument)
{
    delete static_cast<Pool *>(argument); // threads go back to oneTBB and sleep: finalize() that joins them may hang
    return 0;
}

#ifndef ENQUEUE
int pool_enter(void *argument, void (*body)(void *arg), void *arg)
{
    static_cast<Pool *>(argument)->arena.execute([=] { body(arg); });
    return 0;
}

int pool_help(void *argument, unsigned, uint64_t)
{
    static_cast<Pool *>(argument)->group.wait(); // until all are done, whatever was asked for
    return 1;
}
#endif

poolbench_pool describe()
{
    poolbench_pool pool = {};
    pool.abi = POOLBENCH_ABI;
    pool.size = sizeof pool;
    pool.shape = pool_shape;
    pool.open = pool_open;
    pool.submit = pool_submit;
    pool.close = pool_close;
#ifdef ENQUEUE
    pool.name = "tbb-enqueue";
    pool.summary = "oneTBB: task_arena::enqueue to threads beside the submitter";
    pool.handover_ns = 250;
#else
    pool.name = "tbb";
    pool.summary = "oneTBB: task_group::run in an arena whose submitter works while it waits";
    pool.traits = POOLBENCH_SUBMITTER_WORKS;
    pool.handover_ns = 150;
    pool.enter = pool_enter;
    pool.help = pool_help;
#endif
    return pool;
}

} // namespace

const poolbench_pool poolbench_pool_plugin = describe();
