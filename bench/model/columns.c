/* The table of columns: one line a column, in the order of the files. A column that says the same in several files (the
 * factors of a cell) is written once, as a macro over the row struct it is a field of. */
#include "bench/model/columns.h"
#include "bench/model/column_forms.h"
#include "bench/model/options.h"
#include "bench/model/rare.h"
#include <math.h>
#include <string.h>

// clang-format off
/* Only in files of runs that have a cell with --arrival rate. */
#define RATE_INT(row, field, help)  {COLUMN_OF(row, INT, #field, field, help), .rare = 1 + OPTION_ARRIVAL}
#define RATE_REAL(row, field, help) {COLUMN_OF(row, REAL, #field, field, help), .rare = 1 + OPTION_ARRIVAL}

/* Only in files of runs that have a cell with --queue-limit. */
#define LIMIT_INT(row, field, help)  {COLUMN_OF(row, INT, #field, field, help), .rare = 1 + OPTION_QUEUE_LIMIT}
#define LIMIT_REAL(row, field, help) {COLUMN_OF(row, REAL, #field, field, help), .rare = 1 + OPTION_QUEUE_LIMIT}

/* Only in files of runs that have a cell with --numa. */
#define NUMA_INT(row, field, help)  {COLUMN_OF(row, INT, #field, field, help), .rare = 1 + OPTION_NUMA}
#define NUMA_REAL(row, field, help) {COLUMN_OF(row, REAL, #field, field, help), .rare = 1 + OPTION_NUMA}

/* Only in summaries of runs whose tasks were programs. */
#define COMMAND_INT(row, field, help) {COLUMN_OF(row, INT, #field, field, help), .rare = 1 + OPTION_WORKLOAD}

/* Latency of some of the tasks; only in summaries of runs that have such. */
#define APART_INT(group, column, field, rare_, help) {COLUMN_OF(summary_row, INT, #group "_" #column, group.field, help), .rare = 1 + (rare_)}
#define APART_COLUMNS(group, rare_, help) \
    APART_INT(group, n, n, rare_, help), \
    APART_INT(group, p50_ns, ns[0][0], rare_, "percentiles of their latency, as pooled_p50_ns; from 20 of them in all on"), \
    APART_INT(group, p50_lo_ns, ns[0][1], rare_, "likewise"), \
    APART_INT(group, p50_hi_ns, ns[0][2], rare_, "likewise"), \
    APART_INT(group, p90_ns, ns[1][0], rare_, "likewise; from 100 on"), \
    APART_INT(group, p90_lo_ns, ns[1][1], rare_, "likewise"), \
    APART_INT(group, p90_hi_ns, ns[1][2], rare_, "likewise"), \
    APART_INT(group, p99_ns, ns[2][0], rare_, "likewise; from 1,000 on"), \
    APART_INT(group, p99_lo_ns, ns[2][1], rare_, "likewise"), \
    APART_INT(group, p99_hi_ns, ns[2][2], rare_, "likewise")

#define RUN_COLUMNS(row) \
    INT(row,  schema_version, "version of this table of columns"), \
    TEXT(row, run_id,         "name of the run, the same in all its files")

#define ORDER_COLUMNS(row) \
    INT(row,  block,          "pass over all cells that the trial belongs to; cells are compared within a block"), \
    INT(row,  position,       "place in the running order of its block")

/* Last: scripts that count columns find the others where they were. */
#define EXPERIMENTS_COLUMN(row) TEXT(row, experiments, "all experiments that asked for the cell, with semicolons between")

#define FACTOR_COLUMNS(row) \
    TEXT(row, experiment,     "the suite's [experiment NAME] that asked for the cell first; empty outside of one"), \
    COLUMN(FACTORS, row, f, NULL)

static const struct param status_words = {.kind = PARAM_CHOICE, .choices = "ok|failed|crashed|timeout|interrupted|skipped|disturbed"};

static const struct column plan_columns[] = {
    RUN_COLUMNS(plan_row),
    TEXT(plan_row, cell_id, "the combination of factors that is run here"),
    ORDER_COLUMNS(plan_row),
    FACTOR_COLUMNS(plan_row),
    UINT(plan_row, seed, "of the sequence of tasks: the same in every cell"),
    EXPERIMENTS_COLUMN(plan_row),
    ROW_SUM_COLUMN(plan_row),
};

