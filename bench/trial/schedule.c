/* When tasks are due, and how fast the whole could be done at best. */
#include "bench/trial/trial.h"
#include "pools/parts/task_run.h"

void schedule_make(struct trial *trial)
{
    const struct job_file *file = trial->file;
    if (file->f.arrival.kind != ARRIVAL_RATE)
        return;
    trial->due = (uint64_t *)((char *)file + file->at.due);
    for (uint32_t i = 0; i < file->tasks; i++)
        trial->due[i] = clock_from_ns(trial->due[i]);
}

/* What there is to do: CPU work, and how long tasks of each class hold a worker. */
struct load {
    double cpu_ns, held_ns[TASK_CLASSES], largest_ns;
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double load_ideal(const struct load *load, const struct job_file *file)
{
    unsigned cpus = shape_for_class(&file->shape, TASK_CPU);
    cpus = cpus < file->cpus ? cpus : file->cpus;
    double ideal = larger(load->largest_ns, load->cpu_ns / file->speed / (cpus ? cpus : 1));
    for (int c = 0; c < TASK_CLASSES; c++) {
        double speed = c == TASK_CPU ? file->speed : 1;
        ideal = larger(ideal, load->held_ns[c] / speed / shape_for_class(&file->shape, (enum task_class)c));
    }
    return ideal;
}

/* docs/METHOD.md, Efficiency: no pool can be faster than its CPUs allow for the CPU work, its workers for the tasks of
 * each class, or the largest task; CPU work at the speed of those CPUs; per wave; -1 where arrivals hold the pool back
 * or tasks have no size. */
int64_t schedule_ideal_ns(const struct trial *trial)
{
    const struct job_file *file = trial->file;
    const struct workload_ops *workload = trial->job.workload;
    if (file->f.arrival.kind == ARRIVAL_RATE ||
        (file->f.arrival.kind == ARRIVAL_WINDOW && file->f.arrival.k < file->shape.workers) ||
        (!workload->unit && !workload->cpu_ns) || !(file->speed > 0))
        return -1;
    struct load load = {0};
    double ideal = 0;
    for (uint32_t i = 0; i < file->tasks; i++) {
        struct task task = task_describe(&trial->job, i);
        double size = (double)task.size_ns;
        double cpu = task.class == TASK_CPU ? size : 0;
        if (workload->cpu_ns)
            cpu = (double)workload->cpu_ns(trial->job.state, &task);
        load.cpu_ns += cpu;
        load.held_ns[task.class] += size;
        load.largest_ns = larger(load.largest_ns, size);
        if (file->f.arrival.kind == ARRIVAL_WAVE && (i + 1) % file->f.arrival.k == 0) {
            ideal += load_ideal(&load, file);
            load = (struct load){0};
        }
    }
    ideal += load_ideal(&load, file);
    return ideal > 0 ? (int64_t)ideal : -1;
}
