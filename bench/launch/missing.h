/* Which tasks a trial that did not end was still waiting for: read from its memory before it is killed, so that a task
 * that a pool has lost has a number. */
#ifndef POOLBENCH_LAUNCH_MISSING_H
#define POOLBENCH_LAUNCH_MISSING_H
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct missing {
    uint32_t stage; /* enum report_stage that the trial was in */
    uint32_t first; /* task, */
    uint32_t count; /* and how many were handed in and are not back; 0: none, or it cannot be told */
    uint32_t handed_in;
};

struct job_file;
/* pid: of the trial program, alive. What cannot be read is not known. */
void missing_read(const struct job_file *file, pid_t pid, struct missing *missing);
/* "; task 500 never came back"; "" when there is nothing to say. Returns text. */
char *missing_words(const struct missing *missing, char *text, size_t size);

#endif