static const struct column trial_columns[] = {
    RUN_COLUMNS(trial_row),
    INT(trial_row, trial_id, "counts from 1 in the order in which trials ran"),
    TEXT(trial_row, cell_id, "the combination of factors: what is compared"),
    ORDER_COLUMNS(trial_row),
    FACTOR_COLUMNS(trial_row),
    UINT(trial_row, seed, "of the sequence of tasks: the same in every cell"),
    {COLUMN_OF(trial_row, WORD, "status", status, "ok, failed, crashed, timeout, interrupted, skipped, or disturbed: it does not count, because its row of that block was run again (attempt 2); timings are empty unless ok or disturbed, and of one that stood still, and numbers of tasks until they begin"), .param = &status_words},
    TEXT(trial_row, reason, "why it is not ok, in words"),
    INT(trial_row, started_ns, "when the trial was started, from the start of the run"),
    INT(trial_row, wall_ns, "from the gate (all workers ready) to the last reap"),
    INT(trial_row, ideal_ns, "least possible wall_ns for the sizes drawn, on these workers and CPUs; empty where arrival sets the pace, or sizes did not hold"),
    INT(trial_row, open_ns, "to open the pool: make, pin and ready the workers"),
    INT(trial_row, close_ns, "to close the pool: end the workers and wait for them"),
    INT(trial_row, trial_ns, "all of it: from making the trial's process until nothing of it is left, writing rows apart"),
    INT(trial_row, tasks_ok, "tasks reaped with status ok"),
    INT(trial_row, tasks_failed, "tasks reaped with any other status"),
    INT(trial_row, tasks_error, "of those, tasks that returned an error code"),
    INT(trial_row, tasks_exited, "of those, whose process exited"),
    INT(trial_row, tasks_signalled, "of those, whose process was killed by a signal"),
    INT(trial_row, tasks_timeout, "of those, ended because they ran longer than --task-limit, or than their workload lets them"),
    INT(trial_row, tasks_wrong, "of those, with a wrong result or output"),
    INT(trial_row, tasks_collateral, "of those, that ran in a process which another task took down"),
    INT(trial_row, tasks_lost, "tasks never reported: the trial ended before; tasks_ok, tasks_failed and these are all, but for tasks_dropped"),
    INT(trial_row, detect_ns, "median over failed tasks: from the fault to the reap, of a timeout from the task's start; collateral ones apart; empty where none failed"),
    INT(trial_row, workers_lost, "worker processes that died and were replaced"),
    INT(trial_row, replace_ns, "until the replacement of a worker process is ready, mean; empty where none was replaced"),
    UINT(trial_row, result_sum, "sum of mix64(index, result) over the tasks, modulo 2^64: equal for equal work"),
    INT(trial_row, parent_sees, "what the submitter sees afterwards of what the tasks did in memory; empty where tasks leave nothing"),
    INT(trial_row, user_ns, "CPU time in user mode, submitter and workers, gate to last reap"),
    INT(trial_row, sys_ns, "CPU time in the kernel, likewise"),
    INT(trial_row, submitter_ns, "CPU time of the submitter alone, likewise"),
    INT(trial_row, nvcsw, "voluntary context switches, likewise"),
    INT(trial_row, nivcsw, "involuntary context switches, likewise"),
    INT(trial_row, minflt, "page faults without I/O, likewise"),
    INT(trial_row, majflt, "page faults with I/O, likewise"),
    INT(trial_row, runqueue_ns, "waited for a CPU while runnable, likewise"),
    INT(trial_row, steal_ns, "taken by the hypervisor during the trial, over all CPUs of the machine"),
    INT(trial_row, migrations, "changes of CPU from one task to the next, as seen by the workers"),
    INT(trial_row, pss_bytes, "proportional share of memory, submitter and workers after the last reap"),
    INT(trial_row, private_bytes, "memory that nobody shares, likewise"),
    INT(trial_row, maxrss_bytes, "largest resident set of one process"),
    INT(trial_row, shared_cpu, "1 where submitter and workers had to share CPUs, else 0"),
    REAL(trial_row, load, "load average over one minute when the trial started"),
    INT(trial_row, samples_end, "bytes of samples.csv when this row was committed: resume cuts off what was written after the last of them"),
    INT(trial_row, latency_end, "bytes of latency.csv, likewise"),
    EXPERIMENTS_COLUMN(trial_row),
    INT(trial_row, attempt, "1; 2 where the row was disturbed from outside in that block, and run again"),
    INT(trial_row, outside, "1 where steal or others took more than 4 % of the time of its CPUs meanwhile, and more than can be told from nothing; else 0; empty where neither is told"),
    INT(trial_row, others_ns, "CPU time of other programs on the CPUs that the trial may use, from before the trial program starts until it has ended"),
    INT(trial_row, memory_pressure_ns, "likewise: some task of the machine waited for memory; it may be one of the trial"),
    INT(trial_row, io_pressure_ns, "likewise, for a device"),
    INT(trial_row, frequency_khz, "of the CPU of the first worker, when the trial had ended; empty where the kernel does not tell, or that worker has several"),
    INT(trial_row, retries, "how often programs of tasks were started again after a failure; empty where tasks are none"),
    INT(trial_row, program_user_ns, "of user_ns, that of the programs that tasks were, from their start to their end with what they had waited for; empty where nobody tells it apart"),
    INT(trial_row, program_sys_ns, "of sys_ns, likewise"),
    INT(trial_row, program_maxrss_bytes, "largest resident set of one of those programs; empty where that is not above the one of the process that started it, which the kernel counts as the program's"),
    RATE_INT(trial_row, drawn_ns, "under arrival rate: from when the first task was due to when the last one was; tasks - 1 over it is the rate drawn"),
    RATE_INT(trial_row, handed_ns, "likewise, from the first task handed in to the last one"),
    RATE_INT(trial_row, served_ns, "likewise, from when the first task was due to the last reap, less the mean time inside a task"),
    RATE_INT(trial_row, busy_ns, "likewise: time inside tasks, summed, by latency.csv (middles of buckets)"),
    RATE_REAL(trial_row, service_cv, "likewise: standard deviation of the time inside a task, over its mean"),
    RATE_INT(trial_row, cut_tasks, "likewise: tasks at the beginning that are no steady state, by MSER-5; all of those in phase latency where it was not reached; those that are not cut are in phase steady"),
    RATE_REAL(trial_row, latency_lag1, "likewise: correlation of the latency of a task after the cut with that of the next; empty below 50 tasks"),
    RATE_REAL(trial_row, effective_tasks, "likewise: how many independent tasks would tell as much of the mean latency as those after the cut"),
    LIMIT_INT(trial_row, tasks_dropped, "tasks that were not handed in, as the queue had reached --queue-limit; with tasks_ok, tasks_failed and tasks_lost these are all"),
    INT(trial_row, submitter_wait_ns, "of runqueue_ns, what the submitter waited; empty where the kernel does not tell"),
    {COLUMN_OF(trial_row, INT, "throttled_ns", throttled_ns, "how long the quota of our control group kept CPUs from it that it had work for, summed over CPUs, from before the trial program starts until it has ended; the column is there only where it has a quota"), .rare = 1 + RARE_QUOTA},
    NUMA_INT(trial_row, numa_pages, "under --numa: pages that were looked at after the last reap, of submitter and workers; empty where the kernel does not tell, or nothing was said"),
    NUMA_INT(trial_row, numa_meant, "of those, pages on a node they were meant to be on (move_pages); of interleave those that an even spread has, too"),
    {COLUMN_OF(trial_row, INT, "kind_migrations", kind_migrations, "of migrations, those to a CPU of another kind of core; the column is there only where there are several"), .rare = 1 + RARE_KINDS},
    {COLUMN_OF(trial_row, INT, "samples_rows", samples.rows, "rows of the trial in samples.csv")},
    {COLUMN_OF(trial_row, INT, "samples_sum", samples.sum, "sum of their row_sum, modulo 10^18")},
    {COLUMN_OF(trial_row, INT, "latency_rows", latency.rows, "rows of the trial in latency.csv")},
    {COLUMN_OF(trial_row, INT, "latency_sum", latency.sum, "sum of their row_sum, modulo 10^18")},
    {COLUMN_OF(trial_row, TEXT, "origin_run", origin_run, "in a run that was made of others: the run it is of"), .rare = 1 + OPTION_HOST},
    {COLUMN_OF(trial_row, INT, "origin_trial", origin_trial, "and its trial_id there"), .rare = 1 + OPTION_HOST},
    ROW_SUM_COLUMN(trial_row),
};

