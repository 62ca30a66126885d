/* The one table of columns: it writes the CSV files, reads them back and documents them (results/README.md). A row
 * struct mirrors one file; the columns of factors come from their rows (bench/model/options.c). Pure. */
#ifndef POOLBENCH_MODEL_COLUMNS_H
#define POOLBENCH_MODEL_COLUMNS_H
#include "bench/model/cell.h"
#include "bench/model/column.h"
#include "bench/model/row_sum.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#define SCHEMA_VERSION 2

struct file_format {
    const char *file;             /* "trials.csv" */
    const char *help;             /* what a row is */
    const struct column *columns; /* COLUMN_FACTORS stands for those of all factors: format_columns() */
    size_t count;
    size_t row_size;
};

/* All columns that the file may have, in order. Returns their number. */
#define COLUMNS_MAX 192
size_t format_columns(const struct file_format *format, struct column columns[COLUMNS_MAX]);
/* Those that are written: without what nothing here has (bench/model/rare.h). */
size_t format_columns_written(const struct file_format *format, struct column columns[COLUMNS_MAX]);

struct plan_row {
    int64_t schema_version;
    char run_id[40], cell_id[16], experiment[64], experiments[EXPERIMENTS_MAX];
    int64_t block, position;
    struct factors f;
    uint64_t seed;
    int64_t row_sum;
};

enum trial_status {
    TRIAL_OK,
    TRIAL_FAILED,
    TRIAL_CRASHED,
    TRIAL_TIMEOUT,
    TRIAL_INTERRUPTED,
    TRIAL_SKIPPED,
    TRIAL_DISTURBED
};
const char *trial_status_word(int64_t status); /* "" where it is MISSING */

struct trial_row {
    int64_t schema_version;
    char run_id[40];
    int64_t trial_id; /* 1.. in the order they ran */
    char cell_id[16];
    int64_t block, position;
    char experiment[64], experiments[EXPERIMENTS_MAX];
    struct factors f;
    uint64_t seed;
    int64_t status; /* enum trial_status */
    char reason[192];
    int64_t started_ns; /* from the start of the run */
    int64_t wall_ns, ideal_ns, open_ns, close_ns, trial_ns, tasks_ok, tasks_failed;
    int64_t tasks_error, tasks_exited, tasks_signalled, tasks_timeout, tasks_wrong, tasks_collateral, tasks_lost;
    int64_t detect_ns, workers_lost, replace_ns;
    uint64_t result_sum;
    int64_t parent_sees, user_ns, sys_ns, submitter_ns, nvcsw, nivcsw, minflt, majflt, runqueue_ns, steal_ns,
        migrations;
    int64_t pss_bytes, private_bytes, maxrss_bytes, shared_cpu;
    double load;
    int64_t samples_end, latency_end; /* bytes of samples.csv and latency.csv when this trial was committed */
    int64_t attempt, outside, others_ns, memory_pressure_ns, io_pressure_ns, frequency_khz;
    int64_t retries, program_user_ns, program_sys_ns, program_maxrss_bytes;
    int64_t drawn_ns, handed_ns, served_ns, busy_ns;
    double service_cv;
    int64_t cut_tasks;
    double latency_lag1, effective_tasks;
    int64_t tasks_dropped;
    int64_t submitter_wait_ns, throttled_ns;
    int64_t numa_pages, numa_meant, kind_migrations;
    struct row_tally samples, latency; /* its rows there */
    char origin_run[40];               /* of a run that was made of others: which one it is of, */
    int64_t origin_trial;              /* and its number there */
    int64_t row_sum;
};

static inline bool trial_is_ok(const struct trial_row *trial)
{
    return trial->status == TRIAL_OK;
}

/* And there is a time per task. */
static inline bool trial_has_time(const struct trial_row *trial)
{
    return trial_is_ok(trial) && trial->f.tasks > 0 && trial->wall_ns > 0;
}

/* A whole number as it is computed with: NAN where it is MISSING, or below 0 and no number of ours. */
static inline double number_real(int64_t value)
{
    return value < 0 ? NAN : (double)value;
}

/* The whole number at that offset of the row, likewise. */
static inline double trial_number(const struct trial_row *trial, size_t offset)
{
    return number_real(*(const int64_t *)((const char *)trial + offset));
}

/* Those that came to be handed in: all but the dropped ones. */
static inline int64_t trial_tasks(const struct trial_row *trial)
{
    return trial->tasks_dropped > 0 ? trial->f.tasks - trial->tasks_dropped : trial->f.tasks;
}

static inline double trial_per_task(const struct trial_row *trial, double value)
{
    return trial_tasks(trial) > 0 ? value / (double)trial_tasks(trial) : NAN;
}

struct sample_row {
    int64_t trial_id, task, worker, pid, cpu_planned, cpu;
    char status[16];
    int64_t code, due_ns, submit_ns, start_ns, end_ns, reap_ns;
    uint64_t result;
    int64_t row_sum;
};

struct latency_row {
    int64_t trial_id;
    char phase[16];
    int64_t lo_ns, hi_ns, count, row_sum;
};

/* Of some of the tasks of a cell: p50, p90 and p99 of their latency, each with lower and upper end of its interval. */
#define APART_PERCENTILES 3
struct latency_apart {
    int64_t n, ns[APART_PERCENTILES][3];
};

