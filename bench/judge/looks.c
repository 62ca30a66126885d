/* The looks grow by half, so that whoever needs more waits for at most half as much again. */
#include "bench/judge/looks.h"
#include "bench/judge/verdict.h"
#include <math.h>

static const unsigned looks[] = {8, 12, 18, 27, 40, LOOK_MAX, 90, 135, 200, 300, 450, 670, 1000};
#define LOOK_COUNT (sizeof looks / sizeof looks[0])

unsigned look_after(unsigned blocks)
{
    for (size_t i = 0; i < LOOK_COUNT; i++)
        if (looks[i] > blocks)
            return looks[i];
    return 0;
}

unsigned look_next(unsigned blocks)
{
    return blocks < LOOK_MAX ? look_after(blocks) : 0;
}

/* More looks leave less to each, which needs more blocks, which leaves fewer looks: the most that fit. */
unsigned looks_planned(unsigned comparisons)
{
    for (unsigned count = 6; count; count--) {
        struct claim claim = {.comparisons = comparisons, .looks = count};
        unsigned fit = 0;
        for (unsigned look = look_next(0); look; look = look_next(look))
            fit += look >= claim_blocks(&claim);
        if (fit >= count)
            return count;
    }
    return 0;
}

bool precision_reached(const struct interval *interval, double precision)
{
    return interval->lo > 0 && sqrt(interval->hi / interval->lo) <= 1 + precision;
}
