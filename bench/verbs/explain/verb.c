/* The verb explain: its arguments, and what it says. */
#include "bench/analyse/summary.h"
#include "bench/analyse/why/pick.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/words.h"
#include "bench/base/wrap.h"
#include "bench/model/merge.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/why.h"
#include "bench/verbs/explain/explain.h"
#include "bench/verbs/explain/try.h"
#include "bench/verbs/verbs.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROW_DIGITS 3

enum { BY, METRIC, TRY, BUDGET, OUT, TRUST, FORMAT };

static const struct argument explain_arguments[] = {
    [BY] = {"by", "FACTOR", "pool",
            "What the two differ in, all else being equal: pool, workers, place, size, payload, ballast ... Behind it "
            "stand A,B as two values of it; without them A is the fastest, and B of pools the next one that surely "
            "takes longer, of other factors the slowest. With two runs: run, which needs no values.",
            false},
    [METRIC] = {"metric", "wall|p90|p99|p999", "wall",
                "What is taken apart. wall: the time per task. p90, p99, p999: the latency of the slowest 10, 1 or 0.1 "
                "% of the tasks that samples.csv has of a trial (--samples of run): handed in late, queued, in bodies, "
                "not yet reaped.",
                true},
    [TRY] = {"try", "", "",
             "Run A and B again, and beside them, in the same blocks, both with one thing changed, then with the best "
             "two: what share of the difference goes away. What is changed is chosen by the states, or named behind "
             "it, with commas between: an option of run (payload=0:0, workers=1), one of the pool or workload "
             "(wait=spin, transport=ring), or pool=floor-ring in B's place. Leaves the files that run leaves, and "
             "tries.csv.",
             false},
    [BUDGET] = {"budget", "DURATION|none", "60s", "With --try: how long that may take, from here to the prompt.",
                false},
    [OUT] = {"out", "DIRECTORY", "",
             "With --try: where its results go; must not exist. Without it, a new directory in results/.", false},
    [TRUST] = {"trust", "", "", "With --try of a run that was not made here by you, as for run.", false},
    [FORMAT] =
        {"format", "text|csv|json", "text",
         "text: the answer, the states from A to B and the counts. csv, json: the states of all trials of the run, in "
         "the columns of profile/states.csv.",
         true},
    {0},
};

struct asked_why {
    const char *run[2];
    unsigned runs;
    const char *row; /* NULL: none */
    const char *values, *knobs;
    factor_set by; /* 0: the run */
    double tail;   /* of why_open() */
    char a[SPEC_MAX], b[SPEC_MAX];
};

/* "3" or "c012": a row; a run that is called so has a / in front. */
static bool is_row(const char *word)
{
    const char *digits = word + (*word == 'c');
    const size_t length = strlen(digits);
    return length && strspn(digits, "0123456789") == length && (*word == 'c' || length <= ROW_DIGITS);
}

static int by_read(const char *name, struct asked_why *asked)
{
    struct nearest nearest;
    char hint[320];
    if (!strcmp(name, "run"))
        return 0;
    nearest_init(&nearest, name);
    for (unsigned i = 0; factor_name(i); i++) {
        if (OPTION_BIT(i) == FACTOR_TASKS)
            continue; /* cells with other tasks did other work */
        if (!strcmp(factor_name(i), name))
            asked->by = OPTION_BIT(i);
        nearest_offer(&nearest, factor_name(i));
    }
    nearest_offer(&nearest, "run");
    if (!asked->by)
        return complain("explain", "--by: there is no factor '%.64s'%s", name,
                        nearest_advice(&nearest, hint, sizeof hint));
    return 0;
}

/* "p99": a share, as the digits behind the point say it. */
static double tail_of(const char *metric)
{
    return *metric == 'p' ? 1 - strtod(metric + 1, NULL) / pow(10, (double)strlen(metric + 1)) : 0;
}

/* "A,B". */
static int values_read(struct asked_why *asked)
{
    struct words values = {0};
    int code = 0;
    if (!asked->values)
        return 0;
    if (words_split(&values, asked->values, ',') || values.count != 2 || !strcmp(values.word[0], values.word[1]))
        code = complain("explain", "expected A,B: two values of --by %s, found '%.200s'",
                        asked->by ? factor_name((unsigned)__builtin_ctzll(asked->by)) : "run", asked->values);
    if (!code) {
        snprintf(asked->a, sizeof asked->a, "%s", values.word[0]);
        snprintf(asked->b, sizeof asked->b, "%s", values.word[1]);
    }
    words_release(&values);
    return code;
}

