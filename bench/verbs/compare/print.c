/* One table, three ways to write it down: for the screen, as Markdown, as LaTeX. */
#include "bench/analyse/compare.h"
#include "bench/analyse/resolve.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/markup.h"
#include "bench/show/sheet.h"
#include "bench/stats/drop.h"
#include "workloads/text.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* As many digits as the margin is worth. */
static char *ratio_text(char *text, size_t size, double ratio, double margin)
{
    if (isnan(ratio))
        snprintf(text, size, "-");
    else if (ratio < 0.095)
        snprintf(text, size, "%.2g", ratio);
    else if (ratio < 10)
        snprintf(text, size, "%.*f", margin < 0.01 ? 3 : 2, ratio);
    else
        snprintf(text, size, "%.*f", ratio < 100, ratio);
    return text;
}

/* An end of an interval: never rounded to 1.00 where it is not, because its side of 1 is what matters. */
static char *end_text(char *text, size_t size, double end, double margin)
{
    ratio_text(text, size, end, margin);
    for (int digits = 3; digits <= 5 && end != 1 && strtod(text, NULL) == 1; digits++)
        snprintf(text, size, "%.*f", digits, end);
    return text;
}

static char *interval_text(char *text, size_t size, const struct interval *interval, double margin)
{
    char lo[32], hi[32];
    if (isnan(interval->lo))
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%s .. %s", end_text(lo, sizeof lo, interval->lo, margin),
                 end_text(hi, sizeof hi, interval->hi, margin));
    return text;
}

/* "10.5 us"; "0.93 of 10.5 us" where it is relative. */
static char *absolute_text(char *text, size_t size, const struct compare *c, const struct pair *p, double cost,
                           double own)
{
    char ratio[32], absolute[32];
    if (!pair_is_relative(p))
        metric_text(c->question.metric, cost, text, size);
    else
        snprintf(text, size, "%s of %s", ratio_text(ratio, sizeof ratio, cost, c->question.margin),
                 metric_text(c->question.metric, own, absolute, sizeof absolute));
    return text;
}

static char *label_text(char *text, size_t size, const struct compare *c, const struct side *side, size_t cell)
{
    /* What is compared comes first, and always. */
    factor_set by = c->two ? FACTOR_POOL : c->question.by;
    size_t length = strlen(factors_label(text, size, &side->run.rows[cell], by));
    if (!length && by != FACTOR_TRIAL_PROGRAM) { /* nothing to say of it, but here it is what is asked for */
        char value[SPEC_MAX];
        unsigned number = (unsigned)__builtin_ctzll(by);
        length = (size_t)snprintf(text, size, "%s %s", factor_name(number),
                                  factor_spell(value, sizeof value, &side->run.rows[cell], by));
    }
    if (length + 2 < size) {
        char rest[160];
        factors_label(rest, sizeof rest, &side->run.rows[cell], c->shown & ~by);
        if (*rest)
            snprintf(text + length, size - length, "%s%s", length ? ", " : "", rest);
    }
    return text;
}

static void pair_put(struct sheet *sheet, const struct compare *c, const struct pair *p)
{
    double margin = c->question.margin;
    char label[192], interval[96], cell[96], base[96], ratio[32], verdict[32];
    snprintf(verdict, sizeof verdict, "%s%s",
             p->comparison.blocks ? verdict_said(p->comparison.verdict) : verdict_words(c, p),
             p->lag.said ? ", less sure" : "");
    sheet_put(sheet, "%s", label_text(label, sizeof label, c, c->cell, p->cell));
    sheet_put(sheet, "%s%s", ratio_text(ratio, sizeof ratio, p->comparison.ratio, margin),
              isnan(p->comparison.ratio) ? "" : "x");
    sheet_row(sheet, interval_text(interval, sizeof interval, &p->comparison.interval, margin), verdict,
              absolute_text(cell, sizeof cell, c, p, p->cell_cost, p->cell_own_cost),
              absolute_text(base, sizeof base, c, p, p->base_cost, p->base_own_cost));
    sheet_put(sheet, "%zu", p->comparison.blocks);
}

static void table_write(FILE *out, const struct compare *c, enum style style)
{
    struct sheet sheet = {.columns = 7, .align = "lrrlr"};
    sheet_row(&sheet, "cell", "ratio", "interval", "verdict", "cell takes", "baseline", c->several ? "runs" : "blocks");
    for (size_t p = 0; p < c->count; p++)
        pair_put(&sheet, c, &c->pairs[p]);
    if (style == STYLE_TEXT)
        sheet_print(out, &sheet, screen_columns(out));
    else
        (style == STYLE_LATEX ? sheet_latex : sheet_markdown)(out, &sheet);
    sheet_release(&sheet);
}

