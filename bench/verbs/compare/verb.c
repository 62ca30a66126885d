/* The verb compare: its arguments, and what it exits with. */
#include "bench/analyse/compare.h"
#include "bench/base/nearest.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/verbs.h"
#include <errno.h>
#include <string.h>

enum { BY, BASELINE, METRIC, MARGIN, FORMAT, FAIL_IF_SLOWER, FAIL_IF_UNRESOLVED };

static const struct argument compare_arguments[] = {
    [BY] = {"by", "FACTOR", "",
            "What the cells that are compared differ in, all else being equal: pool, workers, place, size, arrival, "
            "collect, ballast ... Without it: pool.",
            false},
    [BASELINE] =
        {"baseline", "VALUE", "",
         "The value of that factor that the others are compared with. Without it: prefork, else the first in plan "
         "order that is not serial (serial where there is one other). With two runs, cells are measured by the "
         "baseline of their own run.",
         false},
    [METRIC] = {"metric", "METRIC", "wall",
                "What is compared: wall (the time per task), cpu, latency_p99, pss (memory) and others. `list metrics` "
                "says what each is.",
                false},
    [MARGIN] = {"margin", "SHARE", "2%", "Differences up to this one do not matter: an interval within it is `equal`.",
                false},
    [FORMAT] = {"format", "text|csv|markdown|latex", "text", "How the table is written to standard output.", true},
    [FAIL_IF_SLOWER] = {"fail-if-slower", "SHARE", "",
                        "Exit with 3 if a cell is surely slower by more than this: its whole interval lies beyond.",
                        false},
    [FAIL_IF_UNRESOLVED] = {"fail-if-unresolved", "", "", "Exit with 3 also if a comparison is unresolved.", false},
    {0},
};

static int share_read(const struct arguments *given, unsigned which, double *share)
{
    int64_t ppm;
    if (parse_share(given->value[which], &ppm) || ppm < 0 || ppm > 1000000)
        return complain("compare", "--%s: expected a share as 5%% or 0.05, up to 100%%, found '%.64s'",
                        compare_arguments[which].name, given->value[which]);
    *share = (double)ppm / 1e6;
    return 0;
}

static int by_read(const char *name, unsigned *by)
{
    struct nearest nearest;
    char hint[320];
    nearest_init(&nearest, name);
    for (unsigned i = 0; factor_name(i); i++) {
        if (1u << i == FACTOR_TASKS)
            continue; /* cells with other tasks did other work */
        if (!strcmp(factor_name(i), name))
            *by = 1u << i;
        nearest_offer(&nearest, factor_name(i));
    }
    if (*name && !*by)
        return complain("compare", "--by: there is no factor '%.64s'%s", name,
                        nearest_advice(&nearest, hint, sizeof hint));
    return 0;
}

/* Everything failed, or too few blocks: nothing can be said. 0, or what to exit with. */
static int refuse_answer(const struct compare *c)
{
    size_t failed, trials;
    compare_trials(c, &failed, &trials);
    if (!c->blocks && failed) {
        complain("compare",
                 "no comparison has a block in which both cells ended well: %zu of %zu trials failed, see "
                 "'reason' in %s/trials.csv",
                 failed, trials, c->cell->run.directory);
        return 1;
    }
    if (!c->blocks)
        return complain("compare", "--metric %s: no block has it for both cells of a comparison",
                        c->question.metric->name);
    if (c->blocks < c->blocks_needed)
        return complain("compare", "%zu comparison%s need%s at least %zu blocks, there %s %zu%s", c->count,
                        c->count == 1 ? "" : "s", c->count == 1 ? "s" : "", c->blocks_needed,
                        c->blocks == 1 ? "is" : "are", c->blocks, c->two ? " in both runs" : "");
    return 0;
}

