/* The tour: five small experiments on what process pools, thread pools and plain forking do, each run for real through
 * the trial program, shown task by task. Writes no files. One thread. */
#ifndef POOLBENCH_VERBS_TOUR_TOUR_H
#define POOLBENCH_VERBS_TOUR_TOUR_H
#include "bench/machine/machine.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/job.h"

#define TOUR_TASKS_MAX 16

struct tour {
    struct machine machine;
    struct calibrations *calibrations;
    int64_t unit_ns; /* sizes below are in units: ten milliseconds, or with --slow a second */
    bool live;       /* shows workers while a trial runs (bench/verbs/tour/live.h) */
};

/* One trial. */
struct tour_trial {
    const char *options[16];             /* of poolbench run and their values in turn, without sizes and seed */
    unsigned size;                       /* of every task, in units; 0: sizes, or tasks have no size */
    unsigned char sizes[TOUR_TASKS_MAX]; /* of each task, in units, as from --size-dist file; 0 ends them */
    uint64_t seed;
    char names[TOUR_TASKS_MAX][8]; /* what the Python program calls them; "": they have a number alone */
};

/* What happened. Valid until the next trial. */
struct happened {
    const struct tour_trial *trial;
    const struct trial_report *report;
    const struct sample *samples; /* in the order in which results were handed on */
    unsigned count;
};

/* Prints the command and runs it. 0, or the exit code of a tour that cannot go on, after a line on stderr. */
int tour_run(struct tour *tour, const struct tour_trial *trial, struct happened *happened);
void tour_text(const char *label, const char *text); /* wrapped; label: "" or a word */

/* ---- what the samples say (timeline.c) ---- */

/* A size in units of the tour: "50ms". Returns text. */
char *tour_size_spell(const struct tour *tour, unsigned units, char *text, size_t size);
/* What stands beside a task in its row. */
typedef void tour_note(const struct happened *happened, const struct sample *sample, char *text, size_t size);
/* What the step calls a task. */
void tour_task_name(const struct tour_trial *trial, uint32_t task, char *text, size_t size);
/* A row a task, in the order in which results were handed on. */
void tour_timeline(const struct tour *tour, const struct happened *happened, tour_note *note);
/* Most of the tasks first .. end - 1 that ran at the same time. */
unsigned tour_peak(const struct happened *happened, uint32_t first, uint32_t end);
/* NULL where there is none of that number. */
const struct sample *tour_sample(const struct happened *happened, uint32_t task);

struct tour_step {
    const char *title, *idea;
    int (*run)(struct tour *tour); /* as tour_run */
};
enum { TOUR_STEPS = 5 };
extern const struct tour_step tour_steps[TOUR_STEPS]; /* bench/verbs/tour/steps.c */

#endif
