/* See merge.h: which runs are taken, their hosts and their cells. */
#include "bench/model/merge.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv_file.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/merge_work.h"
#include "bench/model/rare.h"
#include "bench/model/run_data.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include <stdlib.h>
#include <string.h>

bool run_hosts_apart(const struct run_data *run)
{
    return json_array_size(host_fact(run->host, "hosts")) > 1 && !json_is_true(host_fact(run->host, "together"));
}

static int no_memory(const struct merging *m)
{
    return refuse_as(-ENOMEM, m->error, "out of memory");
}

/* ---- hosts ---- */

/* Finds the host of a part, or makes it. Its number in *host; 0 or -errno with a line in error. */
static int host_make(struct merging *m, const struct host_row *row, size_t *host)
{
    for (*host = 0; *host < m->hosts && !m->merge->is_by_part; ++*host) {
        struct host_row *one = &m->host[*host].row;
        if (*row->machine_key && !strcmp(one->machine_key, row->machine_key) && !strcmp(one->name, row->name) &&
            !strcmp(one->build, row->build)) {
            one->runs += row->runs;
            return 0;
        }
    }
    struct merge_host *more = reallocarray(m->host, m->hosts + 1, sizeof *more);
    if (!more)
        return no_memory(m);
    m->host = more;
    *host = m->hosts;
    more[m->hosts] = (struct merge_host){.row = *row};
    snprintf(more[m->hosts].row.host, sizeof more->row.host, "h%zu", m->hosts + 1);
    m->hosts++;
    return 0;
}

static int origin_add(struct merging *m, struct part *part, const char *label, const struct host_row *row)
{
    struct origin *more = reallocarray(part->origin, part->origins + 1, sizeof *more);
    if (!more)
        return no_memory(m);
    part->origin = more;
    struct origin *origin = &more[part->origins++];
    *origin = (struct origin){0};
    snprintf(origin->label, sizeof origin->label, "%s", label);
    int rc = host_make(m, row, &origin->host);
    if (!rc) {
        origin->blocks_before = m->host[origin->host].blocks;
        m->host[origin->host].cpus = host_cpus(part->about);
    }
    return rc;
}

struct taking {
    struct merging *m;
    struct part *part;
};

static int host_take(const void *row, void *arg)
{
    struct taking *taking = arg;
    const struct host_row *host = row;
    return origin_add(taking->m, taking->part, host->host, host);
}

/* Those that a merged run has, or the one that host.json is of. */
static int hosts_read(struct merging *m, struct part *part)
{
    struct taking taking = {m, part};
    struct host_row row;
    if (part->about && csv_is_there(part->of->directory, host_format.file))
        return csv_read(part->of->directory, &host_format, -1, host_take, &taking, m->error);
    row_clear(&host_format, &row);
    host_row_read(part->about, &row);
    row.runs = part->of->directory ? 1 : 0;
    row.clock_ahead_s = part->of->clock_ahead_s;
    if (part->of->name)
        snprintf(row.name, sizeof row.name, "%s", part->of->name);
    snprintf(row.status, sizeof row.status, "%s", part->of->lost ? part->of->directory ? "lost" : "refused" : "ok");
    snprintf(row.reason, sizeof row.reason, "%s", part->of->lost ? part->of->lost : "");
    return origin_add(m, part, "", &row);
}

/* ---- cells ---- */

static struct part_cell *cell_find(const struct part *part, const char *id)
{
    for (size_t i = 0; i < part->cells; i++)
        if (!strcmp(part->cell[i].id, id))
            return &part->cell[i];
    return NULL;
}

static int kind_find(struct merging *m, const struct factors *f, unsigned again, size_t *kind)
{
    const factor_set same = factors_all() & ~(FACTOR_TASKS | FACTOR_HOST);
    for (*kind = 0; *kind < m->kinds; ++*kind)
        if (m->kind[*kind].again == again && factors_same(&m->kind[*kind].f, f, same))
            return 0;
    struct cell_kind *more = reallocarray(m->kind, m->kinds + 1, sizeof *more);
    if (!more)
        return no_memory(m);
    m->kind = more;
    more[m->kinds++] = (struct cell_kind){*f, again};
    return 0;
}

/* Numbers of tasks that were chosen there (--tasks auto) are not the same on all hosts. */
static int cell_take(struct merging *m, struct part *part, const char *id, const struct factors *f)
{
    size_t origin = 0, kind;
    unsigned again = 0;
    if (cell_find(part, id))
        return 0;
    while (origin < part->origins && strcmp(part->origin[origin].label, f->host) != 0)
        origin++;
    if (origin == part->origins)
        return refuse(m->error, "%.300s: cell %.16s is of host '%.40s', which its %s does not have",
                      part->of->directory, id, f->host, host_format.file);
    for (int rc;; again++) {
        if ((rc = kind_find(m, f, again, &kind)))
            return rc;
        bool is_taken = false;
        for (size_t i = 0; i < part->cells && !is_taken; i++)
            is_taken = part->cell[i].kind == kind && part->cell[i].origin == origin;
        if (!is_taken)
            break;
    }
    struct part_cell *more = reallocarray(part->cell, part->cells + 1, sizeof *more);
    if (!more)
        return no_memory(m);
    part->cell = more;
    snprintf(more[part->cells].id, sizeof more->id, "%s", id);
    more[part->cells].kind = kind;
    more[part->cells++].origin = origin;
    return 0;
}

