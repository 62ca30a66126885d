/* Reasons: rules that need counts and states to agree. What none of them bears out has no reason, and is not explained
 * (docs/WHY.md has them as a table). */
#include "bench/analyse/why/explain.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define GONE         (1. / 3) /* a difference that is at most this much of the other has gone */
#define BUSY         0.8      /* of the time on a CPU: a submitter that hardly rests */
#define SWITCH_LEAST 0.1      /* a task: below, switches are not those of tasks */
#define SWITCH_NS    100e3    /* one takes no longer than that, waking up included */
#define FAULT_LEAST  0.05     /* a task */
#define FAULT_NS     50       /* one takes no less than that; */
#define FAULT_MOST   200e3    /* and no more, huge pages included */

static const struct factors *factors_of_b(const struct explanation *e)
{
    return &e->b_run->run->rows[e->b].f;
}

static const struct summary_row *row_a(const struct explanation *e)
{
    return &e->a_run->run->rows[e->a];
}

static const struct summary_row *row_b(const struct explanation *e)
{
    return &e->b_run->run->rows[e->b];
}

/* The part over all slots, a task: what counts of a trial are to be compared with. */
static double of_all_slots(const struct explanation *e, enum state state)
{
    const struct change *change = &e->part[state].change;
    const int64_t a = row_a(e)->f.workers, b = row_b(e)->f.workers;
    return change->b * (double)(b > 0 ? b : 1) - change->a * (double)(a > 0 ? a : 1);
}

/* Both surely differ, and to the same side. */
static bool agrees(const struct change *fact, double more)
{
    return fact->is_sure && fact->more * more > 0;
}

static void carried_text(const struct explanation *e, char *text, size_t size)
{
    const struct factors *f = factors_of_b(e);
    char in[32], out[32];
    if (f->ballast.bytes > 0)
        snprintf(text, size, "the ballast of %s", format_bytes(in, sizeof in, (double)f->ballast.bytes));
    else if (f->payload.in > 0 && f->payload.out > 0)
        snprintf(text, size, "copying %s in and %s out", format_bytes(in, sizeof in, (double)f->payload.in),
                 format_bytes(out, sizeof out, (double)f->payload.out));
    else
        snprintf(text, size, "copying %s",
                 format_bytes(in, sizeof in, (double)(f->payload.in > 0 ? f->payload.in : f->payload.out)));
}

/* Not there in the same pair without payload and ballast; or these are what A and B differ in. */
static bool is_carried(const struct explanation *e, enum state state)
{
    const struct part *part = &e->part[state];
    const struct factors *f = factors_of_b(e);
    if (e->by & (FACTOR_PAYLOAD | FACTOR_BALLAST))
        return state == STATE_BODY_MORE;
    return (f->payload.in > 0 || f->payload.out > 0 || f->ballast.bytes > 0) && e->plain >= e->blocks_needed &&
           fabs(part->plain) <= GONE * fabs(part->change.more);
}

/* More faults a task, and kernel time that such faults can be. */
static bool is_faults(const struct explanation *e, double more)
{
    const struct change *faults = &e->fact[FACT_FAULTS], *kernel = &e->fact[FACT_KERNEL];
    if (!agrees(faults, more) || !agrees(kernel, more) || fabs(faults->more) < FAULT_LEAST)
        return false;
    const double price = kernel->more / faults->more;
    return price >= FAULT_NS && price <= FAULT_MOST;
}

static void faults_say(const struct explanation *e, char *text, size_t size)
{
    const struct change *faults = &e->fact[FACT_FAULTS], *kernel = &e->fact[FACT_KERNEL];
    char ns[32];
    snprintf(text, size, "%.3g page faults a task against %.3g, with %s %s kernel time", faults->b, faults->a,
             format_duration(ns, sizeof ns, fabs(kernel->more)), kernel->more > 0 ? "more" : "less");
}

static const struct change *counted(const struct explanation *e, const char *event)
{
    for (unsigned i = 0; i < e->counters; i++)
        if (!strcmp(e->counter[i].event->event, event) && !isnan(e->counter[i].change.interval.lo))
            return &e->counter[i].change;
    return NULL;
}

