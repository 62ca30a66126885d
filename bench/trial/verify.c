/* Were the results right? Where a workload can tell without the work, every task of a small trial is checked by its
 * sum; else a seeded share of the tasks is told or run again, here in the submitter. */
#include "bench/trial/trial.h"
#include "pools/task_run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SUM_CHECK_MAX = 20000 }; /* tasks: more would cost more than the trial itself */

static int wrong(struct trial *trial, uint32_t task, uint64_t is, uint64_t should)
{
    snprintf(trial->report->reason, sizeof trial->report->reason,
             "wrong result: task %" PRIu32 " gave %" PRIu64 ", must be %" PRIu64, task, is, should);
    return -EBADMSG;
}

static bool expected(const struct trial *trial, uint32_t index, uint64_t *result)
{
    const struct job *job = &trial->job;
    const struct workload_ops *workload = job->workload;
    struct task task = task_describe(job, index);
    if (workload->expect) {
        if (!workload->expect(job->state, &task, result))
            return false;
    } else if (workload->traits & WORKLOAD_OBSERVED || workload->run(job->state, &task, result) != 0) {
        return false;
    }
    *result = task_result(*result, task_input_hash(job_input(job, index), job->in_bytes));
    return true;
}

static int verify_sum(struct trial *trial)
{
    uint64_t sum = 0, result;
    for (uint32_t i = 0; i < trial->file->tasks; i++) {
        if (task_must_fail(&trial->job, i))
            continue;
        if (!expected(trial, i, &result))
            return 0;
        sum += mix64(i, result);
    }
    if (sum == trial->report->result_sum)
        return 0;
    snprintf(trial->report->reason, sizeof trial->report->reason,
             "wrong result: the sum over all tasks is %" PRIu64 ", must be %" PRIu64, trial->report->result_sum, sum);
    return -EBADMSG;
}

static bool may_fail(const struct trial *trial)
{
    const struct workload_ops *workload = trial->job.workload;
    return workload->may_fail && workload->may_fail(trial->job.state);
}

/* Failures that were asked for are part of the experiment; any other is a failed trial. */
static int verify_failures(struct trial *trial)
{
    int64_t asked_for = 0;
    if (trial->report->tasks_failed == 0 || may_fail(trial))
        return 0;
    for (uint32_t i = 0; i < trial->file->tasks; i++)
        asked_for += task_must_fail(&trial->job, i);
    if (asked_for == trial->report->tasks_failed)
        return 0;
    static const char *const words[] = {
        [TASK_ERROR] = "with error",        [TASK_EXITED] = "by exit status",     [TASK_SIGNALLED] = "by signal",
        [TASK_TIMEOUT] = "after its limit", [TASK_WRONG] = "with a wrong output", [TASK_COLLATERAL] = "with another",
        [TASK_LOST] = "and was lost",
    };
    const struct done *first = &trial->first_failed;
    char *reason = trial->report->reason;
    size_t room = sizeof trial->report->reason;
    int used = snprintf(reason, room, "%" PRId64 " of %" PRIu32 " tasks failed: task %" PRIu32 " %s",
                        trial->report->tasks_failed, trial->file->tasks, first->task, words[first->status]);
    if (first->status == TASK_ERROR)
        snprintf(reason + used, room - (size_t)used, " %d (%s)", first->code, strerror(first->code));
    else if (first->status <= TASK_SIGNALLED)
        snprintf(reason + used, room - (size_t)used, " %d", first->code);
    return -EIO;
}

/* What tasks have left behind belongs to what they gave: pools must agree on it too. */
static int add_what_was_left(struct trial *trial)
{
    const struct workload_ops *workload = trial->job.workload;
    uint64_t what;
    for (uint32_t i = 0; workload->left && i < trial->file->tasks; i++) {
        struct task task = task_describe(&trial->job, i);
        if (task_must_fail(&trial->job, i))
            continue;
        int rc = workload->left(trial->job.state, &task, &what, trial->report->reason);
        if (rc < 0)
            return rc;
        if (rc > 0)
            trial->report->result_sum += mix64(i, what);
    }
    return 0;
}

int verify_results(struct trial *trial)
{
    int rc = verify_failures(trial);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < trial->checked_count; i++) {
        const struct checked *checked = &trial->checked[i];
        uint64_t result;
        if (expected(trial, checked->task, &result) && result != checked->result)
            return wrong(trial, checked->task, checked->result, result);
    }
    const struct workload_ops *workload = trial->job.workload;
    bool all_count = trial->report->tasks_failed == 0 || !may_fail(trial);
    if (workload->expect && all_count && !(workload->traits & WORKLOAD_REDONE) && trial->file->tasks <= SUM_CHECK_MAX)
        rc = verify_sum(trial);
    return rc < 0 ? rc : add_what_was_left(trial);
}