static const struct column sample_columns[] = {
    INT(sample_row, trial_id, "the trial in trials.csv"),
    INT(sample_row, task, "index of the task in the seeded sequence, from 0"),
    INT(sample_row, worker, "number of the worker that ran it, from 0"),
    INT(sample_row, pid, "process that ran it"),
    INT(sample_row, cpu_planned, "the one CPU that worker was pinned to; empty where it may use several"),
    INT(sample_row, cpu, "CPU on which the task ended"),
    TEXT(sample_row, status, "ok, error, exited, signalled, timeout, wrong, collateral, lost, or dropped: never handed in"),
    INT(sample_row, code, "error code, exit status or signal that goes with status"),
    INT(sample_row, due_ns, "when it should have been handed in, from the gate, as are the four below"),
    INT(sample_row, submit_ns, "when the submitter handed it in"),
    INT(sample_row, start_ns, "when its worker started it; empty under --timing trial"),
    INT(sample_row, end_ns, "when its worker ended it; empty under --timing trial"),
    INT(sample_row, reap_ns, "when the submitter had its result"),
    UINT(sample_row, result, "what the task computed"),
    ROW_SUM_COLUMN(sample_row),
};

static const struct column latency_columns[] = {
    INT(latency_row, trial_id, "the trial in trials.csv"),
    TEXT(latency_row, phase, "queue (submit to start; from due under rate), service (start to end), return (end to reap), latency (due to reap), late (due to submit), detect (of failed tasks: see detect_ns in trials.csv), steady (under rate: latency, of the tasks after cut_tasks in trials.csv); and of those, or else of all: first (in bursts and traces: tasks that came when none had been there for ten mean gaps, and 1 ms, or longer), class_cpu and class_sleep (where a workload has both: tasks that compute, tasks that sleep)"),
    INT(latency_row, lo_ns, "the bucket holds lo_ns <= time < hi_ns"),
    INT(latency_row, hi_ns, "at most 1 % above lo_ns, or 1 ns"),
    INT(latency_row, count, "tasks in the bucket; buckets without a task are left out"),
    ROW_SUM_COLUMN(latency_row),
};

