/* See middles.h. */
#include "bench/measure/middles.h"
#include "bench/model/csv_file.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int middle_of(struct middles *middles, size_t cell)
{
    if (cell < middles->count)
        return 0;
    struct middle *more = reallocarray(middles->of, cell + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    memset(more + middles->count, 0, (cell + 1 - middles->count) * sizeof *more);
    middles->of = more;
    middles->count = cell + 1;
    return 0;
}

/* Returns the median with it; NAN: no memory. */
static double wall_add(struct middle *middle, double wall_ns)
{
    double *more = reallocarray(middle->wall_ns, middle->count + 1, sizeof *more);
    if (!more)
        return NAN;
    size_t at = middle->count++;
    middle->wall_ns = more;
    for (; at && more[at - 1] > wall_ns; at--)
        more[at] = more[at - 1];
    more[at] = wall_ns;
    return more[(middle->count - 1) / 2];
}

int middles_offer(struct middles *middles, size_t cell, int64_t trial_id, const struct trial_report *report,
                  struct spans *spans)
{
    const double wall_ns = (double)report->wall_ns;
    int rc = middle_of(middles, cell);
    struct middle *middle = rc ? NULL : &middles->of[cell];
    const double median = rc ? NAN : wall_add(middle, wall_ns);
    if (!rc && isnan(median))
        rc = -ENOMEM;
    const bool is_nearer = !rc && fabs(wall_ns - median) < fabs(middle->kept_ns - median);
    if (!rc && (middle->count == 1 || is_nearer)) {
        spans_release(&middle->spans);
        middle->trial_id = trial_id;
        middle->kept_ns = wall_ns;
        middle->gate_ns = report->gate_ns;
        middle->clock_rate = report->clock_rate;
        middle->spans = *spans;
        *spans = (struct spans){0};
    }
    spans_release(spans);
    return rc;
}

static int64_t from_gate(const struct middle *middle, uint64_t at_ns)
{
    return llround((double)((int64_t)at_ns - middle->gate_ns) / middle->clock_rate);
}

static int span_put(struct csv_writer *writer, const struct middle *middle, const struct time_span *span)
{
    const bool is_slot = !span->tid, waits = span->state == THREAD_WAITS;
    const char *state = is_slot ? slot_words[span->state].state : thread_does_names[span->state],
               *by = is_slot ? slot_words[span->state].by
                     : waits ? "unknown"
                             : "none";
    struct span_row row = {.trial_id = middle->trial_id,
                           .thread = is_slot ? MISSING : span->tid,
                           .worker = span->slot < 0 ? MISSING : span->slot,
                           .cpu = span->cpu == CPU_UNKNOWN ? MISSING : span->cpu,
                           .from_ns = from_gate(middle, span->from_ns),
                           .to_ns = from_gate(middle, span->to_ns)};
    snprintf(row.role, sizeof row.role, "%s", thread_role_names[span->role]);
    snprintf(row.state, sizeof row.state, "%s", state);
    snprintf(row.by, sizeof row.by, "%s", by);
    return csv_put(writer, &row);
}

int middles_write(const struct middles *middles, const char *directory)
{
    struct csv_writer *writer;
    if (!middles->count)
        return 0;
    int rc = csv_is_there(directory, span_format.file) ? csv_append(directory, &span_format, -1, &writer)
                                                       : csv_create(directory, &span_format, &writer);
    if (rc)
        return rc;
    for (size_t i = 0; i < middles->count; i++)
        for (size_t k = 0; k < middles->of[i].spans.count && !rc; k++)
            rc = span_put(writer, &middles->of[i], &middles->of[i].spans.span[k]);
    const int closed = csv_close(writer);
    return rc ? rc : closed;
}

void middles_release(struct middles *middles)
{
    for (size_t i = 0; i < middles->count; i++) {
        free(middles->of[i].wall_ns);
        spans_release(&middles->of[i].spans);
    }
    free(middles->of);
    *middles = (struct middles){0};
}
