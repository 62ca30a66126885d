/* The verb plan: says what run would do, and runs nothing; with --measure short trials. */
#include "bench/measure/plan.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/lengths.h"
#include "bench/model/run_dir.h"
#include "bench/show/sheet.h"
#include "bench/verbs/verbs.h"
#include <stdlib.h>
#include <string.h>

#define LABEL_COLUMN 17

static void heading_print(const char *label, const char *text)
{
    wrap_row(stdout, 0, label, LABEL_COLUMN, text);
}

/* A cell's value as it will be, not as it was asked for. */
static void value_text(const struct option *option, const struct cell *cell, char *text)
{
    if (!strcmp(option->name, "place"))
        snprintf(text, SPEC_MAX, "%s", cell->f.place);
    else if (!strcmp(option->name, "pool")) /* without the path of a plug-in */
        snprintf(text, SPEC_MAX, "%s", cell->f.pool);
    else if (!strcmp(option->name, "workload"))
        snprintf(text, SPEC_MAX, "%s", cell->f.workload);
    else
        cell_spell(cell, option, text);
}

static bool varies(const struct option *option, const struct cells *cells)
{
    char first[SPEC_MAX], next[SPEC_MAX];
    value_text(option, &cells->cell[0], first);
    for (size_t i = 1; i < cells->count; i++) {
        value_text(option, &cells->cell[i], next);
        if (strcmp(first, next) != 0)
            return true;
    }
    return false;
}

/* What the time rests on, where that is not what such trials took here. */
static void forecast_print(const struct cells *cells)
{
    size_t unknown = 0, guessed = 0;
    char text[512];
    for (size_t i = 0; i < cells->count; i++) {
        unknown += forecast_unknown(&cells->cell[i]);
        guessed += !cells->cell[i].forecast.measured && !forecast_unknown(&cells->cell[i]);
    }
    if (guessed) {
        snprintf(text, sizeof text, "by rough prices for %zu of %zu cells: --measure finds out what they take here",
                 guessed, cells->count);
        heading_print("", text);
    }
    if (unknown) {
        snprintf(text, sizeof text,
                 "beside the commands of %zu cell%s, which nobody has timed: the first trial of each does "
                 "(repeatable=yes: before the run)",
                 unknown, unknown == 1 ? "" : "s");
        heading_print("", text);
    }
    if (lengths_say(cells, text, sizeof text))
        heading_print("trials", text);
    if (lengths_short(cells, text, sizeof text))
        heading_print("", text);
}

/* What --profile adds; it is in the time of the line above. */
static void siblings_print(const struct request *request, const struct plan *plan)
{
    char text[256], time[32];
    if (request->settings.profile == PROFILE_NONE)
        return;
    if (plan->siblings)
        snprintf(text, sizeof text, "%u of %u blocks have profiled siblings: %zu trials more, about %s of that time%s",
                 plan->siblings, plan->blocks, plan->siblings * plan->cells.count,
                 format_duration(time, sizeof time, plan->siblings * plan->block_ns),
                 request->settings.budget_ns ? ", at most a quarter of the budget" : "");
    else
        snprintf(text, sizeof text, "no block has profiled siblings: a quarter of the budget has no time for one");
    heading_print("profile", text);
}

