/* The verb run. */
#include "bench/measure/look.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/fleet/fleet.h"
#include "bench/verbs/verbs.h"

enum { HOSTS, HOSTS_IN_TURN, REMOTE, SSH };
static const struct argument run_arguments[] = {
    [HOSTS] =
        {"hosts", "NAME,NAME...|FILE", "",
         "Run the same plan with the same seed on these hosts, which ssh knows and which have the same poolbench: "
         "block by block, all in the same minutes; FILE has a host a line. Hosts that are one machine take "
         "turns. The outcome is one run in which host is a factor; what came of a host that was lost stays, and "
         "the exit code is 5.",
         false},
    [HOSTS_IN_TURN] = {"hosts-in-turn", "", "", "With --hosts: no two of them run at the same time.", false},
    [REMOTE] = {"remote", "PROGRAM", "poolbench", "With --hosts: what it is called there, as a word of its shell.",
                false},
    [SSH] = {"ssh", "COMMAND", "",
             "With --hosts: the command that reaches a host, as ssh does, with options: ssh -F FILE. Without it: "
             "$POOLBENCH_SSH, else ssh.",
             false},
    {.name = NULL},
};

/* What only goes with --hosts. */
static int hosts_run(const struct arguments *given)
{
    const struct fleet_wish wish = {.hosts = given->value[HOSTS],
                                    .remote = given->value[REMOTE],
                                    .ssh = given->value[SSH],
                                    .in_turn = *given->value[HOSTS_IN_TURN]};
    const bool has_other = wish.in_turn || *wish.ssh || strcmp(wish.remote, run_arguments[REMOTE].preset) != 0;
    if (!*wish.hosts)
        return has_other ? complain("run", "--%s: is for --hosts",
                                    wish.in_turn ? "hosts-in-turn"
                                    : *wish.ssh  ? "ssh"
                                                 : "remote")
                         : -1;
    return fleet_run(given, &wish);
}

static int run_main(const struct arguments *given)
{
    const int hosts = hosts_run(given);
    if (hosts >= 0)
        return hosts;
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
    .takes_suites = true,
    .arguments = run_arguments};
