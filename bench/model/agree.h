/* Results must agree: cells that run the same tasks give the same result_sum, whoever ran them. A pool that loses,
 * skips or swaps work cannot look fast. One thread. */
#ifndef POOLBENCH_MODEL_AGREE_H
#define POOLBENCH_MODEL_AGREE_H
#include "bench/model/cell.h"

struct agreement {
    struct known {
        struct cell cell; /* the first that ran these tasks; what it points to is not ours */
        uint64_t sum;
    } * known;
    size_t count, room;
};

/* Zeroed is empty. */
void agreement_release(struct agreement *agreement);
/* 1: *other is the cell that ran the same tasks before and got another sum; 0: they agree, and this sum is remembered;
 * -ENOMEM. */
int agreement_break(struct agreement *agreement, const struct cell *cell, uint64_t sum, const struct cell **other);

#endif
