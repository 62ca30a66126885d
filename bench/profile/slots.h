/* What became of a trial's slots between the gate and the last reap, and of its threads in each phase, from what each
 * thread did (threads.h) and the tasks' stamps. A slot is the place of one worker: workers x wall is the sum of all
 * states of all slots. Pure.
 *
 * A slot is on a CPU when any of its threads is; else it waits when any of them waits; else it is off: inside a task,
 * or between tasks. So a forker that waits for its child adds nothing. Between tasks the stamps tell why: a task was
 * queued and nobody took it, none was queued, or none was left to be started. Who had the CPU is seen of the trial's
 * own threads alone: where none of them was on it, others were. */
#ifndef POOLBENCH_PROFILE_SLOTS_H
#define POOLBENCH_PROFILE_SLOTS_H
#include "bench/profile/threads.h"

enum slot_state {
    SLOT_BODY,           /* on a CPU inside a task */
    SLOT_HAND,           /* on a CPU between tasks, and in processes before and after their task */
    SLOT_WAIT_SUBMITTER, /* waits for a CPU that the submitter has */
    SLOT_WAIT_WORKERS,   /* or another of the trial's threads, */
    SLOT_WAIT_OTHERS,    /* or none of them */
    SLOT_TAKEN,          /* on a CPU that the hypervisor took */
    SLOT_SLEEP,          /* off inside a task */
    SLOT_BESIDE,         /* off in a task's process, before its task or after it: being moved to its CPU, say */
    SLOT_MADE,           /* nobody is there, a task is left, and the submitter is on a CPU, reaping the last process
                            or making the next: one slot at a time */
    SLOT_EMPTY,          /* nobody is there, a task is left, and another slot's process is made, or none */
    SLOT_ENDED,          /* its process is ending, or has ended and was not reaped */
    SLOT_QUEUED,         /* idle, and a task was queued: not woken, or woken and not yet running */
    SLOT_IDLE_BUSY,      /* idle, none was queued, and the submitter was on a CPU, */
    SLOT_IDLE_WAITS,     /* or waited for one, */
    SLOT_IDLE,           /* or neither */
    SLOT_IDLE_END,       /* idle, and none was left to be started */
    SLOT_UNKNOWN,        /* no thread is known to have worked for it */
    SLOT_STATES
};
/* As profile/states.csv has them. */
struct slot_words {
    const char *state, *by;
};
extern const struct slot_words slot_words[SLOT_STATES];

/* CLOCK_MONOTONIC; 0: not known. */
struct task_times {
    uint64_t submit_ns, start_ns, end_ns, reap_ns;
    unsigned slot;
};

enum trial_phase { TRIAL_OPEN, TRIAL_WARMUP, TRIAL_RUN, TRIAL_CLOSE, TRIAL_PHASES };
extern const char *const trial_phase_names[TRIAL_PHASES];

/* Of which a sum is made. */
struct slots_from {
    const struct threads *threads;
    const struct task_times *task; /* all of the trial; */
    size_t tasks;
    bool are_timed;                                      /* their starts and ends are known */
    bool are_made;                                       /* the submitter makes a process for each */
    unsigned workers;                                    /* slots */
    uint64_t from_ns[TRIAL_PHASES], to_ns[TRIAL_PHASES]; /* equal: there was no such phase */
};

struct slots_sum {
    double slot_ns[SLOT_STATES];   /* of TRIAL_RUN, over all slots */
    double slot_left[SLOT_STATES]; /* how often a CPU was left for it; waiting: for any of the three */
    double role_ns[ROLES][TRIAL_PHASES][THREAD_DOES]; /* over all threads of a role */
    int64_t role_threads[ROLES][TRIAL_PHASES];        /* that lived then */
};

struct spans; /* span_list.h */
/* Of spans_make(): puts what each slot did, up to spans->end_ns or, where that is more than spans have room for, to an
 * earlier one. 0 or -ENOMEM. */
int slots_follow(const struct slots_from *from, struct spans *spans);
/* 0 or -ENOMEM. */
int slots_add_up(const struct slots_from *from, struct slots_sum *sum);
/* The workers' CPU time and what the hypervisor took of all CPUs meanwhile, in ns, NAN where not known: time on a CPU
 * by records that no thread has had was taken, and moves to SLOT_TAKEN. What threads have had beyond records moves to
 * SLOT_HAND: from SLOT_ENDED, as the last record of a process comes before the kernel is done with its end; then from
 * what CPUs were left for, by how often, as the kernel's work on a switch is between records. That is at most 2 us a
 * switch. Returns by how much records and CPU time still differ. */
double slots_compare(struct slots_sum *sum, double cpu_ns, double steal_ns);

#endif
