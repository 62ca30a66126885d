/* An explanation in sentences, see pick.h. */
#include "bench/analyse/why/pick.h"
#include "bench/base/units.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include <math.h>
#include <string.h>

#define SAID_MOST  3   /* states of a sentence */
#define SAID_LEAST 0.1 /* of the difference */
#define PERCENT    0.01
#define HALF       0.5 /* must be explained under the answer of a run */

char *why_name(char *text, size_t size, const struct explanation *why, bool is_b)
{
    const struct why_run *run = is_b ? why->b_run : why->a_run;
    const struct summary_row *row = &run->run->rows[is_b ? why->b : why->a];
    char value[192];
    if (!why->by)
        snprintf(text, size, "%.100s", run_id(run->run->directory));
    else if (why->by == FACTOR_POOL)
        snprintf(text, size, "%s", POOL_SHOWN(row->f.pool));
    else
        snprintf(text, size, "%s %.100s", factor_name((unsigned)__builtin_ctzll(why->by)),
                 factor_spell(value, sizeof value, row, why->by));
    return text;
}

char *why_label(char *text, size_t size, const struct explanation *why)
{
    const struct run_data *run = why->b_run->run;
    factor_set shown = factors_varying(run->rows, run->count, factors_of(run->rows, run->count));
    shown |= FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_WORKERS | FACTOR_POOL;
    return factors_label(text, size, &run->rows[why->b], shown & ~why->by);
}

static char *times_text(char *text, size_t size, double ratio)
{
    snprintf(text, size, ratio < 9.995 ? "%.2fx" : ratio < 99.95 ? "%.1fx" : "%.0fx", ratio);
    return text;
}

char *why_metric(char *text, size_t size, const struct explanation *why)
{
    if (why->b_run->tail > 0)
        snprintf(text, size, "the latency of the slowest %g %% of tasks", 100 * why->b_run->tail);
    else
        snprintf(text, size, "the time per task");
    return text;
}

bool why_costs(const struct explanation *why, double least)
{
    return why->is_profiled && (why->profile_cost[0].lo > least || why->profile_cost[1].lo > least);
}

static const char *more_or_less(double ns)
{
    return ns < 0 ? "less" : "more";
}

/* "4.1 us more"; where profiling costs too much for times, "84 % of that more". */
static char *amount_text(char *text, size_t size, const struct explanation *why, double ns)
{
    char time[32];
    if (why_costs(why, PROFILE_COST_MOST))
        snprintf(text, size, "%.0f %% of that %s", 100 * fabs(ns / why->whole.more), more_or_less(ns));
    else
        snprintf(text, size, "%s%s %s", why_costs(why, PROFILE_COST_SAID) ? "~" : "",
                 format_duration(time, sizeof time, fabs(ns)), more_or_less(ns));
    return text;
}

static void head_say(FILE *out, const struct explanation *why)
{
    char a[SPEC_MAX], b[SPEC_MAX], label[192], ratio[32], metric[64], time[32];
    fprintf(out, "%s %s %s %s of %s (%s), %s %s", why_name(b, sizeof b, why, true),
            why->b_run->tail > 0 ? "has" : "takes", times_text(ratio, sizeof ratio, why->comparison.ratio),
            why_metric(metric, sizeof metric, why), why_name(a, sizeof a, why, false),
            why_label(label, sizeof label, why), format_duration(time, sizeof time, fabs(why->whole.more)),
            more_or_less(why->whole.more));
}

static void reason_say(FILE *out, const struct part *part)
{
    if (*part->reason)
        fprintf(out, " (%s)", part->reason);
}

/* The sum of the shares that a sentence of so many states has, and how many it has. */
static double shares_sum(const struct explanation *why, const enum state *order, size_t count, size_t most,
                         size_t *said)
{
    double sum = 0;
    for (*said = 0; *said < count && *said < most && why->part[order[*said]].share >= SAID_LEAST; ++*said)
        sum += why->part[order[*said]].share;
    return sum;
}

/* What goes the other way, the largest first: "1.4 us less in task bodies, ...". Returns how much that is. */
static double against_say(FILE *out, const struct explanation *why, const enum state *order, size_t count, double least,
                          const char *before)
{
    char amount[64];
    double ns = 0;
    size_t said = 0;
    for (size_t i = count; i-- && said < SAID_MOST && why->part[order[i]].share <= -least;) {
        const double more = why->part[order[i]].change.more;
        fprintf(out, "%s%s in %s", said++ ? ", " : before, amount_text(amount, sizeof amount, why, more),
                state_words[order[i]].phrase);
        ns += more;
    }
    return ns;
}

/* States that make up more than all of the difference: an addition, since shares of more than all say nothing. "4.1 us
 * more in waiting for a CPU that others had; against that 1.4 us less in task bodies". */
static void addition_say(FILE *out, const struct explanation *why, const enum state *order, size_t count, size_t said)
{
    char amount[64];
    double left = why->whole.more;
    for (size_t i = 0; i < said; i++) {
        const struct part *part = &why->part[order[i]];
        fprintf(out, "%s%s in %s", i ? "; " : ": ", amount_text(amount, sizeof amount, why, part->change.more),
                state_words[order[i]].phrase);
        reason_say(out, part);
        left -= part->change.more;
    }
    left -= against_say(out, why, order, count, PERCENT, "; against that ");
    if (fabs(left / why->whole.more) >= PERCENT)
        fprintf(out, "; %s in all other states together", amount_text(amount, sizeof amount, why, left));
}

