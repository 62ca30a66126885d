/* What is in results/, see runs.h. */
#include "bench/show/runs.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/run_about.h"
#include "bench/model/run_dir.h"
#include "bench/show/lines.h"
#include "workloads/text.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct run_counts {
    int64_t trials, failed, cells, first_block;
};

static int trial_count(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct run_counts *counts = arg;
    counts->trials += trial->status != TRIAL_DISTURBED;
    counts->failed += !trial_is_ok(trial) && trial->status != TRIAL_DISTURBED;
    return 0;
}

/* Every block runs every cell once, so the first block has them all. */
static int cell_count(const void *row, void *arg)
{
    const struct plan_row *planned = row;
    struct run_counts *counts = arg;
    if (counts->first_block == MISSING)
        counts->first_block = planned->block;
    counts->cells += planned->block == counts->first_block;
    return 0;
}

/* "2026-11-22 17:41", of "2026-11-22T17:41:54Z"; what is no date as it is. */
static void begun_put(struct sheet *sheet, const char *begun)
{
    const bool is_date = strlen(begun) == strlen("2026-11-22T17:41:54Z") && begun[10] == 'T';
    if (is_date)
        sheet_put(sheet, "%.10s %.5s", begun, begun + 11);
    else
        sheet_put(sheet, "%s", begun);
}

/* "before the change | poolbench run quick --budget 60s": the note, and the command without it. */
static void words_put(struct sheet *sheet, const json_t *host, const char *error)
{
    const json_t *argv = host_fact(host, "argv");
    const char *verb = json_string_value(host_fact(host, "verb")), *note = json_string_value(host_fact(host, "note"));
    struct lines lines;
    if (!lines_open(&lines))
        return;
    if (note)
        fprintf(lines.out, "%s%s", note, verb ? " | " : "");
    if (verb)
        fprintf(lines.out, "poolbench %s", verb);
    for (size_t i = 0; verb && i < json_array_size(argv); i++) {
        const char *word = json_string_value(json_array_get(argv, i));
        if (note && word && !strcmp(word, "--note") && ++i) /* it was said */
            continue;
        char *quoted = text_for_shell(word ? word : "?");
        fprintf(lines.out, " %s", quoted ? quoted : "?");
        free(quoted);
    }
    if (*error)
        fprintf(lines.out, "%sunreadable: %s", verb || note ? " | " : "", error);
    sheet_note(sheet, "", lines_close(&lines));
    free(lines.text);
}

static void run_put(struct sheet *sheet, const char *name)
{
    static const char *const states[] = {
        [RUN_WHOLE] = "whole", [RUN_UNFINISHED] = "unfinished", [RUN_AT_WORK] = "at work"};
    struct run_counts counts = {.first_block = MISSING};
    struct run_about about;
    char directory[PATH_MAX], took[32], error[ERROR_MAX] = "";
    snprintf(directory, sizeof directory, "%s/%s", RESULTS_DIRECTORY, name);
    run_about_read(directory, &about);
    bool is_readable = !csv_read(directory, &plan_format, -1, cell_count, &counts, error) &&
                       !csv_read(directory, &trial_format, -1, trial_count, &counts, error);
    const double took_ns = json_number_value(host_fact(about.host, "took_ns"));
    sheet_put(sheet, "%s", name);
    words_put(sheet, about.host, is_readable ? "" : error);
    begun_put(sheet, about.begun);
    if (is_readable) {
        sheet_put(sheet, "%lld", (long long)counts.cells);
        sheet_put(sheet, "%lld", (long long)counts.trials);
        sheet_put(sheet, "%lld", (long long)counts.failed);
    } else {
        sheet_row(sheet, "", "", "");
    }
    sheet_row(sheet, took_ns > 0 ? format_duration(took, sizeof took, took_ns) : "", states[about.state]);
    run_about_release(&about);
}

int runs_make(struct sheet *sheet)
{
    struct words names = {0};
    int rc = runs_names(&names);
    *sheet = (struct sheet){.columns = 7, .align = "llrrrrl"};
    sheet_row(sheet, "run", "begun (UTC)", "cells", "trials", "fail", "took", "state");
    for (size_t i = 0; i < names.count && !rc; i++)
        run_put(sheet, names.word[i]);
    words_release(&names);
    return rc ? rc : sheet->failed ? -ENOMEM : 0;
}
