/* poolbench: the same tasks through interchangeable pools of workers. This file finds the verb. */
#include "bench/nearest.h"
#include "bench/refuse.h"
#include "bench/stack.h"
#include "bench/verbs.h"
#include "pools/surroundings.h"
#include "workloads/text.h"
#include <signal.h>
#include <unistd.h>

const struct verb verbs[] = {
    {.name = "run",
     .chapter = "measure",
     .operands = "[SUITE.ini ...]",
     .summary = "run an experiment: trials of every cell, CSV files, a summary",
     .function = verb_run,
     .help = "Runs every combination of the given factors (a cell) in blocks of random order, and leaves CSV files in "
             "results/. SUITE.ini is a file of experiments, or the name of one that comes with poolbench (quick, "
             "full); options on the command line override it.",
     .reads_itself = true},
    {.name = "plan",
     .chapter = "measure",
     .operands = "[SUITE.ini ...]",
     .summary = "say what run would do, and run nothing",
     .function = verb_plan,
     .help = "Prints the cells, the CPUs of every worker, the defaults that were filled in, how many comparisons there "
             "are and the blocks they need, the order, and about how long it would take. Takes what run takes.",
     .reads_itself = true},
    {.name = "resume",
     .chapter = "measure",
     .operands = "[RUN]",
     .summary = "go on with a run that was interrupted, killed or out of disk",
     .function = verb_resume,
     .help =
         "Runs what is left of the plan of a run that ended early, with its seed, its cells and the order of its "
         "blocks; then the summary, charts and report, as run does. What a crash left behind the last whole trial "
         "is cut off; trials that were interrupted run again. A budget no longer counts. Refused on another machine "
         "or with another build, since blocks of one run are compared with each other. RUN is its directory, the "
         "beginning of its name, or latest (the default).",
     .operands_max = 1},
    {.name = "metg",
     .chapter = "search",
     .operands = "",
     .summary = "find the smallest task size that keeps a pool efficient",
     .function = verb_metg,
     .help = "Finds, for every pool, the task size at which it is half as efficient as pool static, which runs beside "
             "it in every block: the minimum effective task granularity, METG(50%). Sizes are halved on a log scale; "
             "then both ends of what is left run in the same blocks, and give the interval. Leaves the files that run "
             "leaves, and metg.csv.",
     .arguments = metg_arguments,
     .options = metg_options},
    {.name = "crossover",
     .chapter = "search",
     .operands = "",
     .summary = "find where the faster of two pools changes",
     .function = verb_crossover,
     .help = "Finds where the faster of two pools changes as one factor grows, all else equal, or says that it does "
             "not. Leaves the files that run leaves, and crossover.csv.",
     .arguments = crossover_arguments,
     .options = crossover_options},
    {.name = "capacity",
     .chapter = "search",
     .operands = "",
     .summary = "find the highest rate of arrivals a pool sustains",
     .function = verb_capacity,
     .help = "Finds, for every pool, the highest rate of arrivals at random times at which the 99th percentile of "
             "latency, counted from when a task is due, stays within a limit and at least 98 % of the rate is served. "
             "Leaves the files that run leaves, and capacity.csv.",
     .arguments = capacity_arguments,
     .options = capacity_options},
    {.name = "advise",
     .chapter = "search",
     .operands = "[RUN]",
     .summary = "say which pool to take for given tasks, with how many workers",
     .function = verb_advise,
     .help = "Names a pool, its workers and their place, how sure that is, what to expect, the cells it rests on, and "
             "where the answer would be another. With RUN it takes the nearest cells of the same kind that were "
             "measured, and says how far they are; it interpolates nothing. Without RUN it measures candidates, as "
             "long as --budget says.",
     .operands_max = 1,
     .arguments = advise_arguments},
    {.name = "summarise",
     .chapter = "look",
     .operands = "[RUN]",
     .summary = "make summary.csv of a run anew and print it",
     .function = verb_summarise,
     .help = "Makes summary.csv of a run anew from its trials.csv and latency.csv, and prints the screen. RUN is its "
             "directory, the beginning of its name, or latest (the default). Exits with 1 where not one trial ended "
             "well.",
     .operands_max = 1},
    {.name = "compare",
     .chapter = "look",
     .operands = "[RUN] [RUN]",
     .summary = "say which cells are faster, by how much, with what certainty",
     .function = verb_compare,
     .help =
         "Compares the cells of a run that differ in one factor, block by block, with intervals that hold together; "
         "or the cells of a second run with the same ones of the first, when both had the same tasks (run --like). "
         "Runs of different machines are compared by their ratios to the baseline of their own run. RUN is its "
         "directory, the beginning of its name, or latest (the default). Exits with 3 where --fail-if asks for it.",
     .operands_max = 2,
     .arguments = compare_arguments},
    {.name = "targets",
     .chapter = "look",
     .operands = "RUN FILE",
     .summary = "say which targets a run meets",
     .function = verb_targets,
     .help = "Reads targets from FILE, a path or the name of one that comes with poolbench (perf): sections "
             "[NAME] with cell = FACTOR=VALUE, ..., mostly base = ..., metric = "
             "time|cpu|open|trial|latency_p99|pss|private|metg, and at_most = 1.5x (a ratio to the base), 15ns (a "
             "difference "
             "from it) or, without a base, an amount. Each is computed block by block; one fails only when its whole "
             "interval lies beyond, and then the exit is 3. What the run has no cell for is listed as not run. RUN is "
             "its directory, the beginning of its name, or latest.",
     .operands_max = 2,
     .arguments = targets_arguments},
    {.name = "charts",
     .chapter = "look",
     .operands = "[RUN]",
     .summary = "draw the charts of a run",
     .function = verb_charts,
     .help = "Draws the charts of a run into RUN/charts with gnuplot, each beside the data and the script it is made "
             "from. RUN is its directory, the beginning of its name, or latest (the default).",
     .operands_max = 1,
     .arguments = charts_arguments},
    {.name = "report",
     .chapter = "look",
     .operands = "[RUN]",
     .summary = "write report.html and report.md of a run",
     .function = verb_report,
     .help =
         "Writes report.html, one file to look at, print or pass on, and report.md into the directory of a run, and "
         "prints their names: the answer, the table, the charts that are drawn, method, machine, and how to run it "
         "again. RUN is its directory, the beginning of its name, or latest (the default).",
     .operands_max = 1},
    {.name = "scaling",
     .chapter = "look",
     .operands = "[RUN]",
     .summary = "fit laws of scaling to a run over workers",
     .function = verb_scaling,
     .help = "Fits Amdahl's law and the Universal Scalability Law to every pool that ran the same tasks with three or "
             "more numbers of workers, and to sleeping tasks a law of their own; says what follows, how far the points "
             "are off, and why where they do not bear it. RUN is its directory, the beginning of its name, or latest "
             "(the default).",
     .operands_max = 1,
     .arguments = scaling_arguments},
    {.name = "isolation",
     .chapter = "look",
     .operands = "[RUN]",
     .summary = "what processes cost over threads in a run",
     .function = verb_isolation,
     .help = "For every cell that ran under both prefork and pthread: time, start, memory and page faults of processes "
             "over those of threads, block by block. RUN is its directory, the beginning of its name, or latest (the "
             "default).",
     .operands_max = 1,
     .arguments = isolation_arguments},
    {.name = "check",
     .chapter = "trust",
     .operands = "",
     .summary = "say what will spoil a run on this machine, and measure its noise",
     .function = verb_check,
     .help =
         "Looks at what disturbs measurements: other processes, steal, quotas, limits, frequencies, clocks, swap, "
         "huge pages. Each is ok, warn or unknown, with what helps. Then runs the same tasks over and over for a few "
         "seconds and says how much they differ. Changes nothing. Those warnings that matter also head every run.",
     .arguments = check_arguments},
    {.name = "selftest",
     .chapter = "trust",
     .operands = "",
     .summary = "compare pools with themselves: are there differences where there are none?",
     .function = verb_selftest,
     .help = "Runs pools against themselves under two labels, in blocks like those of a run, and counts how often they "
             "are found to differ: about 200 comparisons in a minute. Passes, and exits with 0, when there are no more "
             "false alarms than chance allows (18 of 200); else exits with 1. Says the smallest difference that is "
             "visible on this machine. With --inject one of the two has longer tasks, and it counts how often that is "
             "found. Leaves the directory of a run.",
     .arguments = selftest_arguments},
    {.name = "conformance",
     .chapter = "trust",
     .operands = "",
     .summary = "say whether a pool keeps the contract, whatever it is used for",
     .function = verb_conformance,
     .help = "Runs a pool, one of a plug-in or one that is built in, through what a run may ask of it: numbers of "
             "workers and tasks, ways of arriving and collecting, payloads, sleeping tasks, places, tasks that fail on "
             "purpose. Every task must come back once with the right result; what is lost, doubled or made up is "
             "named. Each trial has a process of its own and a limit of a few seconds. Exits with 1 when the contract "
             "is broken. Writes no files.",
     .arguments = conformance_arguments},
    {.name = "tour",
     .chapter = "learn",
     .operands = "[1..5]",
     .summary = "five short experiments on what pools do, explained",
     .function = verb_tour,
     .help = "Runs five small programs on process pools, thread pools and plain forking for real and shows each task: "
             "who ran it, when, and what that means. A number shows that step alone. Writes no files. docs/TOUR.md has "
             "the same in Python.",
     .operands_max = 1,
     .arguments = tour_arguments},
    {.name = "list",
     .chapter = "learn",
     .operands = "[pools|floors|workloads|places|faults|suites|runs|options]",
     .summary = "show what there is, with its options, and what cannot work here",
     .function = verb_list,
     .help = "Shows each row with its options and their defaults, and what cannot work on this machine with the "
             "reason. Without a word, names the lists.",
     .operands_max = 1},
    {.name = "topo",
     .chapter = "learn",
     .operands = "",
     .summary = "show a machine's CPUs and where workers would go",
     .function = verb_topo,
     .help = "Shows a machine, this one or a described one, and where workers would be pinned on it. Runs nothing.",
     .arguments = topo_arguments},
    {.name = "help",
     .chapter = "learn",
     .operands = "[VERB]",
     .summary = "explain a verb; print the manual or the completion of bash",
     .function = verb_help,
     .help = "Explains a verb, or names all of them. With an option it prints what is made from the same tables: the "
             "manual page, the command line on one page, or completion for bash, which `source <(poolbench help "
             "--completion)` has at once.",
     .operands_max = 1,
     .arguments = help_arguments},
    {.name = "version",
     .chapter = "learn",
     .operands = "",
     .summary = "say which poolbench this is",
     .function = verb_version,
     .help = "Prints the version, the commit it was built from and the libraries it runs with."},
    {.name = NULL},
};

