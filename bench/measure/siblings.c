/* See siblings.h: which blocks have them, their files, and whether there is time. */
#include "bench/measure/siblings.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/room.h"
#include "bench/base/units.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/sibling.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A trial that is there. */
struct trial_there {
    int64_t block;
    char cell_id[16];
};

static int there_add(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct trials_there *there = arg;
    if (trial->status == TRIAL_INTERRUPTED || trial->status == TRIAL_DISTURBED)
        return 0;
    if (room_for(&there->trial, &there->room, there->count + 1, sizeof *there->trial))
        return -ENOMEM;
    struct trial_there *next = &there->trial[there->count++];
    next->block = trial->block;
    memcpy(next->cell_id, trial->cell_id, sizeof next->cell_id);
    return 0;
}

static int row_count(const void *row, void *arg)
{
    (void)row;
    ++*(int64_t *)arg;
    return 0;
}

static bool is_there(const struct trials_there *there, unsigned block, const struct cell *cell)
{
    for (size_t i = 0; i < there->count; i++)
        if (there->trial[i].block == block && !strcmp(there->trial[i].cell_id, cell->id))
            return true;
    return false;
}

/* ---- files ---- */

static int ability_put(struct csv_writer *writer, const char *kind, const char *event,
                       const struct switches_refused *refused)
{
    struct ability_row row;
    row_clear(&ability_format, &row);
    snprintf(row.host, sizeof row.host, "h1");
    snprintf(row.kind, sizeof row.kind, "%s", kind);
    snprintf(row.event, sizeof row.event, "%.47s", event);
    row.error = refused->error;
    if (refused->error)
        snprintf(row.remedy, sizeof row.remedy, "%s: %s", refused->call, refused->remedy);
    return csv_put(writer, &row);
}

static int abilities_write(const struct siblings *s, const struct switches_refused *refused)
{
    struct csv_writer *writer;
    int rc = csv_create(s->directory, &ability_format, &writer);
    if (rc)
        return rc;
    if (s->settings.profile & PROFILE_STATES)
        rc = ability_put(writer, "states", "dummy:context_switch", refused);
    for (unsigned i = 0; i < s->counters.count && !rc; i++) {
        const struct counter *counter = &s->counters.counter[i];
        char event[80];
        snprintf(event, sizeof event, "%s/%s/", counter->pmu, counter->event);
        rc = ability_put(writer, "counters", event, &counter->refused);
    }
    static const char *const events[STACK_KINDS] = {"cpu-clock", "context-switches"};
    for (unsigned i = 0; i < STACK_KINDS && s->settings.profile & PROFILE_STACKS && !rc; i++)
        rc = ability_put(writer, "stacks", events[i], &s->stacks_refused[i]);
    int closed = csv_close(writer);
    return rc ? rc : closed;
}

/* rows: that it has already. */
static int file_open(const struct siblings *s, const struct file_format *format, struct csv_writer **writer,
                     int64_t *rows, char *error)
{
    const bool is_there = csv_is_there(s->directory, format->file);
    int rc = is_there ? csv_append(s->directory, format, -1, writer) : csv_create(s->directory, format, writer);
    if (rc)
        *writer = NULL;
    if (!rc && is_there)
        return csv_read(s->directory, format, -1, row_count, rows, error);
    return rc ? record_failed(rc, s->directory, format->file, error) : 0;
}

/* An earlier part of the run may have left them: rows behind the last commit are cut off, as recorder_open() does. */
static int files_open(struct siblings *s, const struct session *session, const struct switches_refused *refused,
                      char *error)
{
    struct recorded recorded;
    const bool goes_on = csv_is_there(s->directory, trial_format.file);
    if (session->is_resumed) { /* its published trials may be there without their siblings */
        int rc = csv_read(session->directory, &trial_format, -1, there_add, &s->published, error);
        if (rc)
            return rc;
    }
    if (goes_on) {
        int rc = recorded_clean(s->directory, error);
        rc = rc ? rc : recorded_read(s->directory, &recorded, error);
        rc = rc ? rc : csv_read(s->directory, &trial_format, -1, there_add, &s->done, error);
        if (rc)
            return rc;
    }
    int rc = csv_is_there(s->directory, ability_format.file) ? 0 : abilities_write(s, refused);
    if (rc)
        return record_failed(rc, s->directory, ability_format.file, error);
    if (s->kinds & (PROFILE_STATES | PROFILE_STACKS))
        rc = file_open(s, &state_format, &s->states, &s->state_rows, error);
    if (!rc && s->kinds & PROFILE_STACKS)
        rc = folded_open(&s->folded, s->directory, error);
    if (!rc && s->kinds & PROFILE_COUNTERS)
        rc = file_open(s, &counter_format, &s->counted, &s->counter_rows, error);
    if (!rc && s->kinds)
        rc = recorder_open(&s->recorder, s->directory, session->request.settings.seed, goes_on ? &recorded : NULL,
                           error);
    return rc;
}

