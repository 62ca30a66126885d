/* See sibling.h. */
#include "bench/measure/sibling.h"
#include "bench/base/refuse.h"
#include "bench/job/subset.h"
#include "bench/machine/switches.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TASKS_MOST    1000000u /* that are kept of a trial */
#define RING_BYTES    262144u
#define TASK_BYTES    64u      /* of records, for a task of workers that live on: two switches and more */
#define PROCESS_BYTES 512u     /* and where it is a process: made, named, ended, and four switches */
#define SAMPLES_BYTES 1048576u /* of chains: some thousands */
#define LARGER        8u       /* times, where records were lost */

/* Those that the cell may use; all that the harness may, where it is not pinned. */
static unsigned cpus_of(const struct session *session, const struct cell *cell, unsigned **cpus)
{
    const struct placement *placement = &cell->placement;
    const hwloc_const_bitmap_t allowed = session->machine.allowed;
    const int most = hwloc_bitmap_last(allowed);
    unsigned count = 0;
    *cpus = calloc(most < 0 ? 1 : (size_t)most + 1, sizeof **cpus);
    for (int cpu = hwloc_bitmap_first(allowed); *cpus && cpu >= 0; cpu = hwloc_bitmap_next(allowed, cpu)) {
        const unsigned word = (unsigned)cpu / 64;
        bool is_used = placement->reason[0] || word >= placement->words;
        if (!is_used)
            is_used = placement->main_mask[word] >> (cpu % 64) & 1;
        for (unsigned i = 0; i < cell->shape.workers && !is_used; i++)
            is_used = placement->masks[(size_t)i * placement->words + word] >> (cpu % 64) & 1;
        if (is_used)
            (*cpus)[count++] = (unsigned)cpu;
    }
    return count;
}

/* What the kernel writes down of a trial. */
struct records {
    struct switch_record *record;
    size_t count;
    struct stacks_found found;
    bool lost;
};

static void records_release(struct records *records)
{
    free(records->record);
    stacks_found_release(&records->found);
    *records = (struct records){0};
}

static int records_read(const struct rings *switches, const struct stacks *stacks, struct records *records)
{
    bool lost = false;
    int rc = switches_read(switches, &records->record, &records->count, &records->lost);
    if (!rc && stacks)
        rc = stacks_read(stacks, &records->found, &lost);
    records->lost = records->lost || lost;
    return rc;
}

static int records_take(struct session *session, struct sibling *sibling, size_t bytes, struct records *records,
                        char *error)
{
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    struct switches_refused refused;
    struct rings switches;
    struct stacks stacks;
    unsigned *cpus;
    const unsigned many = cpus_of(session, sibling->cell, &cpus);
    int rc = cpus ? 0 : refuse_as(-ENOMEM, error, "out of memory");
    pid_t guard = 0; /* one that is dead is replaced by the trial that follows, which then has no states */
    const bool opened =
        !rc && !guard_number(&launcher->guard, &guard) && !switches_open(&switches, guard, cpus, many, bytes, &refused);
    const bool sampled = opened && sibling->folded &&
                         !stacks_open(&stacks, sibling->can, guard, cpus, many, SAMPLES_BYTES + bytes, &refused);
    records->lost = !opened || (sibling->folded && !sampled);
    if (!rc)
        rc = session_watch(session, &sibling->facts, error);
    if (opened && !rc && records_read(&switches, sampled ? &stacks : NULL, records))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    if (opened)
        rings_close(&switches);
    if (sampled)
        stacks_close(&stacks);
    free(cpus);
    return rc;
}

/* ---- what they say ---- */

static uint64_t monotonic(const struct trial_report *report, int64_t ns)
{
    return ns < 0 ? 0 : (uint64_t)(report->gate_ns + llround((double)ns * report->clock_rate));
}

