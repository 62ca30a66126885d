/* A trial, from a checked job to its report, stage by stage. */
#include "bench/trial/trial.h"
#include "pools/parts/usage.h"
#include "pools/plugin/adapter.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int trial_say(struct trial *trial, int rc, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(trial->report->reason, sizeof trial->report->reason, format, arguments);
    va_end(arguments);
    return rc;
}

int trial_fail(struct trial *trial, int rc, const char *what)
{
    if (!trial->report->reason[0])
        trial_say(trial, rc, "%s: %s", what, adapter_reason()[0] ? adapter_reason() : strerror(-rc));
    trial->report->error = -rc;
    return rc;
}

/* Atomic: the compiler must not put it off, the next step may crash. Release: who looks while we run finds in the
 * report what a stage has brought. */
static void stage(struct trial *trial, enum report_stage stage)
{
    trial->report->stage_ns[stage] = (int64_t)clock_monotonic_ns();
    __atomic_store_n(&trial->report->stage, stage, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static uint64_t elapsed_ns(uint64_t since)
{
    return clock_to_ns(clock_ticks() - since);
}

static int open_pool(struct trial *trial)
{
    uint64_t start = clock_ticks();
    int rc = trial->ops->open(&trial->config, &trial->job, &trial->pool);
    trial->report->open_ns = (int64_t)elapsed_ns(start);
    if (rc == 0 && trial->ops->peek)
        trial->ops->peek(trial->pool, trial->report->peeks);
    return rc;
}

static void usage_since(struct usage *now, const struct usage *before)
{
    now->user_ns -= before->user_ns;
    now->sys_ns -= before->sys_ns;
    now->nvcsw -= before->nvcsw;
    now->nivcsw -= before->nivcsw;
    now->minflt -= before->minflt;
    now->majflt -= before->majflt;
    now->migrations -= before->migrations;
    now->kind_migrations -= before->kind_migrations;
    now->program_user_ns -= before->program_user_ns;
    now->program_sys_ns -= before->program_sys_ns;
    now->programs -= before->programs;
    now->workers_lost -= before->workers_lost;
    now->replace_ns -= before->replace_ns;
    if (now->runqueue_ns >= 0 && before->runqueue_ns >= 0)
        now->runqueue_ns -= before->runqueue_ns;
}

static int64_t thread_cpu_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now); /* cannot fail for the own thread */
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int run_pool(struct trial *trial)
{
    struct trial_report *report = trial->report;
    const struct pool_ops *ops = trial->ops;
    struct usage before, after;
    stage(trial, STAGE_WARMUP);
    int rc = drive_warmup(trial);
    if (rc < 0)
        return trial_fail(trial, rc, "warm-up");
    rc = ops->usage(trial->pool, false, &before);
    if (rc < 0)
        return trial_fail(trial, rc, "usage before the run");
    stage(trial, STAGE_RUN);
    counting_read(trial, false);
    const int64_t waited_ns = usage_waited_ns();
    int64_t cpu_ns = thread_cpu_ns();
    rc = trial->file->conformance == CONFORMANCE_REAP ? conformance_reap(trial) : drive(trial);
    report->submitter_ns = thread_cpu_ns() - cpu_ns;
    report->submitter_wait_ns = waited_ns < 0 ? -1 : usage_waited_ns() - waited_ns;
    counting_read(trial, true);
    if (rc < 0)
        return trial_fail(trial, rc, "run");
    rc = ops->usage(trial->pool, true, &after);
    if (rc < 0)
        return trial_fail(trial, rc, "usage after the run");
    usage_since(&after, &before);
    report->usage = after;
    steady_report(trial);
    apart_report(trial);
    if (trial->job.workload->observe) {
        report->parent_sees = trial->job.workload->observe(trial->job.state);
        report->observed = 1;
    }
    if (trial->job.workload->views)
        report->views_count = trial->job.workload->views(trial->job.state, report->views);
    return 0;
}

struct inside {
    struct trial *trial;
    int (*body)(struct trial *trial);
    bool called;
    int rc;
};

static void inside_body(void *arg)
{
    struct inside *inside = arg;
    inside->called = true;
    inside->rc = inside->body(inside->trial);
}

int pool_inside(struct trial *trial, int (*body)(struct trial *trial))
{
    struct inside inside = {trial, body, false, 0};
    if (!trial->ops->enter)
        return body(trial);
    int rc = trial->ops->enter(trial->pool, inside_body, &inside);
    if (rc >= 0 && !inside.called)
        rc = trial_say(trial, -EPROTO, "enter did not call its body");
    return inside.rc < 0 ? inside.rc : rc < 0 ? trial_fail(trial, rc, "enter") : 0;
}

static int close_pool(struct trial *trial)
{
    uint64_t start = clock_ticks();
    int rc = trial->ops->close(trial->pool);
    trial->report->close_ns = (int64_t)elapsed_ns(start);
    return rc < 0 ? trial_fail(trial, rc, "close") : 0;
}

int trial_run(struct trial *trial)
{
    int rc = setup_pool(trial);
    if (rc < 0)
        return trial_fail(trial, rc, "pool");
    counting_open(trial);
    stage(trial, STAGE_EARLY);
    if (trial->ops->early && (rc = trial->ops->early(&trial->config)) < 0)
        return trial_fail(trial, rc, "early");
    stage(trial, STAGE_PREPARE);
    if ((rc = setup_job(trial)) < 0)
        return trial_fail(trial, rc, "prepare");
    stage(trial, STAGE_BALLAST);
    if ((rc = setup_ballast(trial)) < 0)
        return trial_fail(trial, rc, "ballast");
    if ((rc = setup_arrays(trial)) < 0)
        return trial_fail(trial, rc, "memory for the tasks");
    schedule_make(trial);
    trial->report->ideal_ns = schedule_ideal_ns(trial);
    int fds = trial->file->conformance ? conformance_fds() : -1;
    stage(trial, STAGE_OPEN);
    if ((rc = open_pool(trial)) < 0)
        return trial_fail(trial, rc, "open");
    rc = pool_inside(trial, run_pool);
    if (rc == -ETIME) /* a worker cannot be stopped: main ends the process with it */
        return rc;
    enum report_stage reached = (enum report_stage)trial->report->stage;
    if (rc == 0)
        stage(trial, STAGE_CLOSE);
    int closed = close_pool(trial);
    trial->report->strangers = adapter_strangers();
    if (trial->file->conformance)
        conformance_leftovers(trial, fds);
    if (rc < 0 || closed < 0) {
        stage(trial, rc < 0 ? reached : STAGE_CLOSE);
        return rc < 0 ? rc : closed;
    }
    stage(trial, STAGE_VERIFY);
    if ((rc = verify_results(trial)) < 0)
        return trial_fail(trial, rc, "verify");
    stage(trial, STAGE_DONE);
    return 0;
}