/* "payload=0:0,wait=spin": a word, and = behind it. */
static bool is_knobs(const struct arguments *given, const char *word)
{
    const size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz_-");
    return length && word[length] == '=' && (*given->value[TRY] || !strchr(word, ','));
}

/* A word with a comma that names no run is A,B. */
static int operands_read(const struct arguments *given, struct asked_why *asked)
{
    char directory[PATH_MAX], error[ERROR_MAX];
    for (unsigned i = 0; i < given->operands; i++) {
        const char *word = given->operand[i];
        const char **free_place = is_row(word)            ? &asked->row
                                  : is_knobs(given, word) ? &asked->knobs
                                  : strchr(word, ',') && run_find(word, directory, sizeof directory, error)
                                      ? &asked->values
                                  : asked->runs < 2 ? &asked->run[asked->runs++]
                                                    : NULL;
        if (!free_place || *free_place)
            return complain("explain", "'%.200s' is one word too many: expected RUN [RUN2] [ROW] [A,B]%s", word,
                            *given->value[TRY] ? " [KNOB=VALUE,...]" : "");
        *free_place = word;
    }
    if (!asked->runs)
        asked->run[asked->runs++] = "latest";
    if (asked->runs == 2 && asked->by && strcmp(given->value[BY], "pool") != 0)
        return complain("explain", "two runs differ in the run: expected --by run, found --by %s", given->value[BY]);
    if (asked->runs == 2)
        asked->by = 0;
    else if (!asked->by)
        return complain("explain", "--by run takes two runs: explain RUN RUN2");
    if (!asked->by && asked->values)
        return complain("explain", "'%.64s': of two runs the first is A, the second B", asked->values);
    return values_read(asked);
}

/* The group that a row's number or a cell's name stands for. */
static int row_find(const struct whys *whys, const char *row, size_t *chosen)
{
    *chosen = whys_first(whys);
    if (!row)
        return 0;
    if (*row != 'c') {
        *chosen = (size_t)strtoul(row, NULL, 10) - 1;
        return *chosen < whys->count ? 0 : complain("explain", "row %s: expected 1 to %zu", row, whys->count);
    }
    for (size_t i = 0; i < whys->count; i++) {
        const struct explanation *why = &whys->why[i];
        if (!strcmp(why->b_run->run->rows[why->b].cell_id, row) ||
            !strcmp(why->a_run->run->rows[why->a].cell_id, row)) {
            *chosen = i;
            return 0;
        }
    }
    return complain("explain", "%.64s: no pair that is explained has this cell; expected a number from 1 to %zu", row,
                    whys->count);
}

static void sheet_show(struct sheet sheet)
{
    fputc('\n', stdout);
    sheet_print(stdout, &sheet, screen_columns(stdout));
    if (sheet.foot)
        wrap_print(stdout, sheet.foot, 0);
    sheet_release(&sheet);
}

static int answer_print(const struct whys *whys, size_t chosen)
{
    const struct explanation *why = &whys->why[chosen];
    char a[SPEC_MAX], b[SPEC_MAX];
    struct lines lines;
    if (lines_open(&lines)) {
        why_say(lines.out, why);
        lines_print(stdout, &lines, "");
    }
    fputc('\n', stdout);
    wrapped_print(stdout, 0, 0, "A: %s, B: %s; %zu blocks", why_name(a, sizeof a, why, false),
                  why_name(b, sizeof b, why, true), why->blocks);
    sheet_show(why_sheet(why));
    sheet_show(why_facts(why));
    if (why->counters)
        sheet_show(why_counters(why));
    if (whys->count > 1) {
        sheet_show(why_rows(whys));
        wrapped_print(stdout, 0, 0,
                      "Above is row %zu; another: explain RUN ROW; other pairs: explain RUN ROW --by pool A,B",
                      chosen + 1);
    }
    return 0;
}

static int row_try(const struct explanation *why, const struct asked_why *asked, const struct arguments *given)
{
    const struct try_wish wish = {
        .knobs = asked->knobs, .budget = given->value[BUDGET], .out = given->value[OUT], .trust = *given->value[TRUST]};
    return try_go(why, &wish, given->argv);
}