static const struct column summary_columns[] = {
    RUN_COLUMNS(summary_row),
    TEXT(summary_row, cell_id, "the combination of factors: what is compared"),
    FACTOR_COLUMNS(summary_row),
    INT(summary_row, trials, "trials of the cell, failed ones included"),
    INT(summary_row, failed, "of those, trials with a status that is not ok: they count here and nowhere below"),
    INT(summary_row, blocks, "blocks in which it has a trial that is ok; within a budget, what is told runs in fewer"),
    TEXT(summary_row, verdict, "against the fastest pool of its row (cells that differ in the pool alone), as the table says it: best, equal, slower, unresolved; faster where the medians say otherwise; empty where it is not compared"),
    REAL(summary_row, visible, "the smallest difference from the fastest of its row that comparisons like those of the row show: 0.02 is 2 %"),
    INT(summary_row, wall_ns, "median over trials"),
    INT(summary_row, wall_lo_ns, "lower end of its 95 % order-statistic interval, of this run: another hour may differ by more; empty below 6 trials"),
    INT(summary_row, wall_hi_ns, "upper end of it"),
    REAL(summary_row, ns_per_task, "median of wall_ns / tasks"),
    REAL(summary_row, tasks_per_s, "1e9 / ns_per_task"),
    REAL(summary_row, efficiency, "median of ideal_ns / wall_ns; above 1.05 the calibration is off"),
    REAL(summary_row, efficiency_vs_static, "median over blocks of the time per task of pool static, all else equal, over the cell's own"),
    REAL(summary_row, overhead_ns, "per task: median of (wall_ns - ideal_ns) / tasks"),
    REAL(summary_row, submitter_share, "median of submitter_ns / wall_ns: near 1, workers wait for the submitter"),
    REAL(summary_row, achieved_share, "under arrival rate: median of drawn_ns over served_ns, in older files of the time until the last arrival over that until the last result, less the size of a task; below 0.98 the pool is saturated"),
    REAL(summary_row, drift, "change of the time per task from the first trial to the last, by the Theil-Sen line: 0.1 is 10 % more at the end; empty below 8 ok trials"),
    INT(summary_row, drift_said, "1 where that is a drift: Mann-Kendall p at most 0.01, and more than half the width of the median's interval; else 0"),
    REAL(summary_row, group_ratio, "where the times per task of the trials fall into two groups: the upper group's median over the lower one's; else empty"),
    REAL(summary_row, group_share, "share of the trials in the upper group"),
    REAL(summary_row, worker_imbalance, "time inside tasks of the busiest worker over the mean of all workers, median over trials: 1 is even; only from trials with every task in samples.csv"),
    INT(summary_row, queue_p50_ns, "percentiles: of one trial, by latency.csv (middle of the bucket); then the median over trials"),
    INT(summary_row, service_p50_ns, "likewise"),
    INT(summary_row, return_p50_ns, "likewise"),
    INT(summary_row, latency_p50_ns, "likewise"),
    INT(summary_row, latency_p50_lo_ns, "lower end of the 95 % order-statistic interval of that median, of this run; empty below 6 trials"),
    INT(summary_row, latency_p50_hi_ns, "upper end of it"),
    INT(summary_row, latency_p90_ns, "likewise"),
    INT(summary_row, latency_p90_lo_ns, "likewise"),
    INT(summary_row, latency_p90_hi_ns, "likewise"),
    INT(summary_row, latency_p99_ns, "likewise; from trials with at least 1,000 tasks, else empty"),
    INT(summary_row, latency_p99_lo_ns, "likewise; empty below 6 such trials"),
    INT(summary_row, latency_p99_hi_ns, "likewise"),
    INT(summary_row, latency_p999_ns, "likewise; from trials with at least 10,000 tasks, else empty"),
    INT(summary_row, latency_p999_lo_ns, "likewise; empty below 6 such trials"),
    INT(summary_row, latency_p999_hi_ns, "likewise"),
    INT(summary_row, late_p99_ns, "likewise, as p99: how late tasks were handed in; latencies below it say little"),
    INT(summary_row, open_ns, "median over trials"),
    INT(summary_row, close_ns, "median over trials"),
    INT(summary_row, pss_bytes, "median over trials"),
    INT(summary_row, private_bytes, "median over trials"),
    EXPERIMENTS_COLUMN(summary_row),
    REAL(summary_row, lag_correlation, "of the ranks of successive blocks' ratios, the cell's time per task over that of its row: near 0 where blocks do not depend on each other, which intervals of ratios rest on; empty below 8 blocks"),
    INT(summary_row, lag_said, "1 where they do, by von Neumann's ratio of ranks, p at most 0.01: verdicts are then surer than they may be; else 0"),
    RATE_REAL(summary_row, drawn_per_s, "under arrival rate: tasks a second, as they were drawn; median of (tasks - 1) / drawn_ns"),
    RATE_REAL(summary_row, handed_per_s, "likewise, as they were handed in"),
    RATE_REAL(summary_row, served_per_s, "likewise, as they were served; 2 % below handed_per_s the pool is saturated"),
    RATE_REAL(summary_row, utilisation, "likewise: drawn_per_s x mean time inside a task / workers, median over trials; from 1 on the queue grows for ever"),
    RATE_REAL(summary_row, steady_share, "likewise: share of the trials whose queue reached its steady state"),
    LIMIT_REAL(summary_row, dropped_share, "of the tasks that came due, those dropped for --queue-limit; all ok trials together"),
    RATE_INT(summary_row, steady_needed_ns, "likewise: how long a trial should last for that, and be steady for long enough; empty where the queue grows for ever"),
    INT(summary_row, pooled_n, "tasks in all ok trials together whose latency the columns below are of: under rate and window, those of the steady state where trials tell of one"),
    INT(summary_row, pooled_p50_ns, "percentiles of all those tasks together"),
    INT(summary_row, pooled_p50_lo_ns, "lower end of its 95 % interval, of this run, that takes each trial for one observation; empty below 6 trials, or where tasks depend on each other so much that too few independent ones are slower"),
    INT(summary_row, pooled_p50_hi_ns, "upper end of it"),
    INT(summary_row, pooled_p90_ns, "likewise; from 100 tasks in all on"),
    INT(summary_row, pooled_p90_lo_ns, "likewise"),
    INT(summary_row, pooled_p90_hi_ns, "likewise"),
    INT(summary_row, pooled_p99_ns, "likewise; from 1,000 tasks in all on"),
    INT(summary_row, pooled_p99_lo_ns, "likewise"),
    INT(summary_row, pooled_p99_hi_ns, "likewise"),
    INT(summary_row, pooled_p999_ns, "likewise; from 10,000 tasks in all on"),
    INT(summary_row, pooled_p999_lo_ns, "likewise"),
    INT(summary_row, pooled_p999_hi_ns, "likewise"),
    INT(summary_row, deadline_ns, "--deadline"),
    REAL(summary_row, misses, "share of those tasks whose latency is beyond it, within the width of a bucket of latency.csv, 1 %"),
    REAL(summary_row, misses_lo, "lower end of its 95 % interval, as above; empty below 6 trials"),
    REAL(summary_row, misses_hi, "upper end of it; where no task missed, a bound"),
    COMMAND_INT(summary_row, command_user_ns, "where tasks were programs: median over trials of program_user_ns / tasks"),
    COMMAND_INT(summary_row, command_sys_ns, "likewise, of program_sys_ns"),
    COMMAND_INT(summary_row, command_cpu_ns, "likewise, of their sum"),
    COMMAND_INT(summary_row, command_cpu_lo_ns, "lower end of its 95 % order-statistic interval, of this run; empty below 6 trials"),
    COMMAND_INT(summary_row, command_cpu_hi_ns, "upper end of it"),
    COMMAND_INT(summary_row, command_maxrss_bytes, "likewise: median over trials of program_maxrss_bytes, the largest of a trial"),
    APART_COLUMNS(first, RARE_FIRST, "in bursts and traces: of the tasks in pooled_n, those that came when none had been there for ten mean gaps, and 1 ms, or longer"),
    APART_COLUMNS(class_cpu, RARE_CLASSES, "under rate and window, where a workload has tasks of two classes: of the tasks in pooled_n, those that compute"),
    APART_COLUMNS(class_sleep, RARE_CLASSES, "likewise: those that sleep"),
    NUMA_REAL(summary_row, numa_share, "under --numa: median over trials of numa_meant / numa_pages"),
};

