/* sha256: the SHA-256 (FIPS 180-4) of a block of a file. One iteration is one block, and a task is one iteration;
 * calibration runs several, block after block, and says how long one takes. In plain C: what counts is that every
 * worker does the same, not how fast it could be done. */
#include "workloads/sha256.h"
#include "workloads/blocks.h"
#include "workloads/work.h"

/* ---- the function ---- */

static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

enum { CHUNK = 64 };

static inline uint32_t rotated(uint32_t x, unsigned by)
{
    return x >> by | x << (32 - by);
}

/* One round. The eight words move on by one each time; here their names do (`first`: which is the first of them now).
 */
static inline __attribute__((always_inline)) void round_mix(uint32_t s[8], unsigned first, uint32_t word)
{
    uint32_t a = s[first & 7], b = s[(first + 1) & 7], c = s[(first + 2) & 7];
    uint32_t e = s[(first + 4) & 7], f = s[(first + 5) & 7], g = s[(first + 6) & 7];
    uint32_t choose = (e & f) ^ (~e & g), major = (a & b) ^ (a & c) ^ (b & c);
    uint32_t sum = s[(first + 7) & 7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + choose + word;
    s[(first + 3) & 7] += sum;
    s[(first + 7) & 7] = sum + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + major;
}

static void chunk_mix(uint32_t state[8], const unsigned char *chunk)
{
    uint32_t w[64], s[8];
    for (unsigned i = 0; i < 16; i++, chunk += 4)
        w[i] = (uint32_t)chunk[0] << 24 | (uint32_t)chunk[1] << 16 | (uint32_t)chunk[2] << 8 | chunk[3];
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = rotated(w[i - 15], 7) ^ rotated(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = rotated(w[i - 2], 17) ^ rotated(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 64; i += 8) {
        round_mix(s, 0, round_constants[i] + w[i]);
        round_mix(s, 7, round_constants[i + 1] + w[i + 1]);
        round_mix(s, 6, round_constants[i + 2] + w[i + 2]);
        round_mix(s, 5, round_constants[i + 3] + w[i + 3]);
        round_mix(s, 4, round_constants[i + 4] + w[i + 4]);
        round_mix(s, 3, round_constants[i + 5] + w[i + 5]);
        round_mix(s, 2, round_constants[i + 6] + w[i + 6]);
        round_mix(s, 1, round_constants[i + 7] + w[i + 7]);
    }
    for (unsigned i = 0; i < 8; i++)
        state[i] += s[i];
}

void sha256(const unsigned char *bytes, size_t count, uint32_t digest[8])
{
    static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                        0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    unsigned char last[2 * CHUNK] = {0};
    size_t whole = count / CHUNK * CHUNK, rest = count - whole;
    size_t end = rest + 9 <= CHUNK ? CHUNK : 2 * CHUNK; /* a one and the length in bits come behind the rest */
    memcpy(digest, initial, sizeof initial);
    for (size_t i = 0; i < whole; i += CHUNK)
        chunk_mix(digest, bytes + i);
    if (rest)
        memcpy(last, bytes + whole, rest);
    last[rest] = 0x80;
    for (unsigned i = 0; i < 8; i++)
        last[end - 1 - i] = (unsigned char)((uint64_t)count * 8 >> 8 * i);
    for (size_t i = 0; i < end; i += CHUNK)
        chunk_mix(digest, last + i);
}

/* ---- the workload ---- */

struct sha256 {
    uint64_t seed;
    struct blocks blocks;
};

static const struct param sha256_params[] = {
    BLOCKS_ROWS,
    {.name = NULL},
};

static int sha256_prepare(const struct workload_config *config, void **state)
{
    struct sha256 sha = {.seed = config->seed};
    int rc = blocks_open(config->params, &sha.blocks);
    if (rc == 0 && (rc = work_state(&sha, sizeof sha, state)) < 0)
        blocks_close(&sha.blocks);
    return rc;
}

static int sha256_run(void *state, const struct task *task, uint64_t *result)
{
    const struct sha256 *sha = state;
    uint64_t sum = work_start(sha->seed, task->index);
    for (uint64_t i = 0; i < task->iterations; i++) {
        uint32_t digest[8];
        size_t bytes;
        const unsigned char *block = blocks_at(&sha->blocks, task->index + i, &bytes);
        sha256(block, bytes, digest);
        for (unsigned k = 0; k < 8; k += 2)
            sum = mix64(sum, (uint64_t)digest[k] << 32 | digest[k + 1]);
    }
    *result = sum;
    return 0;
}

static void sha256_release(void *state)
{
    struct sha256 *sha = state;
    blocks_close(&sha->blocks);
    free(sha);
}

const struct workload_ops workload_sha256 = {
    .name = "sha256",
    .summary = "CPU-bound, on real data: SHA-256 of a block of a file",
    .params = sha256_params,
    .unit = "block",
    .check = blocks_check,
    .prepare = sha256_prepare,
    .run = sha256_run,
    .release = sha256_release,
};
