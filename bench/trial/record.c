/* A finished task becomes counts, sums, histogram entries and, for some, a sample. Called for every task while the
 * trial is timed: what can wait, waits. */
#include "bench/job/histogram.h"
#include "bench/trial/trial.h"
#include "pools/parts/task_run.h"

static uint64_t since(uint64_t from, uint64_t to)
{
    return to > from ? clock_to_ns(to - from) : 0; /* clocks of two CPUs may be a few ticks apart */
}

static void count(struct trial *trial, enum phase phase, uint64_t ns)
{
    trial->histograms[(size_t)phase * HISTOGRAM_BUCKETS + histogram_bucket(ns)]++;
}

/* How long the task waited, ran, and waited to be taken back. Rarely is that longer than a second or so, or below 0;
 * the others are counted at once, as this is most of what timing costs beside the clock itself. */
static inline void count_spans(struct trial *trial, uint64_t from, const struct done *done, uint64_t reaped_at)
{
    const uint64_t queue = done->start - from, service = done->end - done->start, back = reaped_at - done->end;
    if (__builtin_expect((queue | service | back) >> 31 != 0, 0)) {
        count(trial, PHASE_QUEUE, since(from, done->start));
        count(trial, PHASE_SERVICE, since(done->start, done->end));
        count(trial, PHASE_RETURN, since(done->end, reaped_at));
        return;
    }
    const histogram_buckets ticks = {(int32_t)queue, (int32_t)service, (int32_t)back, 0};
    const float ns_per_tick = (float)clock_source.mult * 0x1p-32f;
    const histogram_buckets at =
        histogram_bucket_of_each(__builtin_convertvector(ticks, histogram_times) * ns_per_tick);
    uint32_t *histogram = trial->histograms;
    histogram[PHASE_QUEUE * HISTOGRAM_BUCKETS + (uint32_t)at[0]]++;
    histogram[PHASE_SERVICE * HISTOGRAM_BUCKETS + (uint32_t)at[1]]++;
    histogram[PHASE_RETURN * HISTOGRAM_BUCKETS + (uint32_t)at[2]]++;
}

/* Tasks that were handed in together and are taken back together have one latency. */
static void count_latency(struct trial *trial, uint64_t from, uint64_t reaped_at, uint32_t tasks)
{
    trial->histograms[PHASE_LATENCY * HISTOGRAM_BUCKETS + histogram_bucket(since(from, reaped_at))] += tasks;
}

static int64_t from_gate(const struct trial *trial, uint64_t ticks)
{
    return ticks ? (int64_t)since(trial->gate, ticks) : -1;
}

static void record_sample(struct trial *trial, const struct done *done, uint64_t reaped_at)
{
    uint32_t task = done->task;
    trial->samples[trial->report->samples_count] = (struct sample){
        .due_ns = trial->due ? (int64_t)clock_to_ns(trial->due[task]) : -1,
        .submit_ns = from_gate(trial, trial->submitted[task]),
        .start_ns = from_gate(trial, done->start),
        .end_ns = from_gate(trial, done->end),
        .reap_ns = from_gate(trial, reaped_at),
        .result = done->result,
        .task = task,
        .pid = done->pid,
        .code = done->code,
        .worker = done->worker,
        .cpu = done->cpu,
        .status = done->status,
    };
    /* release: should a worker take this process down now, what is counted is whole */
    __atomic_store_n(&trial->report->samples_count, trial->report->samples_count + 1, __ATOMIC_RELEASE);
}

/* How a failure that was asked for must end, if no other one takes the process of the task down first. */
static bool as_asked(enum fault_kind fault, const struct done *done)
{
    switch (fault) {
    case FAULT_NONE:
        return done->status == TASK_OK;
    case FAULT_WRONG: /* without an output, verify.c finds it */
        return done->status == TASK_WRONG || done->status == TASK_OK;
    case FAULT_ERROR:
    case FAULT_FDLEAK:
        return done->status == TASK_ERROR;
    case FAULT_EXIT:
        return done->status == TASK_EXITED;
    case FAULT_HANG:
    case FAULT_STOP:
        return done->status == TASK_TIMEOUT;
    default:
        return done->status == TASK_SIGNALLED;
    }
}

