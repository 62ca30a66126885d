/* The order of trials. Neighbours disturb each other (a warm cache, a hot CPU, a page that was just freed), so no cell
 * may always come after the same one. With enough blocks a Williams design sees to that exactly: rows of a Latin square
 * whose first row is 0, 1, n-1, 2, n-2 ..., in which every cell stands once in every position and, for even n, follows
 * every other cell once; for odd n this needs the square and its mirror image. (E. J. Williams, "Experimental designs
 * balanced for the estimation of residual effects of treatments", 1949.) */
#include "bench/stats/design.h"
#include "workloads/mix.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static void shuffle(uint64_t seed, uint32_t *numbers, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        numbers[i] = i;
    for (unsigned i = count; i > 1; i--) {
        unsigned j = (unsigned)mix_below(mix64(seed, i), i);
        uint32_t swapped = numbers[i - 1];
        numbers[i - 1] = numbers[j];
        numbers[j] = swapped;
    }
}

/* What stands at a position of the square's first row. */
static unsigned first_row(unsigned position, unsigned cells)
{
    return position % 2 ? (position + 1) / 2 : (cells - position / 2) % cells;
}

/* The rows of one square, in random order and with the cells in random roles. */
static void square_draw(uint64_t seed, unsigned square, unsigned rows, unsigned cells, uint32_t *order)
{
    uint32_t role[cells], row[cells];
    bool mirrored = cells % 2 && square % 2;
    shuffle(mix64(seed ^ 0x726f6c65, cells % 2 ? square / 2 : square), role, cells);
    shuffle(mix64(seed ^ 0x726f77, square), row, cells);
    for (unsigned r = 0; r < rows; r++)
        for (unsigned p = 0; p < cells; p++)
            order[r * cells + p] = role[(first_row(mirrored ? cells - 1 - p : p, cells) + row[r]) % cells];
}

void order_draw(uint64_t seed, unsigned blocks, unsigned cells, uint32_t *order)
{
    if (blocks < cells) {
        for (unsigned b = 0; b < blocks; b++)
            shuffle(mix64(seed ^ 0x626c6f636b, b), order + (size_t)b * cells, cells);
        return;
    }
    for (unsigned first = 0; cells && first < blocks; first += cells)
        square_draw(seed, first / cells, blocks - first < cells ? blocks - first : cells, cells,
                    order + (size_t)first * cells);
}

unsigned blocks_needed(unsigned comparisons)
{
    /* An exact interval at level 1 - 0.05 / m has at least this many blocks to take its ends from. */
    double needed = comparisons ? ceil(1 + log2(comparisons / 0.05)) : 0;
    return needed > 8 ? (unsigned)needed : 8;
}
