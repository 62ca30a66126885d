/* The arithmetic of one trial, see states.h; docs/WHY.md derives it. */
#include "bench/analyse/why/states.h"
#include <math.h>
#include <string.h>

#define SLEEPERS 0.1  /* of a body, off the CPU under serial: its tasks sleep */
#define ROOM     0.02 /* of a slot, between bodies: less does not matter */

const struct state_words state_words[STATES] = {
    [STATE_BODY] = {"task bodies, as serial", "task bodies", "body", "none"},
    [STATE_BODY_MORE] = {"bodies: beyond serial", "CPU time of task bodies beyond what serial takes", "body-excess",
                         "none"},
    [STATE_HAND] = {"on a CPU between tasks", "CPU time between tasks", "handing-over", "none"},
    [STATE_WAIT_SUBMITTER] = {"waits: submitter has the CPU", "waiting for a CPU that the submitter had", "waiting",
                              "own-submitter"},
    [STATE_WAIT_WORKERS] = {"waits: another worker has it", "waiting for a CPU that other workers had", "waiting",
                            "own-worker"},
    [STATE_WAIT_QUOTA] = {"waits: the quota is used up", "waiting for a CPU as the quota was used up", "waiting",
                          "quota"},
    [STATE_WAIT_OTHERS] = {"waits: others have the CPU", "waiting for a CPU that others had", "waiting", "others"},
    [STATE_WAIT] = {"waits: who has it not told", "waiting for a CPU", "waiting", "unknown"},
    [STATE_TAKEN] = {"taken by the hypervisor", "CPU time that the hypervisor took", "taken", "hypervisor"},
    [STATE_SLEEP] = {"asleep in tasks, as serial", "sleeping in tasks", "sleep", "none"},
    [STATE_SLEEP_MORE] = {"off a CPU in tasks beyond", "time off a CPU in tasks beyond what serial has", "sleep-excess",
                          "none"},
    [STATE_BESIDE] = {"off in a process, beside task", "processes that are off a CPU beside their task", "process-off",
                      "none"},
    [STATE_EMPTY] = {"no process yet", "waiting for a process to be made", "no-process", "none"},
    [STATE_ENDED] = {"its process ends, is reaped", "processes that end and wait to be reaped", "ended", "none"},
    [STATE_IDLE_QUEUED] = {"idle: a task was queued", "workers that are idle though a task is queued", "idle-queued",
                           "none"},
    [STATE_IDLE_BUSY] = {"idle: submitter at work", "workers that are idle while the submitter is at work",
                         "idle-handing", "own-submitter"},
    [STATE_MADE] = {"its process is being made", "making a process for each task", "being-made", "own-submitter"},
    [STATE_OFF] = {"waits for a CPU, or idle", "waiting for a CPU or being idle", "off", "unknown"},
    [STATE_IDLE_SUBMITTER] = {"idle: submitter waits itself", "being idle while the submitter waits for a CPU", "idle",
                              "own-submitter"},
    [STATE_IDLE] = {"idle between tasks", "workers that are idle between tasks", "idle", "none"},
    [STATE_IDLE_END] = {"idle after its last task", "workers that are idle at the end", "idle-end", "none"},
    [STATE_LATE] = {"handed in late", "being handed in late", "late", "own-submitter"},
    [STATE_QUEUED_FULL] = {"queued: all workers at work", "being queued while all workers were at work", "queued",
                           "own-worker"},
    [STATE_QUEUED_FREE] = {"queued: a worker was free", "being queued while a worker was free", "queued", "none"},
    [STATE_QUEUED] = {"queued", "being queued", "queued", "unknown"},
    [STATE_TAIL_BODY] = {"its body, as the middle task", "longer bodies of all tasks", "body", "none"},
    [STATE_TAIL_MORE] = {"its body beyond that", "longer bodies than the middle task has", "body-excess", "none"},
    [STATE_RETURN] = {"ended and not reaped", "lying ended and not reaped", "return", "own-submitter"},
    [STATE_UNKNOWN] = {"unknown", "unknown", "unknown", "unknown"},
};

