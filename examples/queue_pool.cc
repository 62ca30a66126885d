// A pool of poolbench in C++17 with everything in one file: threads, a queue, a condition variable, and an option.
//
//     c++ -std=c++17 -O2 -shared -fPIC -pthread $(pkg-config --cflags poolbench) -o queue.so queue_pool.cc
//     poolbench run --pool pthread,./queue.so:batch=1/16 --size 1us
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <poolbench/pool.h>
#include <system_error>
#include <thread>
#include <vector>

namespace
{

class Pool
{
  public:
    Pool(const poolbench_host *host, unsigned workers, size_t batch) : batch(batch)
    {
        try {
            for (unsigned number = 0; number < workers; number++)
                threads.emplace_back([=] { work(host, number); });
        } catch (...) { // those that have started must end before the members they use
            stop();
            throw;
        }
    }

    ~Pool()
    {
        stop();
    }

    void submit(poolbench_task *const *tasks, unsigned n)
    {
        {
            std::lock_guard<std::mutex> guard(lock);
            queue.insert(queue.end(), tasks, tasks + n);
        }
        if (n == 1)
            news.notify_one();
        else
            news.notify_all();
    }

  private:
    void stop()
    {
        {
            std::lock_guard<std::mutex> guard(lock);
            stopping = true;
        }
        news.notify_all();
        for (auto &thread : threads)
            thread.join();
        threads.clear();
    }

    void work(const poolbench_host *host, unsigned number)
    {
        host->worker(host, number); // names and pins this thread now, not with its first task
        std::vector<poolbench_task *> mine;
        std::unique_lock<std::mutex> guard(lock);
        for (;;) {
            news.wait(guard, [this] { return stopping || !queue.empty(); });
            if (queue.empty())
                return;
            while (!queue.empty() && mine.size() < batch) {
                mine.push_back(queue.front());
                queue.pop_front();
            }
            guard.unlock();
            for (poolbench_task *task : mine)
                task->run(task);
            mine.clear();
            guard.lock();
        }
    }

    const size_t batch;
    std::mutex lock;
    std::condition_variable news;
    std::deque<poolbench_task *> queue;
    bool stopping = false;
    std::vector<std::thread> threads;
};

enum { BATCH };
const poolbench_param params[] = {
    {"batch", POOLBENCH_COUNT, "1", 1, 1024, nullptr, "tasks a thread takes out of the queue at once"},
    {},
};

// No exception may leave a plug-in.
int pool_open(const poolbench_host *host, const poolbench_config *config, void **pool)
{
    try {
        *pool = new Pool(host, config->workers, static_cast<size_t>(config->params[BATCH]));
        return 0;
    } catch (const std::exception &error) {
        return host->refuse(host, "%s", error.what());
    }
}

int pool_submit(void *pool, poolbench_task *const *tasks, unsigned n)
{
    try {
        static_cast<Pool *>(pool)->submit(tasks, n);
        return static_cast<int>(n);
    } catch (const std::exception &) {
        return -ENOMEM;
    }
}

int pool_close(void *pool)
{
    delete static_cast<Pool *>(pool);
    return 0;
}

poolbench_pool describe()
{
    poolbench_pool pool = {};
    pool.abi = POOLBENCH_ABI;
    pool.size = sizeof pool;
    pool.name = "queue";
    pool.summary = "std::thread, std::deque and one condition variable";
    pool.params = params;
    pool.open = pool_open;
    pool.submit = pool_submit;
    pool.close = pool_close;
    return pool;
}

} // namespace

const poolbench_pool poolbench_pool_plugin = describe();
