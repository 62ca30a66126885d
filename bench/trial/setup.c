/* What must be there before the pool opens: job, ballast, payload, and the arrays the driver writes. */
#include "bench/job/histogram.h"
#include "bench/job/warmup.h"
#include "bench/trial/trial.h"
#include "pools/parts/group.h"
#include "pools/parts/task_run.h"
#include "workloads/adapter.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define WARMUP_CPU_NS 2000000u      /* warm-up tasks keep no CPU for longer, nor, whatever they are, begin later */
#define CHECK_NS      2000000u      /* running results again takes about that, or one task */
#define INPUTS_LIMIT  (64ull << 20) /* bytes of distinct inputs */
#define HUGE_PAGE     (2ull << 20)

/* Memory for `count` things of `size`, zeroed and mapped, that children do not inherit. NULL when there is none. */
static void *trial_memory(size_t count, size_t size)
{
    size_t bytes = count * size;
    void *map =
        mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    /* a child that inherited it would make fork slower and the parent's next writes fault */
    if (madvise(map, bytes ? bytes : 1, MADV_DONTFORK) < 0)
        return NULL;
    return map;
}

int job_map(struct trial *trial, int flags)
{
    struct stat stat;
    if (fstat(trial->job_fd, &stat) < 0)
        return -errno;
    if (stat.st_size <= 0)
        return -EINVAL;
    char *map = mmap(NULL, (size_t)stat.st_size, PROT_READ | PROT_WRITE, flags | MAP_POPULATE, trial->job_fd, 0);
    if (map == MAP_FAILED)
        return -errno;
    const struct job_file *file = (const struct job_file *)map;
    int rc = job_check(file, (uint64_t)stat.st_size);
    if (rc < 0)
        return rc;
    /* no child needs it, and none can spoil it */
    if (madvise(map, (size_t)stat.st_size, MADV_DONTFORK) < 0)
        return -errno;
    if (fcntl(trial->job_fd, F_SETFD, FD_CLOEXEC) < 0)
        return -errno;
    trial->file = file;
    trial->report = (struct trial_report *)(map + file->at.report);
    trial->samples = (struct sample *)(map + file->at.samples);
    trial->histograms = (uint32_t *)(map + file->at.histograms);
    trial->reaped = (uint64_t *)(map + file->at.reaped);
    *trial->report = (struct trial_report){.epoch = file->epoch, .ideal_ns = -1};
    return 0;
}

uint32_t warmup_least(const struct trial *trial)
{
    uint32_t workers = trial->file->shape.workers, count = warmup_count(trial->ops, workers);
    return trial->ops->traits & POOL_TASK_IS_PROCESS || workers > count ? count : workers;
}

uint64_t warmup_limit_ns(const struct trial *trial)
{
    const struct job_file *file = trial->file;
    return WARMUP_CPU_NS * (uint64_t)(file->cpus < file->shape.workers ? file->cpus : file->shape.workers);
}

static struct cost warmup_cost(const struct trial *trial)
{
    const struct job_file *file = trial->file;
    struct cost cost = trial->costs[file->cost_count / 2];
    uint64_t most_ns = warmup_limit_ns(trial) / warmup_count(trial->ops, file->shape.workers);
    most_ns = most_ns < WARMUP_TASK_NS ? most_ns : WARMUP_TASK_NS;
    if ((uint64_t)cost.size_ns > most_ns) {
        cost.iterations = (uint64_t)((double)cost.iterations * (double)most_ns / (double)cost.size_ns);
        cost.iterations += cost.iterations == 0 && trial->costs[0].iterations != 0;
        cost.size_ns = most_ns;
    }
    return cost;
}

static int setup_inputs(struct trial *trial)
{
    struct job *job = &trial->job;
    job->in_bytes = trial->file->f.payload.in;
    job->out_bytes = trial->file->f.payload.out;
    if (!job->in_bytes)
        return 0;
    uint64_t count = INPUTS_LIMIT / job->in_bytes;
    job->in_count = count < 1 ? 1 : count > 1024 ? 1024 : (uint32_t)count;
    unsigned char *inputs = malloc((size_t)job->in_count * job->in_bytes);
    if (!inputs)
        return -ENOMEM;
    for (uint32_t i = 0; i < job->in_count; i++)
        task_output_fill(inputs + (size_t)i * job->in_bytes, job->in_bytes, mix64(trial->file->seed, i));
    job->inputs = inputs;
    return 0;
}

/* The values of the job, with texts as addresses in this process. */
static int values_copy(const struct job_file *file, const struct param *params, const int64_t *values, int64_t *copy)
{
    for (unsigned i = 0; params && params[i].name; i++) {
        copy[i] = values[i];
        if (params[i].kind == PARAM_TEXT && values[i])
            copy[i] = (int64_t)(intptr_t)strdup((const char *)file + values[i]);
        if (values[i] && !copy[i])
            return -ENOMEM;
    }
    return 0;
}

