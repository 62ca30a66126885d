/* The verb run. */
#include "bench/base/refuse.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include <errno.h>

static int run_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct session session;
    int rc = session_open(&session, given->argc, given->argv, error), code;
    if (rc == 0)
        rc = session_begin(&session, "run", given->argv, error);
    if (rc < 0)
        code = rc == -EINTR ? 128 + session.interrupted : complain("run", "%s", error);
    else
        code = run_go(&session, "run", NULL);
    session_close(&session);
    return code;
}

const struct verb verb_run = {
    .name = "run",
    .chapter = "measure",
    .operands = "[SUITE.ini ...]",
    .summary = "run an experiment: trials of every cell, CSV files, a summary",
    .function = run_main,
    .help = "Runs every combination of the given factors (a cell) in blocks of random order, and leaves CSV files in "
            "results/. SUITE.ini is a file of experiments, or the name of one that comes with poolbench (quick, "
            "full); options on the command line override it.",
    .reads_itself = true};
