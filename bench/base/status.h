/* What somebody who waits is told on stderr: on a terminal always the same line, elsewhere a line where nothing was
 * said for STATUS_EVERY_NS. One thread. */
#ifndef POOLBENCH_BASE_STATUS_H
#define POOLBENCH_BASE_STATUS_H
#include <stdint.h>

#define STATUS_EVERY_NS 8000000000u

struct status {
    const char *verb;
    uint64_t said_ns; /* CLOCK_MONOTONIC; 0: the next line is said at once */
};

void status_say(struct status *status, const char *line);
void status_clear(void); /* of a terminal */

#endif
