/* Leaving out a test that this machine does not let run, with the words that tests/run shows. */
#ifndef POOLBENCH_TESTS_SKIP_H
#define POOLBENCH_TESTS_SKIP_H
#include <stdio.h>

/* Ends the test as skipped; after <cmocka.h>, whose skip() it is. */
#define skip_because(what, why)                                                                                        \
    do {                                                                                                               \
        printf("skipped: %s: %s\n", (what), (why));                                                                    \
        skip();                                                                                                        \
    } while (0)

#endif
