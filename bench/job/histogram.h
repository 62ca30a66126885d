/* Log-linear histogram of nanoseconds: exact below 128, then 128 buckets a power of two, so that no bucket is wider
 * than 1 % of its lower edge (the layout of HdrHistogram, Gil Tene). Shared by trial (counts) and harness (edges). */
#ifndef POOLBENCH_JOB_HISTOGRAM_H
#define POOLBENCH_JOB_HISTOGRAM_H
#include <stdint.h>

#define HISTOGRAM_BUCKETS 5248u /* up to 2^47 ns, 39 hours; later values count in the last bucket */

static inline uint32_t histogram_bucket(uint64_t ns)
{
    if (ns < 128)
        return (uint32_t)ns;
    unsigned shift = 56u - (unsigned)__builtin_clzll(ns); /* ns >> shift is in 128..255 */
    uint32_t bucket = shift * 128u + (uint32_t)(ns >> shift);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The same of four times at once, each of at least 0 and below 2^47 ns: upwards of 128 the exponent and the upper seven
 * bits of the mantissa of a float number the buckets. The last bits of a float decide at the edge of two buckets. */
typedef float histogram_times __attribute__((vector_size(16)));
typedef int32_t histogram_buckets __attribute__((vector_size(16)));
static inline histogram_buckets histogram_bucket_of_each(histogram_times ns)
{
    const histogram_buckets small = ns < 128.0f, bits = (histogram_buckets)ns;
    const histogram_buckets exact = __builtin_convertvector((histogram_times)(bits & small), histogram_buckets);
    return exact | (((bits >> 16) - ((127 + 6) * 128)) & ~small);
}

/* A bucket holds lo <= ns < hi. */
static inline uint64_t histogram_lo(uint32_t bucket)
{
    return bucket < 256 ? bucket : (uint64_t)(bucket % 128u + 128u) << (bucket / 128u - 1);
}

static inline uint64_t histogram_hi(uint32_t bucket)
{
    return histogram_lo(bucket + 1);
}

#endif
