/* See slots.h. All that happens is put in order of time; between two moments every slot is in one state, and how many
 * are in each is kept as it changes. */
#include "bench/profile/slots.h"
#include "bench/profile/span_list.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

const struct slot_words slot_words[SLOT_STATES] = {
    [SLOT_BODY] = {"body", "none"},
    [SLOT_HAND] = {"handing-over", "none"},
    [SLOT_WAIT_SUBMITTER] = {"waiting", "own-submitter"},
    [SLOT_WAIT_WORKERS] = {"waiting", "own-worker"},
    [SLOT_WAIT_OTHERS] = {"waiting", "others"},
    [SLOT_TAKEN] = {"taken", "hypervisor"},
    [SLOT_SLEEP] = {"sleep", "none"},
    [SLOT_BESIDE] = {"process-off", "none"},
    [SLOT_MADE] = {"being-made", "own-submitter"},
    [SLOT_EMPTY] = {"no-process", "none"},
    [SLOT_ENDED] = {"ended", "none"},
    [SLOT_QUEUED] = {"idle-queued", "none"},
    [SLOT_IDLE_BUSY] = {"idle-handing", "own-submitter"},
    [SLOT_IDLE_WAITS] = {"idle", "own-submitter"},
    [SLOT_IDLE] = {"idle", "none"},
    [SLOT_IDLE_END] = {"idle-end", "none"},
    [SLOT_UNKNOWN] = {"unknown", "unknown"},
};
const char *const trial_phase_names[TRIAL_PHASES] = {"open", "warm-up", "run", "close"};

#define SWITCH_MOST_NS 2000.

/* At one time ends come before beginnings. */
enum moment_kind { TASK_REAPED, TASK_END, STRETCH_END, STRETCH_BEGIN, TASK_SUBMITTED, TASK_START };

struct moment {
    uint64_t at_ns;
    enum moment_kind kind;
    size_t index; /* of a stretch, or of a task */
};

/* What a slot is seen doing, whatever the others do. */
enum slot_does {
    DOES_BODY,
    DOES_HAND,
    DOES_WAIT,
    DOES_SLEEP,
    DOES_BESIDE,
    DOES_NOTHING,
    DOES_EMPTY,
    DOES_ENDED,
    DOES_UNKNOWN,
    DOES
};

struct slot {
    unsigned on, waits, off, bodies;
    unsigned processes; /* of tasks */
    bool is_known, has_ended;
    uint32_t cpu; /* that it waits for */
    enum slot_does does;
};

struct cpu {
    unsigned submitter, ours, waiting; /* threads on it; slots that wait for it */
};

struct sweep {
    const struct slots_from *from;
    struct slots_sum *sum;
    struct moment *moment;
    size_t count;
    struct slot *slot;
    struct cpu *cpu;
    uint32_t cpus;
    size_t does[DOES];         /* slots */
    size_t submitted, started; /* tasks */
    unsigned submitter_on, submitter_waits;
    struct spans *spans;    /* that are put, or NULL; */
    struct time_span *open; /* of each slot the one that is not over */
    int rc;                 /* of putting them */
};

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- the moments ---- */

static void moment_put(struct sweep *w, uint64_t at_ns, enum moment_kind kind, size_t index)
{
    const struct slots_from *from = w->from;
    if (at_ns && at_ns <= from->to_ns[TRIAL_RUN])
        w->moment[w->count++] = (struct moment){later(at_ns, from->from_ns[TRIAL_RUN]), kind, index};
}

/* Where the counter is a coarse one, both stamps of a short task are the same. */
static bool takes_time(const struct task_times *task)
{
    return task->end_ns > task->start_ns;
}

static void moments_of_task(struct sweep *w, size_t i)
{
    const struct task_times *task = &w->from->task[i];
    moment_put(w, task->submit_ns, TASK_SUBMITTED, i);
    if (task->slot >= w->from->workers)
        return;
    if (w->from->are_timed && task->start_ns && task->end_ns >= task->start_ns) {
        moment_put(w, task->start_ns, TASK_START, i);
        if (takes_time(task))
            moment_put(w, task->end_ns, TASK_END, i);
    }
    moment_put(w, task->reap_ns, TASK_REAPED, i);
}