#define SEARCH_COLUMNS(row) \
    RUN_COLUMNS(row), \
    TEXT(row, pool, "who did the work, with every option that differs from its default")

#define TASK_COLUMNS(row) \
    INT(row,  workers, "workers asked for"), \
    TEXT(row, workload, "what a task did, with every option that differs from its default")

#define FOUND_COLUMNS(row) \
    INT(row,  blocks, "that measured both ends of the last bracket, which the interval is of"), \
    INT(row,  trials, "that the search took, of both sides"), \
    TEXT(row, reason, "where the fields before are empty, why; or what is to be known of them")

static const struct column metg_columns[] = {
    SEARCH_COLUMNS(metg_row),
    TASK_COLUMNS(metg_row),
    REAL(metg_row, efficiency, "asked for: share of the highest throughput, that of pool static with tasks of 1 ms in the same block; in runs without size_ns, time of static over that of the pool"),
    INT(metg_row, metg_ns, "granularity, wall_ns x min(workers, CPUs) / tasks, at which it has that efficiency; empty where there is none in the range; in runs without size_ns the label"),
    INT(metg_row, lo_ns, "lower end of its interval; all of the file hold together at 95 %; empty where not bounded"),
    INT(metg_row, hi_ns, "upper end of it"),
    INT(metg_row, size_ns, "label of the task size there"),
    INT(metg_row, size_lo_ns, "of the lower end"),
    INT(metg_row, size_hi_ns, "of the upper end"),
    FOUND_COLUMNS(metg_row),
    ROW_SUM_COLUMN(metg_row),
};

