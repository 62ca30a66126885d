/* See merge.h: the rows. Those of a part go behind those of the parts before it. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/by_trial.h"
#include "bench/model/csv_file.h"
#include "bench/model/file_sums.h"
#include "bench/model/invariants.h"
#include "bench/model/merge_work.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES, LATENCY, PLAN, STATES, SPANS, ABILITIES, TRIALS, FILES }; /* trials.csv last: it is the commit */

static const struct file_format *const formats[FILES] = {
    [SAMPLES] = &sample_format, [LATENCY] = &latency_format,   [PLAN] = &plan_format,   [STATES] = &state_format,
    [SPANS] = &span_format,     [ABILITIES] = &ability_format, [TRIALS] = &trial_format};

/* Where rows of a part go: into the run, or into its profile/. */
struct writing {
    struct merging *m;
    const char *to;
    struct replacement file[FILES]; /* writer: NULL, it is not written */
    int64_t base;                   /* what is added to numbers of trials */
    struct part *part;
    struct trial_row *trial; /* of the part */
    size_t trials, room;
};

/* ---- cells and hosts ---- */

static const struct part_cell *cell_of(const struct part *part, const char *id)
{
    for (size_t i = 0; i < part->cells; i++)
        if (!strcmp(part->cell[i].id, id))
            return &part->cell[i];
    return NULL;
}

/* "c012" of a kind of cell on a host. */
static void id_put(const struct merging *m, size_t kind, size_t host, char id[16])
{
    snprintf(id, 16, "c%03u", (unsigned)(kind * m->hosts + host + 1) % 1000000000u);
}

/* cell_id, host and block as they are called here; false: there is no such cell. */
static bool place_set(const struct writing *w, char id[16], struct factors *f, int64_t *block)
{
    const struct part_cell *cell = cell_of(w->part, id);
    if (!cell)
        return false;
    const struct origin *origin = &w->part->origin[cell->origin];
    id_put(w->m, cell->kind, origin->host, id);
    snprintf(f->host, sizeof f->host, "%s", w->m->host[origin->host].row.host);
    *block += origin->blocks_before;
    return true;
}

/* ---- one file ---- */

static int trial_hold(const void *row, void *arg)
{
    struct writing *w = arg;
    char why[ERROR_MAX];
    if (trial_consistent(row, why))
        return refuse_as(-EBADMSG, w->m->error, "%.200s/%s: %s", w->part->of->directory, trial_format.file, why);
    if (w->trials == w->room) {
        const size_t room = w->room * 2 + 64;
        struct trial_row *more = reallocarray(w->trial, room, sizeof *more);
        if (!more)
            return refuse_as(-ENOMEM, w->m->error, "out of memory");
        w->trial = more;
        w->room = room;
    }
    w->trial[w->trials++] = *(const struct trial_row *)row;
    return 0;
}

struct copying {
    struct writing *w;
    struct csv_writer *writer;
    unsigned file;
    int rc;
};

static void rows_begin(size_t trial, void *arg)
{
    struct copying *c = arg;
    struct trial_row *row = &c->w->trial[trial];
    int64_t *rows = c->file == SAMPLES ? &row->samples.rows : &row->latency.rows;
    if (*rows > 0 && !c->rc) /* what was told before is void, and written */
        c->rc =
            refuse_as(-EBADMSG, c->w->m->error, "%.200s/%s is not in the order of trials; `poolbench repair` sorts it",
                      c->w->part->of->directory, formats[c->file]->file);
}

static int row_copy(size_t trial, const void *row, void *arg)
{
    struct copying *c = arg;
    union {
        struct sample_row sample;
        struct latency_row latency;
    } copy;
    (void)trial;
    if (c->rc)
        return c->rc;
    memcpy(&copy, row, formats[c->file]->row_size);
    if (c->file == SAMPLES)
        copy.sample.trial_id += c->w->base;
    else
        copy.latency.trial_id += c->w->base;
    return csv_put(c->writer, &copy);
}

static void rows_end(size_t trial, void *arg)
{
    struct copying *c = arg;
    struct trial_row *row = &c->w->trial[trial];
    const int rc = csv_flush(c->writer);
    c->rc = c->rc ? c->rc : rc;
    *(c->file == SAMPLES ? &row->samples : &row->latency) = csv_tally_take(c->writer);
    *(c->file == SAMPLES ? &row->samples_end : &row->latency_end) = csv_end(c->writer);
}

