/* SHA-256 of bytes in memory. Pure, thread- and fork-safe. */
#ifndef POOLBENCH_SHA256_H
#define POOLBENCH_SHA256_H
#include <stddef.h>
#include <stdint.h>

/* digest: eight words, the first the most significant. */
void sha256(const unsigned char *bytes, size_t count, uint32_t digest[8]);

#endif
