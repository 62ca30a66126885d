/* What happens when a worker process ends: noticed by SIGCHLD, its last words taken, its place filled. See
 * group_state.h, Death.
 *
 *   alive --wait4--> fallen --records drained and taken back--> recovered --fork--> alive
 *
 * Recovery waits until every record that the dead have completed is with the pool, because only then do the slots that
 * still name them tell the truth: one is what a worker was running, the others were claimed and not started. Which
 * thread's task is to blame for the end of a process of several is known when it was ended for its time limit, when it
 * died of a signal that fatal_note saw, or when the record it was writing says so (struct done); the others' tasks are
 * collateral then. Else nobody knows, as after a SIGKILL from outside, and all share the signal. */
#include "pools/parts/survive.h"
#include "pools/parts/birth.h"
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

enum {
    BARREN_MAX = 200,       /* deaths in a row, beside one a process, without anything done in between */
    STOP_PAUSE_NS = 100000, /* between looks whether a process has come to a halt */
    STOP_LOOKS = 100,
    STOP_LOOKS_EACH = 10,   /* then it is told again */
    RESTLESS_MOST = 10,     /* attempts of so many looks; then it is ended where it is */
    LOOK_AGAIN_NS = 100000, /* at the soonest */
};

static struct worker *first_of(const struct group *group, unsigned process)
{
    return &group->worker[(size_t)process * group->threads];
}

static bool was_told_to_go(const struct group *group, unsigned process)
{
    int status = group->unit[process].status;
    /* acquire: with it the usage it noted; wait4 alone would do, here and wherever the dead are asked (relaxed) */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
           atomic_load_explicit(&first_of(group, process)->retired, memory_order_acquire);
}

/* Between noticing the death of the one before and this one's being ready. */
static void count_replaced(struct group *group, unsigned process)
{
    struct unit *unit = &group->unit[process];
    struct worker *worker = first_of(group, process);
    /* acquire: ready_ns (group.c, worker_main) */
    if (!unit->noticed_ns || !atomic_load_explicit(&worker->tid, memory_order_acquire))
        return;
    group->gone.replace_ns += (int64_t)(worker->ready_ns - unit->noticed_ns);
    unit->noticed_ns = 0;
}

void group_count_replaced(struct group *group)
{
    for (unsigned i = 0; i < group->processes; i++)
        if (group->unit[i].pid)
            count_replaced(group, i);
}

static void count_usage(struct group *group, unsigned process, const struct rusage *rusage)
{
    struct worker *worker = first_of(group, process);
    if (was_told_to_go(group, process)) { /* they have said it themselves, and more */
        for (unsigned i = 0; i < group->threads; i++)
            usage_add(&group->gone, &worker[i].usage);
        return;
    }
    usage_add_ended(&group->gone, rusage);
    group->gone.workers_lost++;
}

/* The process has been waited for: everything it has completed counts as published. */
static void unit_fell(struct group *group, unsigned process, int status, const struct rusage *rusage)
{
    struct unit *unit = &group->unit[process];
    unit->status = status;
    unit->fallen = true;
    unit->pid = 0;
    count_replaced(group, process);
    count_usage(group, process, rusage);
    if (!was_told_to_go(group, process)) {
        unit->noticed_ns = clock_monotonic_ns();
        /* while the pool opens, to have become ready is what there is to be done; acquire: formal, it is dead */
        bool was_ready = atomic_load_explicit(&first_of(group, process)->tid, memory_order_acquire) != 0;
        group->barren = group->opening && was_ready ? 0 : group->barren + 1;
    }
    group->down++;
    for (unsigned i = 0; i < group->threads; i++) {
        unsigned number = process * group->threads + i;
        struct worker *worker = &group->worker[number];
        /* acquire: the records; the process is gone, and with it whoever could write */
        uint32_t filled = atomic_load_explicit(&worker->filled, memory_order_acquire);
        /* relaxed: from here on the submitter's own, as head is */
        atomic_store_explicit(&worker->tail, filled, memory_order_relaxed);
        group->left[number / 64] |= 1ull << (number % 64);
        idle_leave(group, number);
    }
}

