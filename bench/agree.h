/* Results must agree: cells that run the same tasks give the same result_sum, whoever ran them. A pool that loses,
 * skips or swaps work cannot look fast. One thread. */
#ifndef POOLBENCH_AGREE_H
#define POOLBENCH_AGREE_H
#include "bench/cell.h"

struct agreement {
    struct known {
        const struct cell *cell; /* the first that ran these tasks */
        uint64_t sum;
    } * known;
    size_t count;
};

int agreement_init(struct agreement *agreement, const struct cells *cells); /* 0 or -ENOMEM */
void agreement_release(struct agreement *agreement);
/* The cell that ran the same tasks before and got another sum; NULL: they agree, and this sum is remembered. */
const struct cell *agreement_break(struct agreement *agreement, const struct cell *cell, uint64_t sum);

#endif