static int by_moment(const void *a, const void *b)
{
    const struct moment *x = a, *y = b;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static void moments_make(struct sweep *w)
{
    const struct threads *threads = w->from->threads;
    const uint64_t from_ns = w->from->from_ns[TRIAL_RUN], to_ns = w->from->to_ns[TRIAL_RUN];
    for (size_t i = 0; i < threads->stretches; i++) {
        const struct stretch *stretch = &threads->stretch[i];
        if (stretch->to_ns < from_ns || stretch->from_ns >= to_ns)
            continue;
        w->moment[w->count++] = (struct moment){later(stretch->from_ns, from_ns), STRETCH_BEGIN, i};
        moment_put(w, stretch->to_ns, STRETCH_END, i);
    }
    for (size_t i = 0; i < w->from->tasks; i++)
        moments_of_task(w, i);
    qsort(w->moment, w->count, sizeof *w->moment, by_moment);
}

/* ---- what slots do ---- */

static enum slot_does slot_does(const struct slot *slot)
{
    if (!slot->is_known)
        return DOES_UNKNOWN;
    if (slot->on)
        return slot->bodies ? DOES_BODY : DOES_HAND;
    if (slot->waits)
        return DOES_WAIT;
    if (slot->bodies)
        return DOES_SLEEP;
    return slot->processes ? DOES_BESIDE : slot->has_ended ? DOES_ENDED : slot->off ? DOES_NOTHING : DOES_EMPTY;
}

static void slot_look(struct sweep *w, struct slot *slot, uint32_t cpu)
{
    const enum slot_does does = slot_does(slot);
    if (slot->does == DOES_WAIT)
        w->cpu[slot->cpu].waiting--;
    w->does[slot->does]--;
    slot->does = does;
    slot->cpu = cpu < w->cpus ? cpu : slot->cpu;
    w->does[does]++;
    if (does == DOES_WAIT)
        w->cpu[slot->cpu].waiting++;
}

static bool tasks_are_left(const struct sweep *w)
{
    return !w->from->are_timed || w->started < w->from->tasks;
}

/* Of a slot whose worker has nothing to do. */
static enum slot_state idle_state(const struct sweep *w)
{
    return !tasks_are_left(w)                                ? SLOT_IDLE_END
           : w->from->are_timed && w->submitted > w->started ? SLOT_QUEUED
           : w->submitter_on                                 ? SLOT_IDLE_BUSY
           : w->submitter_waits                              ? SLOT_IDLE_WAITS
                                                             : SLOT_IDLE;
}

static void left_count(struct sweep *w, enum slot_does does)
{
    if (does == DOES_WAIT || does == DOES_SLEEP || does == DOES_BESIDE || does == DOES_NOTHING)
        w->sum->slot_left[does == DOES_WAIT     ? SLOT_WAIT_OTHERS
                          : does == DOES_SLEEP  ? SLOT_SLEEP
                          : does == DOES_BESIDE ? SLOT_BESIDE
                                                : idle_state(w)]++;
}

static void stretch_see(struct sweep *w, const struct stretch *stretch, bool begins)
{
    const struct thread *thread = &w->from->threads->thread[stretch->thread];
    const unsigned step = begins ? 1 : UINT32_MAX; /* one more, or one less */
    const bool is_submitter = thread->role == ROLE_SUBMITTER, on = stretch->does == THREAD_ON;
    if (on && is_submitter)
        w->submitter_on += step;
    else if (is_submitter && stretch->does == THREAD_WAITS)
        w->submitter_waits += step;
    if (on && stretch->cpu < w->cpus && is_submitter)
        w->cpu[stretch->cpu].submitter += step;
    else if (on && stretch->cpu < w->cpus)
        w->cpu[stretch->cpu].ours += step;
    if (thread->slot < 0 || (unsigned)thread->slot >= w->from->workers)
        return;
    struct slot *slot = &w->slot[thread->slot];
    *(on ? &slot->on : stretch->does == THREAD_WAITS ? &slot->waits : &slot->off) += step;
    if (thread->role == ROLE_CHILD || thread->role == ROLE_PROGRAM) {
        slot->processes += step;
        slot->has_ended = !begins && stretch->is_last;
    } else if (begins && on) {
        slot->has_ended = false; /* a forker has reaped it */
    }
    slot_look(w, slot, begins && stretch->does == THREAD_WAITS ? stretch->cpu : slot->cpu);
    if (begins && !on && stretch->from_ns >= w->from->from_ns[TRIAL_RUN])
        left_count(w, slot->does);
}

static void moment_see(struct sweep *w, const struct moment *moment)
{
    if (moment->kind == STRETCH_BEGIN || moment->kind == STRETCH_END) {
        stretch_see(w, &w->from->threads->stretch[moment->index], moment->kind == STRETCH_BEGIN);
        return;
    }
    const struct task_times *task = &w->from->task[moment->index];
    if (moment->kind == TASK_SUBMITTED) {
        w->submitted++;
        return;
    }
    struct slot *slot = &w->slot[task->slot];
    if (moment->kind == TASK_START) {
        w->started++;
        slot->bodies += takes_time(task);
    } else if (moment->kind == TASK_END) {
        slot->bodies -= slot->bodies > 0;
    } else {
        slot->has_ended = false;
    }
    slot_look(w, slot, slot->cpu);
}

/* ---- time that passes ---- */

static enum slot_state waits_by(const struct cpu *cpu)
{
    return cpu->submitter ? SLOT_WAIT_SUBMITTER : cpu->ours ? SLOT_WAIT_WORKERS : SLOT_WAIT_OTHERS;
}

/* Whether the submitter is on a CPU for a slot that has nobody: reaping one and making the next are not told apart. */
static bool one_is_made(const struct sweep *w)
{
    return tasks_are_left(w) && w->from->are_made && w->submitter_on && w->does[DOES_EMPTY] + w->does[DOES_ENDED];
}

static void waiting_pass(const struct sweep *w, double ns)
{
    size_t left = w->does[DOES_WAIT];
    for (uint32_t i = 0; i < w->cpus && left; i++) {
        const struct cpu *cpu = &w->cpu[i];
        w->sum->slot_ns[waits_by(cpu)] += ns * cpu->waiting;
        left -= cpu->waiting;
    }
}

static void time_pass(const struct sweep *w, double ns)
{
    double *sum = w->sum->slot_ns;
    const size_t *does = w->does;
    const bool is_left = tasks_are_left(w);
    const enum slot_state idle = idle_state(w);
    const size_t made = one_is_made(w);
    const size_t of_empty = made && does[DOES_EMPTY];
    sum[SLOT_BODY] += ns * (double)does[DOES_BODY];
    sum[SLOT_HAND] += ns * (double)does[DOES_HAND];
    sum[SLOT_SLEEP] += ns * (double)does[DOES_SLEEP];
    sum[SLOT_BESIDE] += ns * (double)does[DOES_BESIDE];
    sum[SLOT_UNKNOWN] += ns * (double)does[DOES_UNKNOWN];
    sum[idle] += ns * (double)does[DOES_NOTHING];
    sum[SLOT_MADE] += ns * (double)made;
    sum[SLOT_ENDED] += ns * (double)(does[DOES_ENDED] - (made - of_empty));
    sum[is_left ? SLOT_EMPTY : SLOT_IDLE_END] += ns * (double)(does[DOES_EMPTY] - of_empty);
    if (does[DOES_WAIT])
        waiting_pass(w, ns);
}

/* ---- each slot by itself ---- */

/* made: it is the one that the submitter is on a CPU for. */
static enum slot_state state_of(const struct sweep *w, const struct slot *slot, bool made)
{
    switch (slot->does) {
    case DOES_BODY:
        return SLOT_BODY;
    case DOES_HAND:
        return SLOT_HAND;
    case DOES_WAIT:
        return waits_by(&w->cpu[slot->cpu]);
    case DOES_SLEEP:
        return SLOT_SLEEP;
    case DOES_BESIDE:
        return SLOT_BESIDE;
    case DOES_NOTHING:
        return idle_state(w);
    case DOES_EMPTY:
        return made ? SLOT_MADE : tasks_are_left(w) ? SLOT_EMPTY : SLOT_IDLE_END;
    case DOES_ENDED:
        return made ? SLOT_MADE : SLOT_ENDED;
    default:
        return SLOT_UNKNOWN;
    }
}

static void span_end(struct sweep *w, unsigned slot, uint64_t at_ns)
{
    w->open[slot].to_ns = at_ns;
    if (!w->rc)
        w->rc = spans_put(w->spans, &w->open[slot]);
    w->open[slot].from_ns = at_ns;
}

/* From that time on slots do what they do now. */
static void spans_turn(struct sweep *w, uint64_t at_ns)
{
    const enum slot_does first = w->does[DOES_EMPTY] ? DOES_EMPTY : DOES_ENDED;
    bool is_made = one_is_made(w);
    for (unsigned i = 0; i < w->from->workers; i++) {
        const bool made = is_made && w->slot[i].does == first;
        const int state = (int)state_of(w, &w->slot[i], made);
        const uint32_t cpu = w->slot[i].does == DOES_WAIT ? w->slot[i].cpu : CPU_UNKNOWN;
        is_made = is_made && !made;
        if (w->open[i].state == state && w->open[i].cpu == cpu)
            continue;
        span_end(w, i, at_ns);
        w->open[i].state = state;
        w->open[i].cpu = cpu;
    }
}

static void spans_end(struct sweep *w, uint64_t at_ns)
{
    w->spans->end_ns = at_ns;
    for (unsigned i = 0; i < w->from->workers; i++)
        span_end(w, i, at_ns);
}

/* ---- all of them ---- */

static void slots_begin(struct sweep *w)
{
    const struct threads *threads = w->from->threads;
    for (size_t i = 0; i < threads->count; i++)
        if (threads->thread[i].slot >= 0 && (unsigned)threads->thread[i].slot < w->from->workers)
            w->slot[threads->thread[i].slot].is_known = true;
    for (unsigned i = 0; i < w->from->workers; i++) {
        w->slot[i].does = slot_does(&w->slot[i]);
        w->does[w->slot[i].does]++;
        if (w->open)
            w->open[i] = (struct time_span){.role = ROLE_WORKER,
                                            .slot = (int)i,
                                            .cpu = CPU_UNKNOWN,
                                            .from_ns = w->from->from_ns[TRIAL_RUN],
                                            .state = SLOT_UNKNOWN};
    }
}

static void sweep_run(struct sweep *w)
{
    uint64_t at_ns = w->from->from_ns[TRIAL_RUN];
    slots_begin(w);
    for (size_t i = 0; i < w->count; i++) {
        if (w->spans && w->moment[i].at_ns > at_ns) {
            spans_turn(w, at_ns);
            if (w->spans->count > SPANS_MOST || w->rc)
                break;
        }
        time_pass(w, (double)(w->moment[i].at_ns - at_ns));
        at_ns = w->moment[i].at_ns;
        moment_see(w, &w->moment[i]);
    }
    if (w->spans && w->spans->count <= SPANS_MOST) {
        spans_turn(w, at_ns);
        at_ns = w->from->to_ns[TRIAL_RUN];
    }
    if (w->spans)
        spans_end(w, at_ns);
    else
        time_pass(w, (double)(w->from->to_ns[TRIAL_RUN] - at_ns));
}

/* ---- threads ---- */

static void roles_add_up(const struct slots_from *from, struct slots_sum *sum)
{
    const struct threads *threads = from->threads;
    for (size_t i = 0; i < threads->stretches; i++) {
        const struct stretch *stretch = &threads->stretch[i];
        const enum thread_role role = threads->thread[stretch->thread].role;
        for (int phase = 0; phase < TRIAL_PHASES; phase++) {
            const uint64_t begin = later(stretch->from_ns, from->from_ns[phase]),
                           end = sooner(stretch->to_ns, from->to_ns[phase]);
            if (end <= begin)
                continue;
            sum->role_ns[role][phase][stretch->does] += (double)(end - begin);
            /* once a thread: where the phase ends, or the thread before that */
            sum->role_threads[role][phase] += stretch->to_ns >= from->to_ns[phase] || stretch->is_last;
        }
    }
}

/* With spans: puts them; else what is added up goes to `sum`. */
static int sweep_make(const struct slots_from *from, struct slots_sum *sum, struct spans *spans)
{
    struct sweep w = {.from = from, .sum = sum, .spans = spans};
    for (size_t i = 0; i < from->threads->stretches; i++)
        if (from->threads->stretch[i].cpu != CPU_UNKNOWN && from->threads->stretch[i].cpu >= w.cpus)
            w.cpus = from->threads->stretch[i].cpu + 1;
    w.cpus += !w.cpus;
    w.moment = calloc(2 * from->threads->stretches + 4 * from->tasks + 1, sizeof *w.moment);
    w.slot = calloc(from->workers + 1, sizeof *w.slot);
    w.cpu = calloc(w.cpus, sizeof *w.cpu);
    w.open = spans ? calloc(from->workers + 1, sizeof *w.open) : NULL;
    w.rc = w.moment && w.slot && w.cpu && (w.open || !spans) ? 0 : -ENOMEM;
    if (!w.rc && from->to_ns[TRIAL_RUN] > from->from_ns[TRIAL_RUN]) {
        moments_make(&w);
        sweep_run(&w);
    }
    free(w.moment);
    free(w.slot);
    free(w.cpu);
    free(w.open);
    return w.rc;
}

int slots_add_up(const struct slots_from *from, struct slots_sum *sum)
{
    *sum = (struct slots_sum){0};
    const int rc = sweep_make(from, sum, NULL);
    if (!rc)
        roles_add_up(from, sum);
    return rc;
}

int slots_follow(const struct slots_from *from, struct spans *spans)
{
    struct slots_sum unused = {0};
    return sweep_make(from, &unused, spans);
}

/* Returns how much of it was there. */
static double switches_take(struct slots_sum *sum, double ns)
{
    static const enum slot_state waiting[] = {SLOT_WAIT_SUBMITTER, SLOT_WAIT_WORKERS, SLOT_WAIT_OTHERS};
    double *slot = sum->slot_ns, left = 0, taken = 0;
    for (int i = 0; i < SLOT_STATES; i++)
        left += sum->slot_left[i];
    const double each = left > 0 ? fmin(ns / left, SWITCH_MOST_NS) : 0;
    for (int i = 0; i < SLOT_STATES; i++) {
        const bool waits = i == SLOT_WAIT_OTHERS;
        const double all = waits ? slot[waiting[0]] + slot[waiting[1]] + slot[waiting[2]] : slot[i];
        const double part = fmin(each * sum->slot_left[i], all);
        for (int k = 0; k < 3 && waits && all > 0; k++)
            slot[waiting[k]] *= 1 - part / all;
        slot[i] -= waits ? 0 : part;
        taken += part;
    }
    return taken;
}

double slots_compare(struct slots_sum *sum, double cpu_ns, double steal_ns)
{
    double *ns = sum->slot_ns;
    const double on = ns[SLOT_BODY] + ns[SLOT_HAND], more = on - cpu_ns;
    if (isnan(cpu_ns) || !(on > 0))
        return NAN;
    const double taken = isnan(steal_ns) ? 0 : fmax(0, fmin(more, steal_ns));
    const double ending = fmax(0, fmin(-more, ns[SLOT_ENDED]));
    const double switches = switches_take(sum, fmax(0, -more - ending));
    ns[SLOT_BODY] *= 1 - taken / on;
    ns[SLOT_HAND] *= 1 - taken / on;
    ns[SLOT_TAKEN] = taken;
    ns[SLOT_HAND] += ending + switches;
    ns[SLOT_ENDED] -= ending;
    return fabs(more - taken + ending + switches);
}
