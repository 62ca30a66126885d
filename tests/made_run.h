/* A run made up row by row, whose numbers a test can work out by hand. One at a time; what fails, fails the test. */
#ifndef POOLBENCH_TESTS_MADE_RUN_H
#define POOLBENCH_TESTS_MADE_RUN_H
#include "bench/model/columns.h"

/* Makes the directory anew, with files that have no rows. */
void made_begin(const char *directory);
void made_end(void);

/* A trial's row: 100 tasks of 1 ms on 2 workers, in 50 ms, in a block of its own. made_put writes it, as a test has
 * changed it, behind the buckets and samples of it. */
struct trial_row made_trial(const char *cell, const char *pool, const char *arrival);
void made_bucket(const char *phase, int64_t lo_ns, int64_t hi_ns, int64_t count);
void made_sample(int64_t task, int64_t worker, int64_t start_ns, int64_t end_ns); /* task 3 failed, others are ok */
void made_arrival(int64_t task, int64_t due_ns, int64_t latency_ns); /* a sample, likewise, of which that is known */
void made_stamps(int64_t task, const int64_t ns[5]);                 /* due, submit, start, end, reap */
void made_put(struct trial_row trial);

#endif