static int planned_take(const void *row, void *arg)
{
    const struct plan_row *planned = row;
    struct taking *taking = arg;
    int rc = cell_take(taking->m, taking->part, planned->cell_id, &planned->f);
    struct origin *origin = rc ? NULL : &taking->part->origin[cell_find(taking->part, planned->cell_id)->origin];
    if (origin && planned->block > origin->blocks)
        origin->blocks = planned->block;
    return rc;
}

static int trial_take(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct taking *taking = arg;
    struct part *part = taking->part;
    int rc = cell_take(taking->m, part, trial->cell_id, &trial->f);
    struct origin *origin = rc ? NULL : &part->origin[cell_find(part, trial->cell_id)->origin];
    if (origin && trial->block > origin->blocks)
        origin->blocks = trial->block;
    part->trials++;
    part->last = trial->trial_id > part->last ? trial->trial_id : part->last;
    return rc;
}

/* ---- runs ---- */

/* Copies of one run, and the same path. */
static int twice_check(const struct merging *m, const struct part *part)
{
    static const char *const same[] = {"run_id", "measured_by", "seed"};
    for (const struct part *other = m->part; other < part; other++) {
        bool is_same = json_equal(json_object_get(other->about, "date"), json_object_get(part->about, "date"));
        for (size_t i = 0; i < sizeof same / sizeof *same; i++)
            is_same = is_same && json_equal(host_fact(other->about, same[i]), host_fact(part->about, same[i]));
        if (is_same && other->of->directory)
            return refuse(m->error, "%.200s and %.200s are the same run: expected each once", other->of->directory,
                          part->of->directory);
    }
    return 0;
}

/* Searches choose what to run by what they see: what they found is of one run. */
static int verb_check(const struct merging *m, const struct part *part)
{
    const char *verb = json_string_value(host_fact(part->about, "verb"));
    if (verb && (!strcmp(verb, "run") || !strcmp(verb, "merge")))
        return 0;
    return refuse(m->error, "%.300s was made by %.40s, expected runs of the verbs run and merge", part->of->directory,
                  verb ? verb : "nobody knows which verb");
}

static int part_read(struct merging *m, struct part *part)
{
    const char *directory = part->of->directory;
    struct taking taking = {m, part};
    struct run_data run;
    int rc = 0;
    if (directory && !(part->about = host_read(directory, m->error)))
        return refuse_at(m->error, "the machine of a run must be known");
    if (directory)
        rc = verb_check(m, part);
    if (directory && !rc)
        rc = twice_check(m, part);
    if (!rc)
        rc = hosts_read(m, part);
    if (!directory || rc)
        return rc;
    if (csv_is_there(directory, plan_format.file))
        rc = csv_read(directory, &plan_format, -1, planned_take, &taking, m->error);
    if (!rc)
        rc = csv_read(directory, &trial_format, -1, trial_take, &taking, m->error);
    for (size_t i = 0; i < part->origins && !rc; i++)
        m->host[part->origin[i].host].blocks = part->origin[i].blocks_before + part->origin[i].blocks;
    if (!rc)
        rc = run_trials_open(directory, &run, m->error);
    if (rc)
        return rc;
    run_data_gaps(m->merge->talk, &run);
    run_data_close(&run);
    return 0;
}

/* The suite that all have; none where they asked for different things. */
static int suite_copy(const struct merging *m)
{
    const char *first = NULL;
    char line[ERROR_MAX];
    for (size_t i = 0; i < m->merge->count && !first; i++)
        first = m->part[i].of->directory;
    struct text_lines lines;
    if (!first || inside_read(first, "suite.ini", 16u << 20, &lines) < 0)
        return 0;
    FILE *file = inside_create(m->directory, ".suite.ini");
    int rc = file ? 0 : -errno;
    for (const char *text; file && (text = text_next(&lines));)
        fprintf(file, "%s\n", text);
    text_close(&lines);
    if (file && (ferror(file) | fclose(file)))
        rc = -EIO;
    rc = inside_replace(m->directory, ".suite.ini", "suite.ini", rc);
    snprintf(line, sizeof line, "%.300s/suite.ini: cannot be written: %s", m->directory, strerror(-rc));
    return rc < 0 ? refuse_as(rc, m->error, "%s", line) : 0;
}

static void merging_release(struct merging *m)
{
    for (size_t i = 0; m->part && i < m->merge->count; i++) {
        json_decref(m->part[i].about);
        free(m->part[i].origin);
        free(m->part[i].cell);
    }
    free(m->part);
    free(m->host);
    free(m->kind);
}

int merge_make(const struct merge *merge, const char *directory, char *error)
{
    struct merging m = {.merge = merge, .directory = directory, .error = error};
    size_t runs = 0;
    m.part = calloc(merge->count + 1, sizeof *m.part);
    int rc = m.part ? 0 : no_memory(&m);
    for (size_t i = 0; i < merge->count && !rc; i++) {
        m.part[i].of = &merge->part[i];
        runs += merge->part[i].directory != NULL;
        rc = part_read(&m, &m.part[i]);
    }
    if (!rc && !runs && !merge->may_be_empty)
        rc = refuse(error, "no host has run anything");
    if (!rc) {
        rare_note(OPTION_HOST);
        merging_differences(&m);
        inside_remove(directory, trial_format.file);
        rc = suite_copy(&m);
    }
    if (!rc)
        rc = merging_about(&m);
    if (!rc)
        rc = merging_rows(&m);
    merging_release(&m);
    return rc;
}