/* "84 % of the difference is waiting for a CPU that others had"; or as an addition. How many states it has. */
static size_t parts_say(FILE *out, const struct explanation *why, size_t most)
{
    enum state order[STATES];
    const size_t count = explain_order(why, order);
    size_t said;
    if (shares_sum(why, order, count, most, &said) - 1 >= PERCENT / 2) {
        addition_say(out, why, order, count, said);
        return said;
    }
    for (size_t i = 0; i < said; i++) {
        const struct part *part = &why->part[order[i]];
        fprintf(out, i ? "; %.0f %% %s" : ": %.0f %% of the difference is %s", 100 * part->share,
                state_words[order[i]].phrase);
        reason_say(out, part);
    }
    return said;
}

/* What makes up for a part of it, where no addition has said that. */
static void rest_say(FILE *out, const struct explanation *why)
{
    enum state order[STATES];
    const size_t count = explain_order(why, order);
    size_t said;
    if (shares_sum(why, order, count, SAID_MOST, &said) - 1 < PERCENT / 2 &&
        against_say(out, why, order, count, SAID_LEAST, "Against that, ") != 0)
        fputs(".\n", out);
}

static void explained_say(FILE *out, const struct explanation *why)
{
    const double unknown = why->part[STATE_UNKNOWN].share, beyond = why->explained - 1;
    char amount[64];
    if (beyond >= PERCENT / 2)
        fprintf(out, "Explained is all of the difference, and %s that states without a reason make up for.",
                amount_text(amount, sizeof amount, why, beyond * why->whole.more));
    else if (why->explained <= -PERCENT / 2)
        fprintf(out, "Explained is nothing of the difference: what has a reason goes the other way, %s.",
                amount_text(amount, sizeof amount, why, why->explained * why->whole.more));
    else
        fprintf(out, "Explained is %.0f %% of the difference: what surely differs and has a reason.",
                100 * why->explained + 0.0);
    if (fabs(unknown) >= SAID_LEAST)
        fprintf(out, " %.0f %% is unknown.", 100 * unknown);
    fputc('\n', out);
}

/* Why nothing is said; what would make it possible. */
static bool silence_say(FILE *out, const struct explanation *why)
{
    const struct comparison *c = &why->comparison;
    char a[SPEC_MAX], b[SPEC_MAX], label[192];
    if (why_is_answered(why))
        return false;
    if (why->is_told) {
        head_say(out, why);
        fprintf(out, ". Why cannot be told yet: to take that apart needs at least %zu blocks, there are %zu.\n",
                why->blocks_needed, why->blocks);
        return true;
    }
    fprintf(out, "%s and %s do not surely differ (%s)", why_name(b, sizeof b, why, true),
            why_name(a, sizeof a, why, false), why_label(label, sizeof label, why));
    if (c->verdict == VERDICT_EQUAL)
        fputs(": they are equal within 2 %, and there is nothing to explain.\n", out);
    else if (!c->blocks)
        fputs(": no block has both.\n", out);
    else if (isnan(c->interval.lo))
        fprintf(out, ": that takes at least %zu blocks, there are %zu.\n", c->blocks_needed, c->blocks);
    else
        fprintf(out, ": %.2fx [%.2f .. %.2f], %zu blocks. What surely differs is explained; more blocks can tell.\n",
                c->ratio, c->interval.lo, c->interval.hi, c->blocks);
    return true;
}

/* The difference is told, and of no state that it surely differs: what it may be, and what would tell. */
static void unsure_say(FILE *out, const struct explanation *why)
{
    const struct part *most = NULL;
    const char *phrase = "";
    for (int i = 0; i < STATES; i++) {
        const struct part *part = &why->part[i];
        if (i == STATE_UNKNOWN || part->change.is_sure || !(part->share >= SAID_LEAST) ||
            (most && part->share <= most->share))
            continue;
        most = part;
        phrase = state_words[i].phrase;
    }
    fputs(". No state makes up a tenth of that and surely differs", out);
    if (most)
        fprintf(out, "; it may be %s, %.0f %%, which more blocks would tell (run --more)", phrase, 100 * most->share);
    fputs(".\n", out);
}

void why_say(FILE *out, const struct explanation *why)
{
    if (silence_say(out, why))
        return;
    head_say(out, why);
    if (parts_say(out, why, SAID_MOST))
        fputs(".\n", out);
    else
        unsure_say(out, why);
    rest_say(out, why);
    explained_say(out, why);
}

bool why_is_answered(const struct explanation *why)
{
    return why->is_told && why->blocks >= why->blocks_needed;
}

void why_print(FILE *out, const struct whys *whys)
{
    for (size_t i = 0; i < whys->count; i++) {
        const struct explanation *why = &whys->why[i];
        if (!why_is_answered(why) || !(why->comparison.ratio >= WHYS_WORTH) || !(why->explained >= HALF))
            continue;
        fputs("Why: ", out);
        head_say(out, why);
        parts_say(out, why, 2);
        fputs(".\n", out);
        return;
    }
}
