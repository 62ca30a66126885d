/* Which tasks a trial that did not end was still waiting for, so that a task that a pool has lost has a number. Thread-
 * safe. */
#ifndef POOLBENCH_LAUNCH_MISSING_H
#define POOLBENCH_LAUNCH_MISSING_H
#include <stddef.h>
#include <stdint.h>

struct missing {
    uint32_t stage; /* enum report_stage that the trial was in */
    uint32_t first; /* task, */
    uint32_t count; /* and how many were handed in and are not back; 0: none, or it did not come to run any */
    uint32_t handed_in;
};

struct job_file;
/* From the job of a trial that has been ended. */
void missing_read(const struct job_file *file, struct missing *missing);
/* "; task 500 never came back"; "" when there is nothing to say. Returns text. */
char *missing_words(const struct missing *missing, char *text, size_t size);

#endif
