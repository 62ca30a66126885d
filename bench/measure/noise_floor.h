/* How much trials of the same tasks differ on this machine, in this minute. One thread. */
#ifndef POOLBENCH_MEASURE_NOISE_FLOOR_H
#define POOLBENCH_MEASURE_NOISE_FLOOR_H
#include <stdint.h>

struct spread {
    double median_ns; /* per task of 1 ms */
    double middle;    /* width of the middle half of the trials, over the median */
    double worst;     /* the longest trial over the median, less 1 */
};

struct noise_floor {
    struct spread spin, sleep;          /* NAN: no trial ended well */
    double spin_visible, sleep_visible; /* the smallest difference that so many blocks show; NAN: none */
    unsigned blocks;
    int signal; /* that interrupted it */
};

/* Takes about budget_ns. 0 or -errno with a line in error; -EINTR: interrupted. */
int noise_floor_measure(uint64_t budget_ns, struct noise_floor *noise, char *error);

#endif
