/* See tracks.h. All that is to be written is put in order of time first, an item an event. */
#include "bench/verbs/trace/tracks.h"
#include "bench/show/perfetto.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* At one time ends come first, and of a flow where it comes from. */
enum item_kind { SPAN_END, TASK_END, TASK_DUE, TASK_SUBMIT, TASK_START, TASK_DEATH, TASK_REAP, SPAN_BEGIN, CPU_BEGIN };

struct item {
    uint64_t at_ns, track;
    enum item_kind kind;
    size_t index; /* of a task or span */
};

struct tracks {
    const struct timeline *timeline;
    struct item *item;
    size_t count;
    uint32_t *lane;    /* of each task, among those of its worker */
    size_t *by_worker; /* tasks that are on a track, by worker and start */
    size_t on_track;
};

/* ---- tracks, by number ---- */

enum { TRACK_ALL = 1, TRACK_ARRIVALS, TRACK_SUBMITTER, TRACK_SUBMITTER_STATES };
#define LANES        65536u
#define STATES_LANE  (LANES - 1)
#define WORKERS_BASE (1ull << 32)
#define CPUS_BASE    (1ull << 60)

static uint64_t worker_track(int64_t worker, uint32_t lane)
{
    return WORKERS_BASE + (uint64_t)worker * LANES + (lane < STATES_LANE ? lane : STATES_LANE - 1);
}

static uint64_t states_track(int64_t worker)
{
    return WORKERS_BASE + (uint64_t)worker * LANES + STATES_LANE;
}

