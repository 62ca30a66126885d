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
         .help = "Who does the work. Options ride behind colons, alternatives behind slashes: "
                 "hybrid:processes=2/4:threads=1/8 is four pools. old=pthread:wait=block,new=pthread gives pools "
                 "names of one's own; under two labels the same pool is two. ./mine.so is a plug-in. "
                 "?openmp is left out where it is not built. "
                 "`list pools` shows all.",
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
             "What a task does, with options as for --pool: memory:bytes=32MiB. A text with blanks, commas or colons "
             "stands in single quotes: \"cmd:line='gzip -c {file}'\". ./mine.so is a plug-in. `list workloads` shows "
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
         .help = "How long a task takes when nothing disturbs it (ns, us, ms, s, m, h). Workloads whose tasks have no "
                 "size run once, whatever is said here.",
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
             "How sizes are spread, with --size as their mean. sigma is 1 where not given; bimodal: 90% take half, 10% "
             "take 5.5 times --size; file: one duration a line, replayed in order, a bare number is ns.",
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
                      .help = "Tasks of a trial (1 .. 4026531839); auto: enough for a trial of at least 50 ms.",
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
         .help =
             "How many workers (1 .. 65535): a number, the cores or hardware threads this program may use, a multiple "
             "of them, or a range that doubles: 1..64 is 1,2,4,8,16,32,64.",
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
             "and "
             "the like stand for each of them. With ? in front it is none where pinning is forbidden, and left out, by "
             "name, where there is none such here or an earlier one of the list is the same; auto is ?cores-first. "
             "`list places` shows all.",
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
         .help = "How tasks are handed in. burst: all at once; wave: K, wait for all, again; window: K "
                 "in flight; rate: R a second, whether or not the pool keeps up, at random times with poisson, and in "
                 "bursts with on and off: random times that long in the mean, with tasks only while on, or with low at "
                 "that share of the rate while off; R counts both. trace: as in a file, a task a line: an access log, "
                 "time stamps (ISO 8601, or seconds) or with gaps the times between tasks, in column N, twice as fast "
                 "with x2; again from a random task on where a trial has more.",
         AT(arrival),
         .spelling = &arrival_spelling,
         .set_cell = set_arrival,
         .columns = {SPELLED(arrival, "how tasks are handed in; of a trace also its rate and a hash of the file")},
         .before = "arrival "},
    [OPTION_COLLECT] = {.name = "collect",
                        .syntax = "joined|completed|ordered|auto",
                        .preset = "auto",
                        .help = "What the submitter waits for. joined: for the last of what was handed in, as after "
                                "starting all; completed: for each result, and is woken by it; ordered: for all, "
                                "and results are handed on in the order of the tasks. auto is joined under burst and "
                                "wave, completed under window and rate, where somebody waits for each result.",
                        AT(collect),
                        .param = &collect_words,
                        .columns = {WORD(collect, collect_words, "what the submitter waits for")},
                        .before = "collect ",
                        .nothing = "joined",
                        .meant_before = collect_before},
    [OPTION_PAYLOAD] = {.name = "payload",
                        .syntax = "IN:OUT",
                        .preset = "0:0",
                        .help = "Bytes handed to and returned by every task, up to 1GiB each: 1MiB:64KiB.",
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
             "Memory the submitter dirties before the pool opens, in huge pages with thp; every task writes a share of "
             "its pages with write.",
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
             "Tasks that fail on purpose, the same ones under every pool: task number N, or a seeded share of all. "
             "Kinds are error, exit, abort, segv, stack, kill, stop, hang, oom, fdleak and wrong; plus joins up to 4: "
             "segv:rate=1%+hang:task=7. `list faults` says what each does.",
         .traits = OPTION_WORK,
         AT(faults),
         BY_CELL(faults),
         .columns = {COLUMN(TEXT, "faults", faults, "which tasks fail on purpose; empty: none")},
         .before = "faults "},
    [OPTION_TIMING] = {.name = "timing",
                       .syntax = "task|trial",
                       .preset = "task",
                       .help = "Stamp start and end of every task, or only the whole trial.",
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
             "Run every cell by this build and, in the same blocks, by another one: the poolbench-trial at PATH, or "
             "in that folder. It is called old, or LABEL; `compare RUN` then says what is slower than it was. Both "
             "do what this build has calibrated. A build whose jobs are laid out otherwise is refused.",
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
             "Under arrival rate, a task that comes due while N are in flight, waiting or at work, is dropped: it is "
             "not handed in, and counted apart. Latencies are those of the others.",
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
     .help = "Where the submitter runs, in the words of --place; auto: on a CPU that no worker has, if there is one, "
             "else on any.",
     .kind = OPTION_SETTING,
     BY_CELL(place_main)},
    {.name = "draw",
     .syntax = "levelled|plain",
     .preset = "levelled",
     .help =
         "Random arrivals are drawn anew in each block, the same for all its cells. levelled: so that N tasks take N "
         "/ R; plain: once for the whole run, and as long as they happen to take, as in runs before this option.",
     .kind = OPTION_SETTING,
     BY_CELL(draw),
     .preset_before = "plain"},
    {.name = "blocks",
     .syntax = "N|auto",
     .preset = "auto",
     .help = "How often every cell is run (1 .. 10000); auto: as often as the number of comparisons needs, and more "
             "when --budget leaves time.",
     SETTING(blocks)},
    {.name = "budget",
     .syntax = "DURATION|none",
     .preset = "none",
     .help = "How long the whole run takes, from entering the command to the prompt, to within a tenth: as many blocks "
             "as there is time for. Rows at the end of the plan leave where it has no time for the blocks that "
             "comparisons need.",
     SETTING(budget)},
    {.name = "precision",
     .syntax = "SHARE|none",
     .preset = "none",
     .help = "Stop as soon as every comparison of pools has an interval that reaches at most this far from its middle "
             "(0.1% .. 100%), looking after 8, 12, 18, 27, 40 and 60 blocks; what is precise enough runs no more. "
             "--blocks and --budget are limits then.",
     SETTING(precision)},
    {.name = "drop",
     .syntax = "yes|no",
     .preset = "yes",
     .help =
         "Where --budget decides how many blocks there are: pools that are surely slower than the best of their row "
         "run no more, nor do rows whose verdicts are all told: from 6 blocks on what is far from the line, after "
         "8, 12, 18, 27, 40 ... blocks the rest; the others get their time. no: every cell runs in every block. "
         "Nothing is dropped with --blocks or "
         "--precision, nor without --budget.",
     SETTING(drop)},
    {.name = "seed",
     .syntax = "N|random",
     .preset = "random",
     .help = "From 0 to 2^64 - 1: fixes the tasks and the order of the trials. A random one is recorded.",
     SETTING(seed)},
    {.name = "samples",
     .syntax = "none|N|all",
     .preset = "200",
     .help = "How many tasks of a trial, drawn by the seed, are written to samples.csv.",
     SETTING(samples)},
    {.name = "task-limit",
     .syntax = "DURATION|none",
     .preset = "none",
     .help = "A task that runs longer is ended, with the process that runs it, and counts as a timeout (1ms .. 24h). "
             "Where its worker is a thread of the submitter, nothing can end one task: then the trial is ended.",
     .kind = OPTION_SETTING,
     BY_CELL(task_limit)},
    {.name = "trial-limit",
     .syntax = "DURATION",
     .preset = "60s",
     .help = "A trial that takes longer is ended and counts as a timeout (1ms .. 24h).",
     SETTING(trial_limit)},
    {.name = "deadline",
     .syntax = "DURATION|none",
     .preset = "none",
     .help = "Tells how many tasks, under arrival rate or window, took longer than that from due to the result in hand "
             "(1us .. 24h). It ends none of them, and changes nothing that is measured.",
     SETTING(deadline)},
    {.name = "profile",
     .syntax = "none|states",
     .preset = "none",
     .help = "Profiled siblings: the same cells once more in 10 of the blocks or a third of them, at most a quarter of "
             "a budget, with switches recorded and every task kept. They stand in profile/ alone: published times come "
             "from the others. `explain` takes waiting, idleness and who had the CPU from them; `check` says whether "
             "switches can be recorded here.",
     SETTING(profile)},
    {.name = "out",
     .syntax = "DIRECTORY",
     .preset = "",
     .help = "Where the results go; must not exist. Without it, a new directory in results/.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_out},
    {.name = "like",
     .syntax = "RUN",
     .preset = "",
     .help = "Repeat an earlier run: its suite, seed, numbers of tasks and iterations.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_like},
    {.name = "more",
     .syntax = "RUN",
     .preset = "",
     .help = "Go on with a run: --blocks more blocks of the same cells, into its files; auto: up to the next of 8, 12, "
             "18, 27, 40, 60, 90 ... With --budget and without --blocks: for that long, what is not told yet. Takes no "
             "factors.",
     .traits = OPTION_COMMAND_LINE,
     .kind = OPTION_SETTING,
     .set = set_more},
    {.name = "recalibrate",
     .syntax = "",
     .preset = "",
     .help = "Measure anew how long an iteration of each workload takes, and a trial beside its tasks.",
     .traits = OPTION_COMMAND_LINE | OPTION_FLAG,
     .kind = OPTION_SETTING,
     .set = set_recalibrate},
    {.name = "trust",
     .syntax = "",
     .preset = "",
     .help =
         "With --like or --more of a run that was not made here by you: execute the commands and plug-ins of its suite "
         "without asking. Without a terminal to ask at, such a run is refused.",
     .traits = OPTION_COMMAND_LINE | OPTION_FLAG,
     .kind = OPTION_SETTING,
     .set = set_trust},
    {.name = "measure",
     .syntax = "",
     .preset = "",
     .help = "For plan: find out by short trials how long trials take here, where that is not known yet, as run does.",
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