static void head_print(const struct request *request, const struct plan *plan, const struct machine *machine)
{
    char text[256], duration[32], budget[48] = "", quota[48] = "";
    size_t cells = plan->cells.count;
    if (request->settings.budget_ns) {
        char limit[32];
        snprintf(budget, sizeof budget, ", budget %s",
                 format_duration(limit, sizeof limit, (double)request->settings.budget_ns));
    }
    snprintf(text, sizeof text, "%zu cell%s x %u blocks = %zu trials, about %s%s", cells, cells == 1 ? "" : "s",
             plan->blocks, cells * plan->blocks, format_duration(duration, sizeof duration, (double)plan->estimate_ns),
             budget);
    heading_print("plan", text);
    double all_ns = plan->blocks * plan->block_ns + plan->around_ns;
    if (request->settings.budget_ns && all_ns > (double)request->settings.budget_ns) {
        snprintf(text, sizeof text, "by the forecast all of it takes %s: rows leave from the end where it does",
                 format_duration(duration, sizeof duration, all_ns));
        heading_print("", text);
    }
    siblings_print(request, plan);
    forecast_print(&plan->cells);
    snprintf(text, sizeof text, "m = %u, which need%s at least %u blocks%s", plan->comparisons,
             plan->comparisons == 1 ? "s" : "", plan->blocks_needed,
             plan->blocks < plan->blocks_needed ? ": too few are asked for to compare pools" : "");
    heading_print("comparisons", text);
    for (size_t i = 0; i < request->left_out.count; i++)
        heading_print(i ? "" : "left out", request->left_out.word[i]);
    for (size_t i = 0; i < plan->left_out.count; i++)
        heading_print(i || request->left_out.count ? "" : "left out", plan->left_out.word[i]);
    if (machine->quota_cpus > 0)
        snprintf(quota, sizeof quota, ", a CPU quota of %.2f", machine->quota_cpus);
    else if (machine->unseen[LIMIT_CPU])
        snprintf(quota, sizeof quota, ", a CPU quota not known");
    snprintf(text, sizeof text, "cores %u, hardware threads %u%s, CPUs in effect %u%s", machine->cores, machine->pus,
             quota, machine->effective_cpus,
             machine->described ? "; it is described, and times are by what is known of this one" : "");
    heading_print("machine", text);
}

/* The factors that are the same in all cells, and the settings. */
static void common_print(const struct request *request, const struct plan *plan)
{
    factor_set preset = ~(factor_set)0;
    for (size_t e = 0; e < request->experiments.count; e++)
        preset &= request->experiments.experiment[e].preset;
    printf("\nin every cell\n");
    for (unsigned i = 0; options[i].name; i++) {
        char value[SPEC_MAX], text[2 * SPEC_MAX];
        if (!option_is_of_cell(&options[i]) || varies(&options[i], &plan->cells))
            continue;
        value_text(&options[i], &plan->cells.cell[0], value);
        snprintf(text, sizeof text, "%s%s", value, preset & OPTION_BIT(i) ? "  (default)" : "");
        wrap_row(stdout, 2, options[i].name, LABEL_COLUMN, text);
    }
    printf("\nsettings\n");
    for (const struct option *option = options; option->name; option++) {
        char value[SPEC_MAX];
        if (!option->spell)
            continue;
        option->spell(&request->settings, value);
        wrap_row(stdout, 2, option->name, LABEL_COLUMN, value);
    }
}

/* ---- the table of cells ---- */

#define FIELDS_MAX (OPTIONS_MAX + 4)

/* A row of the table, the titles where cell is NULL. Returns how many fields. */
static unsigned row_fill(const struct plan *plan, const struct cell *cell, const bool *shown, char fields[][SPEC_MAX])
{
    const bool experiments = plan->cells.cell[0].experiment[0] != '\0';
    unsigned count = 0;
    snprintf(fields[count++], SPEC_MAX, "%s", cell ? cell->id : "cell");
    if (experiments)
        snprintf(fields[count++], SPEC_MAX, "%s", cell ? cell->experiments : "experiment");
    for (unsigned i = 0; options[i].name; i++) {
        if (!shown[i])
            continue;
        if (cell)
            value_text(&options[i], cell, fields[count]);
        else
            snprintf(fields[count], SPEC_MAX, "%s", options[i].name);
        count++;
    }
    if (!cell)
        snprintf(fields[count], SPEC_MAX, "iterations");
    else if (cell->f.iterations > 0)
        snprintf(fields[count], SPEC_MAX, "%lld", (long long)cell->f.iterations);
    else
        snprintf(fields[count], SPEC_MAX, "%s", cell->workload->unit ? "?" : "-");
    return count + 1;
}

