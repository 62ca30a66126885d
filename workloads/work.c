/* What workloads share, see work.h. */
#include "workloads/work.h"
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

int work_state(const void *initial, size_t bytes, void **state)
{
    void *copy = malloc(bytes);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, initial, bytes);
    *state = copy;
    return 0;
}

int work_prepare(const struct workload_config *config, void **state)
{
    struct work work = {.seed = config->seed};
    memcpy(work.params, config->params, sizeof work.params);
    return work_state(&work, sizeof work, state);
}

int work_refuse(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, WORKLOAD_ERROR_MAX, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

bool work_expect_chain(const void *state, const struct task *task, uint64_t *result)
{
    const uint64_t *seed = state;
    *result = lcg_skip(work_start(*seed, task->index), task->iterations);
    return true;
}

/* Not inlined: its alignment, and so its speed, is the same for every caller. */
__attribute__((noinline)) uint64_t spin_chain(uint64_t x, uint64_t iterations)
{
    for (uint64_t i = 0; i < iterations; i++) {
        x = lcg_next(x);
        __asm__ volatile(""
                         : "+r"(x)); /* each step is taken: the compiler must not combine or unroll them into fewer */
    }
    return x;
}

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
