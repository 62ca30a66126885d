/* The verb scaling: what laws of scaling say of a run, and what they do not. */
#include "bench/analyse/summary.h"
#include "bench/base/nearest.h"
#include "bench/verbs/scaling/report.h"
#include "bench/verbs/verbs.h"
#include <limits.h>

enum { SCALING_POOL, SCALING_FORMAT };
static const struct argument scaling_arguments[] = {
    [SCALING_POOL] = {"pool", "NAME", "", "Of this pool alone, with whatever options. Default: of all.", false},
    [SCALING_FORMAT] = {"format", "text|csv|json", "text", "csv, json: a row for every number, full digits.", true},
    {.name = NULL},
};

static int pool_unknown(const struct run_data *run, const char *pool)
{
    struct nearest nearest;
    char hint[96];
    nearest_init(&nearest, pool);
    for (size_t i = 0; i < run->count; i++)
        nearest_offer(&nearest, run->rows[i].f.pool);
    return complain("scaling", "--pool: the run has no pool '%.64s' with workers to count%s", pool,
                    nearest_hint(&nearest, hint, sizeof hint));
}

static int table_print(const struct studies *studies, const char *how)
{
    int rc = studies_table(stdout, studies, how);
    if (rc)
        complain("scaling", "standard output: %s", strerror(-rc));
    return rc != 0;
}

static int scaling_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct studies studies;
    int code = 0;
    if (arguments_run("scaling", given, 0, directory))
        return 2;
    if (run_summed_open(directory, &run, error))
        return complain("scaling", "%s", error);
    run_data_gaps(stderr, &run);
    int result = run.count ? studies_make(&run, given->value[SCALING_POOL], &studies) : -ENODATA;
    if (result == -ENODATA)
        code = complain("scaling", "%s: no trial was committed", directory);
    else if (result == -ENOENT)
        code = pool_unknown(&run, given->value[SCALING_POOL]);
    else if (result)
        code = (complain("scaling", "%s", strerror(-result)), 1);
    else if (!studies.count)
        code = complain("scaling",
                        "%s: no pool ran the same tasks with different numbers of workers; --workers 1,2,4 "
                        "of run makes such a run",
                        directory);
    else if (strcmp(given->value[SCALING_FORMAT], "text") != 0)
        code = table_print(&studies, given->value[SCALING_FORMAT]);
    else
        studies_print(stdout, &studies);
    if (!result)
        studies_release(&studies);
    run_data_close(&run);
    return code;
}

const struct verb verb_scaling = {
    .name = "scaling",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "fit laws of scaling to a run over workers",
    .function = scaling_main,
    .help = "Fits Amdahl's law and the Universal Scalability Law to every pool that ran the same tasks with three or "
            "more numbers of workers, and to sleeping tasks a law of their own; says what follows, how far the points "
            "are off, and why where they do not bear it. RUN is its directory, the beginning of its name, or latest "
            "(the default).",
    .operands_max = 1,
    .arguments = scaling_arguments};
