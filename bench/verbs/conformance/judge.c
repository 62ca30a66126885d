/* One trial, looked at task by task. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/verbs/conformance/conformance.h"
#include "pools/parts/task_run.h"
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#define CLOCKS_APART_NS 2000 /* two CPUs' clocks agree within the time a line takes to travel */

__attribute__((format(printf, 2, 3))) static bool found(char *finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding, FINDING_MAX, format, arguments);
    va_end(arguments);
    return true;
}

bool trial_went_along(const struct trial_seen *seen)
{
    int status = seen->outcome->wait_status;
    bool ended_early = WIFSIGNALED(status) || seen->parts->report->stage == STAGE_RUN;
    return seen->demand->traits & DEMAND_DIES && !seen->outcome->timed_out && ended_early &&
           !seen->parts->report->error;
}

/* What all its tasks would have taken at the speed so far, and half as much again. */
static int64_t longer_ns(const struct trial_seen *seen)
{
    const struct missing *missing = &seen->outcome->missing;
    double back = missing->handed_in - missing->count, tasks = (double)seen->cell->f.tasks;
    double times = back > 0 && tasks > back ? fmin(tasks / back, 100) : 2;
    return (int64_t)ceil(1.5e-9 * times * (double)seen->limit_ns) * 1000000000;
}

/* How it ended. */
static bool judge_end(const struct trial_seen *seen, char *finding)
{
    const struct outcome *outcome = seen->outcome;
    const struct trial_report *report = seen->parts->report;
    char limit[32], longer[32], missing[96];
    if (outcome->timed_out && seen->moves)
        return found(finding, "too slow to tell: it was still getting on after %s%s; try --trial-limit %s or more",
                     spell_duration(limit, sizeof limit, (int64_t)seen->limit_ns),
                     missing_words(&outcome->missing, missing, sizeof missing),
                     spell_duration(longer, sizeof longer, longer_ns(seen)));
    if (outcome->timed_out)
        return found(
            finding,
            "hangs: did not end in %s%s, nor got on for half of that; a longer --trial-limit tells whether it is slow",
            spell_duration(limit, sizeof limit, (int64_t)seen->limit_ns),
            missing_words(&outcome->missing, missing, sizeof missing));
    if (WIFSIGNALED(outcome->wait_status))
        return found(finding, "crashes: killed by signal %d (%s)", WTERMSIG(outcome->wait_status),
                     strsignal(WTERMSIG(outcome->wait_status)));
    if (report->error || report->stage != STAGE_DONE)
        return found(finding, "%s",
                     report->reason[0] ? report->reason
                     : report->error   ? strerror(report->error)
                                       : "the process ended early");
    if (report->strangers)
        return found(finding, "%u more threads ran tasks than its shape says", report->strangers);
    if (report->left_children > 0 || outcome->left_processes)
        return found(finding, "close leaves processes behind");
    return false;
}

static bool judge_sample(const struct trial_seen *seen, const struct sample *s, char *finding)
{
    const struct cell *cell = seen->cell;
    bool must_fail = fault_find(&cell->faults, CONFORMANCE_SEED, s->task) != FAULT_NONE;
    if (must_fail && s->status == TASK_OK)
        return found(finding, "task %u must fail and came back as done", s->task);
    bool beside = seen->demand->traits & DEMAND_DIES && cell->shape.threads; /* who shared its process */
    if (beside && s->status == TASK_COLLATERAL)
        return false;
    if (!must_fail && s->status != TASK_OK)
        return found(finding, "task %u must not fail and came back as failed, code %d", s->task, s->code);
    if (s->worker >= cell->shape.workers)
        return found(finding, "task %u was run by worker %u of %u", s->task, s->worker, cell->shape.workers);
    if (s->pid <= 0)
        return found(finding, "task %u has no process", s->task);
    if (s->status == TASK_OK && (s->submit_ns > s->start_ns + CLOCKS_APART_NS || s->start_ns > s->end_ns ||
                                 s->end_ns > s->reap_ns + CLOCKS_APART_NS))
        return found(finding, "the times of task %u go backwards", s->task);
    const struct placement *placement = &cell->placement;
    if (seen->demand->traits & DEMAND_PLACES && !placement->reason[0] && s->cpu / 64 < placement->words &&
        !(placement->masks[(size_t)s->worker * placement->words + s->cpu / 64] >> (s->cpu % 64) & 1))
        return found(finding, "task %u of worker %u ran on CPU %u, which is not its place", s->task, s->worker, s->cpu);
    return false;
}

/* Every task once. */
static bool judge_samples(const struct trial_seen *seen, char *finding)
{
    const struct trial_report *report = seen->parts->report;
    uint32_t tasks = (uint32_t)seen->cell->f.tasks;
    bool *is_back = calloc(tasks + 1, sizeof *is_back), bad = false;
    if (!is_back)
        return found(finding, "no memory to look at %u tasks", tasks);
    if (report->samples_count != tasks)
        bad = found(finding, "%llu of %u tasks came back", (unsigned long long)report->samples_count, tasks);
    for (uint64_t i = 0; i < report->samples_count && !bad; i++) {
        const struct sample *s = &seen->parts->samples[i];
        if (s->task >= tasks)
            bad = found(finding, "task %u came back and was never handed in", s->task);
        else if (is_back[s->task])
            bad = found(finding, "task %u came back twice", s->task);
        else if (seen->cell->f.collect == COLLECT_ORDERED && s->task != i)
            bad = found(finding, "task %u came before task %llu", s->task, (unsigned long long)i);
        else
            bad = judge_sample(seen, s, finding);
        if (!bad)
            is_back[s->task] = true;
    }
    free(is_back);
    return bad;
}

static bool judge_usage(const struct trial_seen *seen, char *finding)
{
    const struct usage *usage = &seen->parts->report->usage;
    int64_t told = usage->user_ns + usage->sys_ns, work = seen->cell->f.size_ns * seen->cell->f.tasks;
    char used[32], must[32];
    if (told >= work / 2)
        return false;
    return found(finding, "usage tells of %s of CPU time, the tasks alone are %s",
                 spell_duration(used, sizeof used, told), spell_duration(must, sizeof must, work));
}

void trial_judge(const struct trial_seen *seen, char *finding, char *note)
{
    const struct trial_report *report = seen->parts->report;
    finding[0] = '\0';
    if (trial_went_along(seen)) {
        if (seen->cell->shape.processes)
            found(finding,
                  "a task that ends its process takes the whole trial with it, although workers are processes");
        return;
    }
    bool bad = judge_end(seen, finding);
    if (!bad && seen->demand->conformance != CONFORMANCE_REAP)
        bad = judge_samples(seen, finding);
    if (!bad && seen->demand->traits & DEMAND_CPU_TIME)
        bad = judge_usage(seen, finding);
    if (!bad && report->left_threads > 0)
        snprintf(note, FINDING_MAX, "%d thread%s of it live on after close, until the process ends",
                 report->left_threads, report->left_threads == 1 ? "" : "s");
    else if (!bad && report->left_fds > 0)
        snprintf(note, FINDING_MAX, "%d descriptor%s stay open after close", report->left_fds,
                 report->left_fds == 1 ? "" : "s");
}
