/* What a test was called with. */
#ifndef POOLBENCH_TESTS_MAIN_H
#define POOLBENCH_TESTS_MAIN_H

extern char **test_words; /* behind its name; ends with NULL */

#endif
