/* The five lines. */
#include "bench/ask/arguments.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include "bench/verbs/advise/advise.h"
#include <math.h>
#include <string.h>

#define TEXT_COLUMN 10
#define LEAST_SAID  1.05 /* a measured value that is off by less is as good as what was asked for */

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->text + text->used, sizeof text->text - text->used, format, arguments);
    va_end(arguments);
    if (length > 0)
        text->used +=
            (size_t)length < sizeof text->text - text->used ? (size_t)length : sizeof text->text - text->used - 1;
}

static const char *what(char *text, size_t size, const struct summary_row *row)
{
    char staff[64];
    row_staff(staff, sizeof staff, row);
    snprintf(text, size, "%.128s, %lld worker%s%s%s%s", spec_behind_label(row->f.pool), (long long)row->f.workers,
             row->f.workers == 1 ? "" : "s", *staff ? " (" : "", staff, *staff ? ")" : "");
    return text;
}

static void line_advice(const struct advice *advice, const struct contest *contest)
{
    const struct summary_row *row = &advice->run->rows[contest->candidates[contest->chosen].cell];
    struct text line = {.used = 0};
    char text[256];
    text_add(&line, "%s", what(text, sizeof text, row));
    if (row_has_pool(row, BASE_POOL))
        text_add(&line, ": no pool at all");
    else
        text_add(&line, ", place %.64s", row->f.place);
    wrap_row(stdout, 0, "take", TEXT_COLUMN, line.text);
}

static void ratio_add(struct text *line, const struct comparison *c)
{
    if (isnan(c->interval.lo))
        text_add(line, "%.2fx, no interval: %zu blocks of %zu that it takes", c->ratio, c->blocks, c->blocks_needed);
    else
        text_add(line, "%.2fx [%.2f .. %.2f], %s", c->ratio, c->interval.lo, c->interval.hi, verdict_said(c->verdict));
}

/* How sure that is. */
static void line_why(const struct advice *advice, const struct contest *contest)
{
    const struct summary_row *rows = advice->run->rows;
    const struct candidate *chosen = &contest->candidates[contest->chosen];
    const char *metric = advice->wish.rate > 0 ? "latency p99" : "time per task";
    size_t equal = 0, unresolved = 0, enough = 0;
    struct text line = {.used = 0};
    char text[256];
    for (size_t i = 1; i < contest->count; i++) {
        equal += contest->candidates[i].to_best.verdict == VERDICT_EQUAL;
        unresolved += contest->candidates[i].to_best.verdict == VERDICT_UNRESOLVED;
        enough += advice->wish.p99_ns && contest->candidates[i].interval.hi <= (double)advice->wish.p99_ns;
    }
    if (contest->count == 1)
        text_add(&line, "the only one of its kind that was measured");
    else if (advice->wish.p99_ns && enough && contest->chosen)
        text_add(&line, "the simplest of those that keep to the latency; its %s is ", metric),
            ratio_add(&line, &chosen->to_best), text_add(&line, " against the least");
    else if (!equal && !unresolved)
        text_add(&line, "the least %s of %zu, and surely: all others are slower", metric, contest->count);
    else
        text_add(&line, "%s: %zu of %zu others cannot be told from the least %s%s; this is the simplest %s%s",
                 unresolved ? "cannot tell yet which is best" : "no single winner", equal + unresolved,
                 contest->count - 1, metric, unresolved ? "" : " (equal within 2 %)",
                 unresolved ? "that was measured within a tenth of it" : "of them",
                 contest->chosen ? "" : ", and has the least itself");
    if (contest->chosen && !(advice->wish.p99_ns && enough)) {
        text_add(&line, "; the least in numbers: %s, this over it ",
                 what(text, sizeof text, &rows[contest->candidates[0].cell]));
        ratio_add(&line, &chosen->to_best);
    }
    wrap_row(stdout, 0, "because", TEXT_COLUMN, line.text);
}