/* From the fault to its report; of a task that ran too long, from its start. */
static void count_detection(struct trial *trial, const struct done *done, uint64_t reaped_at)
{
    uint64_t from = done->status == TASK_TIMEOUT && done->start ? done->start : done->end;
    if (from && done->status != TASK_COLLATERAL)
        count(trial, PHASE_DETECT, since(from, reaped_at));
}

/* A task that is not handed in has no results, and no times but when it was due. */
static void record_dropped(struct trial *trial, const struct done *done)
{
    trial->report->tasks_by[TASK_DROPPED]++;
    bit_set(trial->failed, done->task);
    if (bit_test(trial->sampled, done->task) && trial->report->samples_count < trial->file->samples_max)
        record_sample(trial, done, 0);
}

void record_done(struct trial *trial, const struct done *done, uint64_t reaped_at)
{
    struct trial_report *report = trial->report;
    uint32_t task = done->task;
    if (done->status == TASK_DROPPED) {
        record_dropped(trial, done);
        return;
    }
    if (done->status == TASK_OK) {
        report->tasks_ok++;
        report->result_sum += mix64(task, done->result);
        if (bit_test(trial->to_check, task) && trial->checked_count < trial->checked_max)
            trial->checked[trial->checked_count++] = (struct checked){task, done->result};
    } else {
        report->tasks_failed++;
        bit_set(trial->failed, task);
        const struct workload_ops *workload = trial->job.workload;
        /* a command that may fail was run all the same, and not every pool can tell which have failed (xargs) */
        if (done->status == TASK_EXITED && workload->may_fail && workload->may_fail(trial->job.state))
            report->result_sum += mix64(task, done->result);
        count_detection(trial, done, reaped_at);
    }
    report->tasks_by[done->status]++;
    report->retries += done->retries;
    if (done->status != TASK_COLLATERAL && !as_asked(task_fault(&trial->job, task), done))
        if (!trial->unasked++)
            trial->first_unasked = *done;
    bool returned = done->status == TASK_OK || done->status == TASK_ERROR || done->status == TASK_WRONG;
    if (returned && done->end) { /* timed, and it lived to tell */
        uint64_t from = trial->due ? trial->gate + trial->due[task] : trial->submitted[task];
        count_spans(trial, from, done, reaped_at);
        count_latency(trial, from, reaped_at, 1);
        if (trial->latencies)
            trial->latencies[task] = since(from, reaped_at);
    }
    if (trial->due)
        count(trial, PHASE_LATE, since(trial->gate + trial->due[task], trial->submitted[task]));
    if (bit_test(trial->sampled, task) && report->samples_count < trial->file->samples_max)
        record_sample(trial, done, reaped_at);
}

/* Whether a task that is ok asks for more than counting it: it is sampled, or its result is to be checked. */
static bool is_kept(const struct trial *trial, uint32_t task)
{
    return (trial->sampled[task / 64] | trial->to_check[task / 64]) >> (task % 64) & 1;
}

/* Nearly all tasks end as they should, and only their numbers are wanted: those are counted here, the rest one by one.
 */
void record_all(struct trial *trial, const struct done *done, int count, uint64_t reaped_at)
{
    struct trial_report *report = trial->report;
    const bool plain = !trial->due && !trial->job.faults.count;
    uint64_t sum = 0, ok = 0, from = 0;
    uint32_t together = 0;
    for (const struct done *end = done + count; done < end; done++) {
        if (!plain || done->status != TASK_OK || done->retries || is_kept(trial, done->task)) {
            record_done(trial, done, reaped_at);
            continue;
        }
        ok++;
        sum += mix64(done->task, done->result);
        if (!done->end)
            continue;
        if (trial->submitted[done->task] != from) {
            count_latency(trial, from, reaped_at, together);
            from = trial->submitted[done->task];
            together = 0;
        }
        together++;
        count_spans(trial, from, done, reaped_at);
    }
    count_latency(trial, from, reaped_at, together);
    report->result_sum += sum;
    report->tasks_by[TASK_OK] += (int64_t)ok;
    report->tasks_ok += (int64_t)ok;
}
