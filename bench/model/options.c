/* The option table. A new option is a row here and its functions in factors.c or settings.c. */
#include "bench/model/options.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/model/factors.h"
#include "bench/model/settings.h"

#define HOUR_NS 3600000000000ll

static const struct param size_range = {.kind = PARAM_DURATION, .min = 1, .max = HOUR_NS};
static const struct param collect_words = {.kind = PARAM_CHOICE, .choices = "joined|completed|ordered|auto"};
static const struct param timing_words = {.kind = PARAM_CHOICE, .choices = "trial|task"};

/* Up to schema 1 the submitter said how many results are worth waking it, and under burst and wave that was all. */
static bool is_joined_before(const struct factors *factors)
{
    return factors->arrival.kind == ARRIVAL_BURST || factors->arrival.kind == ARRIVAL_WAVE;
}
/* Up to schema 1 the route by class of hybrid had as many workers of each kind as were asked for. */
static void update_workers(int64_t schema, struct factors *factors)
{
    const char *spec = spec_behind_label(factors->pool);
    if (schema <= 1 && !strncmp(spec, "hybrid", spec_name_length(spec)) && !strstr(spec, ":route=nested") &&
        factors->processes > 0 && factors->threads > 0)
        factors->workers = factors->processes + factors->threads;
}
static const struct meaning place_before[] = {{.schema = 1, .was = "auto", .asks = "?compact"}, {0}};
static const struct meaning collect_before[] = {
    {.schema = 1, .was = "completed", .means = "joined", .when = is_joined_before, .asks = "auto"}, {0}};

// clang-format off
#define AT(field) .offset = offsetof(struct factors, field), .size = sizeof(((struct factors *)0)->field)
#define COLUMN(kind, name, field, help) {COLUMN_OF(factors, kind, name, field, help)}
#define WORD(field, words, help) {COLUMN_OF(factors, WORD, #field, field, help), .param = &words}
#define SPELLED(field, help) {COLUMN_OF(factors, SPELLED, #field, field, help), .spelling = &field##_spelling}
#define BY_CELL(function) .set_cell = set_##function, .spell_cell = spell_##function
#define SETTING(function) .kind = OPTION_SETTING, .set = set_##function, .spell = spell_##function
// clang-format on

