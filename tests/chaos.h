/* See chaos.c. */
#ifndef POOLBENCH_TESTS_CHAOS_H
#define POOLBENCH_TESTS_CHAOS_H

void chaos_come(void); /* one access; thread-safe */

#endif