static double clamp(double value, double lo, double hi)
{
    return fmin(fmax(value, lo), fmax(lo, hi));
}

static double known(double value)
{
    return isnan(value) ? 0 : value;
}

/* What bodies take on a CPU, a task: not measured, but enclosed. They took no more than all CPU time of the workers, no
 * more than they lasted, and no less than they lasted without all waiting and stealing that there was. Between these
 * the middle task tells, which few preemptions strike: by how much it lasted longer than serial's. Where tasks sleep it
 * tells of the sleeping, and bodies are taken to use what they do under serial. */
static double body_cpu(const struct taken_apart *t, double cpu, double asleep)
{
    const double most = fmin(cpu, t->service_ns - asleep),
                 least = isnan(t->waiting_ns)
                             ? 0
                             : t->service_ns - asleep - (t->waiting_ns + known(t->steal_ns)) / t->tasks;
    double guess = t->serial_cpu_ns;
    if (isnan(guess))
        guess = t->is_fixed ? t->service_p50_ns : (fmax(least, 0) + most) / 2;
    else if (asleep <= SLEEPERS * t->serial_service_ns)
        guess += t->service_p50_ns - t->serial_p50_ns;
    else
        return clamp(guess, 0, most);
    return clamp(guess, fmax(least, 0), most);
}

/* Waiting is dealt out to who can have had the CPU. While the quota keeps a CPU from the group nobody of it has it, and
 * whoever wants it waits. The submitter's time is measured, and nobody waits longer for it;
 * that of others is an upper bound, as it may have passed while no worker wanted a CPU. Where there are more workers
 * than CPUs, one waits for another worker or for others by what these have used. */
static void holders(const struct taken_apart *t, double waiting, double *ns)
{
    const double others = known(t->others_ns) / t->tasks, own = t->workers_cpu_ns / t->tasks;
    double by = fmin(waiting, known(t->throttled_ns) / t->tasks);
    ns[STATE_WAIT_QUOTA] = by;
    waiting -= by;
    by = t->shares_cpu ? fmin(waiting, t->submitter_ns / t->tasks) : 0;
    ns[STATE_WAIT_SUBMITTER] = by;
    waiting -= by;
    by = fmin(waiting, others);
    if (t->more_workers && own > 0)
        by = fmin(by, waiting * others / (others + own));
    ns[STATE_WAIT_OTHERS] = by;
    ns[t->more_workers ? STATE_WAIT_WORKERS : STATE_WAIT] = waiting - by;
}

/* Off a CPU inside bodies: asleep as serial is, waiting, taken, or asleep for a reason of its own. Returns the waiting.
 */
static double inside(const struct taken_apart *t, double off, double asleep, double *ns)
{
    double waiting, taken;
    ns[STATE_SLEEP] = fmin(off, asleep);
    off -= ns[STATE_SLEEP];
    if (isnan(t->waiting_ns) && asleep > SLEEPERS * t->service_ns) { /* waiting, or woken late */
        ns[STATE_UNKNOWN] = off;
        return 0;
    }
    waiting = isnan(t->waiting_ns) ? off : fmin(off, t->waiting_ns / t->tasks);
    off -= waiting;
    taken = fmin(off, known(t->steal_ns) / t->tasks);
    ns[STATE_TAKEN] = taken;
    ns[STATE_SLEEP_MORE] = off - taken;
    return waiting;
}

/* Between bodies. What of the waiting was not inside was there, or it was the submitter's own, which slots have not:
 * it takes no more than there is. Returns the waiting. */
static double between(const struct taken_apart *t, double gap, double waited, enum states_detail detail, double *ns)
{
    double waiting;
    ns[STATE_MADE] = t->makes_processes ? fmin(gap, t->submitter_ns / t->tasks) : 0;
    gap -= ns[STATE_MADE];
    if (detail != DETAIL_ALL) {
        ns[STATE_OFF] = gap;
        return 0;
    }
    waiting = clamp(t->waiting_ns / t->tasks - waited, 0, gap);
    gap -= waiting;
    ns[STATE_IDLE_END] = isnan(t->end_ns) ? 0 : clamp(t->end_ns / t->tasks, 0, gap);
    gap -= ns[STATE_IDLE_END];
    ns[STATE_IDLE_SUBMITTER] = fmin(gap, t->workers * known(t->submitter_wait_ns) / t->tasks);
    ns[STATE_IDLE] = gap - ns[STATE_IDLE_SUBMITTER];
    return waiting;
}