const struct verb *verb_find(const char *name)
{
    struct nearest nearest;
    char hint[96];
    nearest_init(&nearest, name);
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (!strcmp(verb->name, name))
            return verb;
        nearest_offer(&nearest, verb->name);
    }
    complain("", "there is no verb '%.64s'%s%s", name, nearest_hint(&nearest, hint, sizeof hint),
             nearest_name(&nearest) ? "" : "; see poolbench help");
    return NULL;
}

static int is_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int verb_call(const struct verb *verb, int argc, char **argv)
{
    struct arguments given;
    for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
        if (is_help(argv[i]) && !(i && argv[i][1] != '-' && arguments_awaits(verb, argv[i - 1]))) {
            verb_help_print(verb);
            return 0;
        }
    int code = arguments_read(verb, argc, argv, &given);
    if (code)
        return code;
    code = verb->function(&given);
    arguments_release(&given);
    return code;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return complain("", "a verb is missing; see poolbench help");
    const char *name = is_help(argv[1]) ? "help" : !strcmp(argv[1], "--version") ? "version" : argv[1];
    const struct verb *verb = verb_find(name);
    return !verb ? 2 : *argv[1] == '-' ? verb_call(verb, 0, NULL) : verb_call(verb, argc - 2, argv + 2);
}

/* What is written down is text, so every word must be: else it would be missing where the command is told. */
static int words_check(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *wrong = text_wrong(argv[i]);
        if (wrong)
            return complain(i > 1 ? argv[1] : "",
                            "'%.200s' %s, and all words are written down as text; a link with such a name, or a "
                            "pattern, stands for it",
                            argv[i], wrong);
    }
    return 0;
}

/* What could not be printed was not done: a full disk behind a redirection must not look like success. Which error it
 * was is known no longer where it came early; then one more byte finds out. A reader who has seen enough is no error,
 * and ends us as any other program: by SIGPIPE. Returns the exit code. */
static int output_end(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (!errno && write(STDOUT_FILENO, "\n", 1) == 1)
        errno = EIO;
    if (errno == EPIPE && !code) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (errno != EPIPE)
        fprintf(stderr, "poolbench: standard output: %s\n", strerror(errno));
    return code ? code : 1;
}

int main(int argc, char **argv)
{
    if (surroundings_settle() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone must not end a run ... */
    signal(SIGXFSZ, SIG_IGN); /* ... nor a limit on files (ulimit -f), without a word */
    int code = words_check(argc, argv);
    if (!code && (code = stack_call(dispatch, argc, argv)) < 0) {
        complain("", "a stack of its own, as the limit on it is small (ulimit -s): %s", strerror(-code));
        code = 1;
    }
    return output_end(code);
}