static double block_ns(const struct session *session)
{
    return forecast_block_ns(&session->plan.cells, session->plan.cells.count);
}

static void cost_say(const struct siblings *s, const struct session *session, FILE *talk)
{
    char time[32];
    format_duration(time, sizeof time, s->plan.blocks * block_ns(session));
    fprintf(talk, "poolbench run: --profile: %u of %u blocks have profiled siblings, about %s%s\n", s->plan.blocks,
            session->plan.blocks, time, s->settings.budget_ns ? ", at most a quarter of the budget" : " longer");
}

/* Call chains are those of threads that records of switches tell. */
static void stacks_find(struct siblings *s, FILE *talk)
{
    char text[320];
    const bool switches = !switches_try(&s->stacks_refused[STACK_ON]);
    s->stacks_refused[STACK_OFF] = s->stacks_refused[STACK_ON];
    if (!switches || stacks_try(s->can, s->stacks_refused)) {
        s->kinds &= ~(unsigned)PROFILE_STACKS;
        fprintf(talk, "poolbench run: --profile: no call chains. %s\n",
                switches_refused_text(&s->stacks_refused[STACK_ON], text, sizeof text));
        return;
    }
    if (!s->can[STACK_OFF])
        fprintf(talk, "poolbench run: --profile: no call chains of threads that leave their CPU. %s\n",
                switches_refused_text(&s->stacks_refused[STACK_OFF], text, sizeof text));
    if (symbols_lack())
        fprintf(talk, "poolbench run: --profile: %s\n", symbols_lack());
}

/* What can be had of what is asked for; why not, and what would allow it. */
static void kinds_find(struct siblings *s, struct switches_refused *refused, FILE *talk)
{
    char text[320];
    const struct counter *first; /* of the CPU's, that is not there */
    unsigned counts = 0;
    s->kinds = s->settings.profile;
    if (s->kinds & PROFILE_STATES && switches_try(refused)) {
        s->kinds &= ~(unsigned)PROFILE_STATES;
        fprintf(talk, "poolbench run: --profile: no records of switches; explain does without. %s\n",
                switches_refused_text(refused, text, sizeof text));
    }
    if (s->kinds & PROFILE_STACKS)
        stacks_find(s, talk);
    if (!(s->kinds & PROFILE_COUNTERS))
        return;
    counters_find(&s->counters);
    for (unsigned i = 0; i < s->counters.count; i++)
        counts += !s->counters.counter[i].refused.error;
    const unsigned of_cpu = counters_of_cpu(&s->counters, &first);
    if (!counts)
        s->kinds &= ~(unsigned)PROFILE_COUNTERS;
    if (first && !of_cpu)
        fprintf(talk, "poolbench run: --profile: %s. %s\n",
                counts ? "the CPU counts nothing here, the kernel's own counters do" : "no counters",
                switches_refused_text(&first->refused, text, sizeof text));
}

int siblings_directory(const struct session *session, char path[PATH_MAX], char *error)
{
    struct stat status;
    if (!inside_stat(session->directory, "profile", &status) && !S_ISDIR(status.st_mode))
        return refuse_as(-ENOTDIR, error, "%.300s/profile: %s", session->directory, strerror(ENOTDIR));
    if (snprintf(path, PATH_MAX, "%s/profile", session->directory) >= PATH_MAX)
        return refuse_as(-ENAMETOOLONG, error, "%.300s/profile: %s", session->directory, strerror(ENAMETOOLONG));
    int rc = inside_make_directory(session->directory, "profile");
    return rc < 0 ? refuse_as(rc, error, "%.300s: %s", path, strerror(-rc)) : 0;
}

