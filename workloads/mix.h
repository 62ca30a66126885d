/* mix64: the one hash of the project. Seeds, draws and result sums all go through it, so that every pool, every
 * process and every repetition sees the same numbers. The finaliser is SplitMix64's (Steele, Lea, Flood: "Fast
 * splittable pseudorandom number generators", OOPSLA 2014). Pure, thread- and fork-safe. */
#ifndef POOLBENCH_MIX_H
#define POOLBENCH_MIX_H
#include <stdint.h>

static inline uint64_t mix64(uint64_t a, uint64_t b)
{
    uint64_t z = a + 0x9e3779b97f4a7c15ull * (b + 1);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
}

/* A draw below `bound` from 64 hashed bits, without modulo bias worth naming (Lemire's multiply-shift). */
static inline uint64_t mix_below(uint64_t hash, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)hash * bound) >> 64);
}

#endif