static void cells_print(const struct plan *plan)
{
    char fields[FIELDS_MAX][SPEC_MAX], align[FIELDS_MAX + 1] = "";
    bool shown[OPTIONS_MAX] = {0};
    bool uncalibrated = false;
    struct sheet sheet = {.align = align};
    for (unsigned i = 0; options[i].name; i++)
        shown[i] = option_is_of_cell(&options[i]) && varies(&options[i], &plan->cells);
    for (size_t row = 0; row <= plan->cells.count; row++) {
        sheet.columns = row_fill(plan, row ? &plan->cells.cell[row - 1] : NULL, shown, fields);
        for (size_t f = 0; f < sheet.columns; f++)
            sheet_put(&sheet, "%s", fields[f]);
        uncalibrated |= !strcmp(fields[sheet.columns - 1], "?");
    }
    memset(align, 'l', sheet.columns - 1);
    align[sheet.columns - 1] = 'r';
    putchar('\n');
    sheet_print(stdout, &sheet, screen_columns(stdout));
    sheet_release(&sheet);
    if (uncalibrated)
        printf("?: not calibrated on this machine yet; run does that first\n");
}

/* All that tells cells apart, a row a cell. */
static int cells_table(const struct plan *plan, const char *how)
{
    char fields[FIELDS_MAX][SPEC_MAX];
    bool shown[OPTIONS_MAX] = {0};
    for (unsigned i = 0; options[i].name; i++)
        shown[i] = option_is_of_cell(&options[i]);
    struct sheet sheet = {.columns = row_fill(plan, NULL, shown, fields), .align = "l"};
    for (size_t row = 0; row <= plan->cells.count; row++) {
        row_fill(plan, row ? &plan->cells.cell[row - 1] : NULL, shown, fields);
        for (unsigned f = 0; f < sheet.columns; f++)
            sheet_put(&sheet, "%s", fields[f]);
    }
    int rc = sheet_write(stdout, how, "plan", &sheet);
    sheet_release(&sheet);
    return rc;
}

/* ---- placement ---- */

/* The CPUs of a mask: "0-2,5". */
static void mask_print(FILE *out, const uint64_t *mask, unsigned words)
{
    const char *comma = "";
    unsigned cpus = words * 64;
    for (unsigned first = 0, next; first < cpus; first = next) {
        next = first + 1;
        if (!(mask[first / 64] >> first % 64 & 1))
            continue;
        while (next < cpus && mask[next / 64] >> next % 64 & 1)
            next++;
        fprintf(out, next - first > 1 ? "%s%u-%u" : "%s%u", comma, first, next - 1);
        comma = ",";
    }
}

/* "workers on CPUs 0 1, submitter on 0-1"; NULL: out of memory. */
static char *placement_text(const struct placement *placement)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fprintf(out, "worker%s on CPU%s", placement->workers == 1 ? "" : "s", placement->workers == 1 ? "" : "s");
    for (unsigned w = 0; w < placement->workers; w++) {
        fputc(' ', out);
        if (placement->planned[w] >= 0)
            fprintf(out, "%d", placement->planned[w]);
        else
            mask_print(out, placement->masks + (size_t)w * placement->words, placement->words);
    }
    fprintf(out, "; submitter on ");
    mask_print(out, placement->main_mask, placement->words);
    fprintf(out, placement->spare_cpu ? ", a CPU of its own" : ", shared");
    if (placement->reason[0])
        fprintf(out, " (%s)", placement->reason);
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}

/* A paragraph of each placement and of the cells that have it. */
static int placements_print(const struct cells *cells)
{
    char **texts = calloc(cells->count, sizeof *texts);
    int rc = texts ? 0 : -ENOMEM;
    for (size_t i = 0; i < cells->count && !rc; i++)
        rc = (texts[i] = placement_text(&cells->cell[i].placement)) ? 0 : -ENOMEM;
    printf("\nplacement\n");
    for (size_t i = 0; i < cells->count && !rc; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = !strcmp(texts[i], texts[j]);
        if (seen)
            continue;
        size_t used = 0, room = (cells->count - i) * sizeof cells->cell->id + 1;
        char *ids = calloc(1, room);
        if (!ids)
            rc = -ENOMEM;
        for (size_t j = i; j < cells->count && ids; j++)
            if (!strcmp(texts[i], texts[j]))
                used += (size_t)snprintf(ids + used, room - used, "%s ", cells->cell[j].id);
        if (ids) {
            printf("  ");
            wrap_print(stdout, texts[i], 4);
            printf("    ");
            wrap_print(stdout, ids, 4);
        }
        free(ids);
    }
    for (size_t i = 0; texts && i < cells->count; i++)
        free(texts[i]);
    free(texts);
    return rc;
}

