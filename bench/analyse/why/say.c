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

static void head_say(FILE *out, const struct explanation *why)
{
    char a[SPEC_MAX], b[SPEC_MAX], label[192], ratio[32], metric[64];
    fprintf(out, "%s %s %s %s of %s (%s)", why_name(b, sizeof b, why, true), why->b_run->tail > 0 ? "has" : "takes",
            times_text(ratio, sizeof ratio, why->comparison.ratio), why_metric(metric, sizeof metric, why),
            why_name(a, sizeof a, why, false), why_label(label, sizeof label, why));
}

/* What other states take back of more than all: "less 10 % that other states give back: idle workers (8 %), ...". */
static void back_say(FILE *out, const struct explanation *why, double excess)
{
    enum state order[STATES];
    size_t said = 0;
    double rest = excess;
    fprintf(out, ", less %.0f %% that other states give back", 100 * excess);
    for (size_t i = explain_order(why, order); i-- && said < SAID_MOST;) {
        const double share = why->part[order[i]].share;
        if (!(share <= -PERCENT))
            break;
        fprintf(out, "%s%s (%.0f %%)", said++ ? ", " : ": ", state_words[order[i]].phrase, -100 * share);
        rest += share;
    }
    if (rest >= PERCENT)
        fprintf(out, "%sstates that do not surely differ (%.0f %%)", said ? ", " : ": ", 100 * rest);
}

/* "84 % of the difference is waiting for a CPU that others had". Shares that come to more than all of it never stand
 * alone. */
static size_t parts_say(FILE *out, const struct explanation *why, size_t most)
{
    enum state order[STATES];
    const size_t count = explain_order(why, order);
    size_t said = 0;
    double sum = 0;
    for (size_t i = 0; i < count && said < most; i++) {
        const struct part *part = &why->part[order[i]];
        if (part->share < SAID_LEAST)
            break;
        fprintf(out, said ? "; %.0f %% %s" : ": %.0f %% of the difference is %s", 100 * part->share,
                state_words[order[i]].phrase);
        if (*part->reason)
            fprintf(out, " (%s)", part->reason);
        sum += part->share;
        said++;
    }
    if (sum - 1 >= PERCENT / 2)
        back_say(out, why, sum - 1);
    return said;
}

/* What makes up for a part of it, where that was not said yet. */
static void against_say(FILE *out, const struct explanation *why)
{
    enum state order[STATES];
    size_t said = 0;
    double sum = 0;
    const size_t count = explain_order(why, order);
    for (size_t i = 0; i < count && i < SAID_MOST && why->part[order[i]].share >= SAID_LEAST; i++)
        sum += why->part[order[i]].share;
    for (size_t i = count; i-- && said < SAID_MOST && sum - 1 < PERCENT / 2;) {
        const struct part *part = &why->part[order[i]];
        if (part->share > -SAID_LEAST)
            break;
        fprintf(out, said ? ", %s (%.0f %%)" : "It would be more, but for %s (%.0f %%)", state_words[order[i]].phrase,
                100 * part->share);
        said++;
    }
    if (said)
        fputs(".\n", out);
}

static void explained_say(FILE *out, const struct explanation *why)
{
    const double unknown = why->part[STATE_UNKNOWN].share;
    fprintf(out, "Explained is %.0f %% of the difference: states that surely differ, and whose reason is told",
            100 * why->explained);
    if (why->explained - 1 >= PERCENT / 2)
        fprintf(out, "; %.0f %% of it is given back by states without a reason", 100 * (why->explained - 1));
    fputc('.', out);
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
    against_say(out, why);
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