static const struct column crossover_columns[] = {
    SEARCH_COLUMNS(crossover_row),
    TEXT(crossover_row, other_pool, "the other one"),
    TASK_COLUMNS(crossover_row),
    INT(crossover_row, size_ns, "label of a task's size; empty where it is what was searched"),
    TEXT(crossover_row, over, "what was searched: size (in ns), payload or ballast (in bytes), workers, cpu_share"),
    REAL(crossover_row, crossover, "where both take the same time per task, of workers the first number beyond; empty where there is none in the range"),
    REAL(crossover_row, lo, "lower end of its 95 % interval; empty where not bounded"),
    REAL(crossover_row, hi, "upper end of it"),
    FOUND_COLUMNS(crossover_row),
    ROW_SUM_COLUMN(crossover_row),
};

static const struct column capacity_columns[] = {
    SEARCH_COLUMNS(capacity_row),
    TASK_COLUMNS(capacity_row),
    INT(capacity_row, size_ns, "label of a task's size"),
    INT(capacity_row, p99_limit_ns, "limit on the percentile of latency, from due"),
    REAL(capacity_row, rate_per_s, "highest rate of arrivals that is sustained; empty where it is not between the rates measured"),
    REAL(capacity_row, lo_per_s, "lower end of its interval; all of the file hold together at 95 %; empty where not bounded; without a rate: it is at least this"),
    REAL(capacity_row, hi_per_s, "upper end of it; without a rate: it is below this"),
    INT(capacity_row, blocks, "that ran; where percentile is empty: those that measured the last rates, which the interval is of"),
    INT(capacity_row, trials, "of the pool"),
    TEXT(capacity_row, reason, "where the fields before are empty, why; or what is to be known of them"),
    REAL(capacity_row, percentile, "share of the tasks that must be within the limit; empty: 0.99"),
    REAL(capacity_row, utilisation, "at rate_per_s, of all workers, by the service times measured"),
    REAL(capacity_row, kept_per_s, "the highest rate measured up to which the pooled latencies keep to the limit"),
    INT(capacity_row, kept_ns, "that percentile of latency there"),
    ROW_SUM_COLUMN(capacity_row),
};

