/* Drawing arrivals, see arrivals.h. */
#include "bench/model/arrivals.h"
#include "workloads/mix.h"
#include <math.h>
#include <stdlib.h>

#define CYCLES_LEAST 10

/* Seeds of what is drawn by number, so that no draw is used twice. */
enum { SEED_GAPS = 0x706f6973, SEED_STATES = 0x73746174, SEED_PASSES = 0x70617373, SEED_WITHIN = 0x77697468 };

/* In (0, 1]. */
static double uniform(uint64_t seed, uint64_t number)
{
    return ((double)(mix64(seed, number) >> 11) + 1) * 0x1p-53;
}

/* Mean 1, by inversion. */
static double exponential(uint64_t seed, uint64_t number)
{
    return -log(uniform(seed, number));
}

static uint64_t due_of(double ns)
{
    return ns < (double)DUE_MOST_NS ? (uint64_t)ns : DUE_MOST_NS;
}

double arrivals_plain_last_ns(const struct arrival *arrival, uint64_t seed, uint32_t tasks)
{
    const double gap_ns = 1e9 / arrival->rate;
    double at_ns = 0;
    if (arrival->process == PROCESS_EVEN)
        return tasks ? (tasks - 1) * gap_ns : 0;
    for (uint32_t i = 0; i < tasks; i++)
        at_ns += exponential(seed ^ SEED_GAPS, i) * gap_ns;
    return at_ns;
}

/* Tasks are `scale` as far apart as exponential gaps of mean 1. */
static void poisson_draw(double scale_ns, uint64_t seed, uint32_t tasks, uint64_t *due_ns)
{
    double at_ns = 0;
    for (uint32_t i = 0; i < tasks; i++) {
        at_ns += exponential(seed ^ SEED_GAPS, i) * scale_ns;
        due_ns[i] = due_of(at_ns);
    }
}

static double gaps_sum(uint64_t seed, uint32_t tasks)
{
    double sum = 0;
    for (uint32_t i = 0; i < tasks; i++)
        sum += exponential(seed ^ SEED_GAPS, i);
    return sum;
}

/* ---- on and off ---- */

/* The states of a trial, number 0 the last. */
struct states {
    uint64_t seed;
    bool ends_on;
    double mean_ns[2], rate[2]; /* of off and on; tasks a ns */
    double stretch[2];
    uint64_t count;
    double first_ns; /* how long state number count - 1 lasts: what of it lies behind the gate */
};

static bool state_is_on(const struct states *states, uint64_t number)
{
    return states->ends_on ^ (number & 1);
}

static double state_ns(const struct states *states, uint64_t number)
{
    const double drawn_ns = number + 1 == states->count
                                ? states->first_ns
                                : exponential(states->seed, number + 1) * states->mean_ns[state_is_on(states, number)];
    return drawn_ns * states->stretch[state_is_on(states, number)];
}

/* As many states as span_ns has, each kind stretched to its share of the time where there are both. */
static void states_draw(struct states *states, const struct arrival *arrival, uint64_t seed, double span_ns)
{
    const double on_ns = (double)arrival->on_ns, off_ns = (double)arrival->off_ns, low = (double)arrival->low_ppm / 1e6;
    const double rate_on = arrival->rate / 1e9 * (on_ns + off_ns) / (on_ns + low * off_ns);
    *states = (struct states){
        .seed = seed ^ SEED_STATES, .mean_ns = {off_ns, on_ns}, .rate = {low * rate_on, rate_on}, .stretch = {1, 1}};
    states->ends_on = uniform(states->seed, 0) <= on_ns / (on_ns + low * off_ns); /* where an arrival falls into */
    double left_ns = span_ns, sum_ns[2] = {0, 0};
    while (left_ns > 0) {
        bool is_on = state_is_on(states, states->count);
        states->first_ns = fmin(state_ns(states, states->count), left_ns);
        sum_ns[is_on] += states->first_ns;
        left_ns -= states->first_ns;
        states->count++;
    }
    if (sum_ns[0] > 0 && sum_ns[1] > 0) {
        states->stretch[0] = span_ns * off_ns / (on_ns + off_ns) / sum_ns[0];
        states->stretch[1] = span_ns * on_ns / (on_ns + off_ns) / sum_ns[1];
    }
}