/* Wrapped on the screen, escaped elsewhere (LaTeX has it as comments, so that the table can be included). */
static void paragraph(FILE *out, enum style style, const char *text)
{
    if (style == STYLE_TEXT)
        wrap_print(out, text, 0);
    else
        markup_print(out, style == STYLE_LATEX ? MARKUP_CODE : MARKUP_MARKDOWN,
                     style == STYLE_LATEX ? "% @\n" : "@\n\n", text);
}

__attribute__((format(printf, 3, 4))) static void say(FILE *out, enum style style, const char *format, ...)
{
    char raw[1024], text[4 * sizeof raw];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    text_put(text, sizeof text, raw, true); /* names of runs are whatever directories are called */
    paragraph(out, style, text);
}

/* "one", or "one and 2 more". */
static char *runs_text(char *text, size_t size, const struct sides *sides)
{
    size_t used = (size_t)snprintf(text, size, "%.100s", sides->run->id);
    if (sides->count > 1)
        snprintf(text + used, size - used, " and %zu more", sides->count - 1);
    return text;
}

/* How it is compared, and what stands beside the ratio. */
static const char *unit_words(const struct compare *c)
{
    return c->several ? "run by run" : c->question.metric->pooled ? "trials as observations" : "block by block";
}

static const char *values_words(const struct metric *metric)
{
    return metric->pooled ? "Absolute values are of all trials together." : "Absolute values are medians.";
}

static void runs_head_print(FILE *out, const struct compare *c, enum style style, const char *host)
{
    const struct metric *metric = c->question.metric;
    const char *unit = unit_words(c), *own = c->question.baseline;
    char cells[128], bases[128];
    runs_text(cells, sizeof cells, &c->cells);
    runs_text(bases, sizeof bases, &c->bases);
    if (!c->relative) {
        say(out, style, "%s compared with the baseline %s: %s of the same cell, %s. %s.", cells, bases, metric->words,
            unit, host);
        say(out, style, "1.09x: %s in %s than in the baseline, %s; below 1x it is less. %s", metric->more, cells, bases,
            values_words(metric));
    } else {
        say(out, style, "%s compared with the baseline %s: %s over that of %s in the same run, %s. The latter: %s.",
            cells, bases, metric->words, own, unit, host);
        say(out, style,
            "1.09x: measured by %s of its own run, a cell %s in %s than in %s. 0.93 of 10 us: "
            "that ratio to %s, and how much %s itself has.%s%s%s",
            own, metric->more, cells, bases, own, own, c->other_machine ? "" : " The row of ",
            c->other_machine ? "" : own, c->other_machine ? "" : " is its own change, in absolute times.");
    }
    if (c->several)
        say(out, style,
            "Runs are the units: whatever differs between runs of one side is noise, and an interval holds "
            "it.");
}

static void head_print(FILE *out, const struct compare *c, enum style style)
{
    const struct metric *metric = c->question.metric;
    const char *factor = "", *space = ""; /* a pool says by itself what it is, a number does not */
    char host[256];
    host_line(host, sizeof host, c->base->run.host);
    for (unsigned i = 0; factor_name(i); i++)
        if (c->question.by == OPTION_BIT(i) && c->question.by != FACTOR_POOL) {
            factor = factor_name(i);
            space = " ";
        }
    if (c->apart)
        say(out, style,
            "The hosts of this run ran at different times, so absolute times of them are not compared: a cell is first "
            "divided by %s of its own host, block by block. Cells of that pool have no partner.",
            POOL_SHOWN(compare_own_pool(c)));
    if (!c->two) {
        say(out, style, "%s: %s, compared with %s%s%s, all else equal, %s. %s.", c->base->id, metric->words, factor,
            space, c->question.baseline, unit_words(c), host);
        say(out, style, "1.09x: %s than the baseline, %s%s%s; below 1x it is less. %s", metric->more, factor, space,
            c->question.baseline, values_words(metric));
    } else {
        runs_head_print(out, c, style, host);
    }
}

