/* What workloads must be given, for tests that go through the table of workloads: a command, a file. */
#ifndef POOLBENCH_TESTS_GIVEN_H
#define POOLBENCH_TESTS_GIVEN_H
#include "workloads/param.h"
#include <stdbool.h>

/* True and a value, of a parameter that has none to begin with or whose own would take long. */
bool given(const struct param *param, int64_t *value);

#endif
