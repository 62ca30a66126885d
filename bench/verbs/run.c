/* The verb run. */
#include "bench/measure/look.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"

static int run_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct session session;
    int rc = session_open(&session, &given->asked, error);
    if (rc == 0)
        rc = look_nothing_left(&session, error);
    if (rc > 0) {
        printf("%s: every verdict is told, in %u blocks: nothing is left for a budget; --blocks runs all of it on\n",
               run_id(session.directory), session.plan.blocks_before);
        session_close(&session);
        return 0;
    }
    if (rc == 0)
        rc = session_begin(&session, "run", given->argv, error);
    if (rc < 0)
        return session_refuse(&session, "run", rc, error);
    int code = run_go(&session, "run", NULL);
    session_close(&session);
    return code;
}

const struct verb verb_run = {
    .name = "run",
    .chapter = "measure",
    .operands = "[SUITE.ini ...]",
    .summary = "run an experiment: trials, CSV files, answer, report",
    .function = run_main,
    .help = "Runs every combination of the given factors (a cell) in blocks of random order, and leaves CSV files in "
            "results/. SUITE.ini is a file of experiments, or the name of one that comes with poolbench (quick, "
            "full); options on the command line override it.",
    .takes_suites = true};
