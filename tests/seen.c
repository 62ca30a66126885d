/* See seen.h. */
#include "tests/seen.h"
#include "bench/analyse/remaining.h"
#include "bench/analyse/summary.h"
#include "bench/ask/suite.h"
#include "bench/model/csv.h"
#include "bench/model/recorded.h"
#include "bench/show/charts/chart.h"
#include "bench/show/hyperfine.h"
#include "bench/show/markup.h"
#include "bench/show/report/report.h"
#include "bench/show/screen.h"
#include "tests/damage.h"
#include <limits.h>
#include <stdlib.h>

/* ---- parts ---- */

static struct seen_part *part_begin(struct seen *seen, const char *name, FILE **out)
{
    static size_t size;
    struct seen_part *part = &seen->part[seen->count++];
    if (seen->count > SEEN_MOST)
        abort();
    *part = (struct seen_part){.name = name};
    *out = open_memstream(&part->text, &size);
    if (!*out)
        abort();
    return part;
}

/* rc: 0, or how it was refused; what it had said by then is not told. */
static void part_end(struct seen_part *part, FILE *out, int rc)
{
    if (fclose(out) != 0)
        abort();
    if (rc)
        *part->text = '\0';
    if (rc && !part->refused[0])
        refuse(part->refused, "%s", strerror(-rc));
}

static void file_put(FILE *out, const char *directory, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    struct bytes bytes = bytes_read(path);
    fprintf(out, "==> %s\n", name);
    fwrite(bytes.data, 1, bytes.size, out);
    free(bytes.data);
}

static void charts_see(const struct analysis *analysis, struct seen *seen)
{
    for (size_t i = 0; chart_table[i]; i++) {
        char note[CHART_NOTE_MAX] = "", *script = NULL;
        size_t size;
        FILE *out, *script_out = open_memstream(&script, &size);
        struct seen_part *part = part_begin(seen, chart_table[i]->name, &out);
        if (!script_out)
            abort();
        const struct chart_work work = {.chart = chart_table[i],
                                        .analysis = analysis,
                                        .run = analysis->run,
                                        .data = out,
                                        .script = script_out,
                                        .why = part->refused,
                                        .note = note};
        int pictures = chart_table[i]->make(&work);
        fclose(script_out);
        fprintf(out, "==> %d pictures, ", pictures);
        markup_print(out, MARKUP_CODE, "@; @\n", note, part->refused); /* as captions have it */
        fputs(script, out);
        free(script);
        part_end(part, out, pictures < 0 ? pictures : 0);
    }
}

static void analysis_see(struct run_data *run, struct seen *seen)
{
    struct analysis analysis;
    FILE *out;
    struct seen_part *part = part_begin(seen, "screen", &out);
    int rc = analysis_make(run, &analysis);
    run_data_gaps(out, run);
    if (rc == 0)
        screen_print(out, &analysis);
    part_end(part, out, rc);
    if (rc == 0)
        charts_see(&analysis, seen);
    part = part_begin(seen, "report", &out);
    run_data_gaps(out, run);
    rc = rc ? rc : report_write(&analysis, part->refused);
    file_put(out, run->directory, "report.md");
    file_put(out, run->directory, "report.html");
    part_end(part, out, rc);
    analysis_release(&analysis);
}

static void tasks_see(const char *directory, struct seen *seen)
{
    FILE *out;
    struct run_data run;
    struct seen_part *part = part_begin(seen, "tasks", &out);
    int rc = run_data_open(directory, &run, part->refused);
    if (rc == 0) {
        run_data_gaps(out, &run);
        rc = hyperfine_print(out, out, &run, part->refused);
        run_data_close(&run);
    }
    part_end(part, out, rc);
}

/* What is left, and where it would be appended. */
static void plan_see(const char *directory, const struct cells *cells, struct seen *seen)
{
    FILE *out;
    struct recorded recorded;
    struct remaining remaining;
    char files[RECORDED_NAMES_MAX];
    struct seen_part *part = part_begin(seen, "resume", &out);
    int rc = recorded_read(directory, &recorded, part->refused);
    rc = rc ? rc : recorded_check(directory, &recorded, part->refused);
    if (rc == 0 && (rc = remaining_read(directory, cells, &remaining, part->refused)) == 0) {
        fprintf(out, "%zu trials, %zu interrupted, last %lld, ends %lld %lld, %lld ns; %zu left\n", recorded.trials,
                recorded.interrupted, (long long)recorded.trial_id, (long long)recorded.samples_end,
                (long long)recorded.latency_end, (long long)recorded.ended_ns, remaining.left);
        for (size_t i = 0; i < remaining.blocks * remaining.cells; i++)
            fprintf(out, "%u%s ", remaining.order[i], remaining.done[i] ? "" : " to do");
        for (size_t i = 0; i < remaining.cells; i++)
            fprintf(out, "%d", remaining.wanted[i]);
        if (recorded_torn(directory, &recorded, files))
            fprintf(out, "%s: behind the last whole trial\n", files);
        fprintf(out, " from %u, %d\n", remaining.wanted_from, remaining.has_ended);
        remaining_release(&remaining);
    }
    part_end(part, out, rc);
}

