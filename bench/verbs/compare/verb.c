/* The verb compare: its arguments, and what it exits with. */
#include "bench/analyse/compare.h"
#include "bench/base/nearest.h"
#include "bench/base/units.h"
#include "bench/base/words.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <errno.h>
#include <math.h>
#include <string.h>

#define BLIND_SAID 3 /* cells, by name */

enum { BY, BASELINE, METRIC, MARGIN, BETWEEN_RUNS, FORMAT, FAIL_IF_SLOWER, FAIL_IF_UNRESOLVED, BLIND_OK };

static const struct argument compare_arguments[] = {
    [BY] = {"by", "FACTOR", "",
            "What the cells that are compared differ in, all else being equal: pool, workers, place, size, arrival, "
            "collect, ballast ... Without it: pool.",
            false},
    [BASELINE] =
        {"baseline", "VALUE", "",
         "The value of that factor that the others are compared with. Without it: prefork, else the first in plan "
         "order that is not serial (serial where there is one other). With two runs, cells are measured by the "
         "baseline of their own run: serial where both have it, whose own change is a row.",
         false},
    [METRIC] = {"metric", "METRIC", "wall",
                "What is compared: wall (the time per task), cpu, latency_p99, pss (memory) and others. `list metrics` "
                "says what each is.",
                false},
    [MARGIN] = {"margin", "SHARE", "2%", "Differences up to this one do not matter: an interval within it is `equal`.",
                false},
    [BETWEEN_RUNS] = {"between-runs", "SHARE", "1.5%",
                      "By how much absolute times of two runs of one program differ here at most, in 19 of 20 pairs. "
                      "Intervals of absolute times reach that much further; several runs a side tell it themselves.",
                      false},
    [FORMAT] = {"format", "text|csv|json|markdown|latex", "text",
                "How the table is written to standard output. latex: for a document that uses booktabs.", true},
    [FAIL_IF_SLOWER] =
        {"fail-if-slower", "SHARE", "",
         "Exit with 3 if a cell is surely slower by more than this: its whole interval lies beyond. With "
         "4 if none is, but some may be: an interval reaches beyond, or there is none.",
         false},
    [FAIL_IF_UNRESOLVED] =
        {"fail-if-unresolved", "", "",
         "Exit with 3 also if a comparison is unresolved: neither equal within --margin nor surely faster or slower. "
         "That is stricter than --fail-if-slower, which is content with `not slower by that much`.",
         false},
    [BLIND_OK] = {"blind-ok", "", "",
                  "Exit with 0 in the place of 4: where it cannot be told whether a cell is slower, take it for not "
                  "slower. --fail-if-unresolved still counts.",
                  false},
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

static int by_read(const char *name, factor_set *by)
{
    struct nearest nearest;
    char hint[320];
    nearest_init(&nearest, name);
    for (unsigned i = 0; factor_name(i); i++) {
        if (OPTION_BIT(i) == FACTOR_TASKS)
            continue; /* cells with other tasks did other work */
        if (!strcmp(factor_name(i), name))
            *by = OPTION_BIT(i);
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
    if (c->blocks < c->blocks_needed && c->several)
        complain("compare", "could not tell: no cell was measured in %zu runs of each side", c->blocks_needed);
    else if (c->blocks < c->blocks_needed)
        complain("compare", "could not tell: %zu comparison%s need%s at least %zu blocks, there %s %zu%s", c->count,
                 c->count == 1 ? "" : "s", c->count == 1 ? "s" : "", c->blocks_needed, c->blocks == 1 ? "is" : "are",
                 c->blocks, c->two ? " in both runs" : "");
    return c->blocks < c->blocks_needed ? EXIT_BLIND : 0;
}

/* Of which cells the gate could not tell, and what would make it able to. */
static void blind_say(const struct compare *c, double slower, size_t blind)
{
    char label[192], end[32];
    size_t said = 0;
    fprintf(
        stderr,
        "poolbench compare: --fail-if-slower: could not tell of %zu of %zu cells whether they are slower by %.4g %%",
        blind, c->count, 100 * slower);
    for (size_t i = 0; i < c->count && said < BLIND_SAID; i++) {
        const struct pair *p = &c->pairs[i];
        if (pair_gate(c, p, slower) != GATE_BLIND)
            continue;
        snprintf(end, sizeof end, "up to %.2fx", p->comparison.interval.hi);
        factors_label(label, sizeof label, &c->cell->run.rows[p->cell], c->shown | FACTOR_POOL | c->question.by);
        fputs(said++ ? "; " : ": ", stderr);
        text_show(stderr, label);
        fprintf(stderr, " (%s)", isnan(p->comparison.interval.hi) ? "no interval" : end);
    }
    if (blind > said)
        fprintf(stderr, "; and %zu more", blind - said);
    fputc('\n', stderr);
    if (c->disturbed)
        fprintf(stderr,
                "poolbench compare: %s was disturbed: " BASE_POOL
                " waited for a CPU for %.0f %% of its time; %s, or both "
                "builds in one run (run --trial-program OLD)\n",
                c->disturbed->id, 100 * run_disturbed(&c->disturbed->run),
                c->several ? "have the runs of both sides take turns" : "run it again on a quiet machine");
    else if (c->two)
        fprintf(stderr,
                "poolbench compare: more can be told of both builds in one run (run --trial-program OLD), then "
                "of %s\n",
                c->several ? "more runs a side"
                           : "several runs a side (compare A1,A2,A3 B1,B2,B3), then of more blocks");
    else
        fprintf(stderr, "poolbench compare: more blocks can tell (run --more); --blind-ok exits with 0 all the same\n");
}

static int verdict_exit(const struct compare *c, const struct arguments *given, double slower)
{
    size_t failed = 0, beyond = 0, blind = 0, unresolved = 0;
    for (size_t i = 0; i < c->count; i++) {
        const struct pair *p = &c->pairs[i];
        enum gate gate = *given->value[FAIL_IF_SLOWER] ? pair_gate(c, p, slower) : GATE_WITHIN;
        failed += pair_failed(c, p) > 0;
        beyond += gate == GATE_BEYOND;
        blind += gate == GATE_BLIND;
        unresolved += *given->value[FAIL_IF_UNRESOLVED] && p->comparison.verdict == VERDICT_UNRESOLVED;
    }
    if (beyond)
        fprintf(stderr, "poolbench compare: --fail-if-slower: %zu of %zu cells surely slower by more than %.4g %%\n",
                beyond, c->count, 100 * slower);
    if (blind)
        blind_say(c, slower, blind);
    if (unresolved)
        fprintf(stderr, "poolbench compare: --fail-if-unresolved: %zu of %zu cells unresolved\n", unresolved, c->count);
    if (failed)
        fprintf(stderr, "poolbench compare: trials failed in %zu of %zu comparisons; those blocks are left out\n",
                failed, c->count);
    return failed ? 1 : beyond || unresolved ? 3 : blind ? EXIT_BLIND : 0;
}

static int compare_write(const struct compare *c, const char *format)
{
    int result = 0;
    if (!strcmp(format, "csv") || !strcmp(format, "json"))
        result = compare_rows(c, format);
    else
        compare_print(stdout, c,
                      !strcmp(format, "markdown") ? STYLE_MARKDOWN
                      : !strcmp(format, "latex")  ? STYLE_LATEX
                                                  : STYLE_TEXT);
    if (result)
        complain("compare", "standard output: %s", strerror(-result));
    return result ? 1 : 0;
}

/* For CSV and JSON, where there is no room for it in the table. */
static void alone_say(const struct compare *c)
{
    char label[192];
    for (size_t which = 0; which < 2; which++)
        for (size_t i = 0; i < c->alone_count[which]; i++) {
            const struct side *side = which ? c->cell : c->base;
            factors_label(label, sizeof label, &side->run.rows[c->alone[which][i]], c->shown | FACTOR_POOL);
            fputs("without a partner: ", stderr);
            text_show(stderr, side->id);
            fputs(": ", stderr);
            text_show(stderr, label);
            fputc('\n', stderr);
        }
}

static int answer(const struct sides sides[2], const struct question *question, const struct arguments *given,
                  double slower)
{
    struct compare compare;
    const struct sides *base = &sides[0], *cell = sides[1].count ? &sides[1] : base;
    size_t differences = 0;
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < sides[s].count; r++) {
            if (side_costs(&sides[s].run[r], question->metric))
                return 1;
            if (s + r && !differences)
                differences = hosts_differ(base->run, &sides[s].run[r], stderr);
        }
    int result = compare_make(base, cell, question, differences > 0, &compare);
    if (result)
        return result == -ENOMEM ? 1 : 2;
    int code = refuse_answer(&compare);
    if (!code)
        code = compare_write(&compare, given->value[FORMAT]);
    if (!code) {
        if (!strcmp(given->value[FORMAT], "csv") || !strcmp(given->value[FORMAT], "json"))
            alone_say(&compare);
        code = verdict_exit(&compare, given, slower);
    }
    compare_release(&compare);
    return code == EXIT_BLIND && *given->value[BLIND_OK] ? 0 : code;
}

static int run_add(const char *name, struct sides *sides)
{
    char directory[PATH_MAX], error[ERROR_MAX];
    if (run_find(name, directory, sizeof directory, error))
        return complain("compare", "%s", error);
    arguments_newer_say("compare", name, directory);
    if (sides->count == SIDE_RUNS_MAX)
        return complain("compare", "more than %d runs a side", SIDE_RUNS_MAX);
    for (size_t r = 0; r < sides->count; r++)
        if (!strcmp(sides->run[r].run.directory, directory))
            return complain("compare", "%s stands twice on one side: the same run is no second one", directory);
    if (side_read(directory, &sides->run[sides->count]))
        return 2;
    sides->count++;
    return 0;
}

/* RUN, or RUN,RUN,RUN. */
static int side_add(const char *text, struct sides *sides)
{
    char directory[PATH_MAX], error[ERROR_MAX];
    struct words names = {0};
    int code = 0;
    if (!strchr(text, ',') || !run_find(text, directory, sizeof directory, error))
        return run_add(text, sides);
    int rc = words_split(&names, text, ',');
    if (rc)
        code = complain("compare",
                        rc == -EINVAL ? "'%.200s': a run is missing, expected RUN,RUN,RUN" : "%.200s: out of memory",
                        text);
    for (size_t i = 0; i < names.count && !code; i++)
        code = run_add(names.word[i], sides);
    words_release(&names);
    return code;
}

/* One run a side, whose noise is that of its blocks; or so many that they tell their own. */
static int counts_check(const struct sides sides[2])
{
    if ((sides[0].count == 1 && sides[1].count <= 1) || (sides[0].count >= RUNS_LEAST && sides[1].count >= RUNS_LEAST))
        return 0;
    return complain("compare", "expected one run a side, or %d and more on both: A1,A2,A3 B1,B2,B3; found %zu and %zu",
                    RUNS_LEAST, sides[0].count, sides[1].count);
}

static int compare_main(const struct arguments *given)
{
    struct question question = {.baseline = given->value[BASELINE]};
    static struct side runs[2][SIDE_RUNS_MAX];
    struct sides sides[2] = {{.run = runs[0]}, {.run = runs[1]}};
    double slower = 0;
    char error[ERROR_MAX];
    int code = by_read(given->value[BY], &question.by);
    if (!code && !(question.metric = metric_find(given->value[METRIC], error)))
        code = complain("compare", "--metric: %s", error);
    if (!code)
        code = share_read(given, MARGIN, &question.margin);
    if (!code)
        code = share_read(given, BETWEEN_RUNS, &question.between_runs);
    if (!code && *given->value[FAIL_IF_SLOWER])
        code = share_read(given, FAIL_IF_SLOWER, &slower);
    for (unsigned i = 0; i < 2 && !code && (i < given->operands || !i); i++)
        code = side_add(given->operands ? given->operand[i] : "latest", &sides[i]);
    if (!code)
        code = counts_check(sides);
    if (!code)
        code = answer(sides, &question, given, slower);
    for (size_t s = 0; s < 2; s++)
        for (size_t r = 0; r < sides[s].count; r++)
            side_release(&sides[s].run[r]);
    return code;
}

const struct verb verb_compare = {
    .name = "compare",
    .chapter = "look",
    .operands = "[RUN[,RUN,RUN...]] [RUN[,RUN,RUN...]]",
    .summary = "say which cells are faster, by how much, how surely",
    .function = compare_main,
    .help =
        "Compares the cells of a run that differ in one factor, block by block, with intervals that hold together; "
        "or the cells of a second run with the same ones of the first, when both had the same tasks (run --like). "
        "Two builds are best compared in one run (run --trial-program OLD, then compare RUN). Cells of two runs are "
        "measured by serial of their own run where both have it; with 3 or more runs a side, A1,A2,A3 B1,B2,B3, "
        "runs are the units. RUN is its directory, the beginning of its name, or latest (the default). Exits with 3 "
        "where --fail-if asks for it, with 4 where --fail-if-slower could not tell.",
    .operands_max = 2,
    .arguments = compare_arguments};