static int order_print(const struct plan *plan)
{
    size_t cells = plan->cells.count, room = cells * (sizeof plan->cells.cell->id + 1) + 1;
    char *text = malloc(room), label[32];
    if (!text)
        return -ENOMEM;
    printf("\norder\n");
    for (unsigned block = 0; block < plan->blocks; block++) {
        size_t used = 0;
        for (size_t p = 0; p < cells; p++)
            used +=
                (size_t)snprintf(text + used, room - used, "%s ", plan->cells.cell[plan->order[block * cells + p]].id);
        snprintf(label, sizeof label, "block %u", block + 1);
        wrap_row(stdout, 2, label, LABEL_COLUMN, text);
    }
    free(text);
    return 0;
}

static int plan_print(const struct request *request, const struct plan *plan, const struct machine *machine)
{
    head_print(request, plan, machine);
    common_print(request, plan);
    cells_print(plan);
    int rc = placements_print(&plan->cells);
    return rc ? rc : order_print(plan);
}

enum { PLAN_TOPOLOGY, PLAN_FORMAT };
static const struct argument plan_arguments[] = {
    [PLAN_TOPOLOGY] = {"topology", "synthetic:TEXT|FILE", "",
                       "Plan for a machine that is not here, as synthetic:\"pack:2 core:4 pu:2\" or a hwloc XML file "
                       "(topology.xml of a run is one).",
                       false},
    [PLAN_FORMAT] = {"format", "text|csv|json", "text", "csv, json: the cells, a row each, with all their factors.",
                     true},
    {.name = NULL},
};

static int plan_main(const struct arguments *given)
{
    struct machine machine;
    struct request request;
    struct plan plan;
    struct calibrations *calibrations;
    char error[ERROR_MAX] = "";
    const char *topology = *given->value[PLAN_TOPOLOGY] ? given->value[PLAN_TOPOLOGY] : NULL;
    int rc = machine_open(&machine, topology, error);
    if (rc)
        goto fail;
    rc = request_make(&given->asked, &machine, &request, error);
    if (rc)
        goto close_machine;
    if (request.settings.out[0] && (rc = run_check(request.settings.out, error)))
        goto release_request; /* `run` would refuse it */
    if (request.settings.measure && topology) {
        rc = refuse(error, "--measure: nothing can be measured on a machine that is described (--topology)");
        goto release_request;
    }
    if (request.settings.measure)
        fprintf(stderr, "poolbench plan: runs short trials, to find out how long trials take here\n");
    rc = calibrations_open(&calibrations, request.settings.measure, error);
    if (rc)
        goto release_request;
    if (request.settings.like[0])
        rc = calibrations_like(calibrations, request.settings.like, "--like: ", error);
    if (!rc)
        rc = plan_make(&request, &machine, calibrations, &plan, error);
    if (rc)
        goto close_calibrations;
    const char *format = given->value[PLAN_FORMAT];
    rc = strcmp(format, "text") ? cells_table(&plan, format) : plan_print(&request, &plan, &machine);
    if (rc)
        refuse(error, "out of memory");
    plan_release(&plan);
close_calibrations:
    calibrations_close(calibrations);
release_request:
    request_release(&request);
close_machine:
    machine_close(&machine);
fail:
    return rc ? complain("plan", "%s", error) : 0;
}

const struct verb verb_plan = {
    .name = "plan",
    .chapter = "measure",
    .operands = "[SUITE.ini ...]",
    .summary = "say what run would do, and run nothing",
    .function = plan_main,
    .arguments = plan_arguments,
    .help = "Prints the cells, the CPUs of every worker, the defaults that were filled in, how many comparisons there "
            "are and the blocks they need, the order, and about how long it would take. Takes what run takes.",
    .takes_suites = true};
