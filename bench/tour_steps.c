/* The five steps of the tour: what is run, and what its samples say. docs/TOUR.md has each of them in Python. */
#include "bench/spec.h"
#include "bench/tour.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static void say(const char *label, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    tour_text(label, text);
}

static void note_failure(const struct happened *happened, const struct sample *sample, char *text, size_t size)
{
    (void)happened;
    if (sample->status != TASK_OK)
        snprintf(text, size, "%s", strerror(sample->code));
}

static const char *tasks_failed(const struct happened *happened, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (unsigned i = 0; i < happened->count && used < size; i++)
        if (happened->samples[i].status != TASK_OK)
            used +=
                (size_t)snprintf(text + used, size - used, "%s%" PRIu32, used ? ", " : "", happened->samples[i].task);
    return text;
}

/* ---- 1 ---- */

static int groups(struct tour *tour)
{
    static const struct tour_trial all = {.options = "--pool fork --workers 10 --workload sleep --tasks 10", .size = 5},
                                   capped = {.options = "--pool fork --workers 5 --workload sleep --tasks 10",
                                             .size = 5},
                                   waves = {.options = "--pool fork --workers 12 --workload sleep --tasks 12 "
                                                       "--arrival wave:5",
                                            .size = 5};
    struct happened happened;
    int code = tour_run(tour, &all, &happened);
    if (code)
        return code;
    tour_timeline(tour, &happened, NULL);
    unsigned peak_all = tour_peak(&happened, 0, 10);
    say("shows",
        "%u of 10 processes alive at once: starting five and then five more limits nothing as long as nobody "
        "is waited for in between.",
        peak_all);

    putchar('\n');
    if ((code = tour_run(tour, &capped, &happened)))
        return code;
    tour_timeline(tour, &happened, NULL);
    say("shows", "At most %u alive at once: a place is taken as soon as it is free, and the rest wait for one (dots).",
        tour_peak(&happened, 0, 10));

    putchar('\n');
    if ((code = tour_run(tour, &waves, &happened)))
        return code;
    tour_timeline(tour, &happened, NULL);
    say("shows",
        "At most %u alive at once; in the groups of 5, 5 and 2: %u, %u and %u. Joining each group before the "
        "next one begins does limit it, and the last of a group keeps the next group waiting.",
        tour_peak(&happened, 0, 12), tour_peak(&happened, 0, 5), tour_peak(&happened, 5, 10),
        tour_peak(&happened, 10, 12));
    return 0;
}

/* ---- 2, 3 ---- */

#define TEN_SIZES                                                                                                      \
    {                                                                                                                  \
        3, 1, 5, 2, 4, 2, 5, 1, 4, 3                                                                                   \
    }
#define TEN_NAMES                                                                                                      \
    {                                                                                                                  \
        "A", "B", "C", "D", "E", "F", "G", "H", "I", "J"                                                               \
    }
#define FAILING "--faults error:task=3"

static int as_completed(struct tour *tour)
{
    static const struct tour_trial trial = {
        .options = "--pool prefork --workers 5 --workload sleep --tasks 10 --arrival wave:5 " FAILING,
        .sizes = TEN_SIZES,
        .names = TEN_NAMES};
    struct happened happened;
    char failed[64];
    int code = tour_run(tour, &trial, &happened);
    if (code)
        return code;
    tour_timeline(tour, &happened, note_failure);
    unsigned overtaken = 0;
    uint32_t latest = 0;
    for (unsigned i = 0; i < happened.count; i++) {
        overtaken += happened.samples[i].task < latest;
        latest = happened.samples[i].task > latest ? happened.samples[i].task : latest;
    }
    say("shows",
        "Rows stand in the order of the results: %u of 10 tasks were overtaken by one handed in after them. "
        "Task %s failed alone: the other %" PRId64 " results are there.",
        overtaken, tasks_failed(&happened, failed, sizeof failed), happened.report->tasks_ok);
    return 0;
}

#define HELD_LEAST_NS 1000000 /* less is chance */

/* Of the tasks before this one, that which ended last, when that was after this one: its result had to be handed on
 * first. */
