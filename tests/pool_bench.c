/* See pool_bench.h. */
#include "tests/pool_bench.h"
#include "bench/trial/trial.h"
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

/* Shared and large private mappings; the heap and the allocator's caches may grow. */
static unsigned mappings(void)
{
    char line[512];
    unsigned count = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        count += strstr(line, " rw-s ") != NULL;
    fclose(file);
    return count;
}

struct traces traces(void)
{
    struct traces now = {(unsigned)conformance_fds(), (unsigned)conformance_threads(), mappings(), 0};
    now.children = waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
    return now;
}

void assert_no_new_traces(struct traces before)
{
    struct traces now = traces();
    assert_int_equal(now.fds, before.fds);
    assert_int_equal(now.threads, before.threads);
    assert_int_equal(now.mappings, before.mappings);
    assert_int_equal(now.children, 0);
    struct sigaction action;
    assert_int_equal(sigaction(SIGCHLD, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_DFL);
}

void bench_init(struct bench *bench, const struct pool_ops *ops, const struct workload_ops *workload, struct cost cost,
                unsigned workers)
{
    static const int64_t workload_params[PARAM_MAX];
    *bench = (struct bench){.ops = ops, .cost = cost};
    bench->job = (struct job){
        .workload = workload,
        .workload_params = workload_params,
        .tasks = 1000,
        .timed = true,
        .fenced = true,
    };
    assert_non_null(workload);
    bench->job.sequence = (struct sequence){.seed = 1, .costs = &bench->cost, .count = 1, .warmup = cost};
    bench->config = (struct pool_config){.workers = workers, .params = bench->params};
    if (ops->staff)
        bench->config.workers = ops->staff(workers, workload->class != TASK_SLEEP, bench->params);
    struct workload_config config = {workload_params, 1, 1000, NULL};
    if (workload->prepare)
        assert_int_equal(workload->prepare(&config, &bench->job.state), 0);
}

void bench_open(struct bench *bench)
{
    bench->ops = pool_chosen(bench->ops, bench->params);
    bench->before = traces();
    assert_int_equal(bench->ops->open(&bench->config, &bench->job, &bench->pool), 0);
}

void bench_close(struct bench *bench)
{
    assert_int_equal(bench->ops->close(bench->pool), 0);
    assert_no_new_traces(bench->before);
    if (bench->job.workload->release)
        bench->job.workload->release(bench->job.state);
}

void submit_all(struct bench *bench, uint32_t first, uint32_t count)
{
    uint32_t tasks[64];
    assert_true(count <= 64);
    for (uint32_t i = 0; i < count; i++)
        tasks[i] = first + i;
    assert_int_equal(bench->ops->submit(bench->pool, tasks, count), count);
}

unsigned allowed_cpus(unsigned *cpus, unsigned most)
{
    cpu_set_t set[CPUS_MAX / CPU_SETSIZE]; /* the kernel refuses to tell into less than it was built for */
    unsigned count = 0;
    CPU_ZERO_S(sizeof set, set);
    assert_int_equal(sched_getaffinity(0, sizeof set, set), 0);
    for (unsigned cpu = 0; cpu < CPUS_MAX && count < most; cpu++)
        if (CPU_ISSET_S(cpu, sizeof set, set))
            cpus[count++] = cpu;
    assert_true(count > 0);
    return count;
}

void go_to_cpus(const unsigned *cpus, unsigned count)
{
    cpu_set_t set[CPUS_MAX / CPU_SETSIZE];
    CPU_ZERO_S(sizeof set, set);
    for (unsigned i = 0; i < count; i++)
        CPU_SET_S(cpus[i], sizeof set, set);
    assert_int_equal(sched_setaffinity(0, sizeof set, set), 0);
}

uint64_t test_seed(void)
{
    const char *seed = getenv("SEED");
    return seed && *seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
}

pid_t find_child(const char *name)
{
    char path[300], line[64];
    pid_t found = 0;
    DIR *dir = opendir("/proc");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) && !found;) {
        long pid = strtol(entry->d_name, NULL, 10), parent = 0;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        FILE *file = pid > 0 ? fopen(path, "re") : NULL;
        if (!file)
            continue;
        if (fgets(line, sizeof line, file) && strchr(line, ')') && strchr(line, ')')[2] != 'Z')
            parent = strtol(strchr(line, ')') + 4, NULL, 10);
        if (parent == getpid() && strchr(line, '(') && !strncmp(strchr(line, '(') + 1, name, strlen(name)))
            found = (pid_t)pid;
        fclose(file);
    }
    closedir(dir);
    return found;
}

int kill_child(const char *name)
{
    const pid_t pid = find_child(name);
    return pid > 0 ? kill(pid, SIGKILL) : -1;
}

bool stands(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

pid_t find_standing(const char *name, unsigned *count)
{
    char path[64], text[16];
    pid_t pid, found = 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    FILE *children = fopen(path, "re");
    assert_non_null(children);
    while (fscanf(children, "%d", &pid) == 1) {
        snprintf(path, sizeof path, "/proc/%d/comm", pid);
        FILE *comm = fopen(path, "re");
        const bool is = comm && fgets(text, sizeof text, comm) && !strncmp(text, name, strlen(name)) && stands(pid);
        if (comm)
            fclose(comm);
        found = is && !found ? pid : found;
        if (count)
            *count += is;
    }
    fclose(children);
    return found;
}

const volatile uint64_t *pids_of(const struct bench *bench)
{
    struct peek peeks[PEEKS_MAX] = {{0}};
    bench->ops->peek(bench->pool, peeks);
    return (const volatile uint64_t *)(uintptr_t)peeks[0].at;
}