static void foot_print(FILE *out, const struct compare *c, enum style style)
{
    char ratio[32], interval[96], levels[128] = "";
    double margin = c->question.margin;
    bool lags = false, left = false;
    for (size_t i = 0; i < c->count; i++) {
        lags = lags || c->pairs[i].lag.said;
        left = left || (c->family.looks.leave_from && c->pairs[i].comparison.blocks < c->blocks);
    }
    if (left)
        snprintf(levels, sizeof levels,
                 "; of rows that left earlier, as of that look, or %.5g %%, by t; of dropped pools %.5g %%, by t",
                 100 * (1 - 2 * CLEAR_ERROR), 100 * (1 - 2 * DROP_ERROR));
    say(out, style,
        "%zu comparison%s: all intervals hold together with %.0f %% (each by itself %.4g %%%s). equal: wholly "
        "within %.4g %%; faster, slower: wholly below, above 1x; else these blocks cannot tell yet.",
        c->count, c->count == 1 ? "" : "s", 100 * (1 - FAMILY_ERROR), 100 * c->family.level, levels, 100 * margin);
    if (c->mean.blocks && (c->mean_left_out ? c->mean_cells : c->count) > 1) {
        char of[64] = "", without[64] = "";
        if (c->mean_left_out) {
            snprintf(of, sizeof of, " the %zu", c->mean_cells);
            snprintf(without, sizeof without, " (%zu more ran no longer, and are not in it)", c->mean_left_out);
        }
        say(out, style,
            "Geometric mean over%s cells%s: %sx [%s], by itself %.0f %%, over the %zu %s%s that have all cells.", of,
            without, ratio_text(ratio, sizeof ratio, c->mean.ratio, margin),
            interval_text(interval, sizeof interval, &c->mean.interval, margin), 100 * (1 - FAMILY_ERROR),
            c->mean.blocks, c->several ? "run" : "block", c->mean.blocks == 1 ? "" : "s");
    }
    if (lags)
        say(out, style,
            "less sure: each block of that row depends on the one before, and intervals do not allow for that.");
    if (!isnan(c->visible))
        say(out, style, "Smallest difference visible here: about %.*f %% (4 of 5 such differences would show).",
            c->visible < 0.1, 100 * c->visible);
}

static void alone_print(FILE *out, const struct compare *c, enum style style)
{
    char label[192];
    for (size_t which = 0; which < 2; which++) {
        const struct side *side = which ? c->cell : c->base;
        struct lines words;
        if (!c->alone_count[which] || !lines_open(&words))
            continue;
        fprintf(words.out, "Without a partner%s%s (%zu cell%s): ", c->two ? " in the other run: " : "",
                c->two ? side->id : "", c->alone_count[which], c->alone_count[which] == 1 ? "" : "s");
        for (size_t i = 0; i < c->alone_count[which]; i++)
            fprintf(words.out, "%s%s", i ? "; " : "", label_text(label, sizeof label, c, side, c->alone[which][i]));
        fputc('.', words.out);
        paragraph(out, style, lines_close(&words));
        free(words.text);
    }
}

/* What lies between two runs, and how much of it is in the intervals. */
static void between_print(FILE *out, const struct compare *c, enum style style)
{
    size_t absolute = 0, seen = 0;
    for (size_t i = 0; i < c->count; i++) {
        absolute += !pair_is_relative(&c->pairs[i]);
        seen += !pair_is_relative(&c->pairs[i]) && !pair_is_own(c, &c->pairs[i]);
    }
    if (c->disturbed)
        say(out, style,
            "%s can be told: %s was disturbed, %s waited for a CPU for %.0f %% of its time%s, or both builds in one "
            "run "
            "(run --trial-program OLD)%s.",
            c->question.metric->of_cpu ? "Of absolute times nothing" : "Nothing", c->disturbed->id, BASE_POOL,
            100 * run_disturbed(&c->disturbed->run),
            c->several ? ", and all runs of its side more than all of the other. Have the sides take turns"
                       : ". Run it again on a quiet machine",
            c->question.metric->of_cpu ? "" : "; --metric cpu sees more");
    if (!c->two || c->several || !compare_is_of_time(c))
        return;
    if (absolute)
        say(out, style,
            "Absolute times of two runs differ by what the machine did meanwhile, too: intervals of %s take in that 19 "
            "of 20 pairs of runs of one program differ by up to %.4g %% (--between-runs).",
            !seen         ? "that row"
            : c->relative ? "rows without a baseline"
                          : "all rows",
            100 * c->question.between_runs);
    if (seen)
        say(out, style,
            "%sSurer are both builds in one run (run --trial-program OLD), and several runs a side (compare A1,A2,A3 "
            "B1,B2,B3).",
            c->question.metric->by_base ? "Runs with the pool " BASE_POOL " have a baseline in both. " : "");
}

