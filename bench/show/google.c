/* google-benchmark's JSON, see google.h. Its fields: docs/user_guide.md and src/json_reporter.cc of google-benchmark
 * 1.8; what tools/compare.py reads of them: tools/gbench/report.py there. */
#include "bench/show/google.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/markup.h"
#include "bench/stats/stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES (4 * SPEC_MAX)

/* A benchmark: a cell. */
struct family {
    size_t index;
    char name[NAME_MAX_BYTES];
    long long workers;
    size_t trials;      /* that ended well */
    double *real, *cpu; /* of each, ns a task */
};

/* "prefork/workload:spin/size:10us/workers:4": pool first, as the function's name is there. */
static void name_make(char name[NAME_MAX_BYTES], const struct summary_row *row, factor_set factors)
{
    char value[SPEC_MAX];
    size_t used = (size_t)snprintf(name, NAME_MAX_BYTES, "%s", row->f.pool);
    for (unsigned i = 0; factor_name(i); i++)
        if (factors & OPTION_BIT(i) & ~FACTOR_POOL && used + 2 * SPEC_MAX < NAME_MAX_BYTES)
            used += (size_t)snprintf(name + used, NAME_MAX_BYTES - used, "/%s:%s", factor_name(i),
                                     factor_spell(value, sizeof value, row, OPTION_BIT(i)));
}

static void context_print(FILE *out, const struct run_data *run)
{
    const json_t *host = run->host;
    const char *date = json_string_value(json_object_get(host, "date"));
    char cpus[32];
    snprintf(cpus, sizeof cpus, "%lld", (long long)host_cpus(host));
    markup_print(out, MARKUP_JSON,
                 "{\n  \"context\": {\n    \"date\": \"@\",\n    \"executable\": \"poolbench\",\n"
                 "    \"num_cpus\": @,\n    \"mhz_per_cpu\": 0,\n    \"cpu_scaling_enabled\": false,\n"
                 "    \"caches\": [],\n    \"load_avg\": [],\n    \"library_version\": \"poolbench @\",\n"
                 "    \"library_build_type\": \"release\",\n    \"json_schema_version\": 1,\n    \"run\": \"@\"\n  },\n"
                 "  \"benchmarks\": [",
                 date ? date : "", cpus, POOLBENCH_VERSION, run->count ? run->rows[0].run_id : "");
}

/* What all entries of a family begin with; suffix: "" or "_mean". */
static void entry_begin(FILE *out, const struct family *f, const char *suffix, bool is_first)
{
    fputs(is_first ? "\n" : ",\n", out);
    markup_print(out, MARKUP_JSON, "    {\"name\": \"@@\", ", f->name, suffix);
    fprintf(out, "\"family_index\": %zu, \"per_family_instance_index\": 0, ", f->index);
    markup_print(out, MARKUP_JSON, "\"run_name\": \"@\", ", f->name);
    fprintf(out, "\"run_type\": \"%s\", \"repetitions\": %zu, ", *suffix ? "aggregate" : "iteration", f->trials);
}

static void entry_end(FILE *out, const struct family *f, double iterations, double real, double cpu)
{
    fprintf(out,
            "\"threads\": 1, \"iterations\": %.0f, \"real_time\": %.9g, \"cpu_time\": %.9g, \"time_unit\": \"ns\", "
            "\"workers\": %lld}",
            iterations, real, isnan(cpu) ? 0 : cpu, f->workers);
}

static double spread(const double *values, size_t count)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)(count - 1));
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* Sorts real and cpu. */
static void aggregates_print(FILE *out, struct family *f)
{
    const double sets[][2] = {
        {mean_of(f->real, f->trials), mean_of(f->cpu, f->trials)},
        {stats_median(f->real, stats_sort(f->real, f->trials)), stats_median(f->cpu, stats_sort(f->cpu, f->trials))},
        {spread(f->real, f->trials), spread(f->cpu, f->trials)}};
    static const char *const names[] = {"mean", "median", "stddev"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char suffix[16];
        snprintf(suffix, sizeof suffix, "_%s", names[i]);
        entry_begin(out, f, suffix, false);
        fprintf(out, "\"aggregate_name\": \"%s\", \"aggregate_unit\": \"time\", ", names[i]);
        entry_end(out, f, (double)f->trials, sets[i][0], sets[i][1]);
    }
}

/* Whether the cell had a trial that ended well. */
static bool cell_print(FILE *out, const struct run_data *run, size_t cell, struct family *f, bool is_first)
{
    size_t count = 0;
    f->trials = 0;
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i])
        f->trials += trial_has_time(&run->trials[i]);
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i]) {
        const struct trial_row *trial = &run->trials[i];
        if (!trial_has_time(trial))
            continue;
        f->real[count] = trial_per_task(trial, (double)trial->wall_ns);
        f->cpu[count] = trial_per_task(trial, number_real(trial->user_ns) + number_real(trial->sys_ns));
        entry_begin(out, f, "", is_first && !count);
        fprintf(out, "\"repetition_index\": %zu, ", count);
        entry_end(out, f, (double)trial_tasks(trial), f->real[count], f->cpu[count]);
        count++;
    }
    if (count > 1)
        aggregates_print(out, f);
    return count > 0;
}

int google_print(FILE *out, FILE *talk, const struct run_data *run)
{
    const factor_set factors = factors_varying(run->rows, run->count, factors_of(run->rows, run->count)) |
                               FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_WORKERS;
    struct family family = {.real = calloc(run->trial_count + 1, sizeof *family.real),
                            .cpu = calloc(run->trial_count + 1, sizeof *family.cpu)};
    const int rc = family.real && family.cpu ? 0 : -ENOMEM;
    if (!rc)
        context_print(out, run);
    for (size_t i = 0; i < run->count && !rc; i++) {
        const struct summary_row *row = &run->rows[run->plan[i]];
        name_make(family.name, row, factors);
        family.workers = row->f.workers == MISSING ? 0 : (long long)row->f.workers;
        if (cell_print(out, run, run->plan[i], &family, !family.index))
            family.index++;
        else
            markup_print(talk, MARKUP_CODE, "@: left out: no trial ended well\n", row->cell_id);
    }
    if (!rc)
        fputs("\n  ]\n}\n", out);
    free(family.real);
    free(family.cpu);
    return rc;
}
