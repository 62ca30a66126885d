/* The verb repair: what is whole of a damaged run. */
#include "bench/model/repair.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/columns.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static void dropped_print(const char *what, void *arg)
{
    (void)arg;
    fputs("  dropped: ", stdout);
    text_show(stdout, what);
    putchar('\n');
}

static void host_say(const char *directory)
{
    char error[ERROR_MAX] = "";
    json_t *host = host_read(directory, error);
    if (!host) {
        fputs("host.json cannot be mended (", stdout);
        text_show(stdout, error);
        puts("): the run is summed up without it, and not gone on with.");
    }
    json_decref(host);
}

static void result_say(const char *directory, const struct repair *repair, bool is_changed)
{
    if (!is_changed) {
        printf("whole: %zu trials in ", repair->trials);
        text_show(stdout, directory);
        puts(", nothing is changed");
        return;
    }
    printf("repaired: %zu trials in ", repair->trials);
    text_show(stdout, directory);
    printf(" are whole; %zu trial%s and %zu other row%s dropped; the files as they were are in its folder %s\n",
           repair->trials_dropped, repair->trials_dropped == 1 ? "" : "s", repair->rows_dropped,
           repair->rows_dropped == 1 ? "" : "s", REPAIR_KEPT);
}

/* What --profile has left beside the trials; nothing where it has not. 0 or -errno with a line in error. */
static int profile_repair(const char *directory, struct repair *all, int *is_changed, char *error)
{
    char profile[PATH_MAX];
    struct stat status;
    struct repair repair = {.dropped = dropped_print};
    if (inside_stat(directory, "profile", &status) || !S_ISDIR(status.st_mode) ||
        snprintf(profile, sizeof profile, "%s/profile", directory) >= (int)sizeof profile ||
        !inside_is_there(profile, trial_format.file))
        return 0;
    int rc = repair_run(profile, &repair, is_changed, error);
    if (rc == 0 && *is_changed)
        result_say(profile, &repair, *is_changed);
    all->rows_dropped += repair.rows_dropped;
    all->trials_dropped += repair.trials_dropped;
    return rc;
}

static int repair_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct repair repair = {.dropped = dropped_print};
    int is_changed = 0;
    if (arguments_run("repair", given, 0, directory))
        return 2;
    int lock = run_lock(directory, error);
    if (lock < 0)
        return complain("repair", "%s", error);
    int rc = repair_run(directory, &repair, &is_changed, error);
    if (rc == 0) {
        run_moved_say("repair", directory);
        result_say(directory, &repair, is_changed);
        rc = profile_repair(directory, &repair, &is_changed, error);
        host_say(directory);
    }
    run_unlock(lock);
    if (rc < 0)
        return complain("repair", "%s", error);
    return repair.rows_dropped || repair.trials_dropped;
}

const struct verb verb_repair = {
    .name = "repair",
    .chapter = "measure",
    .operands = "[RUN]",
    .summary = "keep what is whole of a run whose files were damaged",
    .function = repair_main,
    .help =
        "Keeps the rows that have the values which were written, and the trials that have all of their rows; says "
        "what is dropped, by file and line, or by trial. The files as they were stay in the folder damaged of the "
        "run. A file that was sorted or saved by a spreadsheet is put in order again, for resume. Exits with 1 "
        "where something was dropped, with 0 where all is whole. RUN is its directory, the beginning of its name, or "
        "latest (the default).",
    .operands_max = 1};
