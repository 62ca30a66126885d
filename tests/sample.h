/* A matrix that takes long where processes are slow: as many of its cells are run as fit into the time that a matrix
 * may take here, drawn by the seed; the others are not, and the number of both is said. Where more fit, the same cells
 * are among them. By the environment, as tests/run sets it: SEED; ALL=1: all cells; PROCESS_US and PROGRAM_US: what a
 * process and a program cost here.
 *
 *   sample_begin(&sample, "cells", rows * columns, programs, processes);  // that one of them takes, about
 *   for (rows) for (columns) if (sample_next(&sample)) ...
 *   sample_end(&sample);                                                  // says `60 of 412 cells, seed 7` */
#ifndef POOLBENCH_TESTS_SAMPLE_H
#define POOLBENCH_TESTS_SAMPLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct matrix_sample {
    const char *of;
    size_t cells, chosen, next;
    uint64_t limit; /* cells whose draw is not above it are chosen */
    uint64_t salt;
};

/* The seed of all that is random in a test. */
uint64_t sample_seed(void);
/* A dot a second shows that a test goes on: silence ends it. For loops that may take minutes. */
void test_progress(void);
/* What a process costs here, about. */
double sample_process_us(void);
/* ALL=1: nothing is left out. */
bool sample_all(void);
void sample_begin(struct matrix_sample *sample, const char *of, size_t cells, double programs, double processes);
bool sample_next(struct matrix_sample *sample);
void sample_end(const struct matrix_sample *sample);

#endif