/* Of all tasks that were handed in; NULL: no memory. */
static struct task_times *tasks_of(const struct job_parts *parts, size_t *count)
{
    const struct trial_report *report = parts->report;
    struct task_times *tasks = calloc(report->samples_count + 1, sizeof *tasks);
    *count = 0;
    for (uint64_t i = 0; tasks && i < report->samples_count; i++) {
        const struct sample *sample = &parts->samples[i];
        if (sample->status == TASK_DROPPED)
            continue;
        tasks[(*count)++] =
            (struct task_times){monotonic(report, sample->submit_ns), monotonic(report, sample->start_ns),
                                monotonic(report, sample->end_ns), monotonic(report, sample->reap_ns), sample->worker};
    }
    return tasks;
}

static void phases_set(const struct trial_report *report, struct slots_from *from)
{
    const uint64_t gate = (uint64_t)report->gate_ns;
    const uint64_t begin[TRIAL_PHASES] = {(uint64_t)report->stage_ns[STAGE_OPEN],
                                          (uint64_t)report->stage_ns[STAGE_WARMUP], gate,
                                          (uint64_t)report->stage_ns[STAGE_CLOSE]};
    const uint64_t end[TRIAL_PHASES] = {begin[TRIAL_WARMUP], gate, monotonic(report, report->wall_ns),
                                        (uint64_t)report->stage_ns[STAGE_VERIFY]};
    memcpy(from->from_ns, begin, sizeof begin);
    memcpy(from->to_ns, end, sizeof end);
}

/* Records against what the kernel has counted of the workers, and what the hypervisor took in that time. */
static void sources_compare(struct sibling *sibling)
{
    const struct trial_facts *facts = &sibling->facts;
    const struct trial_report *report = facts->parts.report;
    const bool is_submitter = sibling->cell->pool->traits & POOL_SUBMITTER_WORKS;
    const double cpu = (double)(report->usage.user_ns + report->usage.sys_ns);
    const double steal =
        facts->outside.steal_ns < 0 || !facts->outcome.elapsed_ns
            ? NAN
            : (double)facts->outside.steal_ns * (double)report->wall_ns / (double)facts->outcome.elapsed_ns;
    sibling->apart_ns = slots_compare(
        &sibling->sum, is_submitter ? (double)report->submitter_ns : cpu - (double)report->submitter_ns, steal);
}

static int states_make(struct sibling *sibling, const struct records *records)
{
    const struct job_parts *parts = &sibling->facts.parts;
    const struct cell *cell = sibling->cell;
    struct threads threads;
    size_t tasks;
    struct task_times *task = tasks_of(parts, &tasks);
    int rc = task ? threads_make(records->record, records->count, sibling->facts.outcome.pid, cell->pool->traits,
                                 &cell->shape, &threads)
                  : -ENOMEM;
    if (!rc) {
        struct slots_from from = {.threads = &threads,
                                  .task = task,
                                  .tasks = tasks,
                                  .are_timed = cell->f.timing != 0,
                                  .are_made = cell->pool->traits & POOL_TASK_IS_PROCESS && !cell->shape.forkers,
                                  .workers = cell->shape.workers};
        phases_set(parts->report, &from);
        rc = slots_add_up(&from, &sibling->sum);
        if (!rc)
            rc = spans_make(&from, &sibling->spans);
        if (!rc && sibling->folded)
            rc = folded_add(sibling->folded, &records->found, &from, &sibling->stacks);
        threads_release(&threads);
    }
    if (!rc)
        sources_compare(sibling);
    free(task);
    return rc;
}

/* Those of a published trial stay. */
static int samples_thin(const struct job_parts *parts, int64_t wanted)
{
    struct job_file *file = parts->file;
    const uint64_t keep = wanted == SAMPLES_ALL || (uint64_t)wanted > file->tasks ? file->tasks : (uint64_t)wanted;
    uint64_t *bits = calloc(file->tasks / 64 + 1, sizeof *bits), kept = 0;
    if (!bits)
        return -ENOMEM;
    subset_draw(bits, file->sample_seed, file->tasks, keep);
    for (uint64_t i = 0; i < parts->report->samples_count; i++)
        if (parts->samples[i].task < file->tasks && bit_test(bits, parts->samples[i].task))
            parts->samples[kept++] = parts->samples[i];
    parts->report->samples_count = kept;
    file->samples_max = keep;
    free(bits);
    return 0;
}

