/* What came of tries: shares, tries.csv, the table and what it says. */
#include "bench/analyse/why/pick.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/show/sheet.h"
#include "bench/verbs/explain/try.h"
#include "workloads/text.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double *series(const struct tries *tries, uint32_t cell, unsigned from)
{
    return tries->ns + (size_t)cell * TRY_BLOCKS_MOST + from;
}

int tries_judge(struct tries *tries, char *error)
{
    const size_t knobs = tries->both == RUN_NOTHING ? tries->count : tries->count + 1;
    for (size_t i = 0; i < knobs; i++) {
        struct knob *knob = &tries->knob[i];
        const struct tried_costs costs = {series(tries, tries->a, knob->from), series(tries, tries->b, knob->from),
                                          series(tries, knob->a, knob->from), series(tries, knob->b, knob->from)};
        if (gone_make(&costs, tries->block - knob->from, tries->level, &knob->gone))
            return refuse_as(-ENOMEM, error, "out of memory");
    }
    return 0;
}

static size_t shown_count(const struct tries *tries)
{
    return tries->both == RUN_NOTHING ? tries->count : tries->count + 1;
}

int tries_write(const struct tries *tries, char *error)
{
    const struct explanation *why = tries->why;
    struct csv_writer *writer;
    char a[SPEC_MAX], b[SPEC_MAX];
    int rc = csv_create(tries->session.directory, &tries_format, &writer);
    bool is_open = rc == 0;
    for (size_t i = 0; i < shown_count(tries) && !rc; i++) {
        const struct knob *knob = &tries->knob[i];
        struct tries_row row;
        row_clear(&tries_format, &row);
        row.schema_version = SCHEMA_VERSION;
        text_put(row.run_id, sizeof row.run_id, run_id(tries->session.directory), true);
        row.row = (int64_t)i + 1;
        snprintf(row.by, sizeof row.by, "%s", why->by ? factor_name((unsigned)__builtin_ctzll(why->by)) : "run");
        snprintf(row.a, sizeof row.a, "%s", why_name(a, sizeof a, why, false));
        snprintf(row.b, sizeof row.b, "%s", why_name(b, sizeof b, why, true));
        snprintf(row.change, sizeof row.change, "%s", knob->text);
        row.ratio = knob->gone.ratio;
        row.ratio_changed = knob->gone.ratio_changed;
        row.share = knob->gone.share;
        row.lo = knob->gone.interval.lo;
        row.hi = knob->gone.interval.hi;
        row.n = (int64_t)knob->gone.blocks;
        rc = csv_put(writer, &row);
    }
    int closed = is_open ? csv_close(writer) : 0;
    rc = rc ? rc : closed;
    rc = rc ? rc : recorded_note(tries->session.directory, error);
    rc = rc ? rc : file_sums_note(tries->session.directory, tries_format.file, error);
    return rc ? refuse_as(rc, error, "%.400s/%s: %s", tries->session.directory, tries_format.file, strerror(-rc)) : 0;
}

static void percent_text(char *text, size_t size, double share)
{
    if (fabs(share) >= GONE_MOST * 0.999)
        snprintf(text, size, share < 0 ? "below -%.0f %%" : "above %.0f %%", 100 * GONE_MOST);
    else
        snprintf(text, size, "%.0f %%", 100 * share + 0.0);
}

static void interval_text(char *text, size_t size, const struct interval *interval)
{
    char lo[40], hi[40];
    percent_text(lo, sizeof lo, interval->lo);
    percent_text(hi, sizeof hi, interval->hi);
    snprintf(text, size, "%s .. %s", lo, hi);
}

static bool is_again(const struct knob *knob)
{
    return !strcmp(knob->text, TRY_AGAIN);
}

static const struct knob *best_of(const struct tries *tries)
{
    const struct knob *best = NULL;
    for (size_t i = 0; i < shown_count(tries); i++) {
        const struct knob *knob = &tries->knob[i];
        if (!is_again(knob) && knob->gone.interval.lo > 0 && (!best || knob->gone.share > best->gone.share))
            best = knob;
    }
    return best;
}