static void on_off_draw(const struct arrival *arrival, uint64_t seed, uint32_t tasks, uint64_t *due_ns)
{
    const double span_ns = tasks / arrival->rate * 1e9;
    struct states states;
    states_draw(&states, arrival, seed, span_ns);
    double all = 0; /* operational time: tasks that are to be expected */
    for (uint64_t i = 0; i < states.count; i++)
        all += state_ns(&states, i) * states.rate[state_is_on(&states, i)];
    const double scale = all / gaps_sum(seed, tasks);
    uint64_t state = states.count;
    double end_ns = 0, end = 0, rate = 0, at = 0;
    for (uint32_t i = 0; i < tasks; i++) {
        at += exponential(seed ^ SEED_GAPS, i) * scale;
        while (end < at && state > 0) {
            double ns = state_ns(&states, --state);
            rate = states.rate[state_is_on(&states, state)];
            end_ns += ns;
            end += ns * rate;
        }
        due_ns[i] = due_of(fmin(end_ns - (rate > 0 ? fmax(end - at, 0) / rate : 0), span_ns));
    }
}

/* ---- traces ---- */

static int by_time(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void trace_draw(const struct trace *trace, double speed, uint64_t seed, uint32_t tasks, uint64_t *due_ns)
{
    for (uint32_t i = 0; i < tasks; i++) {
        const uint32_t pass = i / trace->count, at = i % trace->count;
        const uint32_t begin = pass ? (uint32_t)(mix64(seed ^ SEED_PASSES, pass) % trace->count) : 0;
        const uint32_t task = (uint32_t)(((uint64_t)at + begin) % trace->count);
        double ns = (double)trace->at_ns[task] - (pass ? (double)trace->at_ns[begin] : 0);
        ns += (double)trace->period_ns * (pass + (task < begin ? 1.0 : 0.0));
        if (trace->resolution_ns)
            ns += (double)trace->resolution_ns * (1 - uniform(seed ^ SEED_WITHIN, i));
        due_ns[i] = due_of(ns / speed);
    }
    if (trace->resolution_ns)
        qsort(due_ns, tasks, sizeof *due_ns, by_time);
}

void arrivals_draw(const struct arrival *arrival, const struct trace *trace, enum draw_kind draw, uint64_t seed,
                   uint32_t tasks, uint64_t *due_ns)
{
    switch ((enum arrival_process)arrival->process) {
    case PROCESS_EVEN:
        for (uint32_t i = 0; i < tasks; i++)
            due_ns[i] = due_of(i * (1e9 / arrival->rate));
        break;
    case PROCESS_POISSON:
        poisson_draw(1e9 / arrival->rate * (draw == DRAW_PLAIN ? 1 : tasks / gaps_sum(seed, tasks)), seed, tasks,
                     due_ns);
        break;
    case PROCESS_ON_OFF:
        on_off_draw(arrival, seed, tasks, due_ns);
        break;
    case PROCESS_TRACE:
        if (trace) /* it is */
            trace_draw(trace, arrival->speed, seed, tasks, due_ns);
        break;
    }
}

uint64_t arrivals_seed(uint64_t seed, enum draw_kind draw, unsigned block)
{
    return draw == DRAW_PLAIN ? seed : mix64(seed, 0x64726177ull << 32 | block);
}

/* 1 + 2 (rate while on - rate while off)^2 x on^2 off^2 / ((on + off)^3 x mean rate). */
static double on_off_dispersion(const struct arrival *arrival)
{
    const double on_s = (double)arrival->on_ns / 1e9, off_s = (double)arrival->off_ns / 1e9, cycle_s = on_s + off_s;
    const double low = (double)arrival->low_ppm / 1e6;
    const double apart = (1 - low) * arrival->rate * cycle_s / (on_s + low * off_s);
    return 1 + 2 * apart * apart * on_s * on_s * off_s * off_s / (cycle_s * cycle_s * cycle_s * arrival->rate);
}

double arrivals_scv(const struct arrival *arrival)
{
    if (arrival->process == PROCESS_ON_OFF)
        return on_off_dispersion(arrival);
    if (arrival->process == PROCESS_TRACE && arrival->dispersion > 0)
        return arrival->dispersion;
    return arrival->process == PROCESS_EVEN ? 0 : 1;
}

double arrivals_period_ns(const struct arrival *arrival)
{
    return arrival->process == PROCESS_TRACE ? (double)arrival->file_tasks / arrival->rate * 1e9 : 0;
}

int64_t arrivals_tasks_least(const struct arrival *arrival)
{
    if (arrival->kind != ARRIVAL_RATE || arrival->process < PROCESS_ON_OFF)
        return 1;
    if (arrival->process == PROCESS_TRACE) /* of tasks that come in groups, a group has about as many */
        return llrint(fmax(fmin(ceil(CYCLES_LEAST * arrival->dispersion), (double)arrival->file_tasks), 1));
    return llrint(fmin(ceil(CYCLES_LEAST * (double)(arrival->on_ns + arrival->off_ns) * arrival->rate / 1e9),
                       TASK_WARMUP_FIRST - 1));
}