/* What the CPU counted of the whole trial, where it tells more work from slower work. */
static bool counted_say(const struct explanation *e, double more, char *text, size_t size)
{
    const struct change *instructions = counted(e, "instructions"), *cycles = counted(e, "cycles"),
                        *misses = counted(e, "cache-misses");
    if (!instructions || !cycles || !agrees(cycles, more))
        return false;
    if (agrees(instructions, more) && fabs(instructions->more) * cycles->a >= fabs(cycles->more) * instructions->a / 2)
        snprintf(text, size, "%.0f instructions a task against %.0f", instructions->b, instructions->a);
    else if (misses && agrees(misses, more))
        snprintf(text, size, "%.3g cache misses a task against %.3g", misses->b, misses->a);
    else
        return false;
    return true;
}

/* Of CPU time in bodies and between them. */
static void reason_body(struct explanation *e, struct part *part)
{
    const double more = of_all_slots(e, STATE_BODY_MORE);
    char carried[96];
    if (is_carried(e, STATE_BODY_MORE)) {
        carried_text(e, carried, sizeof carried);
        snprintf(part->reason, sizeof part->reason, "%s%s", carried,
                 e->plain ? ": without it the difference is not there" : "");
        part->is_named = true;
    } else if (is_faults(e, more)) {
        faults_say(e, part->reason, sizeof part->reason);
        part->is_named = true;
    } else if (e->by == FACTOR_PLACE) {
        snprintf(part->reason, sizeof part->reason, "what the CPUs of that place share: cores, caches, clock");
        part->is_named = true;
    } else if (counted_say(e, more, part->reason, sizeof part->reason)) {
        part->is_named = true;
    } else {
        snprintf(part->reason, sizeof part->reason,
                 "caches, hardware threads or the clock: --profile counters would tell which");
    }
}

static void reason_hand(struct explanation *e, struct part *part)
{
    const double more = of_all_slots(e, STATE_HAND);
    const struct change *switches = &e->fact[FACT_SWITCHES];
    char carried[96];
    part->is_named = true;
    if (is_carried(e, STATE_HAND)) {
        carried_text(e, carried, sizeof carried);
        snprintf(part->reason, sizeof part->reason, "%s", carried);
    } else if (is_faults(e, more)) {
        faults_say(e, part->reason, sizeof part->reason);
    } else if (!e->has_stamps && factors_of_b(e)->size_ns > 0) {
        snprintf(part->reason, sizeof part->reason, "handing over, or slower bodies: --timing task tells them apart");
        part->is_named = false;
    } else if (agrees(switches, more) && fabs(switches->more) >= SWITCH_LEAST) {
        snprintf(part->reason, sizeof part->reason, "going to sleep and waking up: %.2g switches a task against %.2g",
                 switches->b, switches->a);
    } else if (counted_say(e, more, part->reason, sizeof part->reason)) {
        part->is_named = true;
    } else if (!e->by || e->by & FACTOR_TRIAL_PROGRAM) { /* the same pool: it is not how it works */
        snprintf(part->reason, sizeof part->reason, "more work, or caches: --profile counters would tell which");
        part->is_named = false;
    } else {
        snprintf(part->reason, sizeof part->reason, "taking tasks and giving results back");
    }
}

/* The submitter took the CPU for something. */
static void reason_submitter(struct explanation *e, struct part *part)
{
    const struct change *submitter = &e->fact[FACT_SUBMITTER];
    char a[32], b[32], carried[112] = "";
    if (is_carried(e, STATE_WAIT_SUBMITTER)) {
        memcpy(carried, ", ", 3);
        carried_text(e, carried + 2, sizeof carried - 2);
    }
    snprintf(part->reason, sizeof part->reason, "it uses %s a task against %s%s",
             format_duration(b, sizeof b, submitter->b), format_duration(a, sizeof a, submitter->a), carried);
    part->is_named = agrees(submitter, part->change.more);
}

/* What the CPU time of a difference goes into, where counts tell. */
static char *cost_text(const struct explanation *e, enum state state, char *text, size_t size)
{
    const struct change *faults = &e->fact[FACT_FAULTS];
    char carried[96];
    *text = '\0';
    if (is_carried(e, state)) {
        carried_text(e, carried, sizeof carried);
        snprintf(text, size, ", for %s", carried);
    } else if (is_faults(e, e->fact[FACT_CPU].more)) {
        snprintf(text, size, ", for %.3g page faults a task against %.3g", faults->b, faults->a);
    }
    return text;
}