static int verdict_exit(const struct compare *c, const struct arguments *given, double slower)
{
    size_t failed = 0, beyond = 0, unresolved = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct comparison *comparison = &c->pairs[i].comparison;
        failed += pair_failed(c, &c->pairs[i]) > 0;
        beyond += *given->value[FAIL_IF_SLOWER] && comparison->interval.lo > 1 + slower;
        unresolved += *given->value[FAIL_IF_UNRESOLVED] && comparison->verdict == VERDICT_UNRESOLVED;
    }
    if (beyond)
        fprintf(stderr, "poolbench compare: --fail-if-slower: %zu of %zu cells surely slower by more than %.4g %%\n",
                beyond, c->count, 100 * slower);
    if (unresolved)
        fprintf(stderr, "poolbench compare: --fail-if-unresolved: %zu of %zu cells unresolved\n", unresolved, c->count);
    if (failed)
        fprintf(stderr, "poolbench compare: trials failed in %zu of %zu comparisons; those blocks are left out\n",
                failed, c->count);
    return failed ? 1 : beyond || unresolved ? 3 : 0;
}

static int compare_write(const struct compare *c, const char *format)
{
    int result = 0;
    if (!strcmp(format, "csv"))
        result = compare_csv(c);
    else
        compare_print(stdout, c,
                      !strcmp(format, "markdown") ? STYLE_MARKDOWN
                      : !strcmp(format, "latex")  ? STYLE_LATEX
                                                  : STYLE_TEXT);
    if (result)
        complain("compare", "standard output: %s", strerror(-result));
    return result ? 1 : 0;
}

/* For CSV, where there is no room for it in the table. */
static void alone_say(const struct compare *c)
{
    char label[192];
    for (size_t which = 0; which < 2; which++)
        for (size_t i = 0; i < c->alone_count[which]; i++) {
            const struct side *side = which ? c->cell : c->base;
            fprintf(stderr, "without a partner: %s: %s\n", side->id,
                    factors_label(label, sizeof label, &side->run.rows[c->alone[which][i]], c->shown | FACTOR_POOL));
        }
}

static int answer(struct side *base, struct side *cell, const struct question *question, const struct arguments *given,
                  double slower)
{
    struct compare compare;
    bool two = base != cell;
    if (side_costs(base, question->metric) || (two && side_costs(cell, question->metric)))
        return 1;
    int result = compare_make(base, cell, question, two && hosts_differ(base, cell, stderr) > 0, &compare);
    if (result)
        return result == -ENOMEM ? 1 : 2;
    int code = refuse_answer(&compare);
    if (!code)
        code = compare_write(&compare, given->value[FORMAT]);
    if (!code) {
        if (!strcmp(given->value[FORMAT], "csv"))
            alone_say(&compare);
        code = verdict_exit(&compare, given, slower);
    }
    compare_release(&compare);
    return code;
}

static int compare_main(const struct arguments *given)
{
    struct question question = {.baseline = given->value[BASELINE]};
    static struct side sides[2];
    char directory[PATH_MAX];
    unsigned read = 0, runs = given->operands == 2 ? 2 : 1;
    double slower = 0;
    char error[ERROR_MAX];
    int code = by_read(given->value[BY], &question.by);
    if (!code && !(question.metric = metric_find(given->value[METRIC], error)))
        code = complain("compare", "--metric: %s", error);
    if (!code)
        code = share_read(given, MARGIN, &question.margin);
    if (!code && *given->value[FAIL_IF_SLOWER])
        code = share_read(given, FAIL_IF_SLOWER, &slower);
    for (; read < runs && !code; read++) {
        code = arguments_run("compare", given, read, directory);
        if (!code && side_read(directory, &sides[read]))
            code = 2;
    }
    if (!code)
        code = answer(&sides[0], &sides[runs - 1], &question, given, slower);
    for (unsigned i = 0; i < read; i++)
        side_release(&sides[i]);
    return code;
}

const struct verb verb_compare = {
    .name = "compare",
    .chapter = "look",
    .operands = "[RUN] [RUN]",
    .summary = "say which cells are faster, by how much, with what certainty",
    .function = compare_main,
    .help = "Compares the cells of a run that differ in one factor, block by block, with intervals that hold together; "
            "or the cells of a second run with the same ones of the first, when both had the same tasks (run --like). "
            "Runs of different machines are compared by their ratios to the baseline of their own run. RUN is its "
            "directory, the beginning of its name, or latest (the default). Exits with 3 where --fail-if asks for it.",
    .operands_max = 2,
    .arguments = compare_arguments};