struct summary_row {
    int64_t schema_version;
    char run_id[40], cell_id[16], experiment[64], experiments[EXPERIMENTS_MAX];
    struct factors f;
    int64_t trials, failed, blocks;
    char verdict[16];
    double visible;
    int64_t wall_ns, wall_lo_ns, wall_hi_ns;
    double ns_per_task, tasks_per_s;
    double efficiency, efficiency_vs_static, overhead_ns, submitter_share, achieved_share;
    double drift;
    int64_t drift_said;
    double group_ratio, group_share, worker_imbalance;
    int64_t queue_p50_ns, service_p50_ns, return_p50_ns;
    int64_t latency_p50_ns, latency_p50_lo_ns, latency_p50_hi_ns, latency_p90_ns, latency_p90_lo_ns, latency_p90_hi_ns;
    int64_t latency_p99_ns, latency_p99_lo_ns, latency_p99_hi_ns, latency_p999_ns, latency_p999_lo_ns,
        latency_p999_hi_ns;
    int64_t late_p99_ns;
    int64_t open_ns, close_ns, pss_bytes, private_bytes;
    double lag_correlation;
    int64_t lag_said;
    double drawn_per_s, handed_per_s, served_per_s, utilisation, steady_share, dropped_share;
    int64_t steady_needed_ns;
    int64_t pooled_n, pooled_p50_ns, pooled_p50_lo_ns, pooled_p50_hi_ns, pooled_p90_ns, pooled_p90_lo_ns,
        pooled_p90_hi_ns, pooled_p99_ns, pooled_p99_lo_ns, pooled_p99_hi_ns, pooled_p999_ns, pooled_p999_lo_ns,
        pooled_p999_hi_ns;
    int64_t deadline_ns;
    double misses, misses_lo, misses_hi;
    int64_t command_user_ns, command_sys_ns, command_cpu_ns, command_cpu_lo_ns, command_cpu_hi_ns, command_maxrss_bytes;
    struct latency_apart first, class_cpu, class_sleep;
    double numa_share;
};

/* What the searching verbs found, a row a search. */
struct metg_row {
    int64_t schema_version;
    char run_id[40], pool[SPEC_MAX];
    int64_t workers;
    char workload[SPEC_MAX];
    double efficiency;
    int64_t metg_ns, lo_ns, hi_ns, size_ns, size_lo_ns, size_hi_ns, blocks, trials;
    char reason[192];
    int64_t row_sum;
};

struct crossover_row {
    int64_t schema_version;
    char run_id[40], pool[SPEC_MAX], other_pool[SPEC_MAX];
    int64_t workers;
    char workload[SPEC_MAX];
    int64_t size_ns;
    char over[16];
    double crossover, lo, hi;
    int64_t blocks, trials;
    char reason[192];
    int64_t row_sum;
};

struct capacity_row {
    int64_t schema_version;
    char run_id[40], pool[SPEC_MAX];
    int64_t workers;
    char workload[SPEC_MAX];
    int64_t size_ns, p99_limit_ns;
    double rate_per_s, lo_per_s, hi_per_s;
    int64_t blocks, trials;
    char reason[192];
    double percentile, utilisation, kept_per_s;
    int64_t kept_ns;
    int64_t row_sum;
};

/* What explain --try changed, a row a change. */
struct tries_row {
    int64_t schema_version;
    char run_id[40];
    int64_t row;
    char by[16], a[SPEC_MAX], b[SPEC_MAX], change[2 * SPEC_MAX];
    double ratio, ratio_changed, share, lo, hi;
    int64_t n;
    int64_t row_sum;
};

/* Of profiled siblings, in profile/ (bench/measure/siblings.h). */
struct state_row {
    int64_t trial_id;
    char role[16], phase[16], state[16], by[16];
    int64_t ns, ns_error, count;
    char source[16];
    int64_t row_sum;
};

struct span_row {
    int64_t trial_id, thread;
    char role[16];
    int64_t worker, cpu, from_ns, to_ns;
    char state[16], by[16];
    int64_t row_sum;
};

struct stack_row {
    int64_t trial_id;
    char role[16], phase[16], kind[16];
    int64_t stack_id, weight_ns, samples, row_sum;
};

struct frame_row {
    int64_t stack_id, depth;
    char symbol[160], object[64], build_id[48];
    int64_t row_sum;
};

struct counter_row {
    int64_t trial_id;
    char role[16], phase[16], pmu[32], event[32], scope[16];
    int64_t value, enabled_ns, running_ns;
    char group[16], source[16];
    int64_t row_sum;
};

struct ability_row {
    char host[16], kind[16], event[48];
    int64_t error;
    char remedy[256];
};

/* A host of a run that has several. */
struct host_row {
    char host[SPEC_MAX], name[256], machine_key[40], boot_key[40], source[96], build[40], arch[32], clock[32];
    double clock_ahead_s;
    int64_t runs;
    char status[16], reason[192];
    int64_t row_sum;
};

extern const struct file_format state_format, span_format, counter_format, stack_format, frame_format, ability_format,
    host_format;
extern const struct file_format metg_format, crossover_format, capacity_format, tries_format;
extern const struct file_format plan_format, trial_format, sample_format, latency_format, summary_format;
extern const struct file_format *const file_formats[]; /* all of them, NULL-terminated */

/* What else is in the directory of a run. */
struct other_file {
    const char *name, *help;
};
extern const struct other_file other_files[]; /* ends with a row without a name */

/* Fills a row with MISSING, NAN and "". */
void row_clear(const struct file_format *format, void *row);

/* Prints results/README.md: what is in a run directory, and every file's columns. */
void columns_document(FILE *out);

#endif