/* Beside the same others, who needs more CPU time waits longer. */
static void reason_others(struct explanation *e, struct part *part)
{
    const struct change *cpu = &e->fact[FACT_CPU];
    char a[32], b[32], cost[128];
    part->is_named = true;
    if (agrees(cpu, part->change.more))
        snprintf(part->reason, sizeof part->reason, "beside them it needs %s of CPU time a task in all, against %s%s",
                 format_duration(b, sizeof b, cpu->b), format_duration(a, sizeof a, cpu->a),
                 cost_text(e, STATE_WAIT_OTHERS, cost, sizeof cost));
    else
        snprintf(part->reason, sizeof part->reason, "at most: they may have run while no worker wanted one");
}

/* It never rests, and has more to do. */
static bool is_serialised(const struct explanation *e, double more)
{
    return agrees(&e->fact[FACT_SUBMITTER], more) && e->submitter_share[more > 0] >= BUSY;
}

static void serialised_say(const struct explanation *e, enum state state, struct part *part)
{
    const struct change *submitter = &e->fact[FACT_SUBMITTER];
    char a[32], b[32], carried[112] = "";
    if (is_carried(e, state)) {
        memcpy(carried, ", ", 3);
        carried_text(e, carried + 2, sizeof carried - 2);
    }
    snprintf(part->reason, sizeof part->reason,
             "one submitter for all: it uses %s a task against %s%s, and is on a CPU, or waits for one, %.0f %% of the "
             "time",
             format_duration(b, sizeof b, submitter->b), format_duration(a, sizeof a, submitter->a), carried,
             100 * e->submitter_share[submitter->more > 0]);
    part->is_named = true;
}

/* All workers may be idle meanwhile, and no more is known. */
static void reason_submitter_waits(struct explanation *e, struct part *part)
{
    if (is_serialised(e, part->change.more)) {
        serialised_say(e, STATE_IDLE_SUBMITTER, part);
        return;
    }
    const struct change *waits = &e->fact[FACT_WAITS];
    char a[32], b[32];
    snprintf(part->reason, sizeof part->reason, "at most: it waits for a CPU for %s a task against %s",
             format_duration(b, sizeof b, waits->b), format_duration(a, sizeof a, waits->a));
    part->is_named = agrees(waits, part->change.more);
}

static void reason_idle(struct explanation *e, struct part *part)
{
    const double more = part->change.more;
    const struct change *switches = &e->fact[FACT_SWITCHES];
    const double per_switch = of_all_slots(e, STATE_IDLE) / switches->more;
    if (is_serialised(e, more)) {
        serialised_say(e, STATE_IDLE, part);
    } else if (agrees(switches, more) && fabs(switches->more) >= SWITCH_LEAST && per_switch <= SWITCH_NS) {
        snprintf(part->reason, sizeof part->reason, "a chain of wake-ups: %.2g switches a task against %.2g",
                 switches->b, switches->a);
    } else if (e->by == FACTOR_ARRIVAL) {
        snprintf(part->reason, sizeof part->reason, "how tasks arrive");
    } else {
        snprintf(part->reason, sizeof part->reason,
                 "no task was there, nobody awake, or held up by a lock: --profile states would tell");
        return;
    }
    part->is_named = true;
}

/* States that say by themselves what there is to say. */
static const char *const plain_words[STATES] = {
    [STATE_WAIT_WORKERS] = "more workers than CPUs take turns",
    [STATE_WAIT_QUOTA] = "cpu.stat counts it: a higher quota (cpu.max), or fewer workers",
    [STATE_TAKEN] = "the hypervisor gave it to somebody else",
    [STATE_BESIDE] = "moved to its CPU (sched_setaffinity), or held up as it begins and ends",
    [STATE_EMPTY] = "fork(2) by the submitter, one task after the other",
    [STATE_ENDED] = "the kernel is at its end, or the submitter has not come to it",
    [STATE_IDLE_QUEUED] = "a task was there: not woken, woken and not yet on a CPU, or held up by a lock",
    [STATE_IDLE_BUSY] = "one submitter for all, which was at work",
    [STATE_MADE] = "fork(2) by the submitter, one task after the other",
    [STATE_IDLE_END] = "imbalance: its last tasks end at different times",
    [STATE_LATE] = "the submitter was busy, or had no CPU",
    [STATE_QUEUED_FULL] = "too few workers for the tasks that came together, or their bodies took long",
};