static bool is_drained(const struct group *group, unsigned process)
{
    const struct worker *worker = first_of(group, process);
    for (unsigned i = 0; i < group->threads; i++)
        if (atomic_load_explicit(&worker[i].head, memory_order_relaxed) !=
            atomic_load_explicit(&worker[i].tail, memory_order_relaxed))
            return false;
    return true;
}

/* The record that the worker was writing when it died. */
static struct done *last_record(const struct group *group, unsigned number)
{
    uint32_t filled = atomic_load_explicit(&group->worker[number].filled, memory_order_relaxed);
    return group_record(group, number, filled);
}

/* Of a process that was ended for its limit. */
static bool is_over(const struct group *group, const struct done *fallen)
{
    uint64_t over = group->over[fallen->worker].ended;
    return over && over >> 32 == fallen->task;
}

static bool is_culprit(const struct group *group, unsigned process, const struct done *fallen)
{
    if (group->unit[process].timed_out)
        return is_over(group, fallen);
    const struct done *record = last_record(group, fallen->worker);
    return atomic_load_explicit(&group->worker[fallen->worker].fatal, memory_order_relaxed) ||
           (record->task == fallen->task && record->status == TASK_LOST);
}

static void describe(const struct group *group, unsigned process, struct done *fallen, bool collateral)
{
    const struct unit *unit = &group->unit[process];
    task_fallen(last_record(group, fallen->worker), unit->status, fallen);
    if (collateral)
        fallen->status = TASK_COLLATERAL;
    else if (unit->timed_out && is_over(group, fallen))
        fallen->status = TASK_TIMEOUT;
    fallen->pid = group->worker[fallen->worker].pid;
    fallen->worker = (uint16_t)(fallen->worker + group->first);
}

static void unit_recover(struct group *group, unsigned process)
{
    unsigned first = process * group->threads;
    struct done *fallen = group->fallen + group->fallen_count;
    unsigned count = group->body.recover(group->body.work, first, group->threads, fallen);
    bool somebody = false;
    for (unsigned i = 0; i < count; i++)
        somebody |= is_culprit(group, process, &fallen[i]);
    for (unsigned i = 0; i < count; i++)
        describe(group, process, &fallen[i], somebody && !is_culprit(group, process, &fallen[i]));
    for (unsigned i = first; i < first + group->threads; i++)
        last_record(group, i)->status = TASK_OK; /* whoever has the ring next must not be taken for having said it */
    memset(&group->over[first], 0, group->threads * sizeof *group->over);
    group->fallen_count += count;
    if (count)
        group->barren = 0;
    group->unit[process].fallen = false;
}

/* Tasks that were lost in several generations of workers may wait to be reported; then the last of them has to wait. */
static bool has_room_for_fallen(const struct group *group)
{
    return group->fallen_count + group->threads <= group->workers;
}

/* A new process in the place of the old, with the same numbers, places and names. */
static int unit_restart(struct group *group, unsigned process)
{
    unsigned first = process * group->threads;
    group->born_after = atomic_load_explicit(&group->shared->orders, memory_order_relaxed); /* ours */
    for (unsigned number = first; number < first + group->threads; number++) {
        struct worker *worker = &group->worker[number];
        if (worker->error)
            return worker->error; /* the next one would fail of the same */
        /* it has nothing to report; but a pool that opens waits until there was somebody ready in each place. Once is
         * enough: where they die all the time, a moment in which all are there need never come */
        uint32_t answered = group->opening ? worker->answered : group->born_after;
        memset(worker, 0, sizeof *worker); /* plain: nobody else looks at who does not exist, and fork publishes */
        worker->answered = answered;
        usage_clear(&worker->usage);
        group->left[number / 64] &= ~(1ull << (number % 64));
    }
    int rc = group_fork(group, process);
    group->down -= rc == 0;
    return rc;
}

