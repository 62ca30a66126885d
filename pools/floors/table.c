/* The floors there are. */
#include "pools/pool.h"

extern const struct pool_ops floor_fork, floor_zygote, floor_ring, floor_claim, floor_spin, floor_futex, floor_wake,
    floor_clock;

const struct pool_ops *const floor_table[] = {
    &floor_fork, &floor_zygote, &floor_ring, &floor_claim, &floor_spin, &floor_futex, &floor_wake, &floor_clock, NULL,
};
