/* What the manual says beyond the tables that the program works by. */
#include "bench/verbs/help/manual.h"
#include "bench/ask/suite_names.h"
#include "bench/base/spec.h"
#include "bench/launch/peers.h"
#include "bench/machine/place.h"
#include <stdio.h>
#include <stdlib.h>

const char *const manual_description[] = {
    "poolbench runs the same seeded tasks through interchangeable pools of workers: a process per task, preforked "
    "processes, threads, or a mix. Workers are pinned, every task is timed, and what comes of it is CSV files, a "
    "screen and charts.",
    "One combination of factors is a cell. A run goes through all cells in blocks, in an order drawn anew for each, "
    "and every trial of a cell is a program of its own. Cells are compared within a block.",
    NULL,
};

const struct manual_row manual_exits[] = {
    {"0", "All went well."},
    {"1", "Something ran and failed: a trial that failed, crashed or took too long, a file that could not be written."},
    {"2", "The question was wrong: an option, a suite or a run. One line on stderr says what was expected; nothing "
          "was run or written."},
    {"3",
     "Surely not: `compare` found what --fail-if-slower or --fail-if-unresolved asked for, a target of `targets` "
     "fails, `advise` names nothing that keeps to --p99, to --memory or up with --rate. A failure (1) outranks it."},
    {"4",
     "Could not tell, which is not well: `compare` had a gate or too few blocks, and a cell may be slower; a target "
     "of `targets` is unresolved; a search (`metg`, `crossover`, `capacity`) has no answer for some pool; "
     "`explain --try` cannot tell A from B here; `advise` cannot say what is within a tenth of the best, or keeps to "
     "--p99. What would tell is said. 3 "
     "outranks it, and --blind-ok of `compare`, `targets` and `capacity` makes it 0."},
    {"5",
     "Some hosts of `run --hosts` ran all, and some did not: of those there is what came; `resume` asks them again."},
    {"128+N", "Signal N ended a run. What had been measured is kept and summed up."},
    {"141",
     "Whoever read standard output had seen enough (`| head`), and all else went well: what was begun was done, and "
     "nothing is said. A full disk there is a failure (1)."},
    {NULL, NULL},
};

const struct manual_row manual_environment[] = {
    {"POOLBENCH_SCRIPTS", "Where the suites and gnuplot scripts are, instead of those that came with the program."},
    {"POOLBENCH_PLUGINS", "Folders of plug-ins, with colons between them: --pool mine is mine.so in one of them."},
    {"POOLBENCH_SSH", "The command by which `run --hosts` reaches a host, in the place of ssh; --ssh outranks it."},
    {"POOLBENCH_KEEP_JOBS", "A directory that gets the job of each cell of a run, c001.job and so on: what "
                            "poolbench-trial FILE runs once more, "
                            "for a debugger."},
    {"POOLBENCH_OUTSIDE",
     "A directory that stands for / where a run looks for what others do to its trials (proc/, sys/): "
     "for tests. One that is not there tells nothing, so no trial is run again for it."},
    {"XDG_CACHE_HOME, HOME", "Calibrations are kept in $XDG_CACHE_HOME/poolbench, else in ~/.cache/poolbench."},
    {"XDG_STATE_HOME, HOME", "The runs that were made here and execute anything are listed in "
                             "$XDG_STATE_HOME/poolbench/runs, else in ~/.local/state/poolbench/runs: see --trust."},
    {"PATH", "Where gnuplot is looked for, in its absolute directories alone. It is given nothing else of the "
             "environment but LD_* and TMPDIR, and reads no "
             "settings of the user."},
    {NULL, NULL},
};

const struct manual_row manual_files[] = {
    {"suites, targets, durations, lists of paths",
     "Text that poolbench reads is UTF-8 (paths in a list may be any bytes), with lines that end with LF or CRLF; a "
     "byte-order mark in front is skipped, and a line that begins with # is a comment. Words on the command line are "
     "UTF-8 "
     "without control characters, as they are written down; a pattern such as files=caf?.txt names a file that is "
     "not."},
    {"results/DATE-ID/", "A run, in the directory where poolbench was started, or wherever --out said."},
    {"results/latest", "A link to the last one."},
    {"~/.cache/poolbench/calibrations.json",
     "How long an iteration of each workload takes, by machine and program. Tried before it is used, and measured anew "
     "where it no longer holds or --recalibrate asks for it."},
    {NULL, NULL},
};

const struct manual_row manual_examples[] = {
    {"poolbench run quick", "The main questions, in about a minute:"},
    {"poolbench run --pool serial,fork,prefork,pthread --size 10us,1ms --workers 1..cores --budget 20s",
     "From which task size on is a process per task worth it?"},
    {"poolbench plan --pool hybrid:processes=1/2:threads=8 --workload mixed --size 2ms",
     "What would two mixes of processes and threads take? Runs nothing:"},
    {"poolbench topo --topology synthetic:\"pack:2 core:4 pu:2\" --workers 6 --place scatter",
     "Where would six workers go on a larger machine?"},
    {"poolbench charts latest --format png", "The charts of the last run as pictures for a text:"},
    {NULL, NULL},
};

char *manual_options(const struct verb *verb, char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (const struct option *option = options; option->name && used < size; option++)
        if (verb_takes(verb, option))
            used += (size_t)snprintf(text + used, size - used, "%s--%s", used ? ", " : "", option->name);
    return text;
}

static void options_walk(manual_item *item, const struct param *param)
{
    for (; param && param->name; param++) {
        char label[SPEC_MAX], text[SPEC_MAX * 2];
        param_explain(param, label, sizeof label, text, sizeof text);
        item(true, label, text);
    }
}

static void pools_walk(manual_item *item, const struct pool_ops *const *pools)
{
    for (; *pools; pools++) {
        item(false, (*pools)->name, (*pools)->summary);
        options_walk(item, (*pools)->params);
    }
}

/* Plug-ins whose sources come with poolbench. */
static void peers_walk(manual_item *item, bool are_pools)
{
    char text[160];
    for (const struct peer *peer = peers; peer->name; peer++) {
        snprintf(text, sizeof text, "%s; a plug-in that `make peers` builds", peer->summary);
        if (peer->is_pool == are_pools)
            item(false, peer->name, text);
    }
}

static void suites_walk(manual_item *item)
{
    struct suite_name *suites;
    size_t count;
    if (suite_names(&suites, &count) == 0)
        for (size_t i = 0; i < count; i++)
            item(false, suites[i].name, suites[i].about);
    free(suites);
}

void manual_tables(manual_section *section, manual_item *item)
{
    section("Pools", "--pool", "what it is");
    pools_walk(item, pool_table);
    pools_walk(item, pool_peers);
    peers_walk(item, true);
    section("Floors", "--pool", "bare loops to hold pools against");
    pools_walk(item, floor_table);
    section("Workloads", "--workload", "what a task does");
    for (const struct workload_ops *const *at = workload_table; *at; at++) {
        item(false, (*at)->name, (*at)->summary);
        options_walk(item, (*at)->params);
    }
    peers_walk(item, false);
    section("Places", "--place", "where workers are pinned");
    for (const struct place_name *place = place_names; place->name; place++)
        item(false, place->name, place->summary);
    section("Suites", "suite", "what it asks");
    suites_walk(item);
}
