/* See counted.h. */
#include "bench/analyse/why/counted.h"
#include "bench/analyse/why/siblings.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WHOLE 0.999 /* of the time it was to count: less than that, it shared its PMU */

struct reading {
    struct siblings_read siblings;
    struct counted *counted;
    int64_t rows;
};

unsigned counted_find(const struct counted *counted, const char *pmu, const char *event, const char *scope)
{
    unsigned at = 0;
    while (at < counted->count &&
           (strcmp(counted->event[at].pmu, pmu) != 0 || strcmp(counted->event[at].event, event) != 0 ||
            strcmp(counted->event[at].scope, scope) != 0))
        at++;
    return at;
}

double counted_at(const struct counted *counted, unsigned event, size_t trial)
{
    return trial == RUN_NOTHING || event >= counted->count ? NAN : counted->value[event * counted->trials + trial];
}

static unsigned event_of(struct counted *counted, const struct counter_row *row)
{
    const unsigned at = counted_find(counted, row->pmu, row->event, row->scope);
    if (at < counted->count || at == COUNTED_MOST)
        return at;
    struct counted_event *event = &counted->event[counted->count++];
    memcpy(event->pmu, row->pmu, sizeof event->pmu);
    memcpy(event->event, row->event, sizeof event->event);
    memcpy(event->scope, row->scope, sizeof event->scope);
    return at;
}

/* One that never had its PMU though it was to has counted nothing that is known. */
static int on_counter(const void *row, void *arg)
{
    const struct counter_row *counter = row;
    struct reading *r = arg;
    const size_t at = siblings_find(&r->siblings, counter->trial_id);
    const struct sibling_trial *sibling = at == RUN_NOTHING ? NULL : &r->siblings.sibling[at];
    const unsigned event = event_of(r->counted, counter);
    r->rows++;
    if (!sibling || sibling->trial == RUN_NOTHING || event == COUNTED_MOST || counter->value < 0 ||
        (counter->running_ns <= 0 && counter->enabled_ns > 0))
        return 0;
    double *value = &r->counted->value[event * r->counted->trials + sibling->trial];
    const double share = counter->enabled_ns > 0 ? (double)counter->running_ns / (double)counter->enabled_ns : 1;
    r->counted->event[event].is_shared = r->counted->event[event].is_shared || share < WHOLE;
    *value = (isnan(*value) ? 0 : *value) + (double)counter->value / share / sibling->tasks;
    return 0;
}

void counted_free(struct counted *counted)
{
    if (counted)
        free(counted->value);
    free(counted);
}

int counted_make(const struct run_data *run, struct counted **counted, char *error)
{
    struct reading r = {.counted = NULL};
    *counted = NULL;
    int rc = siblings_read(run, &counter_format, &r.siblings, error);
    if (!rc && r.siblings.count) {
        const size_t values = COUNTED_MOST * (run->trial_count + 1);
        r.counted = calloc(1, sizeof *r.counted);
        double *value = r.counted ? calloc(values, sizeof *value) : NULL;
        rc = value ? 0 : refuse_as(-ENOMEM, error, "out of memory");
        for (size_t i = 0; i < values && !rc; i++)
            value[i] = NAN;
        if (r.counted) {
            r.counted->value = value;
            r.counted->trials = run->trial_count;
        }
        if (!rc)
            rc = csv_read(r.siblings.directory, &counter_format, -1, on_counter, &r, error);
        if (!rc)
            siblings_missing(&r.siblings, counter_format.file, "counters", r.rows);
    }
    siblings_read_release(&r.siblings);
    if (rc || (r.counted && !r.counted->count)) {
        counted_free(r.counted);
        r.counted = NULL;
    }
    *counted = r.counted;
    return rc;
}
