/* One line on a terminal that says what is running, how far it is and how long it will take; silent elsewhere. */
#ifndef POOLBENCH_PROGRESS_H
#define POOLBENCH_PROGRESS_H
#include "bench/cell.h"
#include <stdbool.h>

struct progress {
    bool on;
    unsigned columns; /* of the terminal */
    uint64_t start_ns;
    size_t total;
};

void progress_begin(struct progress *progress, size_t total);
void progress_show(const struct progress *progress, size_t done, const struct cell *cell);
void progress_end(const struct progress *progress); /* clears the line */

#endif
