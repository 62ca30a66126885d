/* Results must agree: cells that run the same tasks give the same result_sum, whoever ran them. A pool that loses,
 * skips or swaps work cannot look fast. One thread. */
#ifndef POOLBENCH_MODEL_AGREE_H
#define POOLBENCH_MODEL_AGREE_H
#include "bench/job/job_file.h"
#include "bench/model/cell.h"

/* What the tasks of a trial gave: in all, and each of those that were sampled. */
struct gave {
    uint64_t sum;
    const struct sample *samples;
    uint64_t count;
};

struct agreement {
    struct known {
        struct cell cell; /* the first that ran these tasks; what it points to is not ours */
        uint64_t sum;
        struct gave_task {
            uint32_t task;
            uint64_t result;
        } * tasks; /* that were sampled, by number; NULL: none */
        uint64_t count;
    } * known;
    size_t count, room;
};

/* Zeroed is empty. */
void agreement_release(struct agreement *agreement);
/* 1: *other is the cell that ran the same tasks before and got another sum, *task the first task that was sampled of
 * both and differs, -1 where there is none; 0: they agree, and this is remembered; -ENOMEM. */
int agreement_break(struct agreement *agreement, const struct cell *cell, const struct gave *gave,
                    const struct cell **other, int64_t *task);

#endif