static size_t ring_bytes(const struct cell *cell)
{
    const size_t each = cell->pool->traits & POOL_TASK_IS_PROCESS ? PROCESS_BYTES : TASK_BYTES;
    return RING_BYTES + each * (size_t)cell->f.tasks;
}

static int job_prepare(struct session *session, struct sibling *sibling, char *error)
{
    const struct settings *settings = &session->request.settings;
    const struct job_order order = {settings->seed, sibling->kind != PROFILE_COUNTERS ? SAMPLES_ALL : settings->samples,
                                    mix64(settings->seed, sibling->block), CONFORMANCE_NOT, sibling->block};
    sibling->facts = (struct trial_facts){
        .cell = sibling->cell,
        .block = sibling->block,
        .position = sibling->position,
        .attempt = 1,
        .labelled = calibration_holds(session->calibrations, sibling->cell->workload, sibling->cell->workload_params),
        .started_ns = (int64_t)(clock_monotonic_ns() - session->start_ns)};
    return job_write_trial(calibrations_launcher(session->calibrations), sibling->cell, &order, &sibling->facts.parts,
                           error);
}

static int states_try(struct session *session, struct sibling *sibling, size_t bytes, bool *lost, char *error)
{
    struct records records = {0};
    struct job_parts *parts = &sibling->facts.parts;
    int rc = job_prepare(session, sibling, error);
    if (!rc) { /* pages that are there cost the trial less */
        memset(parts->samples, 0, (size_t)sibling->cell->f.tasks * sizeof *parts->samples);
        rc = records_take(session, sibling, bytes, &records, error);
    }
    *lost = records.lost;
    sibling->has_found = !rc && !*lost && records.count && parts->report->stage == STAGE_DONE;
    if (sibling->has_found && states_make(sibling, &records))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    records_release(&records);
    return rc;
}

static int states_run(struct session *session, struct sibling *sibling, char *error)
{
    const size_t bytes = ring_bytes(sibling->cell);
    bool lost;
    int rc = states_try(session, sibling, bytes, &lost, error);
    if (!rc && lost && !sibling->facts.outcome.interrupted)
        rc = states_try(session, sibling, LARGER * bytes, &lost, error);
    if (!rc && samples_thin(&sibling->facts.parts, session->request.settings.samples))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    return rc;
}

static int counters_run(struct session *session, struct sibling *sibling, char *error)
{
    int rc = job_prepare(session, sibling, error);
    struct job_file *file = sibling->facts.parts.file;
    sibling->counted_count = counters_choose(sibling->counters, sibling->turn, sibling->counted);
    for (unsigned i = 0; i < sibling->counted_count && !rc; i++)
        file->counters[i] = sibling->counters->counter[sibling->counted[i]].asked;
    if (!rc) {
        file->counters_count = sibling->counted_count;
        rc = session_watch(session, &sibling->facts, error);
    }
    sibling->has_found = !rc && sibling->facts.parts.report->stage == STAGE_DONE;
    return rc;
}

int sibling_run(struct session *session, struct sibling *sibling, char *error)
{
    const bool is_states = sibling->kind != PROFILE_COUNTERS;
    sibling->has_found = false;
    sibling->is_left_out =
        is_states && (sibling->cell->f.tasks > TASKS_MOST || job_trial_check(sibling->cell, SAMPLES_ALL, error));
    if (sibling->is_left_out)
        return 0;
    int rc = is_states ? states_run(session, sibling, error) : counters_run(session, sibling, error);
    session->interrupted = sibling->facts.outcome.interrupted;
    return rc;
}

/* ---- rows ---- */

static int row_put(struct csv_writer *states, struct state_row *row, const char *role, const char *phase,
                   const char *state, const char *by)
{
    snprintf(row->role, sizeof row->role, "%s", role);
    snprintf(row->phase, sizeof row->phase, "%s", phase);
    snprintf(row->state, sizeof row->state, "%s", state);
    snprintf(row->by, sizeof row->by, "%s", by);
    snprintf(row->source, sizeof row->source, "switches");
    return csv_put(states, row);
}