static void track_name(char *text, size_t size, uint64_t track)
{
    const uint64_t nth = (track - WORKERS_BASE) / LANES, lane = (track - WORKERS_BASE) % LANES;
    if (track >= CPUS_BASE)
        snprintf(text, size, "CPU %llu", (unsigned long long)(track - CPUS_BASE));
    else if (track < WORKERS_BASE)
        snprintf(text, size, "%s",
                 track == TRACK_ARRIVALS    ? "tasks come due"
                 : track == TRACK_SUBMITTER ? "submitter"
                                            : "submitter: states");
    else if (lane == STATES_LANE)
        snprintf(text, size, "worker %llu: states", (unsigned long long)nth);
    else if (lane)
        snprintf(text, size, "worker %llu (%llu)", (unsigned long long)nth, (unsigned long long)lane + 1);
    else
        snprintf(text, size, "worker %llu", (unsigned long long)nth);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int tracks_declare(FILE *out, const struct tracks *t, const char *title)
{
    uint64_t *track = calloc(t->count + 1, sizeof *track);
    int32_t rank = 0;
    char name[64];
    if (!track)
        return -ENOMEM;
    for (size_t i = 0; i < t->count; i++)
        track[i] = t->item[i].track;
    qsort(track, t->count, sizeof *track, by_number);
    perfetto_track(out, TRACK_ALL, 0, 0, title);
    for (size_t i = 0; i < t->count; i++) {
        if (i && track[i] == track[i - 1])
            continue;
        track_name(name, sizeof name, track[i]);
        perfetto_track(out, track[i], TRACK_ALL, rank++, name);
    }
    free(track);
    return 0;
}

/* ---- what there is of a task ---- */

static bool is_known(int64_t ns)
{
    return ns >= 0; /* MISSING is less */
}

static bool has_worker(const struct sample_row *task)
{
    return task->worker >= 0 && task->worker < TRACKS_WORKERS;
}

static bool has_body(const struct sample_row *task)
{
    return has_worker(task) && is_known(task->start_ns);
}

/* It ended with what ran it, or that was ended. */
static bool has_died(const struct sample_row *task)
{
    static const char *const deaths[] = {"signalled", "exited", "timeout", "collateral"};
    for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
        if (!strcmp(task->status, deaths[i]))
            return has_worker(task) && (is_known(task->end_ns) || is_known(task->reap_ns));
    return false;
}

/* Of one that died the last that is known: when the submitter knew. */
static int64_t end_of(const struct sample_row *task)
{
    const int64_t end = is_known(task->end_ns) ? task->end_ns : task->reap_ns;
    return end > task->start_ns ? end : task->start_ns;
}

static bool flows_due(const struct sample_row *task)
{
    return is_known(task->due_ns) && is_known(task->submit_ns) && task->due_ns <= task->submit_ns;
}

static bool flows_on(const struct sample_row *task)
{
    return is_known(task->submit_ns) && has_body(task) && task->submit_ns <= task->start_ns;
}

static bool flows_back(const struct sample_row *task)
{
    return has_body(task) && is_known(task->reap_ns) && task->start_ns <= task->reap_ns;
}

/* Numbers of flows: three a task. */
enum flow { FLOW_DUE = 1, FLOW_ON, FLOW_BACK };

static uint64_t flow_of(const struct sample_row *task, enum flow flow)
{
    return (uint64_t)task->task * 3 + flow;
}

/* ---- lanes ---- */

static int by_worker(const void *a, const void *b, void *tasks)
{
    const struct sample_row *x = (const struct sample_row *)tasks + *(const size_t *)a,
                            *y = (const struct sample_row *)tasks + *(const size_t *)b;
    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return (x->task > y->task) - (x->task < y->task);
}

static int lanes_make(struct tracks *t)
{
    struct sample_row *task = t->timeline->task;
    int64_t *end = calloc(t->timeline->tasks + 1, sizeof *end); /* of each lane */
    size_t lanes = 0;
    if (!end)
        return -ENOMEM;
    for (size_t i = 0; i < t->timeline->tasks; i++)
        if (has_body(&task[i]))
            t->by_worker[t->on_track++] = i;
    qsort_r(t->by_worker, t->on_track, sizeof *t->by_worker, by_worker, task);
    for (size_t i = 0; i < t->on_track; i++) {
        const size_t at = t->by_worker[i];
        uint32_t lane = 0;
        lanes = i && task[at].worker != task[t->by_worker[i - 1]].worker ? 0 : lanes;
        while (lane < lanes && end[lane] > task[at].start_ns)
            lane++;
        lanes += lane == lanes;
        end[lane] = end_of(&task[at]);
        t->lane[at] = lane;
    }
    free(end);
    return 0;
}

/* ---- items ---- */

static void item_put(struct tracks *t, int64_t at_ns, uint64_t track, enum item_kind kind, size_t index)
{
    t->item[t->count++] = (struct item){(uint64_t)at_ns, track, kind, index};
}

static void task_put(struct tracks *t, size_t i)
{
    const struct sample_row *task = &t->timeline->task[i];
    if (is_known(task->due_ns))
        item_put(t, task->due_ns, TRACK_ARRIVALS, TASK_DUE, i);
    if (is_known(task->submit_ns))
        item_put(t, task->submit_ns, TRACK_SUBMITTER, TASK_SUBMIT, i);
    if (has_body(task)) {
        const uint64_t track = worker_track(task->worker, t->lane[i]);
        item_put(t, task->start_ns, track, TASK_START, i);
        if (end_of(task) > task->start_ns)
            item_put(t, end_of(task), track, TASK_END, i);
    }
    if (has_died(task))
        item_put(t, end_of(task), worker_track(task->worker, 0), TASK_DEATH, i);
    if (is_known(task->reap_ns))
        item_put(t, task->reap_ns, TRACK_SUBMITTER, TASK_REAP, i);
}

static void slice_put(struct tracks *t, size_t i, uint64_t track, enum item_kind begin)
{
    item_put(t, t->timeline->span[i].from_ns, track, begin, i);
    item_put(t, t->timeline->span[i].to_ns, track, SPAN_END, i);
}

static void span_put(struct tracks *t, size_t i)
{
    const struct span_row *span = &t->timeline->span[i];
    if (span->thread == MISSING && span->worker >= 0 && span->worker < TRACKS_WORKERS)
        slice_put(t, i, states_track(span->worker), SPAN_BEGIN);
    else if (span->thread != MISSING && !strcmp(span->role, "submitter"))
        slice_put(t, i, TRACK_SUBMITTER_STATES, SPAN_BEGIN);
    if (span->thread != MISSING && !strcmp(span->state, "on-cpu") && span->cpu >= 0 && span->cpu < TRACKS_CPUS)
        slice_put(t, i, CPUS_BASE + (uint64_t)span->cpu, CPU_BEGIN);
}

static int by_time(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    const bool x_ends = x->kind <= TASK_END, y_ends = y->kind <= TASK_END;
    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x_ends != y_ends)
        return x_ends ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* ---- as events ---- */

static void note_put(struct perfetto_event *event, const char *name, int64_t number)
{
    size_t i = 0;
    while (event->note[i].name)
        i++;
    if (number != MISSING && i + 1 < PERFETTO_NOTES)
        event->note[i] = (struct perfetto_note){name, NULL, number};
}

static void text_note_put(struct perfetto_event *event, const char *name, const char *text)
{
    size_t i = 0;
    while (event->note[i].name)
        i++;
    if (*text && i + 1 < PERFETTO_NOTES)
        event->note[i] = (struct perfetto_note){name, text, 0};
}

static void task_notes(struct perfetto_event *event, const struct sample_row *task)
{
    note_put(event, "task", task->task);
    note_put(event, "due_ns", task->due_ns);
    note_put(event, "submit_ns", task->submit_ns);
    note_put(event, "start_ns", task->start_ns);
    note_put(event, "end_ns", task->end_ns);
    note_put(event, "reap_ns", task->reap_ns);
    note_put(event, "pid", task->pid);
    note_put(event, "cpu", task->cpu);
    text_note_put(event, "status", task->status);
    note_put(event, "code", task->code);
}

static void task_write(FILE *out, const struct item *item, const struct sample_row *task)
{
    struct perfetto_event event = {.at_ns = item->at_ns, .track = item->track, .type = PERFETTO_INSTANT};
    const bool is_dropped = !strcmp(task->status, "dropped");
    char name[64];
    const char *what = "task";
    if (item->kind == TASK_DUE) {
        what = is_dropped ? "dropped" : "due";
        event.from = flows_due(task) ? flow_of(task, FLOW_DUE) : 0;
    } else if (item->kind == TASK_SUBMIT) {
        what = "submit";
        event.to = flows_due(task) ? flow_of(task, FLOW_DUE) : 0;
        event.from = flows_on(task) ? flow_of(task, FLOW_ON) : 0;
    } else if (item->kind == TASK_REAP) {
        what = "reap";
        event.to = flows_back(task) ? flow_of(task, FLOW_BACK) : 0;
    } else if (item->kind == TASK_DEATH) {
        what = task->status;
    } else if (item->kind == TASK_START) {
        event.type = end_of(task) > task->start_ns ? PERFETTO_BEGIN : PERFETTO_INSTANT;
        event.to = flows_on(task) ? flow_of(task, FLOW_ON) : 0;
        event.from = flows_back(task) ? flow_of(task, FLOW_BACK) : 0;
        task_notes(&event, task);
    }
    snprintf(name, sizeof name, "%s %lld", what, (long long)task->task);
    event.name = name;
    if (!event.note[0].name)
        note_put(&event, "task", task->task);
    perfetto_event(out, &event);
}

static void span_write(FILE *out, const struct item *item, const struct span_row *span)
{
    struct perfetto_event event = {.at_ns = item->at_ns, .track = item->track, .type = PERFETTO_BEGIN};
    const bool has_by = strcmp(span->by, "none") != 0 && strcmp(span->by, span->state) != 0;
    char name[64];
    if (item->kind == SPAN_BEGIN)
        snprintf(name, sizeof name, has_by ? "%s, %s" : "%s", span->state, span->by);
    else if (span->worker != MISSING && strcmp(span->role, "submitter") != 0)
        snprintf(name, sizeof name, "%s %lld", span->role, (long long)span->worker);
    else
        snprintf(name, sizeof name, "%s", span->role);
    event.name = name;
    text_note_put(&event, "role", span->role);
    text_note_put(&event, "state", span->state);
    text_note_put(&event, "by", span->by);
    note_put(&event, "thread", span->thread);
    note_put(&event, "worker", span->worker);
    note_put(&event, "cpu", span->cpu);
    perfetto_event(out, &event);
}

static void item_write(FILE *out, const struct tracks *t, const struct item *item)
{
    if (item->kind <= TASK_END)
        perfetto_event(out, &(struct perfetto_event){item->at_ns, item->track, PERFETTO_END, NULL, 0, 0, {{0}}});
    else if (item->kind < SPAN_BEGIN)
        task_write(out, item, &t->timeline->task[item->index]);
    else
        span_write(out, item, &t->timeline->span[item->index]);
}

int tracks_write(FILE *out, const struct timeline *timeline, const char *title)
{
    struct tracks t = {.timeline = timeline};
    t.item = calloc(6 * timeline->tasks + 4 * timeline->spans + 1, sizeof *t.item);
    t.lane = calloc(timeline->tasks + 1, sizeof *t.lane);
    t.by_worker = calloc(timeline->tasks + 1, sizeof *t.by_worker);
    int rc = t.item && t.lane && t.by_worker ? lanes_make(&t) : -ENOMEM;
    for (size_t i = 0; i < timeline->tasks && !rc; i++)
        task_put(&t, i);
    for (size_t i = 0; i < timeline->spans && !rc; i++)
        span_put(&t, i);
    if (!rc) {
        qsort(t.item, t.count, sizeof *t.item, by_time);
        rc = tracks_declare(out, &t, title);
    }
    for (size_t i = 0; i < t.count && !rc; i++)
        item_write(out, &t, &t.item[i]);
    free(t.item);
    free(t.lane);
    free(t.by_worker);
    return rc;
}