static int explain_answer(const struct run_data *runs, const struct asked_why *asked, const struct arguments *given)
{
    const char *format = given->value[FORMAT];
    struct why_run opened[2] = {{0}};
    struct whys whys = {0};
    char error[ERROR_MAX];
    size_t chosen;
    int rc = 0;
    if (asked->by == FACTOR_HOST && run_hosts_apart(&runs[0]))
        return complain("explain",
                        "--by host: the hosts ran at different times, and absolute times of them are not compared; "
                        "expected --by pool, of one host, or `poolbench compare RUN --by host`, which measures cells "
                        "by their own host");
    for (unsigned i = 0; i < asked->runs && !rc; i++)
        rc = why_open(&runs[i], asked->tail, &opened[i], error);
    if (!rc && strcmp(format, "text") != 0) {
        rc = states_write(&runs[0], opened[0].states, format);
        if (rc)
            refuse_as(rc, error, "standard output: %s", strerror(-rc));
    } else if (!rc) {
        rc = asked->by ? whys_by(&opened[0], asked->by, asked->a, asked->b, &whys, error)
                       : whys_of_runs(&opened[0], &opened[1], &whys, error);
    }
    int code = !rc ? 0 : rc == -EINVAL || rc == -EBADMSG || rc == -ENODATA ? 2 : 1;
    if (rc)
        complain("explain", "%s", error);
    else if (!strcmp(format, "text") && !(code = row_find(&whys, asked->row, &chosen)))
        code = *given->value[TRY] ? row_try(&whys.why[chosen], asked, given) : answer_print(&whys, chosen);
    whys_release(&whys);
    for (unsigned i = 0; i < asked->runs; i++)
        why_close(&opened[i]);
    return code;
}

static int run_read(const char *name, struct run_data *run)
{
    char directory[PATH_MAX], error[ERROR_MAX];
    if (run_find(name, directory, sizeof directory, error) || run_summed_open(directory, run, error))
        return complain("explain", "%s", error);
    run_data_gaps(stderr, run);
    if (run->trial_count)
        return 0;
    run_data_close(run);
    return complain("explain", "%s: no trial was committed, there is nothing to explain", directory);
}

/* What goes with --try alone, and what does not. */
static int try_check(const struct asked_why *asked, const struct arguments *given)
{
    const bool tries = *given->value[TRY];
    if (!tries && asked->knobs)
        return complain("explain", "'%.100s': names what to change, expected --try beside it", asked->knobs);
    if (!tries && (*given->value[OUT] || *given->value[TRUST]))
        return complain("explain", "--%s: is for --try", *given->value[OUT] ? "out" : "trust");
    if (tries && asked->runs == 2)
        return complain("explain", "--try: runs A and B of one run again, expected one run");
    if (tries && (strcmp(given->value[METRIC], "wall") != 0 || strcmp(given->value[FORMAT], "text") != 0))
        return complain("explain", "--try: says what becomes of the time per task, expected no --%s",
                        strcmp(given->value[METRIC], "wall") != 0 ? "metric" : "format");
    return 0;
}

static int explain_main(const struct arguments *given)
{
    struct asked_why asked = {0};
    static struct run_data runs[2];
    unsigned opened = 0;
    int code = by_read(given->value[BY], &asked);
    if (!code)
        code = operands_read(given, &asked);
    const char *format = given->value[FORMAT];
    if (!code && asked.runs == 2 && strcmp(format, "text") != 0)
        code = complain("explain", "--format %s: expected one run", format);
    if (!code)
        code = try_check(&asked, given);
    asked.tail = tail_of(given->value[METRIC]);
    if (!code && asked.tail > 0 && strcmp(format, "text") != 0)
        code = complain("explain", "--format %s: has the states of workers, expected no --metric %s", format,
                        given->value[METRIC]);
    for (; opened < asked.runs && !code; opened += !code)
        code = run_read(asked.run[opened], &runs[opened]);
    if (!code)
        code = explain_answer(runs, &asked, given);
    for (unsigned i = 0; i < opened; i++)
        run_data_close(&runs[i]);
    return code;
}

const struct verb verb_explain = {
    .name = "explain",
    .chapter = "look",
    .operands = "[RUN] [RUN2] [ROW] [A,B] [KNOB=VALUE,...]",
    .summary = "say why one takes longer than another",
    .function = explain_main,
    .help =
        "Takes the difference in time per task of two cells apart, block by block: on a CPU in task bodies, on a CPU "
        "between tasks, waiting for a CPU and who had it, asleep, idle, and what is not known; or with --metric that "
        "in "
        "the latency of their slowest tasks. It rests on what every "
        "run has (rusage, schedstat, the times of tasks), so it explains runs that were made before it, too; "
        "docs/WHY.md says what is measured and what is estimated. RUN is a run's directory, the beginning of its name, "
        "or latest (the default); with RUN2 the same cell of two runs is explained. ROW is the number of a row as they "
        "are listed below the answer, or a cell as trials.csv calls it (c012). A,B: two values of --by.",
    .operands_max = 5,
    .arguments = explain_arguments};
