/* A flame graph as SVG and as folded stacks. A write that fails is left to ferror(). One thread. */
#ifndef POOLBENCH_SHOW_FLAME_H
#define POOLBENCH_SHOW_FLAME_H
#include "bench/analyse/flame.h"
#include "bench/model/summary_factors.h"

/* What a side is of. */
struct flame_side {
    const struct run_data *run;
    size_t cell;
};

/* What stands in a picture. name[1] only of a flame with two sides. */
struct flame_words {
    char title[1024], name[2][POOL_TEXT + 48], note[512];
};
/* Of a flame with those sides: runs are named where there are two. */
void flame_words_make(struct flame_words *words, const struct flame *flame, const struct flame_side *sides);

/* Callees stand on their callers, as wide as the time a task that they take; of two sides the mean of both, and colours
 * say of which side it is more. What would be narrower than half a pixel is left out. */
void flame_svg(FILE *out, const struct flame *flame, const struct flame_words *words);
/* A line a chain: "role;caller;callee 120", in ns a task; of two sides both numbers, as difffolded.pl writes them. */
void flame_folded(FILE *out, const struct flame *flame);

#endif