static const struct column tries_columns[] = {
    RUN_COLUMNS(tries_row),
    INT(tries_row, row, "counts from 1, in the order of the screen"),
    TEXT(tries_row, by, "the factor that A and B differ in"),
    TEXT(tries_row, a, "A, its value"),
    TEXT(tries_row, b, "B, its value"),
    TEXT(tries_row, change, "what was changed in both where they have it, as OPTION=VALUE, two with a plus between; again: nothing, the same two once more"),
    REAL(tries_row, ratio, "time per task of B over that of A, in the blocks that have both with the change, too"),
    REAL(tries_row, ratio_changed, "the same with the change"),
    REAL(tries_row, share, "of the difference that went away: 1 - log(ratio_changed) / log(ratio); below 0 it grew, above 1 it turned round; empty where ratio is not told from 1"),
    REAL(tries_row, lo, "lower end of its interval; all of the file hold together at 95 %; -10 is that or less"),
    REAL(tries_row, hi, "upper end of it; 10 is that or more"),
    INT(tries_row, n, "blocks"),
    ROW_SUM_COLUMN(tries_row),
};

static const struct column host_columns[] = {
    TEXT(host_row, host, "as all other files call it: h1, h2 ..."),
    TEXT(host_row, name, "its real name, which stands nowhere else"),
    TEXT(host_row, machine_key, "hash of its machine-id and CPU model"),
    TEXT(host_row, boot_key, "hash of its boot: hosts with the same one are one machine"),
    TEXT(host_row, source, "version and commit of the poolbench that ran there"),
    TEXT(host_row, build, "hash of its trial program: absolute times of different ones are not compared"),
    TEXT(host_row, arch, "of its kernel"),
    TEXT(host_row, clock, "what its times are read from"),
    REAL(host_row, clock_ahead_s, "by how much its wall clock was ahead of that of who asked; empty: not known. No time is measured by it"),
    INT(host_row, runs, "that it has in this one"),
    TEXT(host_row, status, "ok; lost: it stopped answering; refused: it ran nothing"),
    TEXT(host_row, reason, "why it is not ok, in words"),
    ROW_SUM_COLUMN(host_row),
};
// clang-format on