static void values_release(const struct param *params, const int64_t *copy)
{
    for (unsigned i = 0; params && params[i].name; i++)
        if (params[i].kind == PARAM_TEXT)
            free((void *)(intptr_t)copy[i]);
}

/* Before `early`: what forks there knows the workload too, and its texts where they stand here. */
static int setup_workload(struct trial *trial)
{
    const struct job_file *file = trial->file;
    struct job *job = &trial->job;
    struct supply unused = {0};
    if (file->workload_file[0])
        job->workload = plugin_load_workload(file->workload_file, trial->report->reason, sizeof trial->report->reason);
    else if (!(job->workload = workload_find(file->workload)))
        trial_say(trial, -EINVAL, "no such workload in this build");
    if (!job->workload)
        return -EINVAL;
    _Static_assert(sizeof trial->report->reason >= WORKLOAD_ERROR_MAX, "the reason is the workload's to write");
    int rc = values_copy(file, job->workload->params, file->workload_params, trial->workload_params);
    job->workload_params = trial->workload_params;
    if (rc == 0 && job->workload->check)
        rc = job->workload->check(trial->workload_params, &unused, trial->report->reason);
    return rc;
}

/* Before anything is made that is to be somewhere. */
static int setup_nodes(struct trial *trial)
{
    const struct job_file *file = trial->file;
    const enum numa_kind kind = (enum numa_kind)file->numa_kind;
    const size_t bytes = file->shape.workers * sizeof *trial->worker_nodes;
    int rc = numa_begin(kind, &file->nodes);
    if (rc < 0)
        return trial_say(trial, rc, "--numa: set_mempolicy: %s", strerror(-rc));
    if (kind != NUMA_LOCAL)
        return 0;
    trial->worker_nodes = malloc(bytes);
    if (!trial->worker_nodes)
        return -ENOMEM;
    memcpy(trial->worker_nodes, (const char *)file + file->at.nodes, bytes);
    return 0;
}

int setup_pool(struct trial *trial)
{
    const struct job_file *file = trial->file;
    if (file->pool_file[0])
        trial->ops = plugin_load_pool(file->pool_file, trial->report->reason, sizeof trial->report->reason);
    else if (!(trial->ops = pool_find(file->pool)))
        trial_say(trial, -EINVAL, "no such pool in this build");
    if (!trial->ops)
        return -EINVAL;
    if (!trial->ops->attach && trial->job_fd >= 0) { /* before anything is forked */
        close(trial->job_fd);
        trial->job_fd = -1;
    }
    int rc = values_copy(file, trial->ops->params, file->pool_params, trial->pool_params);
    if (rc == 0)
        rc = setup_nodes(trial);
    if (rc < 0)
        return rc;
    trial->ops = pool_chosen(trial->ops, trial->pool_params);
    size_t mask_bytes = (size_t)file->shape.workers * file->cpu_words * sizeof(uint64_t);
    trial->worker_masks = malloc(mask_bytes ? mask_bytes : 1);
    if (!trial->worker_masks)
        return -ENOMEM;
    memcpy(trial->worker_masks, (const char *)file + file->at.masks, mask_bytes);
    trial->cpu_kinds = malloc(file->kind_cpus + 1);
    if (!trial->cpu_kinds)
        return -ENOMEM;
    memcpy(trial->cpu_kinds, (const char *)file + file->at.kinds, file->kind_cpus);
    trial->config = (struct pool_config){
        .workers = file->workers,
        .params = trial->pool_params,
        .places = {trial->worker_masks, file->cpu_words, trial->worker_nodes, trial->cpu_kinds, file->kind_cpus},
        .spare_cpu = file->spare_cpu,
        .cpus = file->cpus,
        .task_limit_ns = file->task_limit_ns,
    };
    return setup_workload(trial);
}

int setup_job(struct trial *trial)
{
    const struct job_file *file = trial->file;
    struct job *job = &trial->job;
    int rc = job->workload ? 0 : setup_workload(trial); /* no pool: calibration */
    struct workload_config config = {trial->workload_params, file->seed, file->tasks, trial->report->reason};
    if (rc == 0)
        rc = job->workload->prepare(&config, &job->state);
    if (rc < 0 && adapter_workload_reason()[0])
        return trial_say(trial, rc, "%s", adapter_workload_reason());
    if (rc < 0)
        return rc;
    trial->prepared = true;
    trial->costs = malloc(file->cost_count * sizeof *trial->costs);
    if (!trial->costs)
        return -ENOMEM;
    memcpy(trial->costs, (const char *)file + file->at.costs, file->cost_count * sizeof *trial->costs);
    job->sequence = (struct sequence){
        .seed = file->seed,
        .costs = trial->costs,
        .count = file->cost_count,
        .in_order = file->cost_in_order,
        .warmup = warmup_cost(trial),
    };
    job->tasks = file->tasks;
    job->timed = file->f.timing;
    job->fenced = job->timed || job->workload->unit;
    job->faults = file->faults;
    return setup_inputs(trial);
}

