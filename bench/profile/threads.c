/* See threads.h. */
#include "bench/profile/threads.h"
#include "bench/base/room.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOBODY SIZE_MAX

const char *const thread_role_names[ROLES] = {"submitter", "worker", "forker", "child", "program", "helper"};
const char *const thread_does_names[THREAD_DOES] = {"on-cpu", "waiting", "off"};

/* A thread that is followed, and its stretch that is open. */
struct follow {
    struct stretch open;
    bool is_there;
};

struct reading {
    struct threads *threads;
    struct follow *follow; /* one a thread */
    size_t room, stretch_room;
    size_t *by_tid; /* 1 + the last thread that had it; 0: none */
    uint32_t trial;
    bool submitter_works, makes, has_forkers;
};

static int stretch_put(struct reading *r, const struct stretch *stretch)
{
    struct threads *threads = r->threads;
    if (stretch->to_ns <= stretch->from_ns && !stretch->is_last)
        return 0;
    if (room_for(&threads->stretch, &r->stretch_room, threads->stretches + 1, sizeof *stretch))
        return -ENOMEM;
    threads->stretch[threads->stretches++] = *stretch;
    return 0;
}

static int thread_add(struct reading *r, uint32_t tid, const struct stretch *open)
{
    struct threads *threads = r->threads;
    if (threads->count == r->room) {
        const size_t room = r->room ? 2 * r->room : 64;
        struct thread *more = reallocarray(threads->thread, room, sizeof *more);
        if (more)
            threads->thread = more;
        struct follow *follow = more ? reallocarray(r->follow, room, sizeof *follow) : NULL;
        if (!follow)
            return -ENOMEM;
        r->follow = follow;
        r->room = room;
    }
    const size_t at = threads->count++;
    threads->thread[at] = (struct thread){.tid = tid, .role = ROLE_HELPER, .slot = -1};
    if (tid == r->trial) {
        threads->thread[at].role = ROLE_SUBMITTER;
        threads->thread[at].slot = r->submitter_works ? 0 : -1;
    }
    r->follow[at] = (struct follow){*open, true};
    r->follow[at].open.thread = at;
    r->by_tid[tid] = at + 1;
    return 0;
}

/* The thread goes on to do something else; its CPU while it waits is the one on which it comes to run. */
static int thread_turn(struct reading *r, size_t at, const struct switch_record *record, enum thread_does does)
{
    struct stretch *open = &r->follow[at].open;
    open->to_ns = record->at_ns;
    if (does == THREAD_ON && open->does == THREAD_WAITS && open->cpu == CPU_UNKNOWN)
        open->cpu = record->cpu;
    int rc = stretch_put(r, open);
    *open = (struct stretch){.thread = at, .does = does, .cpu = record->cpu, .from_ns = record->at_ns};
    return rc;
}

static int thread_end(struct reading *r, size_t at, uint64_t at_ns)
{
    struct stretch *open = &r->follow[at].open;
    open->to_ns = at_ns;
    open->is_last = true;
    r->follow[at].is_there = false;
    return stretch_put(r, open);
}

/* What one was made by says what it is until it has a name of its own. */
static int thread_made(struct reading *r, const struct switch_record *record)
{
    const struct stretch waits = {.does = THREAD_WAITS, .cpu = CPU_UNKNOWN, .from_ns = record->at_ns};
    int rc = thread_add(r, record->tid, &waits);
    const size_t parent = r->by_tid[record->parent];
    if (rc || !parent)
        return rc;
    const struct thread *by = &r->threads->thread[parent - 1];
    struct thread *thread = &r->threads->thread[r->threads->count - 1];
    thread->slot = by->slot;
    if (by->role == ROLE_FORKER && by->slot >= 0)
        thread->role = ROLE_CHILD;
    return 0;
}

static void thread_named(struct reading *r, struct thread *thread, const char *name)
{
    unsigned slot;
    if (thread->role == ROLE_SUBMITTER)
        return;
    if (sscanf(name, "pb-worker-%u", &slot) == 1) {
        thread->slot = (int)slot;
        thread->role = r->has_forkers ? ROLE_FORKER : r->makes ? ROLE_CHILD : ROLE_WORKER;
    } else if (!strcmp(name, "pb-spawner")) {
        thread->slot = -1;
        thread->role = ROLE_FORKER;
    }
}

static int record_take(struct reading *r, const struct switch_record *record)
{
    const struct stretch on = {.does = THREAD_ON, .cpu = record->cpu, .from_ns = record->at_ns};
    if (record->kind == SWITCH_MADE)
        return thread_made(r, record);
    size_t at = r->by_tid[record->tid];
    if (!at || !r->follow[at - 1].is_there) {
        if (record->kind == SWITCH_ENDED)
            return 0;
        int rc = thread_add(r, record->tid, &on);
        if (rc)
            return rc;
        at = r->by_tid[record->tid];
    }
    struct thread *thread = &r->threads->thread[at - 1];
    switch (record->kind) {
    case SWITCH_IN:
        return thread_turn(r, at - 1, record, THREAD_ON);
    case SWITCH_OUT:
        return thread_turn(r, at - 1, record, THREAD_OFF);
    case SWITCH_PREEMPTED:
        return thread_turn(r, at - 1, record, THREAD_WAITS);
    case SWITCH_ENDED:
        return thread_end(r, at - 1, record->at_ns);
    case SWITCH_EXEC:
        if (thread->role != ROLE_SUBMITTER)
            thread->role = ROLE_PROGRAM;
        return 0;
    case SWITCH_NAMED:
        thread_named(r, thread, record->name);
        return 0;
    default:
        return 0;
    }
}

static int rest_end(struct reading *r, uint64_t at_ns)
{
    int rc = 0;
    for (size_t i = 0; i < r->threads->count && !rc; i++)
        if (r->follow[i].is_there)
            rc = thread_end(r, i, at_ns);
    return rc;
}

int threads_make(const struct switch_record *records, size_t count, pid_t trial, unsigned traits,
                 const struct pool_shape *shape, struct threads *threads)
{
    struct reading r = {.threads = threads,
                        .trial = (uint32_t)trial,
                        .submitter_works = traits & POOL_SUBMITTER_WORKS,
                        .makes = traits & POOL_TASK_IS_PROCESS,
                        .has_forkers = shape->forkers > 0};
    uint32_t most = (uint32_t)trial;
    *threads = (struct threads){0};
    for (size_t i = 0; i < count; i++) {
        most = records[i].tid > most ? records[i].tid : most;
        most = records[i].parent > most ? records[i].parent : most;
    }
    r.by_tid = calloc((size_t)most + 1, sizeof *r.by_tid);
    int rc = r.by_tid ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && !rc; i++)
        rc = record_take(&r, &records[i]);
    if (!rc && count)
        rc = rest_end(&r, records[count - 1].at_ns);
    free(r.by_tid);
    free(r.follow);
    if (rc)
        threads_release(threads);
    return rc;
}

void threads_release(struct threads *threads)
{
    free(threads->thread);
    free(threads->stretch);
    *threads = (struct threads){0};
}