/* The answer, first. */
static void answer_say(const struct tries *tries, FILE *out)
{
    const struct knob *best = best_of(tries), *again = &tries->knob[tries->count - 1];
    const struct gone *gone = &(best ? best : again)->gone;
    char a[SPEC_MAX], b[SPEC_MAX], share[40], interval[96];
    why_name(a, sizeof a, tries->why, false);
    why_name(b, sizeof b, tries->why, true);
    if (isnan(again->gone.share)) {
        fprintf(out,
                "Here and now %s takes %.2fx the time per task of %s in %zu block%s, which is not told from 1: "
                "there is nothing that could go away. ",
                b, again->gone.ratio, a, again->gone.blocks, again->gone.blocks == 1 ? "" : "s");
        fprintf(out,
                again->gone.blocks < tries->least ? "Intervals take at least %u blocks: a longer --budget.\n"
                                                  : "A longer --budget has more blocks, and tells more.\n",
                tries->least);
        return;
    }
    fprintf(out, "%s takes %.2fx the time per task of %s", b, gone->ratio, a);
    if (best) {
        percent_text(share, sizeof share, gone->share);
        interval_text(interval, sizeof interval, &gone->interval);
        fprintf(out,
                gone->ratio_changed < 1
                    ? "; with %s it takes %.2fx: the difference turns round, %s [%s] of it goes away.\n"
                    : "; with %s it takes %.2fx: %s [%s] of the difference goes away.\n",
                best->text, gone->ratio_changed, share, interval);
    } else {
        fputs("; with nothing that was tried a part of the difference surely goes away.\n", out);
    }
    if (again->gone.interval.lo > 0 || again->gone.interval.hi < 0)
        fprintf(out,
                "But the same two again (%s) differ as surely as that: the machine changed from trial to trial, and "
                "no share here is to be believed. Repeat it on a quieter one.\n",
                TRY_AGAIN);
}

static struct sheet sheet_make(const struct tries *tries)
{
    struct sheet sheet = {.columns = 6, .align = "lr"};
    sheet_row(&sheet, "changed", "B by A", "with it", "goes away", "interval", "blocks");
    for (size_t i = 0; i < shown_count(tries); i++) {
        const struct knob *knob = &tries->knob[i];
        char share[40] = "-", interval[96] = "-";
        if (!isnan(knob->gone.share)) {
            percent_text(share, sizeof share, knob->gone.share);
            interval_text(interval, sizeof interval, &knob->gone.interval);
        }
        sheet_put(&sheet, "%s", is_again(knob) ? "nothing (the same two again)" : knob->text);
        sheet_put(&sheet, "%.2fx", knob->gone.ratio);
        sheet_put(&sheet, "%.2fx", knob->gone.ratio_changed);
        sheet_row(&sheet, share, interval);
        sheet_put(&sheet, "%zu", knob->gone.blocks);
    }
    return sheet;
}

void tries_print(const struct tries *tries, FILE *out)
{
    struct lines lines;
    struct sheet sheet = sheet_make(tries);
    if (lines_open(&lines)) {
        answer_say(tries, lines.out);
        lines_print(out, &lines, "");
    }
    fputc('\n', out);
    sheet_print(out, &sheet, screen_columns(out));
    sheet_release(&sheet);
    wrapped_print(
        out, 0, 0,
        "Goes away: 1 - log(B by A with it) / log(B by A), where B by A is told; below 0 the difference grew, "
        "above 100 %% it turned round. A and B run in every block, with the change and without; intervals "
        "hold together at 95 %%%s.",
        tries->both == RUN_NOTHING ? "" : ", and the two together in blocks of their own");
    for (size_t i = tries->kept; i + 1 < tries->count; i++)
        wrapped_print(out, 0, 0, "! the budget has no time for all of %s; a longer one, or --try %s alone",
                      tries->knob[i].text, tries->knob[i].text);
    fprintf(out, "\n%s: %s, report.html, summary.csv, trials.csv, latency.csv, host.json\n", tries->session.directory,
            tries_format.file);
}