static void suite_see(const char *directory, struct seen *seen)
{
    static struct machine machine;
    FILE *out;
    struct settings settings = {0};
    struct experiments experiments = {0};
    struct seen_part *part = part_begin(seen, "suite", &out);
    int rc = machine.topology ? 0 : machine_open(&machine, "synthetic:pack:2 core:2 pu:2", part->refused);
    for (const struct option *option = options; option->name && rc == 0; option++)
        if (option->set && option->preset[0])
            rc = option->set(option->preset, &settings, part->refused);
    rc = rc ? rc : suite_read_of(directory, &machine, &settings, &experiments, NULL, part->refused);
    rc = rc ? rc : suite_write(out, &settings, &experiments);
    experiments_release(&experiments);
    part_end(part, out, rc);
}

/* ---- all of them ---- */

/* stderr is where the first part says what it says, as all speak of the same file. */
void run_see(const char *directory, const struct cells *cells, struct seen *seen)
{
    struct run_data run;
    FILE *out, *own = stderr;
    *seen = (struct seen){0};
    struct seen_part *part = part_begin(seen, "summary", &out);
    stderr = out;
    int rc = run_summed_open(directory, &run, part->refused);
    if (rc == 0) {
        run_data_gaps(out, &run);
        analysis_see(&run, seen);
        rc = summary_write(&run, part->refused);
        file_put(out, directory, summary_format.file);
        run_data_close(&run);
    }
    tasks_see(directory, seen);
    plan_see(directory, cells, seen);
    suite_see(directory, seen);
    stderr = own;
    part_end(part, out, rc);
}

void seen_release(struct seen *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        free(seen->part[i].text);
    *seen = (struct seen){0};
}

static int cell_take(const void *row, void *arg)
{
    const struct plan_row *planned = row;
    struct cells *cells = arg;
    for (size_t i = 0; i < cells->count; i++)
        if (!strcmp(cells->cell[i].id, planned->cell_id))
            return 0;
    cells->cell = reallocarray(cells->cell, cells->count + 1, sizeof *cells->cell);
    if (!cells->cell)
        abort();
    cells->cell[cells->count] = (struct cell){0};
    memcpy(cells->cell[cells->count++].id, planned->cell_id, sizeof planned->cell_id);
    return 0;
}

struct cells seen_cells(const char *directory)
{
    struct cells cells = {0};
    char ignored[ERROR_MAX];
    csv_read(directory, &plan_format, -1, cell_take, &cells, ignored);
    return cells;
}

/* ---- comparing ---- */

static const struct seen_part *part_find(const struct seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->count; i++)
        if (!strcmp(seen->part[i].name, name))
            return &seen->part[i];
    return NULL;
}

/* Whether there is a line about the file, which is not among those that were there before. */
static bool is_told(const struct seen *before, const struct seen *now, const char *file)
{
    char about[64];
    snprintf(about, sizeof about, "%s:", file);
    for (size_t i = 0; i < now->count; i++)
        for (const char *at = now->part[i].text; (at = strstr(at, about)); at++) {
            char line[ERROR_MAX];
            const char *from = at;
            const struct seen_part *was = part_find(before, now->part[i].name);
            while (from > now->part[i].text && from[-1] != '\n')
                from--;
            snprintf(line, sizeof line, "%.*s", (int)strcspn(from, "\n"), from);
            if (!was || !strstr(was->text, line))
                return true;
        }
    return false;
}

const char *seen_silent(const struct seen *before, const struct seen *now, const char *file)
{
    for (size_t i = 0; i < before->count; i++) {
        const struct seen_part *was = &before->part[i], *is = part_find(now, was->name);
        if (!is) /* it comes of the summary */
            is = part_find(now, "summary");
        if (is->refused[0] && !*is->text)
            continue;
        if (strcmp(is->name, was->name) != 0 || strcmp(is->text, was->text) != 0)
            return is_told(before, now, file) ? NULL : was->name;
    }
    return NULL;
}