int siblings_open(struct siblings *s, struct session *session, FILE *talk, char *error)
{
    struct switches_refused refused = {0};
    *s = (struct siblings){.settings = session->request.settings};
    if (session->is_resumed)
        s->settings.budget_ns = 0; /* it no longer counts */
    if (s->settings.profile == PROFILE_NONE)
        return 0;
    int rc = siblings_directory(session, s->directory, error);
    if (rc)
        return rc;
    kinds_find(s, &refused, talk);
    rc = files_open(s, session, &refused, error);
    if (rc)
        return rc;
    s->plan = siblings_plan(&s->settings, session->plan.blocks_before, session->plan.blocks, block_ns(session));
    s->recorder.run_id = run_id(session->directory);
    if (s->kinds)
        cost_say(s, session, talk);
    return 0;
}

/* ---- blocks ---- */

/* Published trials go first: what the rest of the blocks that comparisons need takes is theirs. `next`: what comes
 * takes, by what such blocks took so far, where they took longer than published ones do. */
static bool is_affordable(const struct siblings *s, const struct session *session, unsigned block, double next_ns)
{
    const double budget = (double)s->settings.budget_ns;
    const unsigned needed = session->plan.blocks_needed > block ? session->plan.blocks_needed - block : 0;
    return !(budget > 0) || (s->spent_ns + next_ns <= SIBLINGS_SHARE * budget &&
                             session_left_ns(session, (int64_t)budget) >= next_ns + needed * block_ns(session));
}

static int states_put(struct siblings *s, struct session *session, struct sibling *sibling, int64_t trial_id,
                      char *error)
{
    int rc = sibling_states_put(s->states, sibling, trial_id);
    s->state_rows += csv_tally_take(s->states).rows;
    if (rc)
        return record_failed(rc, s->directory, state_format.file, error);
    rc = middles_offer(&s->middles, (size_t)(sibling->cell - session->plan.cells.cell), trial_id,
                       sibling->facts.parts.report, &sibling->spans);
    return rc ? refuse_as(rc, error, "out of memory") : 0;
}

static int found_put(struct siblings *s, struct session *session, struct sibling *sibling, int64_t trial_id,
                     char *error)
{
    int rc = sibling->folded ? folded_put(sibling->folded, &sibling->stacks, trial_id) : 0;
    if (rc)
        return record_failed(rc, s->directory, stack_format.file, error);
    if (sibling->kind != PROFILE_COUNTERS)
        return states_put(s, session, sibling, trial_id, error);
    rc = sibling_counters_put(s->counted, sibling, trial_id);
    s->counter_rows += csv_tally_take(s->counted).rows;
    return rc ? record_failed(rc, s->directory, counter_format.file, error) : 0;
}

static int sibling_put(struct siblings *s, struct session *session, struct sibling *sibling, char *error)
{
    struct trial_row row;
    int rc = sibling_run(session, sibling, error);
    if (!rc && !sibling->is_left_out && !session->interrupted) {
        rc = recorder_put(&s->recorder, &sibling->facts, &row, error);
        s->trials++;
        s->without += !sibling->has_found || !trial_is_ok(&row);
        if (!rc && sibling->has_found && trial_is_ok(&row))
            rc = found_put(s, session, sibling, row.trial_id, error);
    }
    spans_release(&sibling->spans);
    free(sibling->stacks.sum);
    sibling->stacks = (struct stack_sums){0};
    return rc;
}

/* The commit last, behind what it says is there; what is of no commit is not read. */
static int files_sync(const struct siblings *s, char *error)
{
    const struct csv_writer *const writers[] = {s->recorder.samples, s->recorder.latency, s->states,         s->counted,
                                                s->folded.stacks,    s->folded.frames,    s->recorder.trials};
    int rc = 0;
    for (size_t i = 0; i < sizeof writers / sizeof *writers && !rc; i++)
        rc = writers[i] ? csv_sync(writers[i]) : 0;
    return rc ? record_failed(rc, s->directory, trial_format.file, error) : 0;
}

/* So that rows that go are missed. */
static int counts_note(const struct siblings *s, const struct session *session, char *error)
{
    return host_note(session->directory, "profiled",
                     json_pack("{s:I, s:I, s:I}", "trials", (json_int_t)s->recorder.kept, "states",
                               (json_int_t)s->state_rows, "counters", (json_int_t)s->counter_rows),
                     error);
}

