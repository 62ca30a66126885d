/* See placed.h. */
#include "bench/profile/placed.h"
#include <errno.h>
#include <stdlib.h>

static uint32_t tid_of(const struct slots_from *from, size_t stretch)
{
    return from->threads->thread[from->threads->stretch[stretch].thread].tid;
}

static int by_thread(const void *a, const void *b, void *arg)
{
    const struct slots_from *from = arg;
    const size_t i = *(const size_t *)a, k = *(const size_t *)b;
    const struct stretch *x = &from->threads->stretch[i], *y = &from->threads->stretch[k];
    if (tid_of(from, i) != tid_of(from, k))
        return tid_of(from, i) < tid_of(from, k) ? -1 : 1;
    return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

int placed_make(const struct slots_from *from, struct placed *placed)
{
    *placed = (struct placed){.from = from, .count = from->threads->stretches};
    placed->by_thread = calloc(placed->count + 1, sizeof *placed->by_thread);
    if (!placed->by_thread)
        return -ENOMEM;
    for (size_t i = 0; i < placed->count; i++)
        placed->by_thread[i] = i;
    qsort_r(placed->by_thread, placed->count, sizeof *placed->by_thread, by_thread, (void *)(uintptr_t)from);
    return 0;
}

void placed_release(struct placed *placed)
{
    free(placed->by_thread);
    *placed = (struct placed){0};
}

/* The last of the thread that begins no later; SIZE_MAX: none. */
static size_t stretch_at(const struct placed *placed, uint32_t tid, uint64_t at_ns)
{
    const struct slots_from *from = placed->from;
    size_t lo = 0, hi = placed->count;
    while (lo < hi) {
        const size_t middle = lo + (hi - lo) / 2, i = placed->by_thread[middle];
        if (tid_of(from, i) < tid || (tid_of(from, i) == tid && from->threads->stretch[i].from_ns <= at_ns))
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo && tid_of(from, placed->by_thread[lo - 1]) == tid ? lo - 1 : SIZE_MAX;
}

bool placed_find(const struct placed *placed, uint32_t tid, uint64_t at_ns, bool leaves, struct place *place)
{
    const struct slots_from *from = placed->from;
    const size_t at = stretch_at(placed, tid, at_ns);
    int phase = 0;
    while (phase < TRIAL_PHASES && (at_ns < from->from_ns[phase] || at_ns >= from->to_ns[phase]))
        phase++;
    if (at == SIZE_MAX || phase == TRIAL_PHASES)
        return false;
    const struct stretch *stretch = &from->threads->stretch[placed->by_thread[at]];
    *place = (struct place){.role = from->threads->thread[stretch->thread].role, .phase = (enum trial_phase)phase};
    if (at_ns > stretch->to_ns && stretch->is_last)
        return false;
    const struct stretch *next = at + 1 < placed->count ? &from->threads->stretch[placed->by_thread[at + 1]] : NULL;
    if (leaves && stretch->does == THREAD_ON && next && next->thread == stretch->thread && next->does == THREAD_OFF) {
        const uint64_t end = next->to_ns < from->to_ns[phase] ? next->to_ns : from->to_ns[phase];
        place->off_ns = end > next->from_ns ? (double)(end - next->from_ns) : 0;
    }
    return true;
}
