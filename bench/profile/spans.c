/* See spans.h. */
#include "bench/profile/spans.h"
#include <stdlib.h>

static int threads_put(const struct slots_from *from, struct spans *spans)
{
    const struct threads *threads = from->threads;
    const uint64_t begin = from->from_ns[TRIAL_RUN];
    int rc = 0;
    for (size_t i = 0; i < threads->stretches && !rc; i++) {
        const struct stretch *stretch = &threads->stretch[i];
        const struct thread *thread = &threads->thread[stretch->thread];
        if (stretch->to_ns <= begin || stretch->from_ns >= spans->end_ns)
            continue;
        rc = spans_put(spans,
                       &(struct time_span){.tid = thread->tid,
                                           .role = thread->role,
                                           .slot = thread->slot,
                                           .cpu = stretch->does == THREAD_OFF ? CPU_UNKNOWN : stretch->cpu,
                                           .from_ns = stretch->from_ns > begin ? stretch->from_ns : begin,
                                           .to_ns = stretch->to_ns < spans->end_ns ? stretch->to_ns : spans->end_ns,
                                           .state = (int)stretch->does});
    }
    return rc;
}

static int by_begin(const void *a, const void *b)
{
    const struct time_span *x = a, *y = b;
    if (x->from_ns != y->from_ns)
        return x->from_ns < y->from_ns ? -1 : 1;
    if (x->tid != y->tid)
        return x->tid < y->tid ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

/* So that of all slots and threads the same time is there. */
static void spans_cut(struct spans *spans)
{
    if (spans->count <= SPANS_MOST)
        return;
    const uint64_t end = spans->span[SPANS_MOST].from_ns;
    size_t kept = 0;
    for (size_t i = 0; i < SPANS_MOST && spans->span[i].from_ns < end; i++) {
        struct time_span *span = &spans->span[kept++];
        *span = spans->span[i];
        span->to_ns = span->to_ns < end ? span->to_ns : end;
    }
    spans->count = kept;
    spans->end_ns = end;
}

int spans_make(const struct slots_from *from, struct spans *spans)
{
    *spans = (struct spans){.end_ns = from->to_ns[TRIAL_RUN]};
    int rc = slots_follow(from, spans);
    if (!rc)
        rc = threads_put(from, spans);
    if (!rc && spans->count) {
        qsort(spans->span, spans->count, sizeof *spans->span, by_begin);
        spans_cut(spans);
    }
    return rc;
}