static const struct sample *head_of_line(const struct happened *happened, const struct sample *sample)
{
    const struct sample *head = NULL;
    for (uint32_t i = 0; i < sample->task; i++) {
        const struct sample *other = tour_sample(happened, i);
        if (other && other->end_ns > sample->end_ns + HELD_LEAST_NS && (!head || other->end_ns > head->end_ns))
            head = other;
    }
    return head;
}

static void note_wait(const struct happened *happened, const struct sample *sample, char *text, size_t size)
{
    const struct sample *head = head_of_line(happened, sample);
    if (sample->status != TASK_OK)
        snprintf(text, size, "%s", strerror(sample->code));
    else if (head)
        snprintf(text, size, "held by %" PRIu32, head->task);
}

static int in_order(struct tour *tour)
{
    static const struct tour_trial trial = {.options = "--pool prefork --workers 5 --workload sleep --tasks 10 "
                                                       "--collect ordered " FAILING,
                                            .sizes = TEN_SIZES,
                                            .names = TEN_NAMES};
    struct happened happened;
    char failed[64];
    int code = tour_run(tour, &trial, &happened);
    if (code)
        return code;
    tour_timeline(tour, &happened, note_wait);
    unsigned held = 0;
    int64_t held_ns = 0;
    for (unsigned i = 0; i < happened.count; i++) {
        held += head_of_line(&happened, &happened.samples[i]) != NULL;
        held_ns += happened.samples[i].reap_ns - happened.samples[i].end_ns;
    }
    say("shows",
        "Results come as the tasks went in. %u of 10 were ready (dashes) before an earlier one was, and waited "
        "%.0f ms together: head-of-line blocking. The failure of task %s stands in its place.",
        held, (double)held_ns / 1e6, tasks_failed(&happened, failed, sizeof failed));
    return 0;
}

/* ---- 4 ---- */

enum { BOTH_TASKS = 6, BOTH_PROCESSES = 3 }; /* the pool numbers its processes first */

/* The class of a task is drawn from the seed: the first seed that makes half of them CPU-bound; 0 when there is none,
 * or -errno. */
static int64_t balanced_seed(void)
{
    const struct workload_ops *mixed = workload_find("mixed");
    int64_t params[PARAM_MAX] = {0};
    for (unsigned i = 0; mixed->params[i].name; i++)
        params[i] = param_preset(&mixed->params[i]);
    for (uint64_t seed = 1; seed < 1000; seed++) {
        struct workload_config config = {.params = params, .seed = seed, .tasks = BOTH_TASKS};
        void *state = NULL;
        unsigned cpu_bound = 0;
        int rc = mixed->prepare(&config, &state);
        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < BOTH_TASKS; i++)
            cpu_bound += mixed->classify(state, i) == TASK_CPU;
        mixed->release(state);
        if (cpu_bound == BOTH_TASKS / 2)
            return (int64_t)seed;
    }
    return 0;
}

/* The number of a task within its class, from 1: the pool sent a class to processes or to threads. */
static unsigned number_in_class(const struct happened *happened, const struct sample *sample)
{
    unsigned number = 0;
    for (uint32_t i = 0; i <= sample->task; i++) {
        const struct sample *other = tour_sample(happened, i);
        number += other && (other->worker < BOTH_PROCESSES) == (sample->worker < BOTH_PROCESSES);
    }
    return number;
}

static void note_class(const struct happened *happened, const struct sample *sample, char *text, size_t size)
{
    unsigned k = number_in_class(happened, sample);
    if (sample->worker < BOTH_PROCESSES)
        snprintf(text, size, "%u^2 = %u", k, k * k);
    else
        snprintf(text, size, "Finished IO %u", k);
}

