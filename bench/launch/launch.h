/* Starting trial programs, one at a time, and ending them whatever happens. The job file is one memfd, kept from trial
 * to trial (every descendant of a trial has been waited for before it is used again). The guard (guard.h) starts and
 * ends them. One thread. */
#ifndef POOLBENCH_LAUNCH_LAUNCH_H
#define POOLBENCH_LAUNCH_LAUNCH_H
#include "bench/launch/guard.h"
#include "bench/launch/still.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Called about every every_ns while the trial program `pid` runs. */
struct launch_watch {
    void (*see)(void *data, pid_t pid);
    void *data;
    uint64_t every_ns;
};

struct launcher {
    char program[4096];
    const char *other;       /* the trial program of the job that is there, in the place of `program`; NULL: that one */
    const char *const *wrap; /* words in front of it, NULL behind the last; NULL: none */
    int memfd;
    void *map; /* the job file */
    size_t bytes;
    uint64_t epoch;
    struct guard guard;
    struct still still;
    uint64_t paused_ns;               /* we stood still for so long, in all: Ctrl-Z, a freezer, a stop from outside */
    int signals;                      /* signalfd of those that tell us to end or to stop; -1: they act by themselves */
    int interrupted;                  /* the last signal to end that a trial was ended for; 0: none */
    sigset_t outside;                 /* the signal mask before ours */
    const struct launch_watch *watch; /* NULL: nobody watches */
};

/* Which tasks a trial that did not end was still waiting for, so that a task that a pool has lost has a number. */
struct missing {
    uint32_t stage; /* enum report_stage that the trial was in */
    uint32_t first; /* task, */
    uint32_t count; /* and how many were handed in and are not back; 0: none, or it did not come to run any */
    uint32_t handed_in;
};

/* How a trial program ended. */
struct outcome {
    pid_t pid;              /* that it had */
    int wait_status;        /* as from wait4 */
    bool timed_out;         /* killed at the limit */
    int interrupted;        /* the signal that told us to end, or 0 */
    uint64_t elapsed_ns;    /* from making it until nothing of it was left */
    bool was_stopped;       /* it, or all of us, stood still because of somebody outside; */
    uint64_t stopped_ns;    /* for so long, as far as that is known */
    struct missing missing; /* of a trial that timed out */
    bool left_processes;    /* it ended and processes of its group were still there; they were killed */
};

/* Finds poolbench-trial, blocks the signals we watch for, starts the guard. 0 or -errno with a line in error. */
int launcher_open(struct launcher *launcher, char *error);
void launcher_close(struct launcher *launcher);
/* Makes the job file at least `bytes` long and returns it, its old content undefined; NULL with a line in error. */
void *launcher_job(struct launcher *launcher, size_t bytes, char *error);
/* Runs the trial program on the job file, at most limit_ns, in which what stood still does not count; afterwards no
 * descendant is left. 0 or -errno. */
int launcher_run(struct launcher *launcher, uint64_t limit_ns, struct outcome *outcome);
struct job_file;
/* From the job of a trial that has been ended. */
void missing_read(const struct job_file *file, struct missing *missing);
/* "; task 500 never came back"; "" when there is nothing to say. Returns text. */
char *missing_words(const struct missing *missing, char *text, size_t size);
/* A signal to end that arrived while no trial was running; 0: none. One to stop (Ctrl-Z) is obeyed here. */
int launcher_interrupted(struct launcher *launcher);
/* What we wrote is whole: from now on a signal ends us at once, also one that has come already. */
void launcher_unwatch(struct launcher *launcher);

#endif
