/* See siblings.h: which blocks have them, their files, and whether there is time. */
#include "bench/measure/siblings.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/job/subset.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/sibling.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define BLOCKS_SALT 0x70726f66u /* so that blocks are not drawn as samples are */

struct sibling_done {
    int64_t block;
    char cell_id[16];
};

static bool block_is_chosen(const struct siblings *s, const struct session *session, unsigned block)
{
    if (block <= s->count)
        return bit_test(s->blocks, block - 1);
    return mix64(session->request.settings.seed ^ BLOCKS_SALT, block) % 3 == 0; /* one that was not planned */
}

/* A third of the blocks is a quarter of all trials. */
static int blocks_choose(struct siblings *s, const struct session *session)
{
    const unsigned all = session->plan.blocks_before + session->plan.blocks;
    unsigned least = all < SIBLINGS_BLOCKS ? all : SIBLINGS_BLOCKS;
    s->count = all;
    s->blocks_chosen = all / 3 > least ? all / 3 : least;
    s->blocks = calloc(all / 64 + 1, sizeof *s->blocks);
    if (!s->blocks)
        return -ENOMEM;
    subset_draw(s->blocks, session->request.settings.seed ^ BLOCKS_SALT, all, s->blocks_chosen);
    return 0;
}

static int done_add(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct siblings *s = arg;
    struct sibling_done *more = reallocarray(s->done, s->done_count + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    s->done = more;
    more[s->done_count].block = trial->block;
    memcpy(more[s->done_count++].cell_id, trial->cell_id, sizeof more->cell_id);
    return 0;
}

static int state_count(const void *row, void *arg)
{
    struct siblings *s = arg;
    (void)row;
    s->state_rows++;
    return 0;
}

static bool is_done(const struct siblings *s, unsigned block, const struct cell *cell)
{
    for (size_t i = 0; i < s->done_count; i++)
        if (s->done[i].block == block && !strcmp(s->done[i].cell_id, cell->id))
            return true;
    return false;
}

/* ---- files ---- */

static int abilities_write(const struct siblings *s, const struct switches_refused *refused)
{
    struct ability_row row;
    struct csv_writer *writer;
    row_clear(&ability_format, &row);
    snprintf(row.host, sizeof row.host, "h1");
    snprintf(row.kind, sizeof row.kind, "states");
    snprintf(row.event, sizeof row.event, "dummy:context_switch");
    row.error = refused->error;
    if (refused->error)
        snprintf(row.remedy, sizeof row.remedy, "%s: %s", refused->call, refused->remedy);
    int rc = csv_create(s->directory, &ability_format, &writer);
    if (rc)
        return rc;
    rc = csv_put(writer, &row);
    int closed = csv_close(writer);
    return rc ? rc : closed;
}

/* An earlier part of the run may have left them: rows behind the last commit are cut off, as recorder_open() does. */
static int files_open(struct siblings *s, const struct session *session, const struct switches_refused *refused,
                      char *error)
{
    struct recorded recorded;
    const bool is_there = csv_is_there(s->directory, trial_format.file);
    const struct file_format *format = &ability_format;
    if (is_there) {
        int rc = recorded_clean(s->directory, error);
        rc = rc ? rc : recorded_read(s->directory, &recorded, error);
        rc = rc ? rc : csv_read(s->directory, &trial_format, -1, done_add, s, error);
        if (rc)
            return rc;
    }
    int rc = csv_is_there(s->directory, ability_format.file) ? 0 : abilities_write(s, refused);
    if (!rc && !refused->error) {
        format = &state_format;
        rc = is_there ? csv_append(s->directory, &state_format, -1, &s->states)
                      : csv_create(s->directory, &state_format, &s->states);
        if (rc)
            s->states = NULL;
        else if (is_there && (rc = csv_read(s->directory, &state_format, -1, state_count, s, error)))
            return rc;
        else
            return recorder_open(&s->recorder, s->directory, session->request.settings.seed,
                                 is_there ? &recorded : NULL, error);
    }
    return rc ? record_failed(rc, s->directory, format->file, error) : 0;
}

static double block_ns(const struct session *session)
{
    return forecast_block_ns(&session->plan.cells, session->plan.cells.count);
}

static void cost_say(const struct siblings *s, const struct session *session, FILE *talk)
{
    char time[32];
    format_duration(time, sizeof time, s->blocks_chosen * block_ns(session));
    if (session->request.settings.budget_ns)
        fprintf(talk, "poolbench run: --profile takes at most a quarter of the budget\n");
    else
        fprintf(talk, "poolbench run: --profile: %u of %u blocks have profiled siblings, about %s longer\n",
                s->blocks_chosen, s->count, time);
}

int siblings_open(struct siblings *s, struct session *session, FILE *talk, char *error)
{
    struct switches_refused refused = {0};
    struct stat status;
    char text[320];
    *s = (struct siblings){.are_wanted = session->request.settings.profile != PROFILE_NONE};
    if (!s->are_wanted)
        return 0;
    if (!inside_stat(session->directory, "profile", &status) && !S_ISDIR(status.st_mode))
        return refuse_as(-ENOTDIR, error, "%.300s/profile: %s", session->directory, strerror(ENOTDIR));
    if (snprintf(s->directory, sizeof s->directory, "%s/profile", session->directory) >= (int)sizeof s->directory)
        return refuse_as(-ENAMETOOLONG, error, "%.300s/profile: %s", session->directory, strerror(ENAMETOOLONG));
    int rc = inside_make_directory(session->directory, "profile");
    if (rc < 0)
        return refuse_as(rc, error, "%.300s: %s", s->directory, strerror(-rc));
    switches_try(&refused);
    rc = files_open(s, session, &refused, error);
    if (!rc && !refused.error)
        rc = blocks_choose(s, session) ? refuse(error, "out of memory") : 0;
    if (rc)
        return rc;
    s->are_wanted = !refused.error;
    s->recorder.run_id = run_id(session->directory);
    if (refused.error)
        fprintf(talk, "poolbench run: --profile: no records of switches; explain does without. %s\n",
                switches_refused_text(&refused, text, sizeof text));
    else
        cost_say(s, session, talk);
    return 0;
}

/* ---- blocks ---- */

/* Published trials go first: what the rest of the blocks that comparisons need takes is theirs. */
static bool is_affordable(const struct siblings *s, const struct session *session, unsigned block)
{
    const double budget = (double)session->request.settings.budget_ns, next = block_ns(session);
    const unsigned needed = session->plan.blocks_needed > block ? session->plan.blocks_needed - block : 0;
    return !session->request.settings.budget_ns ||
           (s->spent_ns + next <= SIBLINGS_SHARE * budget &&
            session_left_ns(session, session->request.settings.budget_ns) >= next * (needed + 1));
}

static int sibling_put(struct siblings *s, struct session *session, const struct cell *cell, unsigned block,
                       unsigned position, char *error)
{
    struct trial_row row;
    struct sibling sibling = {.cell = cell, .block = block, .position = position};
    int rc = sibling_run(session, &sibling, error);
    if (!rc && !sibling.is_left_out && !session->interrupted)
        rc = recorder_put(&s->recorder, &sibling.facts, &row, error);
    if (!rc && !sibling.is_left_out && !session->interrupted) {
        s->trials++;
        s->without += !sibling.has_states || !trial_is_ok(&row);
    }
    if (!rc && sibling.has_states && trial_is_ok(&row) && !session->interrupted) {
        rc = sibling_states_put(s->states, &sibling, row.trial_id);
        s->state_rows += csv_tally_take(s->states).rows;
        if (rc)
            record_failed(rc, s->directory, state_format.file, error);
        else
            rc = middles_offer(&s->middles, (size_t)(cell - session->plan.cells.cell), row.trial_id,
                               sibling.facts.parts.report, &sibling.spans)
                     ? refuse(error, "out of memory")
                     : 0;
    }
    spans_release(&sibling.spans);
    return rc;
}

/* The commit last, behind what it says is there; what is of no commit is not read. */
static int files_sync(const struct siblings *s, char *error)
{
    const struct csv_writer *const writers[] = {s->recorder.samples, s->recorder.latency, s->recorder.trials,
                                                s->states};
    int rc = 0;
    for (size_t i = 0; i < sizeof writers / sizeof *writers && !rc; i++)
        rc = csv_sync(writers[i]);
    return rc ? record_failed(rc, s->directory, trial_format.file, error) : 0;
}

/* So that rows that go are missed. */
static int counts_note(const struct siblings *s, const struct session *session, char *error)
{
    return host_note(
        session->directory, "profiled",
        json_pack("{s:I, s:I}", "trials", (json_int_t)s->recorder.kept, "states", (json_int_t)s->state_rows), error);
}

int siblings_block(struct siblings *s, struct session *session, unsigned block, const uint32_t *order, size_t count,
                   char *error)
{
    if (!s->are_wanted || !block_is_chosen(s, session, block) || !is_affordable(s, session, block))
        return 0;
    const uint64_t since_ns = clock_monotonic_ns();
    int rc = 0;
    for (size_t i = 0; i < count && !rc && !session->interrupted; i++) {
        const struct cell *cell = &session->plan.cells.cell[order[i]];
        if (!is_done(s, block, cell))
            rc = sibling_put(s, session, cell, block, (unsigned)i + 1, error);
    }
    s->spent_ns += (double)(clock_monotonic_ns() - since_ns);
    rc = rc ? rc : files_sync(s, error);
    return rc ? rc : counts_note(s, session, error);
}

static void told(const struct siblings *s, FILE *talk)
{
    char time[32];
    format_duration(time, sizeof time, s->spent_ns);
    fprintf(talk, "poolbench run: %zu profiled sibling%s took %s", s->trials, s->trials == 1 ? "" : "s", time);
    if (s->without)
        fprintf(talk, "; %zu of them without states: records of switches were lost, or the trial failed", s->without);
    fputc('\n', talk);
}

int siblings_close(struct siblings *s, FILE *talk, char *error)
{
    char ignored[ERROR_MAX];
    if (s->trials)
        told(s, talk);
    int rc = s->states ? csv_close(s->states) : 0;
    if (rc)
        record_failed(rc, s->directory, state_format.file, error);
    int written = middles_write(&s->middles, s->directory);
    if (written && !rc)
        rc = record_failed(written, s->directory, span_format.file, error);
    int closed = recorder_close(&s->recorder, rc ? ignored : error);
    middles_release(&s->middles);
    free(s->blocks);
    free(s->done);
    *s = (struct siblings){0};
    return rc ? rc : closed;
}