static int both(struct tour *tour)
{
    struct tour_trial trial = {.options = "--pool hybrid:route=class --workers 3 --workload mixed:cpu_share=50% "
                                          "--tasks 6",
                               .sizes = {2, 3, 1, 2, 1, 3}};
    struct happened happened;
    int64_t seed = balanced_seed();
    if (seed <= 0) {
        fprintf(stderr, "poolbench tour: no seed gives three tasks of each class: %s\n",
                seed < 0 ? strerror((int)-seed) : "looked at a thousand");
        return 1;
    }
    trial.seed = (uint64_t)seed;
    int code = tour_run(tour, &trial, &happened);
    if (code)
        return code;
    tour_timeline(tour, &happened, note_class);
    int32_t thread_pid = 0;
    unsigned processes = 0, threads = 0, seen = 0;
    for (unsigned i = 0; i < happened.count; i++) {
        const struct sample *sample = &happened.samples[i];
        bool is_thread = sample->worker >= BOTH_PROCESSES;
        unsigned bit = 1u << sample->worker;
        if (is_thread)
            thread_pid = sample->pid;
        processes += !is_thread && !(seen & bit);
        threads += is_thread && !(seen & bit);
        seen |= bit;
    }
    say("shows",
        "%u processes computed while %u threads of the submitter, all of pid %" PRId32 ", slept; one stream brings "
        "both as they finish. The computing tasks share %u CPU%s, the sleeping ones need none. (Computing tasks spin "
        "for their size; the squares are those of the Python program.)",
        processes, threads, thread_pid, tour->machine.effective_cpus, tour->machine.effective_cpus == 1 ? "" : "s");
    return 0;
}

/* ---- 5 ---- */

enum { APPENDED = 5 };

/* A row of the table: who ran the tasks, what came back, what was left in the list. */
static void appended_write(const char *pool, const struct happened *happened, char *row, size_t size)
{
    char results[64] = "", workers[32];
    unsigned pids = 0;
    for (uint32_t i = 0; i < APPENDED; i++) {
        const struct sample *sample = tour_sample(happened, i);
        size_t used = strlen(results);
        bool seen = false;
        if (!sample)
            continue;
        snprintf(results + used, sizeof results - used, "%s%" PRIu64, used ? " " : "", sample->result);
        for (uint32_t j = 0; j < i; j++) {
            const struct sample *other = tour_sample(happened, j);
            seen |= other && other->pid == sample->pid;
        }
        pids += !seen;
    }
    snprintf(workers, sizeof workers, "%u process%s", pids, pids == 1 ? "" : "es");
    snprintf(row, size, "  %-8s  %-12s  %-18s  %" PRId64, pool, workers, results, happened->report->parent_sees);
}

static int address_spaces(struct tour *tour)
{
    static const struct {
        const char *pool;
        struct tour_trial trial;
    } rows[] = {{"fork", {.options = "--pool fork --workers 1 --workload append --tasks 5"}},
                {"prefork", {.options = "--pool prefork --workers 1 --workload append --tasks 5"}},
                {"pthread", {.options = "--pool pthread --workers 1 --workload append --tasks 5"}},
                {"serial", {.options = "--pool serial --workers 1 --workload append --tasks 5"}}};
    enum { ROWS = sizeof rows / sizeof *rows };
    char table[ROWS][96];
    for (unsigned i = 0; i < ROWS; i++) {
        struct happened happened;
        int code = tour_run(tour, &rows[i].trial, &happened);
        if (code)
            return code;
        appended_write(rows[i].pool, &happened, table[i], sizeof table[i]);
    }
    printf("\n  %-8s  %-12s  %-18s  %s\n", "pool", "tasks ran in", "handed back", "items in the submitter's list");
    for (unsigned i = 0; i < ROWS; i++)
        puts(table[i]);
    putchar('\n');
    say("shows", "A worker process appends to its own copy of the list, which goes when it goes: across processes only "
                 "what is handed back arrives. Threads, and the submitter itself, append to the one list. (Task i "
                 "appends i^2, from 0.)");
    return 0;
}

const struct tour_step tour_steps[TOUR_STEPS] = {
    {"A process per task, started in groups of five",
     "Start processes five at a time and join them all at the end: is the number alive at once limited?", groups},
    {"Submit to a process pool, results as they complete",
     "Five workers; five tasks go in, results are taken as they finish, then the next five. One task fails.",
     as_completed},
    {"Map: results in the order of the tasks",
     "The same tasks all handed in at once, their results handed on in input order. Who waits for whom?", in_order},
    {"Processes for computing, threads for waiting",
     "Three tasks that sleep go to three threads, three that compute to three processes, in one stream.", both},
    {"Whose list is it?",
     "One worker appends squares to a global list. What does the submitter find in the list afterwards?",
     address_spaces},
};
