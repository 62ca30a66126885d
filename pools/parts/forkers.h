/* The forkers of pool zygote as the submitter has them: made, woken, given orders, replaced and ended. See zygote.h.
 *
 * The submitter never waits for one of them alone: it gives orders, and goes round until all that live have answered:
 * forkers_take, wait for those that have ended (each one is told to forkers_lose), forkers_ask, sleep on the event
 * word. Who answers shouts, who ends brings SIGCHLD. */
#ifndef POOLBENCH_FORKERS_H
#define POOLBENCH_FORKERS_H
#include "pools/parts/zygote.h"

struct forkers {
    struct zygote_shared *shared;
    size_t shared_bytes;
    pid_t *pids;                         /* by row; 0: none */
    uint64_t *lost_at;                   /* by worker: ticks when its forker was found dead; 0: it has one */
    uint64_t *stopped_ns;                /* by row: since when it was seen to stand still; 0: it does not */
    uint64_t look_ns;                    /* when to look for that again */
    uint32_t workers, rows, made, alive; /* made: rows in use, the spawner's included; alive: forkers */
    uint32_t orders, spares;
    bool asks; /* row `maker` was told to make a process for row `makes` */
    uint32_t maker, makes;
    int refused;              /* -errno of the last that could not be made */
    uint64_t retry_ns;        /* when to try again */
    uint64_t refused_ns;      /* since when none could be made; 0: one was made since */
    int error;                /* why a forker could not open the job: another could not either */
    int64_t lost, replace_ns; /* forkers that died; time to have another */
};

/* Makes the spawner and a forker for each worker. 0 or -errno, and nothing is left. */
int forkers_make(struct forkers *forkers, const struct pool_config *config);
/* Kills them all, waits for them and frees what make made; also when that is nothing (zeroed). */
void forkers_end(struct forkers *forkers);

void forkers_wake(struct forkers *forkers, uint32_t count); /* up to count idle ones */
/* To all forkers that live; only when all have answered the last one. */
void forkers_order(struct forkers *forkers, enum forker_order order);
/* Do all have? The first error goes to *error. */
bool forkers_have_answered(const struct forkers *forkers, int *error);

/* The process in that row has ended and been waited for. */
void forkers_lose(struct forkers *forkers, uint32_t row);
/* Kills those that have stood still for as long as a task may take, where there is a limit: they keep none. *until_ns
 * moves forward to when it must be called again. */
void forkers_end_stopped(struct forkers *forkers, uint64_t *until_ns);
/* Was it ended for that? */
bool forkers_was_stopped(const struct forkers *forkers, uint32_t row);
/* What was asked for is there, if it has been made. */
void forkers_take(struct forkers *forkers);
/* Asks for another in the place of one that was lost, one at a time. *until_ns moves forward to when it must be called
 * again. 0, or -errno: there is none to be had (-EOWNERDEAD: all that could make one are gone). */
int forkers_ask(struct forkers *forkers, uint64_t *until_ns);

#endif
