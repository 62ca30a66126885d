/* See profiled.h. */
#include "bench/analyse/why/profiled.h"
#include "bench/analyse/timeline.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSED 0.02 /* of the slots: states that are further off are torn */

struct sibling {
    int64_t trial_id;
    size_t trial; /* the published one; RUN_NOTHING */
    double slots_ns, per_task_ns;
    double ns[STATES];
};

struct reading {
    const struct run_data *run;
    struct sibling *sibling; /* by trial_id */
    size_t count;
    int64_t trials, states; /* rows */
    char *error;
};

static size_t published(const struct run_data *run, const struct trial_row *row)
{
    for (size_t i = 0; i < run->count && row->block > 0; i++)
        if (!strcmp(run->rows[i].cell_id, row->cell_id))
            return run_data_at(run, i, (size_t)row->block);
    return RUN_NOTHING;
}

static int on_trial(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    struct reading *r = arg;
    r->trials += trial->status != TRIAL_INTERRUPTED;
    if (!trial_has_time(trial))
        return 0;
    struct sibling *more = reallocarray(r->sibling, r->count + 1, sizeof *more);
    if (!more)
        return refuse_as(-ENOMEM, r->error, "out of memory");
    r->sibling = more;
    const double slots = row_has_pool(&(struct summary_row){.f = trial->f}, BASE_POOL) ? 1 : (double)trial->f.workers;
    more[r->count++] = (struct sibling){.trial_id = trial->trial_id,
                                        .trial = published(r->run, trial),
                                        .slots_ns = slots * (double)trial->wall_ns,
                                        .per_task_ns = (double)trial->wall_ns / (double)trial->f.tasks};
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const int64_t x = ((const struct sibling *)a)->trial_id, y = ((const struct sibling *)b)->trial_id;
    return (x > y) - (x < y);
}

/* In the order of their numbers, each once. */
static int siblings_sort(struct reading *r)
{
    if (r->count)
        qsort(r->sibling, r->count, sizeof *r->sibling, by_id);
    for (size_t i = 1; i < r->count; i++)
        if (r->sibling[i].trial_id == r->sibling[i - 1].trial_id)
            return refuse_as(-EBADMSG, r->error, "%.300s/profile/%s: trial %lld is there twice", r->run->directory,
                             trial_format.file, (long long)r->sibling[i].trial_id);
    return 0;
}

static int on_state(const void *row, void *arg)
{
    const struct state_row *state = row;
    struct reading *r = arg;
    const struct sibling key = {.trial_id = state->trial_id};
    r->states++;
    if (strcmp(state->role, "worker") != 0 || strcmp(state->phase, "run") != 0 || state->ns < 0)
        return 0;
    struct sibling *sibling = bsearch(&key, r->sibling, r->count, sizeof key, by_id);
    int is = 0;
    while (is < STATE_UNKNOWN &&
           (strcmp(state_words[is].name, state->state) != 0 || strcmp(state_words[is].by, state->by) != 0))
        is++;
    if (sibling)
        sibling->ns[is] += (double)state->ns;
    return 0;
}

/* What serial takes of bodies and of sleeping in them, and what the quota took of waiting, is known of the published
 * trial. */
static void states_split(struct states *s, double *ns)
{
    const double *known = s->ns[s->detail];
    const double serial = s->has_serial ? known[STATE_BODY] : ns[STATE_BODY];
    const double asleep = fmin(known[STATE_SLEEP], ns[STATE_SLEEP]),
                 quota = fmin(known[STATE_WAIT_QUOTA], ns[STATE_WAIT_OTHERS]);
    if (s->has_stamps) {
        ns[STATE_BODY_MORE] = ns[STATE_BODY] - serial;
        ns[STATE_BODY] = serial;
    } else {
        ns[STATE_BODY] = s->has_serial ? fmin(serial, ns[STATE_HAND]) : 0;
        ns[STATE_HAND] -= ns[STATE_BODY];
    }
    ns[STATE_SLEEP_MORE] = ns[STATE_SLEEP] - asleep;
    ns[STATE_SLEEP] = asleep;
    ns[STATE_WAIT_QUOTA] = quota;
    ns[STATE_WAIT_OTHERS] -= quota;
}

static void sibling_put(const struct sibling *sibling, const struct states *states, struct states *profiled)
{
    double ns[STATES], sum = 0;
    for (int i = 0; i < STATES; i++)
        sum += sibling->ns[i];
    if (sibling->trial == RUN_NOTHING || !(fabs(sum / sibling->slots_ns - 1) <= CLOSED))
        return;
    struct states *s = &profiled[sibling->trial];
    *s = states[sibling->trial];
    if (isnan(s->whole_ns))
        return;
    for (int i = 0; i < STATES; i++)
        ns[i] = s->whole_ns * sibling->ns[i] / sum;
    states_split(s, ns);
    for (int i = 0; i < DETAILS; i++)
        memcpy(s->ns[i], ns, sizeof ns);
    s->detail = DETAIL_ALL;
    s->has_end = s->has_wait = true;
    s->profiled_ns = sibling->per_task_ns;
}

/* Rows that host.json has counted. */
static void missing_say(const struct reading *r, const char *file, const char *key, int64_t there)
{
    const json_int_t written = json_integer_value(json_object_get(host_fact(r->run->host, "profiled"), key));
    if (written > there)
        complain("", "%.300s/profile/%s: %lld row%s that %s written %s not there: states are those of the others",
                 r->run->directory, file, (long long)(written - there), written - there == 1 ? "" : "s",
                 written - there == 1 ? "was" : "were", written - there == 1 ? "is" : "are");
}

int profiled_make(const struct run_data *run, const struct states *states, struct states **profiled, char *error)
{
    struct reading r = {.run = run, .error = error};
    char directory[PATH_MAX];
    *profiled = NULL;
    if (!profile_is_there(run, directory) || !csv_is_there(directory, state_format.file))
        return 0;
    int rc = csv_read(directory, &trial_format, -1, on_trial, &r, error);
    rc = rc ? rc : siblings_sort(&r);
    if (!rc)
        rc = csv_read(directory, &state_format, -1, on_state, &r, error);
    if (!rc) {
        missing_say(&r, trial_format.file, "trials", r.trials);
        missing_say(&r, state_format.file, "states", r.states);
    }
    if (!rc && !(*profiled = calloc(run->trial_count + 1, sizeof **profiled)))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    for (size_t i = 0; i < run->trial_count && !rc; i++)
        (*profiled)[i].whole_ns = NAN;
    for (size_t i = 0; i < r.count && !rc; i++)
        sibling_put(&r.sibling[i], states, *profiled);
    free(r.sibling);
    return rc;
}
