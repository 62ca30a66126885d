/* The verb merge: one run of runs that were made elsewhere. */
#include "bench/model/merge.h"
#include "bench/base/refuse.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum { OUT };
static const struct argument merge_arguments[] = {
    [OUT] = {"out", "DIRECTORY", "", "Where the run goes; must not exist. Without it, a new directory in results/.",
             false},
    {.name = NULL},
};

/* The directories of all runs, each once. */
static int parts_find(const struct arguments *given, struct merge_part *part, char (*path)[PATH_MAX], char *error)
{
    int rc = 0;
    for (unsigned i = 0; i < given->operands && !rc; i++) {
        rc = run_find(given->operand[i], path[i], sizeof path[i], error);
        for (unsigned j = 0; j < i && !rc; j++)
            if (!strcmp(path[i], path[j]))
                rc = refuse(error, "%.300s stands twice: expected each run once", path[i]);
        part[i] = (struct merge_part){.directory = path[i], .clock_ahead_s = NAN};
    }
    return rc;
}

static int run_make(const struct arguments *given, const struct merge_part *part, char directory[PATH_MAX], char *error)
{
    const struct merge merge = {
        .part = part, .count = given->operands, .verb = "merge", .argv = given->argv, .talk = stderr};
    int rc = run_check(given->value[OUT], error);
    rc = rc ? rc : run_create(given->value[OUT], directory, PATH_MAX, error);
    if (rc)
        return rc;
    int lock = run_lock_new(directory, error);
    if (lock < 0)
        return lock;
    rc = merge_make(&merge, directory, error);
    if (rc) {
        char profile[PATH_MAX + 16];
        snprintf(profile, sizeof profile, "%s/profile", directory);
        run_discard(profile);
        run_discard(directory);
    } else {
        rc = run_publish(directory, error);
    }
    run_unlock(lock);
    return rc;
}

static int merge_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "", directory[PATH_MAX];
    struct merge_part *part = calloc(given->operands + 1, sizeof *part);
    char(*path)[PATH_MAX] = calloc(given->operands + 1, sizeof *path);
    int rc = part && path ? 0 : refuse_as(-ENOMEM, error, "out of memory");
    if (!rc && given->operands < 2)
        rc = refuse(error, "expected two runs or more, found %u", given->operands);
    if (!rc)
        rc = parts_find(given, part, path, error);
    if (!rc)
        rc = run_make(given, part, directory, error);
    free(part);
    free(path);
    if (rc)
        return complain("merge", "%s", error);
    int code = made_conclude(directory, "merge");
    fputs("The whole is ", stdout);
    text_show(stdout, directory);
    puts("; its hosts are named in hosts.csv");
    return code;
}

const struct verb verb_merge = {
    .name = "merge",
    .chapter = "measure",
    .operands = "[RUN] [RUN...]",
    .summary = "make one run of runs made elsewhere (hosts, CI jobs)",
    .function = merge_main,
    .help =
        "Makes one run of several that were made elsewhere, which every verb that reads runs can look at: its host is "
        "a factor. A host is a machine, a name and a build; its runs come one after the other, with blocks of their "
        "own. What differs in builds, seeds and plans is named; what is damaged is refused, and nothing is made. "
        "Trials are numbered anew and keep origin_run and origin_trial; names of hosts stand in hosts.csv alone. "
        "Hosts that ran at different times are compared by what cells have over the baseline of their own block, "
        "never by absolute times. RUN is its directory, the beginning of its name, or latest.",
    .operands_max = OPERANDS_MAX,
    .arguments = merge_arguments};