static void look_who_fell(struct group *group)
{
    unsigned down = group->down;
    /* acquire, and before the pids are asked: a child that ends later is another number */
    group->children_seen = atomic_load_explicit(&group->event->children, memory_order_acquire);
    for (unsigned i = 0; i < group->started; i++) {
        int status;
        struct rusage rusage;
        if (group->unit[i].pid && wait4(group->unit[i].pid, &status, WNOHANG, &rusage) == group->unit[i].pid)
            unit_fell(group, i, status, &rusage);
    }
    if (group->down > down)
        group_ring_all(group); /* a wake-up that one of them was about to pass on */
}

int group_tend(struct group *group, bool all_taken)
{
    uint64_t now = clock_monotonic_ns();
    if (group_has_news(group))
        look_who_fell(group);
    if (group->barren > BARREN_MAX + group->processes)
        return -EOWNERDEAD;
    int rc = 0;
    for (unsigned i = 0; i < group->started && group->down; i++) {
        struct unit *unit = &group->unit[i];
        if (unit->pid)
            continue;
        if (unit->fallen && all_taken && is_drained(group, i) && has_room_for_fallen(group))
            unit_recover(group, i);
        if (unit->fallen || group->retry_ns > now)
            continue;
        rc = unit_restart(group, i);
        if (rc < 0)
            break;
        group->refused_ns = 0;
    }
    if (rc == 0)
        return 0;
    /* EAGAIN, ENOMEM: there may be room again soon, and others may go on meanwhile, unless a pool that opens waits for
     * all of them */
    if (rc != -EAGAIN && rc != -ENOMEM)
        return rc;
    group->retry_ns = now + FORK_RETRY_NS;
    if ((group->down < group->processes && !group->opening) || !group->refused_ns)
        group->refused_ns = now;
    return now - group->refused_ns > FORK_GIVE_UP_NS ? rc : 0;
}

/* ---- the limit of a task ---- */

/* Programs that the tasks of a stopped process have started: they are what runs for too long, and would go on beside
 * the tasks that follow. It cannot wait for them while it is stopped, so the numbers are theirs. */
static void end_programs(const struct group *group, unsigned process)
{
    const struct worker *worker = first_of(group, process);
    for (unsigned i = 0; i < group->threads; i++) {
        char path[64];
        int program;
        unsigned tid = atomic_load_explicit(&worker[i].tid, memory_order_acquire);
        snprintf(path, sizeof path, "/proc/%d/task/%u/children", (int)group->unit[process].pid, tid);
        FILE *programs = fopen(path, "re");
        while (programs && fscanf(programs, "%d", &program) == 1)
            kill(program, SIGKILL);
        if (programs)
            fclose(programs);
    }
}

/* Has it been brought to a halt? Whoever continues it, at whatever moment, takes the stop back, so it is asked for
 * again, and not for ever. */
