/* What is to be known of a run at a glance: how far it has come, when it began, what made it. One thread. */
#ifndef POOLBENCH_MODEL_RUN_ABOUT_H
#define POOLBENCH_MODEL_RUN_ABOUT_H
#include <jansson.h>
#include <stdbool.h>

enum run_state { RUN_WHOLE, RUN_UNFINISHED, RUN_AT_WORK };

struct run_about {
    enum run_state state;
    bool is_plan;      /* made by `run`: what is left of its plan is known, and `resume` can run it */
    const char *begun; /* "2026-11-22T17:41:54Z", points into host; "": not known */
    json_t *host;      /* NULL: it cannot be read, and the run counts as whole */
};

/* Of a directory that is a run. Release it. */
void run_about_read(const char *directory, struct run_about *about);
void run_about_release(struct run_about *about);

#endif