/* A program seldom changes all cells alike; a machine does. */
static void shift_print(FILE *out, const struct compare *c, enum style style)
{
    size_t faster = 0, slower = 0;
    for (size_t i = 0; i < c->count; i++) {
        faster += c->pairs[i].comparison.verdict == VERDICT_FASTER;
        slower += c->pairs[i].comparison.verdict == VERDICT_SLOWER;
    }
    if (c->two && !c->relative && !c->several && faster + slower > 1 && 2 * (faster + slower) > c->count &&
        (!faster || !slower))
        say(out, style,
            "%zu of %zu cells are %s and none is %s: that may be the machine. --baseline POOL takes each cell by a "
            "pool of its own run, best one that did not change.",
            faster + slower, c->count, faster ? "faster" : "slower", faster ? "slower" : "faster");
}

/* Cells that nothing can be said of although no trial failed, such as p99 of few tasks. */
static void unmeasured_print(FILE *out, const struct compare *c, enum style style)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++)
        count += !c->pairs[i].comparison.blocks && !pair_failed(c, &c->pairs[i]);
    if (count)
        say(out, style, "%zu comparison%s without a number: no block has the %s of both cells%s%s.", count,
            count == 1 ? "" : "s", c->question.metric->words, c->question.metric->lacks ? "; " : "",
            c->question.metric->lacks ? c->question.metric->lacks : "");
}

/* Line by line: a name may have one that ends. */
static void command_print(FILE *out, const char *before, char *command)
{
    for (char *rest = command, *line; (line = strsep(&rest, "\n"));)
        markup_print(out, MARKUP_CODE, "@@\n", before, line);
}

static void group_print(FILE *out, const struct compare *c, enum style style, size_t blocks)
{
    static const char *const before[] = {[STYLE_TEXT] = "  ", [STYLE_MARKDOWN] = "    ", [STYLE_LATEX] = "%   "};
    char label[192], command[4096], took[32];
    size_t count = 0;
    struct lines words;
    if (!lines_open(&words))
        return;
    double ns = resolve_command(command, sizeof command, c, blocks, 1);
    if (c->two) {
        char other[4096];
        ns += resolve_command(other, sizeof other, c, blocks, 0);
    }
    if (blocks > RESOLVE_MAX)
        fprintf(words.out, "Cannot tell yet, and would take more than %d blocks: ", RESOLVE_MAX);
    else
        fprintf(words.out, "Cannot tell yet; probably settled by %zu blocks%s%s: ", blocks, isnan(ns) ? "" : ", about ",
                isnan(ns) ? "" : format_duration(took, sizeof took, ns));
    for (size_t i = 0; i < c->count; i++)
        if (resolve_is(&c->pairs[i], blocks))
            fprintf(words.out, "%s%s", count++ ? "; " : "",
                    label_text(label, sizeof label, c, c->cell, c->pairs[i].cell));
    if (blocks > RESOLVE_MAX && c->two)
        fprintf(words.out, ". What lies between two runs no number of blocks tells: both builds in one run do (run "
                           "--trial-program OLD), or several runs a side");
    else if (blocks > RESOLVE_MAX)
        fprintf(words.out, ". A wider --margin may call %s equal", count == 1 ? "it" : "them");
    fputc('.', words.out);
    paragraph(out, style, lines_close(&words));
    free(words.text);
    for (int side = c->two ? 0 : 1; side < 2 && blocks <= RESOLVE_MAX; side++) {
        resolve_command(command, sizeof command, c, blocks, side);
        if (*command)
            command_print(out, before[style], command);
    }
    if (style == STYLE_MARKDOWN)
        fputc('\n', out);
}

static void resolve_print(FILE *out, const struct compare *c, enum style style)
{
    const struct side *without = resolve_possible(c->base) ? resolve_possible(c->cell) ? NULL : c->cell : c->base;
    for (size_t blocks = 0; (blocks = resolve_next(c, blocks));)
        group_print(out, c, style, blocks);
    if (without && resolve_next(c, 0))
        say(out, style, "%s has no suite.ini: no command can go on with it.", without->id);
}

void compare_print(FILE *out, const struct compare *c, enum style style)
{
    head_print(out, c, style);
    if (style == STYLE_TEXT)
        fputc('\n', out);
    table_write(out, c, style);
    if (style != STYLE_LATEX)
        fputc('\n', out);
    foot_print(out, c, style);
    between_print(out, c, style);
    shift_print(out, c, style);
    alone_print(out, c, style);
    unmeasured_print(out, c, style);
    resolve_print(out, c, style);
}