static bool stop_unit(const struct unit *unit)
{
    const struct timespec pause = {.tv_nsec = STOP_PAUSE_NS};
    for (unsigned i = 0; i < STOP_LOOKS; i++) {
        if (i % STOP_LOOKS_EACH == 0 && kill(unit->pid, SIGSTOP) < 0)
            return false; /* it has ended: SIGCHLD tells */
        if (child_is_stopped(unit->pid))
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* What that worker is running, if it is over the limit, else 0. *next: ticks until it may be, if that is sooner. */
static uint64_t running_over(const struct group *group, unsigned number, uint64_t now, uint64_t *next)
{
    /* acquire: `since` belongs to it, or to a later task, which is younger */
    uint64_t running = atomic_load_explicit(&group->worker[number].running, memory_order_acquire);
    uint64_t since = atomic_load_explicit(&group->worker[number].since, memory_order_relaxed);
    uint64_t age = running && now > since ? now - since : 0;
    uint64_t allowed = group->over[number].running == running ? group->over[number].allowed : 0;
    age = age > allowed ? age - allowed : 0;
    if (age >= group->limit_ticks)
        return running;
    if (group->limit_ticks - age < *next)
        *next = group->limit_ticks - age;
    return 0;
}

/* Ends the process if one of its workers is over the limit: it is stopped for the look, so that no other task is hit.
 * One that will not stand still, or cannot, is looked at again, and ended all the same in the end. */
static void end_unit(struct group *group, unsigned process)
{
    struct unit *unit = &group->unit[process];
    unsigned first = process * group->threads;
    uint64_t next = 0;
    bool stands = stop_unit(unit), ends = false;
    unit->restless = stands ? 0 : unit->restless + 1;
    if (stands || unit->restless > RESTLESS_MOST)
        for (unsigned i = first; i < first + group->threads; i++) {
            group->over[i].ended = running_over(group, i, clock_ticks(), &next);
            ends |= group->over[i].ended != 0;
        }
    if (ends) {
        unit->timed_out = true;
        end_programs(group, process);
    }
    kill(unit->pid, ends ? SIGKILL : SIGCONT);
}

/* We look so much later than we were to, and did not run meanwhile: that is nobody's time. */
static void gap_allow(struct group *group, uint64_t late_ns)
{
    const uint64_t late = clock_from_ns(late_ns), now = clock_ticks();
    for (unsigned i = 0; i < group->workers; i++) {
        struct over *over = &group->over[i];
        /* acquire: see running_over */
        uint64_t running = atomic_load_explicit(&group->worker[i].running, memory_order_acquire);
        uint64_t since = atomic_load_explicit(&group->worker[i].since, memory_order_relaxed);
        uint64_t age = running && now > since ? now - since : 0;
        if (over->running != running)
            *over = (struct over){.ended = over->ended, .running = running};
        over->allowed += late < age ? late : age;
    }
    for (unsigned i = 0; i < group->started && group->processes; i++)
        if (group->unit[i].stopped_ns)
            group->unit[i].stopped_ns += late_ns;
}

/* Processes with a task that is over the limit, and those that have stood still for as long without one: they do not
 * come when they are called. Returns ticks until the next look. */
static uint64_t units_look(struct group *group)
{
    uint64_t next = group->limit_ticks;
    for (unsigned process = 0; process < group->started; process++) {
        struct unit *unit = &group->unit[process];
        bool over = false;
        for (unsigned i = 0; i < group->threads; i++)
            over |= running_over(group, process * group->threads + i, clock_ticks(), &next) != 0;
        if (!unit->pid || unit->timed_out)
            continue;
        if (over)
            end_unit(group, process);
        else if (child_stopped_for(unit->pid, group->config->task_limit_ns, &unit->stopped_ns))
            kill(unit->pid, SIGKILL);
        if (over && !unit->timed_out)
            next = 0;
    }
    return next;
}

static int enforce_limit(struct group *group, uint64_t *until_ns)
{
    if (!group->limit_ticks)
        return 0;
    uint64_t now_ns = clock_monotonic_ns(), next = group->limit_ticks;
    if (now_ns >= group->limit_due_ns) {
        if (group->limit_due_ns && now_ns - group->limit_due_ns > LOOK_AGAIN_NS)
            gap_allow(group, now_ns - group->limit_due_ns);
        if (group->processes)
            next = units_look(group);
        for (unsigned i = 0; i < group->workers && !group->processes; i++)
            if (running_over(group, i, clock_ticks(), &next))
                return -ETIME;
        uint64_t wait_ns = clock_to_ns(next) + 1, look_ns = limit_look_ns(group->config->task_limit_ns);
        wait_ns = wait_ns < look_ns ? wait_ns : look_ns;
        group->limit_due_ns = now_ns + (wait_ns > LOOK_AGAIN_NS ? wait_ns : LOOK_AGAIN_NS);
    }
    if (group->limit_due_ns < *until_ns)
        *until_ns = group->limit_due_ns;
    return 0;
}

int group_look_after(struct group *group, bool all_taken, uint64_t *until_ns)
{
    if (group_must_tend(group)) {
        int rc = group_tend(group, all_taken);
        if (rc < 0)
            return rc;
        if (group->down && group->retry_ns < *until_ns)
            *until_ns = group->retry_ns;
    }
    return enforce_limit(group, until_ns);
}