int setup_ballast(struct trial *trial)
{
    const struct job_file *file = trial->file;
    uint64_t bytes = file->f.ballast.bytes;
    if (!bytes)
        return 0;
    char *map =
        mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return -errno;
    char *start = (char *)(((uintptr_t)map + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1));
    /* said either way: the machine's default would otherwise decide what is measured */
    if (madvise(start, bytes, file->f.ballast.thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) < 0 && file->f.ballast.thp)
        return trial_say(trial, -errno, "--ballast: transparent huge pages are not to be had here");
#ifdef MADV_POPULATE_WRITE
    madvise(start, bytes,
            MADV_POPULATE_WRITE); /* one call instead of a fault for each page; before Linux 5.14 those come */
#endif
    memset(start, 1, bytes);
    trial->job.ballast = (unsigned char *)start;
    trial->job.ballast_bytes = bytes;
    trial->job.ballast_write_ppm = file->f.ballast.write_ppm;
    return 0;
}

/* Results to be run again afterwards: 1 %, but no more than costs a moment. */
static uint32_t tasks_to_check(const struct trial *trial)
{
    const struct job_file *file = trial->file;
    if (file->conformance)
        return file->tasks;
    uint64_t size = trial->costs[file->cost_count / 2].size_ns + 1000;
    uint64_t count = file->tasks / 100 + 1, affordable = CHECK_NS / size + 1;
    return (uint32_t)(count < affordable ? count : affordable);
}

/* A result that is wrong on purpose must be found. */
static uint32_t check_asked_for(struct trial *trial)
{
    uint32_t count = 0;
    bool any = false;
    for (uint64_t i = 0; i < trial->file->faults.count; i++)
        any = any || trial->file->faults.fault[i].kind == FAULT_WRONG;
    for (uint32_t i = 0; any && i < trial->file->tasks; i++)
        if (task_fault(&trial->job, i) == FAULT_WRONG) {
            bit_set(trial->to_check, i);
            count++;
        }
    return count;
}

int setup_arrays(struct trial *trial)
{
    const struct job_file *file = trial->file;
    size_t words = file->tasks / 64 + 1;
    trial->stamped = file->f.timing || file->samples_max || file->f.arrival.kind == ARRIVAL_RATE;
    trial->submitted = trial_memory(file->tasks, sizeof *trial->submitted);
    trial->sampled = trial_memory(words, sizeof *trial->sampled);
    trial->to_check = trial_memory(words, sizeof *trial->to_check);
    trial->failed = trial_memory(words, sizeof *trial->failed);
    if (!trial->submitted || !trial->sampled || !trial->to_check || !trial->failed)
        return -ENOMEM;
    uint32_t checked = tasks_to_check(trial);
    subset_draw(trial->to_check, file->sample_seed + 1, file->tasks, checked);
    trial->checked_max = checked + check_asked_for(trial);
    if (!(trial->checked = trial_memory(trial->checked_max, sizeof *trial->checked)))
        return -ENOMEM;
    if (file->f.collect == COLLECT_ORDERED && !(trial->held = trial_memory(file->tasks, sizeof *trial->held)))
        return -ENOMEM;
    if (file->f.arrival.kind == ARRIVAL_RATE || apart_has_classes(trial)) {
        if (!(trial->latencies = trial_memory(file->tasks, sizeof *trial->latencies)))
            return -ENOMEM;
        memset(trial->latencies, 0xff, file->tasks * sizeof *trial->latencies); /* NO_LATENCY */
    }
    if (file->f.queue_limit && !(trial->dropped = trial_memory(words, sizeof *trial->dropped)))
        return -ENOMEM;
    unsigned phases = file->f.arrival.kind == ARRIVAL_RATE ? PHASE_LATE + 1 : PHASE_LATENCY + 1;
    subset_draw(trial->sampled, file->sample_seed, file->tasks, file->samples_max);
    if (file->samples_max == file->tasks) /* every task writes there */
        memory_map_now(trial->samples, file->tasks * sizeof *trial->samples);
    memory_map_now(trial->histograms, (size_t)phases * HISTOGRAM_BUCKETS * sizeof *trial->histograms);
    return 0;
}

void setup_release(struct trial *trial)
{
    struct job *job = &trial->job;
    if (job->workload && job->workload->release && trial->prepared)
        job->workload->release(job->state);
    if (job->workload)
        values_release(job->workload->params, trial->workload_params);
    if (trial->ops)
        values_release(trial->ops->params, trial->pool_params);
    free((void *)(uintptr_t)job->inputs);
    free(trial->costs);
    free(trial->worker_masks);
    free(trial->worker_nodes);
    free(trial->cpu_kinds);
}
