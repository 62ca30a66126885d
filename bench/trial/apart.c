/* Latencies of some of the tasks apart: of each class of a workload that has two, and of those that came first after
 * idleness. Of the tasks whose latencies are told of the trial: those after the warm-up, or all where it has no end. */
#include "bench/job/histogram.h"
#include "bench/trial/trial.h"
#include "pools/parts/task_run.h"

#define IDLE_GAPS     10u /* mean gaps without any task: of random arrivals one gap in 22,000 is as long */
#define IDLE_LEAST_NS 1000000u

/* In the order in which tasks are due. */
struct idleness {
    uint64_t least_ns;
    uint64_t until_ns; /* the last of the tasks so far came back then */
    bool is_known;     /* when that is, and there has been one */
};

static uint64_t due_ns(const struct trial *trial, uint32_t task)
{
    return clock_to_ns(trial->due[task]);
}

static struct idleness idleness_begin(const struct trial *trial)
{
    const uint32_t tasks = trial->file->tasks;
    const uint64_t gap_ns = (due_ns(trial, tasks - 1) - due_ns(trial, 0)) / (tasks > 1 ? tasks - 1 : 1);
    return (struct idleness){.least_ns = gap_ns * IDLE_GAPS > IDLE_LEAST_NS ? gap_ns * IDLE_GAPS : IDLE_LEAST_NS};
}

/* Whether nothing had been there for so long when this task came. When one that failed came back nobody has noted. */
static bool is_first(struct idleness *idleness, const struct trial *trial, uint32_t task)
{
    const uint64_t came_ns = due_ns(trial, task), latency_ns = trial->latencies[task];
    const bool first = idleness->is_known && came_ns >= idleness->until_ns + idleness->least_ns;
    idleness->is_known = latency_ns != NO_LATENCY;
    if (idleness->is_known && came_ns + latency_ns > idleness->until_ns)
        idleness->until_ns = came_ns + latency_ns;
    return first;
}

static void count(struct trial *trial, enum phase phase, uint32_t task)
{
    trial->histograms[(size_t)phase * HISTOGRAM_BUCKETS + histogram_bucket(trial->latencies[task])]++;
}

bool apart_has_classes(const struct trial *trial)
{
    const int64_t arrival = trial->file->f.arrival.kind;
    return trial->job.workload->classify && (arrival == ARRIVAL_RATE || arrival == ARRIVAL_WINDOW);
}

void apart_report(struct trial *trial)
{
    const uint32_t tasks = trial->file->tasks;
    const bool has_idleness = trial->due && trial->file->f.arrival.process >= PROCESS_ON_OFF, /* and no regular gaps */
        has_classes = apart_has_classes(trial);
    uint64_t returned = 0, cut = trial->report->cut_tasks > 0 ? (uint64_t)trial->report->cut_tasks : 0;
    if (!tasks || (!has_idleness && !has_classes))
        return;
    for (uint32_t task = 0; task < tasks; task++)
        returned += trial->latencies[task] != NO_LATENCY;
    cut = cut < returned ? cut : 0;
    struct idleness idleness = has_idleness ? idleness_begin(trial) : (struct idleness){0};
    for (uint32_t task = 0; task < tasks; task++) {
        const bool first = has_idleness && is_first(&idleness, trial, task);
        if (trial->latencies[task] == NO_LATENCY || (cut && cut--))
            continue;
        if (first)
            count(trial, PHASE_FIRST, task);
        if (has_classes)
            count(trial, job_class(&trial->job, task) == TASK_CPU ? PHASE_CPU : PHASE_SLEEP, task);
    }
}