/* The cells of a block that have a published trial and no sibling: first those of an earlier part of the run. */
static size_t block_choose(const struct siblings *s, const struct session *session, unsigned block,
                           const uint32_t *order, size_t count, uint32_t *chosen)
{
    const struct cells *cells = &session->plan.cells;
    size_t many = 0;
    for (uint32_t i = 0; i < cells->count; i++)
        if (is_there(&s->published, block, &cells->cell[i]) && !is_there(&s->done, block, &cells->cell[i]))
            chosen[many++] = i;
    for (size_t i = 0; i < count; i++)
        if (!is_there(&s->done, block, &cells->cell[order[i]]) &&
            !is_there(&s->published, block, &cells->cell[order[i]]))
            chosen[many++] = order[i];
    return many;
}

static double longer(const struct siblings *s)
{
    return s->forecast_ns > 0 ? fmax(s->spent_ns / s->forecast_ns, 1) : 1;
}

int siblings_block(struct siblings *s, struct session *session, unsigned block, const uint32_t *order, size_t count,
                   char *error)
{
    struct sibling sibling = {.block = block, .counters = &s->counters};
    if (!s->kinds || !siblings_chosen(&s->plan, &s->settings, block) ||
        !is_affordable(s, session, block, longer(s) * block_ns(session)))
        return 0;
    uint32_t *chosen = calloc(session->plan.cells.count + count + 1, sizeof *chosen);
    int rc = chosen ? 0 : refuse_as(-ENOMEM, error, "out of memory");
    const size_t many = chosen ? block_choose(s, session, block, order, count, chosen) : 0;
    sibling.kind = siblings_kind(&s->plan, &s->settings, s->kinds, block, &sibling.turn);
    sibling.folded = sibling.kind == PROFILE_STACKS ? &s->folded : NULL;
    sibling.can = s->can;
    for (size_t i = 0; i < many && !rc && !session->interrupted; i++) {
        const struct cell *cell = &session->plan.cells.cell[chosen[i]];
        const double forecast_ns = forecast_trial_ns(cell);
        const uint64_t since_ns = clock_monotonic_ns();
        if (!is_affordable(s, session, block, longer(s) * forecast_ns))
            break;
        sibling.cell = cell;
        sibling.position = (unsigned)i + 1;
        rc = sibling_put(s, session, &sibling, error);
        s->spent_ns += (double)(clock_monotonic_ns() - since_ns);
        s->forecast_ns += forecast_ns;
    }
    free(chosen);
    rc = rc || !many ? rc : files_sync(s, error);
    return rc || !many ? rc : counts_note(s, session, error);
}

double siblings_left_ns(const struct siblings *s, const struct session *session, unsigned block)
{
    const unsigned last = session->plan.blocks_before + session->plan.blocks;
    double ns = 0;
    for (unsigned next = block; s->kinds && next <= last; next++)
        ns += siblings_chosen(&s->plan, &s->settings, next) ? block_ns(session) : 0;
    return ns;
}

static void told(const struct siblings *s, FILE *talk)
{
    char time[32];
    format_duration(time, sizeof time, s->spent_ns);
    fprintf(talk, "poolbench run: %zu profiled sibling%s took %s", s->trials, s->trials == 1 ? "" : "s", time);
    if (s->without)
        fprintf(talk, "; %zu of them without %s, or the trial failed", s->without,
                s->kinds & PROFILE_STATES ? "states: records of switches were lost" : "counters");
    fputc('\n', talk);
}

int siblings_close(struct siblings *s, FILE *talk, char *error)
{
    char ignored[ERROR_MAX];
    if (s->trials)
        told(s, talk);
    int rc = s->states ? csv_close(s->states) : 0;
    int also = s->counted ? csv_close(s->counted) : 0;
    if (rc || also)
        record_failed(rc ? rc : also, s->directory, rc ? state_format.file : counter_format.file, error);
    rc = rc ? rc : also;
    int written = middles_write(&s->middles, s->directory);
    if (written && !rc)
        rc = record_failed(written, s->directory, span_format.file, error);
    middles_release(&s->middles);
    int folded = folded_close(&s->folded);
    if (folded && !rc)
        rc = record_failed(folded, s->directory, stack_format.file, error);
    int closed = recorder_close(&s->recorder, rc ? ignored : error);
    free(s->published.trial);
    free(s->done.trial);
    *s = (struct siblings){0};
    return rc ? rc : closed;
}