const struct option options[] = {
    [OPTION_POOL] =
        {.name = "pool",
         .syntax = "[LABEL=]POOL[:key=value...]",
         .preset = "serial,fork,prefork,pthread,hybrid",
         .help = "Who does the work. Options of a pool follow after colons, alternatives after slashes: "
                 "hybrid:processes=2/4:threads=1/8 is four pools. old=pthread:wait=block,new=pthread gives pools "
                 "names of your own; one pool under two names counts as two. ./mine.so is a plug-in. "
                 "?openmp is left out if it is not built. `list pools` shows all.",
         .expand = expand_pool,
         AT(pool),
         BY_CELL(pool),
         .columns = {COLUMN(TEXT, "pool", pool,
                            "who does the work, as it was asked for: the label and = where it was given one, then the "
                            "pool with every option that differs from its default")}},
    [OPTION_WORKLOAD] =
        {.name = "workload",
         .syntax = "WORKLOAD[:key=value...]",
         .preset = "spin",
         .help =
             "What a task does, with options as for --pool: memory:bytes=32MiB. Put a text with blanks, commas or "
             "colons in single quotes: \"cmd:line='gzip -c {file}'\". ./mine.so is a plug-in. `list workloads` shows "
             "all.",
         .expand = expand_workload,
         .traits = OPTION_WORK,
         AT(workload),
         BY_CELL(workload),
         .columns = {COLUMN(TEXT, "workload", workload,
                            "what a task does, with every option that differs from its default")}},
    [OPTION_SIZE] =
        {.name = "size",
         .syntax = "DURATION",
         .preset = "1ms",
         .help = "How long a task takes when nothing else runs (ns, us, ms, s, m, h). Workloads without a size ignore "
                 "it and run once.",
         .traits = OPTION_WORK,
         AT(size_ns),
         .param = &size_range,
         .columns = {COLUMN(INT, "size_ns", size_ns, "label of a task's size: how long it should take, uncontended")},
         .nothing = "0"},
    [OPTION_SIZE_DIST] =
        {.name = "size-dist",
         .syntax = "fixed|uniform|exponential|lognormal[:sigma=S]|bimodal|file:PATH",
         .preset = "fixed",
         .help =
             "How sizes are distributed; --size is their mean. lognormal: sigma is 1 unless given. bimodal: 90% of the "
             "tasks take half of --size, 10% take 5.5 times of it. file: one duration a line, used in order; a number "
             "without a unit is ns.",
         .traits = OPTION_WORK,
         AT(size_dist),
         BY_CELL(size_dist),
         .columns = {COLUMN(TEXT, "size_dist", size_dist, "how sizes are distributed around size_ns"),
                     COLUMN(INT, "iterations", iterations,
                            "the size in the workload's own unit of work, by calibration; empty where it has none")},
         .before = "sizes "},
    [OPTION_TASKS] = {.name = "tasks",
                      .syntax = "N|auto",
                      .preset = "auto",
                      .help = "How many tasks a trial has (1 .. 4026531839); auto: as many as take at least 50 ms.",
                      .traits = OPTION_WORK,
                      AT(tasks),
                      .spelling = &tasks_spelling,
                      .columns = {COLUMN(INT, "tasks", tasks, "tasks of a trial, warm-up not counted")},
                      .after = " task"},
    [OPTION_WORKERS] =
        {.name = "workers",
         .update = update_workers,
         .syntax = "N|cores|pus|2xcores|A..B",
         .preset = "cores",
         .help = "How many workers (1 .. 65535): a number, the cores or hardware threads (pus) this program may use, a "
                 "multiple of them, or a range that doubles: 1..64 is 1,2,4,8,16,32,64.",
         .expand = expand_workers,
         AT(workers),
         .param = &workers_range,
         .columns = {COLUMN(INT, "workers", workers, "workers asked for"),
                     COLUMN(INT, "processes", processes, "worker processes beside the submitter"),
                     COLUMN(INT, "threads",
                            threads, "worker threads over all processes; 0 where a worker is a process of one thread")},
         .after = " worker"},
    [OPTION_PLACE] =
        {.name = "place",
         .syntax = "PLACE",
         .preset = "auto",
         .help =
             "Where workers are pinned: none, cores-first, compact, scatter, cores, smt, l3, numa, package, fast, "
             "efficient, kind:N, CPUs joined with plus (0+2-3), or hwloc objects (core:1.pu:0); numa:each, kind:each "
             "and the like stand for each of them. With ? before it: none "
             "if pinning is forbidden, and left out (which is said) if this machine has no such place or an earlier "
             "one of the list is the same here. auto is ?cores-first. `list places` shows all.",
         .expand = expand_place,
         AT(place),
         BY_CELL(place),
         .columns = {COLUMN(TEXT, "place", place, "where workers are pinned")},
         .before = "place ",
         .meant_before = place_before},
    [OPTION_ARRIVAL] =
        {.name = "arrival",
         .syntax = "burst|wave:K|window:K|rate:R[:poisson]|rate:R:on=T:off=T[:low=SHARE]|trace:FILE[:xSPEED]"
                   "[:column=N][:gaps]",
         .preset = "burst",
         .help = "How tasks are handed in. burst: all at once. wave: K tasks, then wait for all of them, and again. "
                 "window: always K in flight. rate: R a second, whether or not the pool keeps up; with poisson at "
                 "random times; with on and off in bursts: on and off for random times of that mean, tasks only while "
                 "on (with low also while off, at that share of the rate), and R is the mean over both. trace: as in a "
                 "file with a line for each task: an access log, time stamps (ISO 8601 or seconds) or, with gaps, the "
                 "times between tasks, in column N; x2 is twice as fast; if a trial has more tasks than the file, it "
                 "goes on from a random line.",
         AT(arrival),
         .spelling = &arrival_spelling,
         .set_cell = set_arrival,
         .columns = {SPELLED(arrival, "how tasks are handed in; of a trace also its rate and a hash of the file")},
         .before = "arrival "},
    [OPTION_COLLECT] = {.name = "collect",
                        .syntax = "joined|completed|ordered|auto",
                        .preset = "auto",
                        .help = "What the main process waits for. joined: the last result of what was handed in. "
                                "completed: each result, which wakes it. ordered: all results, which are handed on in "
                                "the order of the tasks. auto is joined with burst and wave, completed with window "
                                "and rate.",
                        AT(collect),
                        .param = &collect_words,
                        .columns = {WORD(collect, collect_words, "what the submitter waits for")},
                        .before = "collect ",
                        .nothing = "joined",
                        .meant_before = collect_before},
    [OPTION_PAYLOAD] = {.name = "payload",
                        .syntax = "IN:OUT",
                        .preset = "0:0",
                        .help = "Bytes copied to each task and back from it, up to 1GiB each: 1MiB:64KiB.",
                        AT(payload),
                        .spelling = &payload_spelling,
                        .columns = {COLUMN(INT, "in_bytes", payload.in, "handed to every task"),
                                    COLUMN(INT, "out_bytes", payload.out, "returned by every task")},
                        .before = "payload ",
                        .nothing = "0:0"},
    [OPTION_BALLAST] =
        {.name = "ballast",
         .syntax = "BYTES[:thp][:write=10%]",
         .preset = "0",
         .help =
             "Memory that the main process fills before the pool is opened; with thp in huge pages; with write each "
             "task writes that share of its pages.",
         AT(ballast),
         .spelling = &ballast_spelling,
         .columns = {COLUMN(INT, "ballast_bytes", ballast.bytes, "memory the submitter dirtied before the pool opened"),
                     SPELLED(ballast, "the same with its options, as asked for")},
         .before = "ballast ",
         .nothing = "0"},
    [OPTION_FAULTS] =
        {.name = "faults",
         .syntax = "none|KIND:task=N|KIND:rate=SHARE[+...]",
         .preset = "none",
         .help =
             "Tasks that fail on purpose, the same ones under every pool: task number N, or a random share of all. "
             "Kinds are error, exit, abort, segv, stack, kill, stop, hang, oom, fdleak and wrong; plus joins up to 4: "
             "segv:rate=1%+hang:task=7. `list faults` explains each.",
         .traits = OPTION_WORK,
         AT(faults),
         BY_CELL(faults),
         .columns = {COLUMN(TEXT, "faults", faults, "which tasks fail on purpose; empty: none")},
         .before = "faults "},
    [OPTION_TIMING] = {.name = "timing",
                       .syntax = "task|trial",
                       .preset = "task",
                       .help = "Time each task, or only the whole trial.",
                       AT(timing),
                       .param = &timing_words,
                       .columns = {WORD(timing, timing_words,
                                        "task: every task is timed; trial: only the whole trial is")},
                       .before = "timing ",
                       .nothing = "task"},
    [OPTION_TRIAL_PROGRAM] =
        {.name = "trial-program",
         .syntax = "[LABEL=]PATH",
         .preset = "this",
         .help =
             "Run each cell with this build and, in the same blocks, with another one: the poolbench-trial at PATH, or "
             "in that folder. It is called old, or LABEL; `compare RUN` then says what has become slower. Both use the "
             "calibration of this build. A build with another layout of jobs is refused.",
         .expand = expand_trial_program,
         .traits = OPTION_RARE,
         AT(trial_program),
         BY_CELL(trial_program),
         .columns = {COLUMN(TEXT, "trial_program", trial_program,
                            "by which build: this, or the label of another one (host.json has its file); the column is "
                            "there only where a run has another one")},
         .before = "program ",
         .nothing = "this",
         .added = true},
    [OPTION_QUEUE_LIMIT] =
        {.name = "queue-limit",
         .syntax = "N|none",
         .preset = "none",
         .help =
             "With arrival rate: a task that is due while N others wait or run is dropped: it is not handed in, and "
             "counted separately. Latencies are those of the others.",
         .traits = OPTION_RARE,
         AT(queue_limit),
         .spelling = &queue_limit_spelling,
         .columns = {SPELLED(queue_limit, "with so many tasks in flight, one that comes due is dropped; the column is "
                                          "there only where a cell of the run has a limit")},
         .before = "queue limit ",
         .nothing = "none",
         .added = true},
    [OPTION_NUMA] = {.name = "numa",
                     .syntax = "local|interleave|node:N|node:all|as-made",
                     .preset = "as-made",
                     .help = "On which memory nodes the memory of a trial is. local: what a worker alone has on its "
                             "node, what all share "
                             "page by page over the workers' nodes; interleave: page by page over all nodes; node:N: "
                             "on that one, by the "
                             "system's number; node:all stands for each of them; as-made: nothing is said, so where it "
                             "is first written. "
                             "trials.csv has how many pages were where they were meant to be.",
                     .expand = expand_numa,
                     .traits = OPTION_RARE,
                     AT(numa),
                     .spelling = &numa_spelling,
                     .columns = {SPELLED(
                         numa, "on which memory nodes its memory was meant to be; the column is there only where a "
                               "cell of the run says")},
                     .before = "memory ",
                     .nothing = "as-made",
                     .added = true},
    [OPTION_HOST] = {.name = "host",
                     .syntax = "",
                     .preset = "",
                     .help = "Which host of several a trial ran on.",
                     .traits = OPTION_RARE | OPTION_RECORDED,
                     AT(host),
                     .columns = {COLUMN(TEXT, "host", host,
                                        "which host it ran on, by a name of hosts.csv; the column is there only in "
                                        "runs of several hosts. A block of one host is no block of another")},
                     .added = true},
    {.name = "place-main",
     .syntax = "PLACE",
     .preset = "auto",
     .help = "Where the main process runs, in the words of --place; auto: on a CPU without a worker if there is one, "
             "else on any.",
     .kind = OPTION_SETTING,
     BY_CELL(place_main)},
    {.name = "draw",
     .syntax = "levelled|plain",
     .preset = "levelled",
     .help =
         "Random arrivals are drawn again for each block, the same for all its cells. levelled: N tasks always take "
         "N / R. plain: drawn once for the whole run, however long they take, as in runs before this option.",
     .kind = OPTION_SETTING,
     BY_CELL(draw),
     .preset_before = "plain"},
    {.name = "blocks",
     .syntax = "N|auto",
     .preset = "auto",
     .help = "How often each cell is run (1 .. 10000); auto: as often as the comparisons need, and more if --budget "
             "leaves time.",
     SETTING(blocks)},
    {.name = "budget",
     .syntax = "DURATION|none",
     .preset = "none",
     .help = "How long the whole run may take, from the command to the prompt, to within a tenth: it runs as many "
             "blocks as fit. If not even the blocks that comparisons need fit, rows at the end of the plan are left "
             "out.",
     SETTING(budget)},
    {.name = "precision",
     .syntax = "SHARE|none",
     .preset = "none",
     .help = "Run until the interval of each comparison of pools ends at most this far from its middle (0.1% .. 100%). "
             "The run checks that after 8, 12, 18, 27, 40 and 60 blocks; rows that are precise enough stop. --blocks "
             "and --budget are then limits.",
     SETTING(precision)},
    {.name = "drop",
     .syntax = "yes|no",
     .preset = "yes",
     .help =
         "With --budget: stop running pools that are surely slower than the fastest of their row, and rows in which "
         "nothing is left to find out; the others get the time. Clear cases are dropped from 6 blocks on, the rest "
         "after 8, 12, 18, 27, 40 ... blocks. no: each cell runs in each block. Nothing is dropped with --blocks or "
         "--precision, nor without --budget.",
     SETTING(drop)},
    {.name = "seed",
     .syntax = "N|random",
     .preset = "random",
     .help = "0 .. 2^64 - 1: determines the tasks and the order of the trials. A random one is recorded in the run.",
     SETTING(seed)},
    {.name = "samples",
     .syntax = "none|N|all",
     .preset = "200",
     .help = "How many tasks of each trial, chosen by the seed, are written to samples.csv.",
     SETTING(samples)},
    {.name = "task-limit",
     .syntax = "DURATION|none",
     .preset = "none",
     .help =
         "A task that runs longer is killed, with its process, and counts as a timeout (1ms .. 24h). A thread of the "
         "main process cannot be killed alone: there the trial is ended.",
     .kind = OPTION_SETTING,
     BY_CELL(task_limit)},
    {.name = "trial-limit",
     .syntax = "DURATION",
     .preset = "60s",
     .help = "A trial that takes longer is killed and counts as a timeout (1ms .. 24h).",
     SETTING(trial_limit)},
    {.name = "deadline",
     .syntax = "DURATION|none",
     .preset = "none",
     .help =
         "With arrival rate or window: say how many tasks took longer than this, from due to result (1us .. 24h). It "
         "kills none of them and changes nothing that is measured.",
     SETTING(deadline)},
    {.name = "profile",
     .syntax = "none|states,counters,stacks",
     .preset = "none",
     .help =
         "Run each cell again in 10 of the blocks or a third of them (at most a quarter of a budget), for `explain`. "
         "states: with context switches and all tasks recorded. counters: with page faults, switches and what the "
         "CPU counts (cycles, instructions, cache, branches, TLB). stacks: as states, and with call chains sampled, "
         "for `flame`. Several: in turn, in as many times more blocks. These trials are in profile/ only; all times "
         "that are shown come from the others. `check` says what can be had "
         "here.",
     SETTING(profile)},
    {.name = "wrap",
     .syntax = "COMMAND",
     .preset = "",
     .help =
         "After the last block, run one more trial of each cell under that command, such as 'strace -c -f -o {file}' "
         "or 'perf record -g -o {file}': its words are put before the trial program, without a shell, {file} is "
         "profile/wrap-CELL. How much longer it takes is said; it is in no result.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_wrap},
    {.name = "out",
     .syntax = "DIRECTORY",
     .preset = "",
     .help = "The directory for the results, which must not exist yet. Without it, a new one in results/.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_out},
    {.name = "note",
     .syntax = "TEXT",
     .preset = "",
     .help = "What you want to remember about the run (at most 200 bytes): it stands in host.json, and `list runs` "
             "shows it.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_note},
    {.name = "like",
     .syntax = "RUN",
     .preset = "",
     .help = "Repeat an earlier run, with its suite, seed, numbers of tasks and iterations.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_like},
    {.name = "more",
     .syntax = "RUN",
     .preset = "",
     .help =
         "Add blocks of the same cells to a run that has ended: --blocks of them, or up to the next of 8, 12, 18, 27, "
         "40, 60, 90 ...; with --budget and without --blocks, for that long what it cannot tell yet. Takes no "
         "factors.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_more},
    {.name = "recalibrate",
     .syntax = "",
     .preset = "",
     .help = "Measure again how long an iteration of each workload takes, and what a trial takes besides its tasks.",
     .traits = OPTION_COMMAND_LINE | OPTION_FLAG,
     .kind = OPTION_SETTING,
     .set = set_recalibrate},
    {.name = "trust",
     .syntax = "",
     .preset = "",
     .help =
         "With --like or --more of a run that you did not make here: execute the commands and plug-ins of its suite "
         "without asking. If there is no terminal to ask at, such a run is refused.",
     .traits = OPTION_COMMAND_LINE | OPTION_FLAG,
     .kind = OPTION_SETTING,
     .set = set_trust},
    {.name = "measure",
     .syntax = "",
     .preset = "",
     .help = "For plan: run short trials, as run does, to find out how long trials take here if that is not known yet.",
     .traits = OPTION_COMMAND_LINE | OPTION_FLAG,
     .kind = OPTION_SETTING,
     .set = set_measure},
    {0},
};
_Static_assert(sizeof options / sizeof *options <= OPTIONS_MAX + 1, "a mask has a bit for every option");

const struct option *option_find(const char *name, char *error)
{
    struct nearest nearest;
    char hint[96];
    nearest_init(&nearest, name);
    for (const struct option *option = options; option->name; option++) {
        if (option->traits & OPTION_RECORDED)
            continue;
        if (!strcmp(option->name, name))
            return option;
        nearest_offer(&nearest, option->name);
    }
    nearest_hint(&nearest, hint, sizeof hint);
    refuse(error, "there is no option '%.64s'%s", name, hint[0] ? hint : "; `poolbench help run` explains all");
    return NULL;
}

factor_set option_bit(const char *name)
{
    for (unsigned i = 0; options[i].name; i++)
        if (!strcmp(options[i].name, name))
            return OPTION_BIT(i);
    return 0;
}