/* Of the slowest tasks; counts are of all tasks. */
static void reason_tail(struct explanation *e, struct part *part)
{
    const enum state state = (enum state)(part - e->part);
    const struct change *preempted = &e->fact[FACT_PREEMPTIONS], *switches = &e->fact[FACT_SWITCHES];
    const double more = part->change.more;
    if (state == STATE_RETURN) {
        part->is_named = true;
        snprintf(part->reason, sizeof part->reason, "%s",
                 factors_of_b(e)->collect == COLLECT_JOINED ? "--collect joined: results are not fetched one by one"
                                                            : "the submitter was busy, or had not been woken");
    } else if (state == STATE_QUEUED) {
        snprintf(part->reason, sizeof part->reason, "--samples all would tell whether a worker was free meanwhile");
    } else if (state == STATE_QUEUED_FREE) {
        part->is_named = agrees(switches, more);
        snprintf(part->reason, sizeof part->reason, "%s",
                 part->is_named ? "workers that sleep have to be woken" : "not yet awake, or not yet on a CPU");
    } else if (strcmp(factors_of_b(e)->size_dist, "fixed") != 0) {
        snprintf(part->reason, sizeof part->reason, "tasks have different sizes; or they were taken off their CPU");
    } else if (agrees(preempted, more)) {
        part->is_named = true;
        snprintf(part->reason, sizeof part->reason, "taken off their CPU: %.2g preemptions a task against %.2g",
                 preempted->b, preempted->a);
    } else {
        snprintf(part->reason, sizeof part->reason, "%s",
                 state == STATE_TAIL_BODY ? "explain without --metric takes bodies apart"
                                          : "taken off their CPU, or asleep");
    }
}

/* What serial takes, too: it differs with the tasks, or with how they are dealt out. */
static void reason_serial(struct explanation *e, struct part *part)
{
    const factor_set work = FACTOR_WORKLOAD | FACTOR_SIZE | FACTOR_SIZE_DIST;
    part->is_named = e->by & (work | FACTOR_WORKERS);
    snprintf(part->reason, sizeof part->reason, "%s",
             e->by & work             ? "other tasks"
             : e->by & FACTOR_WORKERS ? "dealt out to other numbers of workers"
                                      : "bodies took another time: serial was not run beside both, or the machine was "
                                        "another");
}

static void reason_off(struct explanation *e, struct part *part)
{
    if (is_serialised(e, part->change.more))
        serialised_say(e, STATE_OFF, part);
    else
        snprintf(part->reason, sizeof part->reason,
                 "not told apart: how long they waited is not known, or not of that time alone");
}

/* Those that counts must bear out. */
static void (*const reason_of[STATES])(struct explanation *e, struct part *part) = {
    [STATE_BODY] = reason_serial,
    [STATE_SLEEP] = reason_serial,
    [STATE_BODY_MORE] = reason_body,
    [STATE_HAND] = reason_hand,
    [STATE_WAIT_SUBMITTER] = reason_submitter,
    [STATE_WAIT_OTHERS] = reason_others,
    [STATE_IDLE_SUBMITTER] = reason_submitter_waits,
    [STATE_IDLE] = reason_idle,
    [STATE_OFF] = reason_off,
    [STATE_QUEUED_FREE] = reason_tail,
    [STATE_QUEUED] = reason_tail,
    [STATE_TAIL_BODY] = reason_tail,
    [STATE_TAIL_MORE] = reason_tail,
    [STATE_RETURN] = reason_tail,
};

static void reason_find(struct explanation *e, enum state state)
{
    struct part *part = &e->part[state];
    if (reason_of[state]) {
        reason_of[state](e, part);
        return;
    }
    part->is_named = plain_words[state];
    snprintf(part->reason, sizeof part->reason, "%s",
             plain_words[state]          ? plain_words[state]
             : state == STATE_SLEEP_MORE ? "woken later than under serial, or held up inside of tasks"
                                         : "who had it is not told: --profile states would tell");
}

void reasons_find(struct explanation *e)
{
    if (!e->is_told || !(fabs(e->whole.more) > 0))
        return;
    e->explained = 0;
    for (int i = 0; i < STATES; i++) {
        if (i == STATE_UNKNOWN || !e->part[i].change.is_sure)
            continue;
        reason_find(e, (enum state)i);
        if (e->part[i].is_named)
            e->explained += e->part[i].share;
    }
}