const struct file_format plan_format = FORMAT(plan, plan, "A row is a planned trial, in running order.");
const struct file_format trial_format =
    FORMAT(trials, trial,
           "A row is a trial that ran, and the commit of it: what the other files hold of trials that are not here is "
           "not part of the run, and of those that are it must be all (`_rows`, `_sum`).");
const struct file_format sample_format =
    FORMAT(samples, sample, "A row is a task: the seeded sample of every trial, or all of them (`--samples`).");
const struct file_format latency_format =
    FORMAT(latency, latency, "A row is a bucket of a trial's histogram, over all its tasks.");
const struct file_format summary_format =
    FORMAT(summary, summary,
           "A row is a cell, by order of its first trial. Made from the other files by `poolbench summarise`.");

const struct file_format host_format =
    FORMAT(hosts, host, "A row is a host, in runs of several (`poolbench merge`, `run --hosts`).");
const struct file_format metg_format = FORMAT(metg, metg, "A row is a pool of `poolbench metg`.");
const struct file_format crossover_format = FORMAT(crossover, crossover, "The answer of `poolbench crossover`.");
const struct file_format capacity_format = FORMAT(capacity, capacity, "A row is a pool of `poolbench capacity`.");

const struct file_format tries_format = FORMAT(tries, tries, "A row is a change of `poolbench explain --try`.");

const struct file_format *const file_formats[] = {&plan_format,
                                                  &trial_format,
                                                  &sample_format,
                                                  &latency_format,
                                                  &summary_format,
                                                  &metg_format,
                                                  &crossover_format,
                                                  &capacity_format,
                                                  &tries_format,
                                                  &host_format,
                                                  &state_format,
                                                  &span_format,
                                                  &counter_format,
                                                  &stack_format,
                                                  &frame_format,
                                                  &ability_format,
                                                  NULL};

const char *trial_status_word(int64_t status)
{
    static const char *const words[] = {"ok", "failed", "crashed", "timeout", "interrupted", "skipped", "disturbed"};
    return status == MISSING ? "" : words[status];
}

static size_t factor_columns(size_t base, bool written, struct column *columns, size_t room)
{
    size_t count = 0;
    for (const struct option *option = options; option->name; option++) {
        if (written && option->traits & OPTION_RARE && !rare_is_noted((unsigned)(option - options)))
            continue;
        for (size_t i = 0; i < FACTOR_COLUMNS_MAX && option->columns[i].name && count < room; i++) {
            columns[count] = option->columns[i];
            columns[count++].offset += base;
        }
    }
    return count;
}

static size_t columns_flatten(const struct file_format *format, bool written, struct column columns[COLUMNS_MAX])
{
    size_t count = 0;
    for (const struct column *c = format->columns; c < format->columns + format->count && count < COLUMNS_MAX; c++)
        if (c->kind == COLUMN_FACTORS)
            count += factor_columns(c->offset, written, columns + count, COLUMNS_MAX - count);
        else if (!written || !c->rare || rare_is_noted(c->rare - 1))
            columns[count++] = *c;
    return count;
}

size_t format_columns(const struct file_format *format, struct column columns[COLUMNS_MAX])
{
    return columns_flatten(format, false, columns);
}

size_t format_columns_written(const struct file_format *format, struct column columns[COLUMNS_MAX])
{
    return columns_flatten(format, true, columns);
}

void row_clear(const struct file_format *format, void *row)
{
    const double not_known = NAN;
    const int64_t missing = MISSING;
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(format, columns);
    memset(row, 0, format->row_size);
    for (size_t i = 0; i < count; i++) {
        char *field = (char *)row + columns[i].offset;
        if (columns[i].kind == COLUMN_REAL)
            memcpy(field, &not_known, sizeof not_known);
        else if (columns[i].kind != COLUMN_TEXT)
            memcpy(field, &missing, sizeof missing);
    }
}
