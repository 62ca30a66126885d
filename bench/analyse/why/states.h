/* Where the time of a trial's workers went, as far as every run tells it (rung 0): from rusage, schedstat and the task
 * stamps that stand in trials.csv, latency.csv and samples.csv, so of runs that are there already, too. Nothing is
 * asked of the kernel. What is measured and what is estimated is in docs/WHY.md. One thread. */
#ifndef POOLBENCH_ANALYSE_WHY_STATES_H
#define POOLBENCH_ANALYSE_WHY_STATES_H
#include "bench/model/run_data.h"

/* Leaf states, of a worker's slot unless said otherwise, in the order in which they are shown. By: who had the CPU. */
enum state {
    STATE_BODY,           /* a task body on a CPU, what `serial` takes for it; all of it where serial was not run */
    STATE_BODY_MORE,      /* what it takes beyond that; below 0: less */
    STATE_HAND,           /* on a CPU outside of bodies: taking tasks, giving results, processes being made and ended */
    STATE_WAIT_SUBMITTER, /* could run and had no CPU: our submitter had it */
    STATE_WAIT_WORKERS,   /* another of our workers, as there are more than CPUs */
    STATE_WAIT_QUOTA,     /* nobody: this control group had used up its quota */
    STATE_WAIT_OTHERS,    /* other programs */
    STATE_WAIT,           /* who had it is not told */
    STATE_TAKEN,          /* taken by the hypervisor while on a CPU */
    STATE_SLEEP,          /* in a body, asleep as under serial */
    STATE_SLEEP_MORE,     /* in a body, off the CPU beyond that and not waiting for one */
    STATE_BESIDE,         /* off a CPU in a task's process, beside its task (of profiled siblings alone, as the next) */
    STATE_EMPTY,          /* nobody is in the slot, and the submitter makes another one's process, or none */
    STATE_ENDED,          /* its process is ending, or has ended and was not reaped */
    STATE_IDLE_QUEUED,    /* idle, and a task was queued: not woken, or woken and not yet on a CPU */
    STATE_IDLE_BUSY,      /* idle, none was queued, and the submitter was on a CPU */
    STATE_MADE,           /* the submitter makes the process of a task: a slot has nobody in it */
    STATE_OFF,            /* waiting for a CPU or idle between bodies, which is not told apart */
    STATE_IDLE_SUBMITTER, /* between bodies and off the CPU, while the submitter itself waits for a CPU */
    STATE_IDLE,           /* between bodies and off the CPU: no task to take, or not yet awake */
    STATE_IDLE_END,       /* after its last task, while others still worked */
    /* Of the slowest tasks (tail.h), not of slots: */
    STATE_LATE,        /* due, and not yet handed in */
    STATE_QUEUED_FULL, /* queued while all workers were at work */
    STATE_QUEUED_FREE, /* queued, and a worker had no task: not yet awake, or not yet on a CPU */
    STATE_QUEUED,      /* queued, which of the two is not told */
    STATE_TAIL_BODY,   /* in the body, up to what the middle task of the trial takes */
    STATE_TAIL_MORE,   /* in the body, beyond that */
    STATE_RETURN,      /* ended, and the submitter does not have it yet */
    STATE_UNKNOWN,     /* what is left of the slot; below 0: the parts were more than the whole */
    STATES
};

/* A trial's counts that reasons rest on, a task. NAN: not known. */
enum why_fact {
    FACT_SUBMITTER,   /* ns of CPU time of the submitter */
    FACT_WAITS,       /* ns that the submitter waited for a CPU */
    FACT_CPU,         /* ns of CPU time, submitter and workers */
    FACT_KERNEL,      /* ns of CPU time in the kernel, submitter and workers */
    FACT_SWITCHES,    /* voluntary context switches */
    FACT_PREEMPTIONS, /* involuntary ones */
    FACT_FAULTS,      /* page faults */
    FACT_MIGRATIONS,  /* changes of CPU */
    FACTS
};

/* How finely a trial is taken apart; of two that are compared the coarser one counts. */
enum states_detail {
    DETAIL_ALL,    /* every state */
    DETAIL_INSIDE, /* between bodies waiting is not told from being idle: OFF has both */
    DETAIL_LEAST,  /* nor is it inside: OFF has all waiting */
    DETAILS
};

/* Of one trial. Times are ns a task and slot: workers x wall / tasks / workers, the time per task, is their sum. */
struct states {
    double ns[DETAILS][STATES];
    enum states_detail detail; /* the finest that the trial bears; finer ones are filled with the same */
    double slots;              /* workers; 1 under serial */
    double whole_ns;           /* wall / tasks; NAN: the trial tells nothing, and nothing else is filled */
    double fact[FACTS];
    double submitter_share; /* of the time, that the submitter was on a CPU, or waited for one where that is known */
    double profiled_ns;     /* of profiled siblings: what one took a task */
    bool has_serial;        /* STATE_BODY is serial's of the same block */
    bool has_stamps;        /* bodies were timed; else HAND has BODY_MORE, and WAIT what was inside of bodies */
    bool has_wait;          /* what the submitter itself waited for a CPU is known; else waiting has it */
    bool has_end;           /* IDLE_END is known; else IDLE has it */
};

/* What a state is called in tables and in sentences; and in CSV, with who had the CPU. */
struct state_words {
    const char *label, *phrase, *name, *by;
};
extern const struct state_words state_words[STATES];

/* One a trial of the run, in their order, to be freed. Reads samples.csv where it is there. cpus: that the workers may
 * use, 0: not known. 0 or -errno with a line in error (ERROR_MAX bytes). */
int states_make(const struct run_data *run, int64_t cpus, struct states **states, char *error);
/* Fills the counts of a trial. */
void states_facts(const struct trial_row *trial, struct states *states);
/* The cell that ran the same tasks without any pool; RUN_NOTHING: there is none. */
size_t states_serial(const struct run_data *run, size_t cell);

/* What a trial is taken apart from, so that a test can hand it in: totals of the trial, means a task. */
struct taken_apart {
    double workers, wall_ns, tasks;
    double workers_cpu_ns, submitter_ns, waiting_ns; /* totals; waiting of submitter and workers, NAN: not known */
    double submitter_wait_ns;          /* of waiting_ns, the submitter's; NAN: not known, it is in there */
    double others_ns, steal_ns;        /* of that time, all CPUs; NAN: not known */
    double throttled_ns;               /* likewise, by the quota of our group; NAN: it has none */
    double service_ns, service_p50_ns; /* a task; NAN: not timed */
    double end_ns;                     /* total after last tasks; NAN: not known */
    bool shares_cpu;                   /* the submitter runs where workers do */
    bool more_workers;                 /* than CPUs */
    bool makes_processes;              /* the submitter makes one for each task */
    bool is_fixed;                     /* all tasks have one size */
    double serial_cpu_ns, serial_service_ns, serial_p50_ns, serial_waiting_ns; /* a task; NAN: not run, or not timed */
};
void states_take_apart(const struct taken_apart *from, struct states *states);

#endif