/* The rows of all trials of the part, each with those that were written with it. */
static int file_copy(struct writing *w, const char *from, unsigned file)
{
    struct copying copying = {.w = w, .writer = w->file[file].writer, .file = file};
    struct trial_row *said = calloc(w->trials + 1, sizeof *said); /* by_trial_read() compares with these */
    if (!said)
        return refuse_as(-ENOMEM, w->m->error, "out of memory");
    memcpy(said, w->trial, w->trials * sizeof *said);
    for (size_t i = 0; i < w->trials; i++) {
        *(file == SAMPLES ? &w->trial[i].samples : &w->trial[i].latency) = (struct row_tally){0};
        *(file == SAMPLES ? &w->trial[i].samples_end : &w->trial[i].latency_end) = csv_end(copying.writer);
    }
    const struct by_trial reader = {.format = formats[file],
                                    .trials = said,
                                    .count = w->trials,
                                    .end = -1,
                                    .on_begin = rows_begin,
                                    .on_row = row_copy,
                                    .on_end = rows_end,
                                    .arg = &copying};
    int rc = csv_is_there(from, formats[file]->file) ? by_trial_read(from, &reader, w->m->error) : 0;
    free(said);
    return rc ? rc : copying.rc;
}

static int trials_copy(struct writing *w)
{
    int rc = 0;
    for (size_t i = 0; i < w->trials && !rc; i++) {
        struct trial_row *row = &w->trial[i];
        if (!row->origin_run[0]) {
            snprintf(row->origin_run, sizeof row->origin_run, "%s", row->run_id);
            row->origin_trial = row->trial_id;
        }
        row->schema_version = SCHEMA_VERSION;
        snprintf(row->run_id, sizeof row->run_id, "%s", run_id(w->m->directory));
        row->trial_id += w->base;
        if (place_set(w, row->cell_id, &row->f, &row->block)) /* else a sibling of a cell that has no trial */
            rc = csv_put(w->file[TRIALS].writer, row);
    }
    return rc;
}

static int planned_copy(const void *row, void *arg)
{
    struct writing *w = arg;
    struct plan_row copy = *(const struct plan_row *)row;
    copy.schema_version = SCHEMA_VERSION;
    snprintf(copy.run_id, sizeof copy.run_id, "%s", run_id(w->m->directory));
    return place_set(w, copy.cell_id, &copy.f, &copy.block) ? csv_put(w->file[PLAN].writer, &copy) : 0;
}

static int state_copy(const void *row, void *arg)
{
    struct writing *w = arg;
    struct state_row copy = *(const struct state_row *)row;
    copy.trial_id += w->base;
    return csv_put(w->file[STATES].writer, &copy);
}

static int span_copy(const void *row, void *arg)
{
    struct writing *w = arg;
    struct span_row copy = *(const struct span_row *)row;
    copy.trial_id += w->base;
    return csv_put(w->file[SPANS].writer, &copy);
}

/* Who could not be profiled is told by its host; one that was merged itself has the names of its own. */
static int ability_copy(const void *row, void *arg)
{
    struct writing *w = arg;
    struct ability_row copy = *(const struct ability_row *)row;
    size_t at = 0;
    for (size_t i = 0; i < w->part->origins; i++)
        at = strcmp(w->part->origin[i].label, copy.host) ? at : i;
    snprintf(copy.host, sizeof copy.host, "%.15s", w->m->host[w->part->origin[at].host].row.host);
    return csv_put(w->file[ABILITIES].writer, &copy);
}

/* ---- a host that was lost ---- */

struct next {
    const struct writing *w;
    struct plan_row row;
    bool is_found;
};

static int next_take(const void *row, void *arg)
{
    const struct plan_row *planned = row;
    struct next *next = arg;
    bool is_there = next->is_found;
    for (size_t i = 0; i < next->w->trials && !is_there; i++)
        is_there = next->w->trial[i].block == planned->block && !strcmp(next->w->trial[i].cell_id, planned->cell_id);
    if (!is_there) {
        next->row = *planned;
        next->is_found = true;
    }
    return 0;
}

/* Its rows end with the trial that it would have run next. */
static int lost_find(struct writing *w)
{
    struct next next = {.w = w};
    struct trial_row row;
    int rc = csv_read(w->part->of->directory, &plan_format, -1, next_take, &next, w->m->error);
    if (rc || !next.is_found)
        return rc;
    row_clear(&trial_format, &row);
    memcpy(row.cell_id, next.row.cell_id, sizeof row.cell_id);
    memcpy(row.experiment, next.row.experiment, sizeof row.experiment);
    memcpy(row.experiments, next.row.experiments, sizeof row.experiments);
    snprintf(row.run_id, sizeof row.run_id, "%s", next.row.run_id);
    row.trial_id = w->part->last + 1;
    row.block = next.row.block;
    row.position = next.row.position;
    row.f = next.row.f;
    row.seed = next.row.seed;
    row.status = TRIAL_INTERRUPTED;
    row.samples = row.latency = (struct row_tally){0};
    snprintf(row.reason, sizeof row.reason, "the host was lost: %.160s", w->part->of->lost);
    return trial_hold(&row, w);
}

/* ---- all files ---- */

