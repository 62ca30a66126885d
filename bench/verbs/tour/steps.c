/* The five steps of the tour: what is run, and what its samples say. docs/TOUR.md has each of them in Python. */
#include "bench/base/spec.h"
#include "bench/verbs/tour/tour.h"
#include <errno.h>
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

/* A task's name where it has one, else its number. */
static const char *task_word(const struct happened *happened, uint32_t task, char *text, size_t size)
{
    const char *name = task < TOUR_TASKS_MAX ? happened->trial->names[task] : "";
    if (name[0])
        snprintf(text, size, "%s", name);
    else
        snprintf(text, size, "%" PRIu32, task);
    return text;
}

static const char *tasks_failed(const struct happened *happened, char *text, size_t size)
{
    size_t used = 0;
    char word[16];
    text[0] = '\0';
    for (unsigned i = 0; i < happened->count && used < size; i++)
        if (happened->samples[i].status != TASK_OK)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     task_word(happened, happened->samples[i].task, word, sizeof word));
    return text;
}

/* ---- 1 ---- */

static int groups(struct tour *tour)
{
    static const struct tour_trial
        all = {.options = {"pool", "fork", "workers", "10", "workload", "sleep", "tasks", "10"}, .size = 5},
        capped = {.options = {"pool", "fork", "workers", "5", "workload", "sleep", "tasks", "10"}, .size = 5},
        waves = {.options = {"pool", "fork", "workers", "12", "workload", "sleep", "tasks", "12", "arrival", "wave:5"},
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
#define FAILING "faults", "error:task=3"

static int as_completed(struct tour *tour)
{
    static const struct tour_trial trial = {.options = {"pool", "prefork", "workers", "5", "workload", "sleep", "tasks",
                                                        "10", "arrival", "wave:5", FAILING},
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
    char word[16];
    note_failure(happened, sample, text, size);
    if (sample->status == TASK_OK && head)
        snprintf(text, size, "held by %s", task_word(happened, head->task, word, sizeof word));
}

static int in_order(struct tour *tour)
{
    static const struct tour_trial trial = {.options = {"pool", "prefork", "workers", "5", "workload", "sleep", "tasks",
                                                        "10", "collect", "ordered", FAILING},
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

/* Calls the sleeping tasks IO 1 to IO 3 and the computing ones CPU 1 to CPU 3; task k of a class takes k units. */
static void classes_name(struct tour_trial *trial, const bool cpu_bound[BOTH_TASKS])
{
    unsigned last[2] = {0};
    for (unsigned i = 0; i < BOTH_TASKS; i++) {
        unsigned k = ++last[cpu_bound[i]];
        trial->sizes[i] = (unsigned char)k;
        snprintf(trial->names[i], sizeof trial->names[i], "%s %u", cpu_bound[i] ? "CPU" : "IO", k);
    }
}

/* The class of a task is drawn from the seed: finds the first seed that makes half of them CPU-bound. 0 or -errno. */
static int classes_choose(struct tour_trial *trial)
{
    const struct workload_ops *mixed = workload_find("mixed");
    int64_t params[PARAM_MAX] = {0};
    for (unsigned i = 0; mixed->params[i].name; i++)
        params[i] = param_preset(&mixed->params[i]);
    for (uint64_t seed = 1; seed < 1000; seed++) {
        struct workload_config config = {.params = params, .seed = seed, .tasks = BOTH_TASKS};
        void *state = NULL;
        bool cpu_bound[BOTH_TASKS];
        unsigned count = 0;
        int rc = mixed->prepare(&config, &state);
        if (rc < 0)
            return rc;
        for (uint32_t i = 0; i < BOTH_TASKS; i++)
            count += cpu_bound[i] = mixed->classify(state, i) == TASK_CPU;
        mixed->release(state);
        if (count == BOTH_TASKS / 2) {
            trial->seed = seed;
            classes_name(trial, cpu_bound);
            return 0;
        }
    }
    return -ESRCH;
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
    struct tour_trial trial = {
        .options = {"pool", "hybrid:route=class", "workers", "6", "workload", "mixed:cpu_share=50%", "tasks", "6"}};
    struct happened happened;
    int rc = classes_choose(&trial);
    if (rc < 0) {
        fprintf(stderr, "poolbench tour: no seed gives three tasks of each class: %s\n", strerror(-rc));
        return 1;
    }
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

static void list_write(const uint64_t *items, unsigned count, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "[");
    for (unsigned i = 0; i < count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%" PRIu64, i ? ", " : "", items[i]);
    if (used < size)
        snprintf(text + used, size - used, "]");
}

/* What is kept of a trial until all have run. */
struct lists {
    struct view view[VIEWS_MAX]; /* the submitter's first */
    unsigned count;
    char handed_back[64];
};

static void lists_keep(const struct happened *happened, struct lists *lists)
{
    uint64_t results[APPENDED];
    unsigned count = 0;
    for (uint32_t i = 0; i < APPENDED; i++) {
        const struct sample *sample = tour_sample(happened, i);
        if (sample)
            results[count++] = sample->result;
    }
    list_write(results, count, lists->handed_back, sizeof lists->handed_back);
    memcpy(lists->view, happened->report->views, sizeof lists->view);
    lists->count = happened->report->views_count;
}

/* Each process that ran tasks, with its list, then the submitter. */
static void lists_print(const char *pool, const struct lists *lists)
{
    for (unsigned i = 1; i <= lists->count; i++) {
        bool is_submitter = i == lists->count;
        const struct view *view = &lists->view[is_submitter ? 0 : i];
        char holds[64];
        list_write(view->items, view->count < VIEW_ITEMS ? view->count : VIEW_ITEMS, holds, sizeof holds);
        printf("  %-7s %-9s %7" PRId32 " 0x%-12" PRIx64 " ", i == 1 ? pool : "", is_submitter ? "submitter" : "worker",
               view->pid, view->address);
        if (is_submitter)
            printf("%-18s %s\n", holds, lists->handed_back);
        else
            puts(holds);
    }
}

static int address_spaces(struct tour *tour)
{
#define APPEND_OPTIONS "workers", "1", "workload", "append:witness=yes", "tasks", "5"
    static const struct {
        const char *pool;
        struct tour_trial trial;
    } rows[] = {{"fork", {.options = {"pool", "fork", APPEND_OPTIONS}}},
                {"prefork", {.options = {"pool", "prefork", APPEND_OPTIONS}}},
                {"pthread", {.options = {"pool", "pthread", APPEND_OPTIONS}}},
                {"serial", {.options = {"pool", "serial", APPEND_OPTIONS}}}};
#undef APPEND_OPTIONS
    enum { ROWS = sizeof rows / sizeof *rows };
    struct lists lists[ROWS];
    for (unsigned i = 0; i < ROWS; i++) {
        struct happened happened;
        int code = tour_run(tour, &rows[i].trial, &happened);
        if (code)
            return code;
        lists_keep(&happened, &lists[i]);
    }
    printf("\n  %-7s %-9s %7s %-14s %-18s %s\n", "pool", "who", "pid", "its list is at", "and holds",
           "was handed back");
    for (unsigned i = 0; i < ROWS; i++)
        lists_print(rows[i].pool, &lists[i]);
    putchar('\n');
    say("shows", "Where pids differ, one address means two memories: a worker process appends to its own copy of the "
                 "list, which goes when it goes, and only what is handed back arrives. fork makes a process per task, "
                 "and each began with the submitter's empty list. Threads, and the submitter itself, append to the one "
                 "list.");
    return 0;
}

const struct tour_step tour_steps[TOUR_STEPS] = {
    {"A process per task, started in groups of five",
     "Processes are started five at a time and joined at the end: how many are alive at once?", groups},
    {"Submit to a process pool, results as they complete",
     "Five tasks go in, results come as they finish, then the next five. Task D fails.", as_completed},
    {"Map: results in the order of the tasks",
     "The same tasks go in at once, their results come in input order. Who waits for whom?", in_order},
    {"Processes for computing, threads for waiting",
     "Three threads sleep, three processes compute, one stream brings what is finished.", both},
    {"Whose list is it?", "A worker appends the squares of 1 to 5 to a global list. Does the submitter see them?",
     address_spaces},
};
