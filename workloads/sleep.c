/* sleep: waits for the length of the task without using a CPU, as a task that waits for a disk or a peer does. */
#include "workloads/work.h"
#include <sys/prctl.h>
#include <time.h>

#define NS_PER_S 1000000000u

/* The kernel may wake a sleeper late by its thread's timer slack, 50 us by default, to save wake-ups. A new thread
 * takes over its maker's; what this thread asked for last is remembered, so that it costs a system call once. */
static void slack_set(uint64_t slack_ns)
{
    static _Thread_local uint64_t set_ns;
    if (set_ns == slack_ns)
        return;
    /* where a sandbox does not know the call, sleeps are as exact as that sandbox makes them */
    (void)prctl(PR_SET_TIMERSLACK, (unsigned long)slack_ns, 0, 0, 0);
    set_ns = slack_ns;
}

int sleep_for(uint64_t ns, uint64_t slack_ns)
{
    if (!ns)
        return 0;
    struct timespec until;
    if (clock_gettime(CLOCK_MONOTONIC, &until))
        return errno;
    slack_set(slack_ns);
    uint64_t end_ns = (uint64_t)until.tv_nsec + ns % NS_PER_S;
    until.tv_sec += (time_t)(ns / NS_PER_S + end_ns / NS_PER_S);
    until.tv_nsec = (long)(end_ns % NS_PER_S);
    int error;
    do /* to a point in time: signals do not make it longer */
        error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    while (error == EINTR);
    return error;
}

struct sleep {
    uint64_t seed, slack_ns;
};

enum { SLEEP_SLACK };
static const struct param sleep_params[] = {
    [SLEEP_SLACK] = {.name = "slack",
                     .kind = PARAM_DURATION,
                     .preset = "1ns", /* SLEEP_SLACK_NS */
                     .min = 1,
                     .max = 50000,
                     .help = "timer slack: how late the kernel may wake a sleeper to save wake-ups"},
    {.name = NULL},
};

static int sleep_prepare(const struct workload_config *config, void **state)
{
    struct sleep sleep = {.seed = config->seed, .slack_ns = (uint64_t)config->params[SLEEP_SLACK]};
    return work_state(&sleep, sizeof sleep, state);
}

static int sleep_run(void *state, const struct task *task, uint64_t *result)
{
    const struct sleep *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return sleep_for(task->size_ns, sleep->slack_ns);
}

static bool sleep_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct sleep *sleep = state;
    *result = sleep_result(sleep->seed, task->index, task->size_ns);
    return true;
}

const struct workload_ops workload_sleep = {
    .name = "sleep",
    .summary = "sleep-bound: waits without using a CPU",
    .params = sleep_params,
    .traits = WORKLOAD_SIZED,
    .class = TASK_SLEEP,
    .prepare = sleep_prepare,
    .run = sleep_run,
    .expect = sleep_expect,
    .release = free,
};