static int (*const copies[FILES])(const void *row, void *arg) = {
    [PLAN] = planned_copy, [STATES] = state_copy, [SPANS] = span_copy, [ABILITIES] = ability_copy};

static int part_copy(struct writing *w, struct part *part, const char *from, bool is_profile)
{
    w->part = part;
    w->trials = 0;
    int rc = csv_read(from, &trial_format, -1, trial_hold, w, w->m->error);
    for (unsigned file = SAMPLES; file <= LATENCY && !rc; file++)
        rc = file_copy(w, from, file);
    if (!rc && part->of->lost && !is_profile)
        rc = lost_find(w);
    for (size_t i = 0; i < w->trials; i++)
        part->last = w->trial[i].trial_id > part->last ? w->trial[i].trial_id : part->last;
    if (!rc)
        rc = trials_copy(w);
    for (unsigned file = PLAN; file < TRIALS && !rc; file++)
        if (w->file[file].writer && csv_is_there(from, formats[file]->file))
            rc = csv_read(from, formats[file], -1, copies[file], w, w->m->error);
    w->base += part->last;
    w->m->trials += is_profile ? 0 : (int64_t)w->trials;
    return rc;
}

static int files_begin(struct writing *w, const bool wanted[FILES])
{
    for (unsigned file = 0; file < FILES; file++) {
        int rc = wanted[file] ? replacement_begin(w->to, formats[file], &w->file[file]) : 0;
        if (rc) {
            w->file[file].writer = NULL;
            return record_failed(rc, w->to, formats[file]->file, w->m->error);
        }
    }
    return 0;
}

/* All of them, in that order: trials.csv last. rc: how it went. */
static int files_end(struct writing *w, int rc)
{
    for (unsigned file = 0; file < FILES; file++) {
        if (!w->file[file].writer)
            continue;
        const int ended = replacement_end(&w->file[file], rc);
        if (ended && !rc)
            rc = record_failed(ended, w->to, formats[file]->file, w->m->error);
    }
    free(w->trial);
    return rc;
}

/* "RUN/profile" where the run has one with trials. */
static bool profile_of(const struct part *part, char path[PATH_MAX], const char *file)
{
    if (!part->of->directory)
        return false;
    return snprintf(path, PATH_MAX, "%s/profile", part->of->directory) < PATH_MAX && csv_is_there(path, file);
}

static int profile_write(struct merging *m)
{
    char to[PATH_MAX], from[PATH_MAX];
    bool wanted[FILES] = {0};
    struct writing w = {.m = m, .to = to};
    for (size_t i = 0; i < m->merge->count; i++) {
        wanted[ABILITIES] |= profile_of(&m->part[i], from, ability_format.file);
        wanted[TRIALS] |= profile_of(&m->part[i], from, trial_format.file);
    }
    if (!wanted[ABILITIES] && !wanted[TRIALS])
        return 0;
    wanted[SAMPLES] = wanted[LATENCY] = wanted[STATES] = wanted[TRIALS];
    for (size_t i = 0; i < m->merge->count; i++)
        wanted[SPANS] |= profile_of(&m->part[i], from, span_format.file);
    int rc = snprintf(to, sizeof to, "%s/profile", m->directory) < (int)sizeof to
                 ? inside_make_directory(m->directory, "profile")
                 : -ENAMETOOLONG;
    if (rc)
        return refuse_as(rc, m->error, "%.300s/profile: %s", m->directory, strerror(-rc));
    rc = files_begin(&w, wanted);
    for (size_t i = 0; i < m->merge->count && !rc; i++) {
        const bool is_there = profile_of(&m->part[i], from, trial_format.file);
        m->part[i].last = 0;
        w.part = &m->part[i];
        if (is_there)
            rc = part_copy(&w, &m->part[i], from, true);
        else if (profile_of(&m->part[i], from, ability_format.file))
            rc = csv_read(from, &ability_format, -1, ability_copy, &w, m->error);
    }
    return files_end(&w, rc);
}

int merging_rows(struct merging *m)
{
    static const bool wanted[FILES] = {[SAMPLES] = true, [LATENCY] = true, [PLAN] = true, [TRIALS] = true};
    struct writing w = {.m = m, .to = m->directory};
    int rc = files_begin(&w, wanted);
    for (size_t i = 0; i < m->merge->count && !rc; i++)
        if (m->part[i].of->directory)
            rc = part_copy(&w, &m->part[i], m->part[i].of->directory, false);
    if (!rc)
        rc = profile_write(m);
    for (unsigned file = 0; file < TRIALS && !rc; file++) /* sums are of files that are there */
        if (w.file[file].writer) {
            rc = replacement_end(&w.file[file], 0);
            w.file[file].writer = NULL;
        }
    if (rc && !m->error[0])
        record_failed(rc, m->directory, trial_format.file, m->error);
    if (!rc)
        rc = merging_note(m);
    return files_end(&w, rc);
}