static void line_expect(const struct advice *advice, const struct contest *contest)
{
    const struct candidate *chosen = &contest->candidates[contest->chosen];
    const struct summary_row *row = &advice->run->rows[chosen->cell];
    struct text line = {.used = 0};
    char a[32], b[32], c[32];
    bool known = !isnan(chosen->interval.lo);
    if (advice->wish.rate > 0) {
        text_add(&line, "latency p99 %s", format_duration(a, sizeof a, chosen->cost));
        if (known)
            text_add(&line, " [%s .. %s]", format_duration(b, sizeof b, chosen->interval.lo),
                     format_duration(c, sizeof c, chosen->interval.hi));
        text_add(&line, ", p50 %s", format_duration(a, sizeof a, number_real(row->pooled_p50_ns)));
        if (row->pooled_p50_lo_ns != MISSING)
            text_add(&line, " [%s .. %s]", format_duration(b, sizeof b, (double)row->pooled_p50_lo_ns),
                     format_duration(c, sizeof c, (double)row->pooled_p50_hi_ns));
        text_add(&line, ", at %s tasks/s", format_rate(a, sizeof a, row->tasks_per_s));
        if (advice->wish.p99_ns)
            text_add(&line, "; %s %s is %s", "at most", format_duration(b, sizeof b, (double)advice->wish.p99_ns),
                     (known ? chosen->interval.hi : chosen->cost) <= (double)advice->wish.p99_ns ? "kept to"
                     : (known ? chosen->interval.lo : chosen->cost) > (double)advice->wish.p99_ns
                         ? "NOT kept to"
                         : "not surely kept to");
    } else {
        text_add(&line, "%s tasks/s", format_rate(a, sizeof a, 1e9 / chosen->cost));
        if (known)
            text_add(&line, " [%s .. %s]", format_rate(b, sizeof b, 1e9 / chosen->interval.hi),
                     format_rate(c, sizeof c, 1e9 / chosen->interval.lo));
        text_add(&line, ", a task every %s", format_duration(a, sizeof a, chosen->cost));
        if (row->service_p50_ns != MISSING)
            text_add(&line, "; a task takes %s once begun (median)",
                     format_duration(b, sizeof b, (double)row->service_p50_ns));
        text_add(&line, "; latency takes --rate");
    }
    wrap_row(stdout, 0, "expect", TEXT_COLUMN, line.text);
}

/* What was measured in the place of what was asked for. */
static void off_add(struct text *line, const char *name, double measured, double asked, const char *spelled)
{
    double factor = measured > asked ? measured / asked : asked / measured;
    if (measured <= 0 || asked <= 0) {
        if (measured > 0 || asked > 0)
            text_add(line, "; the nearest %s is %s, which is not what was asked for", name, spelled);
        return;
    }
    if (factor > LEAST_SAID)
        text_add(line,
                 factor < 1000 ? "; the nearest %s is %s, a factor of %.3g off, and nothing is interpolated"
                               : "; the nearest %s is %s, a factor of %.0f off, and nothing is interpolated",
                 name, spelled, factor);
}

static void line_rests(const struct advice *advice, const struct contest *contest, const char *directory)
{
    const struct summary_row *row = &advice->run->rows[contest->candidates[contest->chosen].cell];
    struct text line = {.used = 0};
    char label[256], size[32], bytes[32];
    text_add(&line, "%s:", directory);
    for (size_t i = 0; i < contest->count && i < 12; i++)
        text_add(&line, " %s", advice->run->rows[contest->candidates[i].cell].cell_id);
    if (contest->count > 12)
        text_add(&line, " and %zu more", contest->count - 12);
    text_add(&line, " (%s; %zu blocks)",
             factors_label(label, sizeof label, row,
                           FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_ARRIVAL | FACTOR_BALLAST | FACTOR_PAYLOAD),
             advice->series.blocks);
    off_add(&line, "size", (double)row->f.size_ns, (double)advice->wish.size_ns,
            spell_duration(size, sizeof size, row->f.size_ns));
    if (advice->wish.ballast_bytes || row->f.ballast.bytes)
        off_add(&line, "ballast", (double)row->f.ballast.bytes, (double)advice->wish.ballast_bytes,
                spell_bytes(bytes, sizeof bytes, row->f.ballast.bytes));
    wrap_row(stdout, 0, "rests on", TEXT_COLUMN, line.text);
}

