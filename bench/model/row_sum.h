/* The checksum of a row, column row_sum: of its values, not of its bytes, so that a spreadsheet that quotes anew, moves
 * columns or sorts does no harm. It is of all fields to the left of it that are not empty, each with the name of its
 * column; whole numbers as they are written in full. Rows of a trial add up to the sum that trials.csv has of them. It
 * finds damage; it is no signature. Pure; thread-safe. */
#ifndef POOLBENCH_MODEL_ROW_SUM_H
#define POOLBENCH_MODEL_ROW_SUM_H
#include "workloads/mix.h"
#include <stddef.h>
#include <string.h>

#define ROW_SUM_NAME "row_sum"

/* What a field adds. seed: 0 for the name of a column; that of the name for a value. */
static inline uint64_t row_sum_text(uint64_t seed, const char *text, size_t length)
{
    uint64_t sum = mix64(seed, length);
    for (size_t at = 0; at < length; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, text + at, length - at < sizeof word ? length - at : sizeof word);
        sum = mix64(sum, word);
    }
    return sum;
}

/* As it stands in the file: 32 bits of what all fields have added. */
static inline int64_t row_sum_fold(uint64_t added)
{
    return (int64_t)((added ^ added >> 32) & UINT32_MAX);
}

/* Of rows: how many, and the sum of theirs. */
struct row_tally {
    int64_t rows, sum;
};

#define ROW_TALLY_MODULUS 1000000000000000000 /* as large as a whole number in a file may be */

static inline void row_tally_add(struct row_tally *tally, int64_t row_sum)
{
    tally->rows++;
    tally->sum = (tally->sum + row_sum) % ROW_TALLY_MODULUS;
}

#endif
