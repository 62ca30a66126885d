/* Were the results right? Where a workload can tell without the work, every task of a small trial is checked by its
 * sum; else a seeded share of the tasks is told or run again, here in the submitter. */
#include "bench/trial/trial.h"
#include "pools/parts/task_run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SUM_CHECK_MAX = 20000 }; /* tasks: more would cost more than the trial itself */

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
        if (bit_test(trial->failed, i))
            continue;
        if (!expected(trial, i, &result))
            return 0;
        sum += mix64(i, result);
    }
    if (sum == trial->report->result_sum)
        return 0;
    return trial_say(trial, -EBADMSG, "wrong result: the sum over all tasks is %" PRIu64 ", must be %" PRIu64,
                     trial->report->result_sum, sum);
}

static bool may_fail(const struct trial *trial)
{
    const struct workload_ops *workload = trial->job.workload;
    return workload->may_fail && workload->may_fail(trial->job.state);
}

/* Failures that were asked for are part of the experiment; any other is a failed trial. */
static int verify_failures(struct trial *trial)
{
    struct trial_report *report = trial->report;
    if (!trial->unasked || may_fail(trial))
        return 0;
    size_t used = (size_t)snprintf(report->reason, sizeof report->reason,
                                   "%" PRIu32 " of %" PRIu32 " tasks did not end as they should; in all",
                                   trial->unasked, trial->file->tasks);
    for (unsigned status = 0; status < TASK_STATUSES; status++)
        if (report->tasks_by[status] && used < sizeof report->reason)
            used += (size_t)snprintf(report->reason + used, sizeof report->reason - used, " %" PRId64 " %s",
                                     report->tasks_by[status], task_status_names[status]);
    const struct done *first = &trial->first_unasked;
    if (used < sizeof report->reason)
        used += (size_t)snprintf(report->reason + used, sizeof report->reason - used,
                                 "; the first was task %" PRIu32 ": %s %d", first->task,
                                 task_status_names[first->status], first->code);
    if (used < sizeof report->reason && first->status == TASK_ERROR)
        snprintf(report->reason + used, sizeof report->reason - used, " (%s)", strerror(first->code));
    return -EIO;
}

/* What was reported as ok has turned out to be wrong, as it was asked to. */
static void found_wrong(struct trial *trial, const struct checked *checked)
{
    struct trial_report *report = trial->report;
    bit_set(trial->failed, checked->task);
    report->tasks_ok--;
    report->tasks_failed++;
    report->tasks_by[TASK_OK]--;
    report->tasks_by[TASK_WRONG]++;
    report->result_sum -= mix64(checked->task, checked->result);
}

static int verify_checked(struct trial *trial)
{
    for (uint32_t i = 0; i < trial->checked_count; i++) {
        const struct checked *checked = &trial->checked[i];
        bool asked_for = task_fault(&trial->job, checked->task) == FAULT_WRONG;
        uint64_t result;
        bool differs = expected(trial, checked->task, &result) && result != checked->result;
        if (differs && asked_for)
            found_wrong(trial, checked);
        else if (differs)
            return trial_say(trial, -EBADMSG, "wrong result: task %" PRIu32 " gave %" PRIu64 ", must be %" PRIu64,
                             checked->task, checked->result, result);
        else if (asked_for)
            return trial_say(trial, -EBADMSG,
                             "task %" PRIu32 " gave a wrong result, as asked for, and no check found it",
                             checked->task);
    }
    for (uint64_t i = 0; i < trial->report->samples_count; i++)
        if (trial->samples[i].status == TASK_OK && bit_test(trial->failed, trial->samples[i].task))
            trial->samples[i].status = TASK_WRONG;
    return 0;
}

/* What tasks have left behind belongs to what they gave: pools must agree on it too. */
static int add_what_was_left(struct trial *trial)
{
    const struct workload_ops *workload = trial->job.workload;
    uint64_t what;
    for (uint32_t i = 0; workload->left && i < trial->file->tasks; i++) {
        struct task task = task_describe(&trial->job, i);
        if (task_fault(&trial->job, i) != FAULT_NONE || (trial->dropped && bit_test(trial->dropped, i)))
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
    if (rc == 0)
        rc = verify_checked(trial);
    const struct workload_ops *workload = trial->job.workload;
    bool all_count = trial->report->tasks_failed == 0 || !may_fail(trial);
    if (rc == 0 && workload->expect && all_count && !(workload->traits & WORKLOAD_REDONE) &&
        trial->file->tasks <= SUM_CHECK_MAX)
        rc = verify_sum(trial);
    return rc < 0 ? rc : add_what_was_left(trial);
}