/* The next best pool, and at which size the answer is another one. */
static void line_changes(const struct advice *advice, const struct contest *contest)
{
    const struct summary_row *rows = advice->run->rows;
    struct text line = {.used = 0};
    struct contest turn;
    size_t sizes;
    char text[256], size[32];
    if (contest->chosen) {
        text_add(&line, "next: %s; ", what(text, sizeof text, &rows[contest->candidates[0].cell]));
    } else if (contest->count > 1) {
        text_add(&line, "next: %s, ", what(text, sizeof text, &rows[contest->candidates[1].cell]));
        ratio_add(&line, &contest->candidates[1].to_best);
        text_add(&line, "; ");
    }
    size_t at = advice_turn(advice, contest, &turn, &sizes);
    if (at != SIZE_MAX)
        text_add(&line, "at %s it is %s instead", spell_duration(size, sizeof size, rows[at].f.size_ns),
                 what(text, sizeof text, &rows[turn.candidates[turn.chosen].cell]));
    else if (sizes == 1)
        text_add(&line, "at the other size of this run it is not surely beaten");
    else if (sizes)
        text_add(&line, "at none of the %zu other sizes of this run is it surely beaten", sizes);
    else
        text_add(&line, "at other sizes: not measured, `advise --size` elsewhere tells");
    contest_release(&turn);
    wrap_row(stdout, 0, "changes", TEXT_COLUMN, line.text);
}

static int blind_say(const char *what)
{
    complain("advise", "could not tell %s; more blocks can (a longer --budget, run --more)", what);
    return EXIT_BLIND;
}

/* What is advised is surely as good as the best, or keeps to the latency: that is what can be told or not. */
static int advice_exit(const struct advice *advice, const struct contest *contest)
{
    const struct candidate *chosen = &contest->candidates[contest->chosen];
    const double limit = (double)advice->wish.p99_ns;
    if (advice->wish.p99_ns && chosen->interval.lo > limit)
        return 3;
    if (advice->wish.p99_ns)
        return chosen->interval.hi <= limit ? 0 : blind_say("whether it keeps to the latency");
    bool is_near = !contest->chosen || chosen->to_best.interval.hi <= CONTEST_NEAR;
    for (size_t i = 1; i < contest->count && !contest->chosen; i++)
        is_near = is_near && contest->candidates[i].to_best.interval.lo >= 1 / CONTEST_NEAR;
    return is_near ? 0 : blind_say("whether that is within a tenth of the best");
}

int advise_print(const struct advice *advice, const char *directory)
{
    struct contest contest;
    size_t nearest = advice_nearest(advice);
    if (nearest == SIZE_MAX)
        return complain("advise", "%s: no cell has tasks of this kind (%s%s); without RUN they are measured", directory,
                        advice->wish.cpu_share >= 1   ? "all compute"
                        : advice->wish.cpu_share <= 0 ? "all sleep"
                                                      : "mixed",
                        advice->wish.rate > 0 ? ", at a rate" : "");
    if (contest_make(advice, nearest, &contest))
        return complain("advise", "out of memory"), 1;
    if (!contest.count) {
        contest_release(&contest);
        complain("advise", "%s: no pool that may be advised%s%s has %s for these tasks", directory,
                 advice->wish.isolation ? " (processes only)" : "",
                 advice->wish.rate > 0 ? " and keeps up with the rate" : "",
                 advice->wish.rate > 0 ? "a latency p99 (it takes 1,000 tasks in all trials)"
                                       : "a trial that ended well");
        return 1;
    }
    if (contest.count > 1 && advice->series.blocks < contest.family.blocks) {
        complain("advise",
                 "could not tell: to compare %zu cells with each other takes at least %zu blocks, %s has %zu; "
                 "`poolbench run --more` adds some",
                 contest.count, contest.family.blocks, directory, advice->series.blocks);
        contest_release(&contest);
        return EXIT_BLIND;
    }
    line_advice(advice, &contest);
    line_why(advice, &contest);
    line_expect(advice, &contest);
    line_rests(advice, &contest, directory);
    line_changes(advice, &contest);
    int code = advice_exit(advice, &contest);
    contest_release(&contest);
    return code;
}