static int slots_put(struct csv_writer *states, const struct sibling *sibling, int64_t trial_id)
{
    const double *ns = sibling->sum.slot_ns, on = ns[SLOT_BODY] + ns[SLOT_HAND];
    const char *role = thread_role_names[ROLE_WORKER], *phase = trial_phase_names[TRIAL_RUN];
    int rc = 0;
    for (int i = 0; i < SLOT_STATES && !rc; i++) {
        const bool is_on = i == SLOT_BODY || i == SLOT_HAND;
        struct state_row row = {.trial_id = trial_id, .ns = llround(ns[i]), .ns_error = MISSING, .count = MISSING};
        if (is_on && on > 0 && !isnan(sibling->apart_ns))
            row.ns_error = llround(sibling->apart_ns * ns[i] / on);
        if (row.ns)
            rc = row_put(states, &row, role, phase, slot_words[i].state, slot_words[i].by);
    }
    return rc;
}

static int role_put(struct csv_writer *states, const struct sibling *sibling, int role, int phase, int64_t trial_id)
{
    int rc = 0;
    for (int does = 0; does < THREAD_DOES && !rc; does++) {
        struct state_row row = {.trial_id = trial_id,
                                .ns = llround(sibling->sum.role_ns[role][phase][does]),
                                .ns_error = MISSING,
                                .count = sibling->sum.role_threads[role][phase]};
        if (row.ns)
            rc = row_put(states, &row, thread_role_names[role], trial_phase_names[phase], thread_does_names[does],
                         does == THREAD_WAITS ? "unknown" : "none");
    }
    return rc;
}

int sibling_states_put(struct csv_writer *states, const struct sibling *sibling, int64_t trial_id)
{
    int rc = slots_put(states, sibling, trial_id);
    for (int role = 0; role < ROLES && !rc; role++)
        for (int phase = 0; phase < TRIAL_PHASES && !rc; phase++)
            if (role != ROLE_WORKER || phase != TRIAL_RUN) /* those stand there as slots */
                rc = role_put(states, sibling, role, phase, trial_id);
    return rc ? rc : csv_flush(states);
}

static int counter_put(struct csv_writer *counted, const struct sibling *sibling, unsigned at, const char *role,
                       const struct counter_value *value, int64_t trial_id)
{
    const struct counter *counter = &sibling->counters->counter[sibling->counted[at]];
    struct counter_row row = {
        .trial_id = trial_id, .value = value->value, .enabled_ns = value->enabled_ns, .running_ns = value->running_ns};
    snprintf(row.role, sizeof row.role, "%s", role);
    snprintf(row.phase, sizeof row.phase, "%s", trial_phase_names[TRIAL_RUN]);
    snprintf(row.pmu, sizeof row.pmu, "%s", counter->pmu);
    snprintf(row.event, sizeof row.event, "%s", counter->event);
    snprintf(row.scope, sizeof row.scope, "%s", counter_scope(counter));
    snprintf(row.group, sizeof row.group, "%s", counter->group);
    snprintf(row.source, sizeof row.source, "perf_event");
    return csv_put(counted, &row);
}

/* What could not be opened or read this time has no row. */
int sibling_counters_put(struct csv_writer *counted, const struct sibling *sibling, int64_t trial_id)
{
    const bool submitter_works = sibling->cell->pool->traits & POOL_SUBMITTER_WORKS;
    int rc = 0;
    for (unsigned i = 0; i < sibling->counted_count && !rc; i++) {
        const struct counter_answer *answer = &sibling->facts.parts.report->counters[i];
        const struct counter_value *all = &answer->all, *own = &answer->submitter;
        const struct counter_value others = {all->value - own->value, all->enabled_ns - own->enabled_ns,
                                             all->running_ns - own->running_ns};
        if (answer->error)
            continue;
        const bool is_split = sibling->counters->counter[sibling->counted[i]].asked.is_split;
        rc = counter_put(counted, sibling, i, is_split ? thread_role_names[ROLE_SUBMITTER] : "all",
                         is_split ? own : all, trial_id);
        if (!rc && is_split && !submitter_works)
            rc = counter_put(counted, sibling, i, thread_role_names[ROLE_WORKER], &others, trial_id);
    }
    return rc ? rc : csv_flush(counted);
}
