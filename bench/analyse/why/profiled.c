/* See profiled.h. */
#include "bench/analyse/why/profiled.h"
#include "bench/analyse/why/siblings.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CLOSED 0.02 /* of the slots: states that are further off are torn */

struct reading {
    struct siblings_read siblings;
    double (*ns)[STATES]; /* one a sibling */
    int64_t rows;
};

static int on_state(const void *row, void *arg)
{
    const struct state_row *state = row;
    struct reading *r = arg;
    r->rows++;
    if (strcmp(state->role, "worker") != 0 || strcmp(state->phase, "run") != 0 || state->ns < 0)
        return 0;
    const size_t at = siblings_find(&r->siblings, state->trial_id);
    int is = 0;
    while (is < STATE_UNKNOWN &&
           (strcmp(state_words[is].name, state->state) != 0 || strcmp(state_words[is].by, state->by) != 0))
        is++;
    if (at != RUN_NOTHING)
        r->ns[at][is] += (double)state->ns;
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

static void sibling_put(const struct sibling_trial *sibling, const double *of, const struct states *states,
                        struct states *profiled)
{
    double ns[STATES], sum = 0;
    for (int i = 0; i < STATES; i++)
        sum += of[i];
    if (sibling->trial == RUN_NOTHING || !(fabs(sum / sibling->slots_ns - 1) <= CLOSED))
        return;
    struct states *s = &profiled[sibling->trial];
    *s = states[sibling->trial];
    if (isnan(s->whole_ns))
        return;
    for (int i = 0; i < STATES; i++)
        ns[i] = s->whole_ns * of[i] / sum;
    states_split(s, ns);
    for (int i = 0; i < DETAILS; i++)
        memcpy(s->ns[i], ns, sizeof ns);
    s->detail = DETAIL_ALL;
    s->has_end = s->has_wait = true;
    s->profiled_ns = sibling->per_task_ns;
}

int profiled_make(const struct run_data *run, const struct states *states, struct states **profiled, char *error)
{
    struct reading r = {.ns = NULL};
    *profiled = NULL;
    int rc = siblings_read(run, &state_format, &r.siblings, error);
    const size_t count = r.siblings.count;
    if (!rc && !(r.ns = calloc(count + 1, sizeof *r.ns)))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    if (!rc && r.siblings.is_there)
        rc = csv_read(r.siblings.directory, &state_format, -1, on_state, &r, error);
    if (!rc && r.siblings.is_there) {
        siblings_missing(&r.siblings, trial_format.file, "trials", r.siblings.rows);
        siblings_missing(&r.siblings, state_format.file, "states", r.rows);
    }
    if (!rc && count && !(*profiled = calloc(run->trial_count + 1, sizeof **profiled)))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    for (size_t i = 0; i < run->trial_count && *profiled; i++)
        (*profiled)[i].whole_ns = NAN;
    for (size_t i = 0; i < count && *profiled; i++)
        sibling_put(&r.siblings.sibling[i], r.ns[i], states, *profiled);
    siblings_read_release(&r.siblings);
    free(r.ns);
    return rc;
}