/* Processes of one task take with them how long they waited. And it is read when workers have answered after the last
 * task: on a busy machine what they waited for to answer is in it, and where it is more than there was time for
 * between bodies, it says nothing of that time. */
static enum states_detail detail_of(const struct taken_apart *t, double slot, double gap, double waited)
{
    if (isnan(t->waiting_ns))
        return DETAIL_LEAST;
    return gap > ROOM * slot && t->waiting_ns / t->tasks - waited > gap ? DETAIL_INSIDE : DETAIL_ALL;
}

/* Bodies on a CPU and off it, and CPU time between them. Returns the waiting inside; *gap is what is left. Where they
 * were not timed, all CPU time beyond serial's is one state, and so is all waiting. */
static double bodies(const struct taken_apart *t, double slot, double asleep, double *ns, double *gap)
{
    const double cpu = t->workers_cpu_ns / t->tasks;
    double waiting = 0;
    if (!isnan(t->service_ns)) {
        asleep = fmin(asleep, t->service_ns);
        const double body = body_cpu(t, cpu, asleep), serial = isnan(t->serial_cpu_ns) ? body : t->serial_cpu_ns;
        ns[STATE_BODY] = serial;
        ns[STATE_BODY_MORE] = body - serial;
        ns[STATE_HAND] = cpu - body;
        waiting = inside(t, t->service_ns - body, asleep, ns);
        *gap = fmax(0, slot - t->service_ns - ns[STATE_HAND]);
    } else {
        ns[STATE_BODY] = isnan(t->serial_cpu_ns) ? 0 : fmin(cpu, t->serial_cpu_ns);
        ns[STATE_HAND] = cpu - ns[STATE_BODY];
        ns[STATE_SLEEP] = clamp(asleep, 0, slot - cpu);
        *gap = fmax(0, slot - cpu - ns[STATE_SLEEP]);
    }
    return waiting;
}

/* Who had the CPU; what does not fit; and all of it a slot. */
static void close_states(const struct taken_apart *t, double waiting, double slot, double *ns)
{
    double sum = 0;
    holders(t, waiting, ns);
    for (int i = 0; i < STATES; i++)
        sum += ns[i];
    ns[STATE_UNKNOWN] += slot - sum;
    for (int i = 0; i < STATES; i++)
        ns[i] /= t->workers;
}

void states_take_apart(const struct taken_apart *t, struct states *s)
{
    const double slot = t->workers * t->wall_ns / t->tasks;
    double parts[STATES] = {0}, waiting, gap, asleep = 0;
    *s = (struct states){.slots = t->workers,
                         .whole_ns = t->wall_ns / t->tasks,
                         .submitter_share = (t->submitter_ns + known(t->submitter_wait_ns)) / t->wall_ns,
                         .has_serial = !isnan(t->serial_cpu_ns),
                         .has_stamps = !isnan(t->service_ns),
                         .has_wait = !isnan(t->submitter_wait_ns),
                         .has_end = !isnan(t->end_ns)};
    if (!isnan(t->serial_service_ns))
        asleep = fmax(0, t->serial_service_ns - t->serial_cpu_ns - known(t->serial_waiting_ns));
    waiting = bodies(t, slot, asleep, parts, &gap);
    s->detail = detail_of(t, slot, gap, waiting);
    for (int i = 0; i < DETAILS; i++) {
        const enum states_detail detail = (enum states_detail)i < s->detail ? s->detail : (enum states_detail)i;
        double *ns = s->ns[i];
        memcpy(ns, parts, sizeof parts);
        const double more = between(t, gap, waiting, detail, ns);
        if (detail == DETAIL_LEAST) /* a process may wait before its body what another one waits inside */
            ns[STATE_OFF] += waiting;
        close_states(t, detail == DETAIL_LEAST ? 0 : waiting + more, slot, ns);
    }
}
