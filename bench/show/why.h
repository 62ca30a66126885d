/* An explanation as tables: for the screen and the report. One thread. */
#ifndef POOLBENCH_SHOW_WHY_H
#define POOLBENCH_SHOW_WHY_H
#include "bench/analyse/why/pick.h"
#include "bench/show/sheet.h"

/* From A's time per task to B's, a row a state, and what the numbers are in its foot; released by the caller. */
struct sheet why_sheet(const struct explanation *why);
/* Counts a task that reasons rest on. */
struct sheet why_facts(const struct explanation *why);
/* What was counted in profiled siblings, an event a row; of an explanation that has counters. */
struct sheet why_counters(const struct explanation *why);
/* The groups of a run, a row each, by number: which one is shown, and how to ask for another. */
struct sheet why_rows(const struct whys *whys);

#endif
