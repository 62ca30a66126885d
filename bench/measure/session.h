/* A session: what it takes to run trials of cells on this machine and to keep what they found. The verbs that measure
 * are loops over session_block(): `run` through a plan made beforehand, the searching ones through cells they add as
 * they go. One thread. 0 or -errno, with a line in error (ERROR_MAX bytes). */
#ifndef POOLBENCH_MEASURE_SESSION_H
#define POOLBENCH_MEASURE_SESSION_H
#include "bench/ask/request.h"
#include "bench/machine/busy.h"
#include "bench/machine/machine.h"
#include "bench/machine/outside.h"
#include "bench/measure/again.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/plan.h"
#include "bench/measure/progress.h"
#include "bench/measure/record.h"

/* What may be closed without having been opened. */
#define SESSION_CLOSED                                                                                                 \
    {                                                                                                                  \
        .lock = -1                                                                                                     \
    }
struct session {
    struct machine machine;
    struct request request;
    struct calibrations *calibrations;
    struct plan plan;
    char directory[4096];
    struct recorder recorder;
    struct recorded before;           /* --more: how far the run has come */
    struct busy_watch *watch;         /* what others do, from session_open() to session_begin() */
    struct outside_watch outside;     /* and while trials run */
    struct again_before again_before; /* --more: the trials that are there */
    uint64_t start_ns;                /* the run began: its trials are timed from there */
    const char *closing_as;           /* the verb that it is like, for what comes after the last trial; */
    size_t closing_cells;             /* with so many cells */
    double closing_ns;                /* the forecast of it */
    int64_t budget_ns;                /* that no trial may overrun by more than a tenth, once one was seen; 0: none */
    bool over_budget;                 /* one would have, and was not begun: its block is not whole */
    int lock;                         /* run_lock() of the directory */
    bool is_resumed;
    size_t trials, failures;
    size_t again;              /* trials that were run again because of others, of those before, too */
    size_t stopped;            /* trials that stood still, have no times and were not run again */
    int interrupted;           /* signal: no further trial is run */
    const uint32_t *positions; /* when not NULL, those of the trials of a block; else 1, 2, 3 ... */
    /* When not NULL, called by session_block() after each trial was recorded, with its job still there. 0 or -errno. */
    int (*on_trial)(const struct trial_facts *facts, const struct trial_row *row, void *of);
    void *on_trial_of;
};

/* The machine, what is asked for, calibrations, the plan. Writes nothing. Close it in any case. */
int session_open(struct session *session, const struct asked *asked, char *error);
/* The same for a run that ended early: its cells as they were, and its recorded trials. Refused where this is another
 * machine or another trial program. The plan's order is a new one: take that of bench/analyse/remaining.h. */
int session_reopen(struct session *session, const char *directory, bool trust, char *error);
/* After one of these: what comes after the last trial is that of this verb, not that of `run`. */
void session_closes_as(struct session *session, const char *verb);
/* The directory of the run, with host.json (`verb` and argv in it), suite.ini and empty CSV files; with --more, those
 * of that run, to go on behind its last trial. Writes nothing new where it fails. */
int session_begin(struct session *session, const char *verb, char **argv, char *error);
/* CLOCK_MONOTONIC without the time in which we stood still while trials ran or between them (Ctrl-Z, a freezer). */
uint64_t session_now_ns(const struct session *session);
/* What is left of a budget (0: none) for further trials, counted from when the command was entered; less than 0 where
 * nothing is. INFINITY without one. */
double session_left_ns(const struct session *session, int64_t budget_ns);
/* More blocks behind those of the plan, in the files, too. */
int session_extend(struct session *session, unsigned blocks, char *error);
/* Completes a cell, of which the plan has others, and gives it a number: plan.cells.cell[plan.cells.count - 1]. Take a
 * copy of a cell of the plan, cell_forget() what was found out about it, and change what is to be another. */
int session_add(struct session *session, const struct cell *cell, char *error);
/* One block: a trial of each of these cells (numbers in plan.cells), in that order; block from 1; then rows that were
 * disturbed from outside once more (again.h). Progress may be NULL. `found`, when not NULL, gets the rows of
 * trials.csv, in the same order, and nothing is run again; when a signal interrupts, or the budget ends it
 * (over_budget), the rest of it is not touched. */
int session_block(struct session *session, unsigned block, const uint32_t *order, size_t count,
                  struct progress *progress, struct trial_row *found, char *error);
/* Runs the trial whose job is written, facts->cell's, and sees what others do meanwhile. */
int session_watch(struct session *session, struct trial_facts *facts, char *error);
/* The plan's blocks first .. end - 1, counted from 0, all cells in each, until the budget or a signal ends them. */
int session_blocks(struct session *session, unsigned first, unsigned end, struct progress *progress, char *error);
/* Ends the files; from now on a signal ends us. */
int session_end(struct session *session, char *error);
/* Says on stderr where the run is, if it was moved meanwhile; session->directory is its new path then. That one is gone
 * says who writes to it. */
void session_follow(struct session *session, const char *verb);
void session_close(struct session *session); /* once more does nothing */

#endif
