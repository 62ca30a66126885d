/* deflate: a block of a file compressed by zlib. One iteration is one block, and a task is one iteration. zlib is
 * loaded when this workload is prepared and not before: every library that is mapped makes every fork of a trial
 * dearer.
 *
 * A task's result is a hash of the compressed bytes. For a seeded share of the tasks the work is done again afterwards,
 * uncompressed, and compared with the block. zlib allocates and frees its window for every block, as callers of
 * compress2 have it. */
#include "workloads/blocks.h"
#include "workloads/work.h"
#include <dlfcn.h>
#include <stdio.h>

#define ZLIB "libz.so.1"

enum { DEFLATE_LEVEL = BLOCKS_PARAMS };
static const struct param deflate_params[] = {
    BLOCKS_ROWS,
    [DEFLATE_LEVEL] = {"level", PARAM_COUNT, "6", 0, 9, NULL, "how hard zlib tries"},
    {.name = NULL},
};

/* As zlib.h declares them; uLong is unsigned long, and 0 is Z_OK. */
typedef unsigned long zlib_bound(unsigned long bytes);
typedef int zlib_compress(unsigned char *to, unsigned long *to_bytes, const unsigned char *from, unsigned long bytes,
                          int level);
typedef int zlib_uncompress(unsigned char *to, unsigned long *to_bytes, const unsigned char *from, unsigned long bytes);

struct deflate {
    uint64_t seed;
    struct blocks blocks;
    int level;
    void *library;
    zlib_bound *bound;
    zlib_compress *compress;
    zlib_uncompress *uncompress;
    size_t room; /* for the compressed bytes of a block */
};

static int zlib_open(struct deflate *deflate, char *error)
{
    deflate->library = dlopen(ZLIB, RTLD_NOW | RTLD_LOCAL);
    if (deflate->library) {
        /* through void **: the only conversion to a function that POSIX has */
        *(void **)&deflate->bound = dlsym(deflate->library, "compressBound");
        *(void **)&deflate->compress = dlsym(deflate->library, "compress2");
        *(void **)&deflate->uncompress = dlsym(deflate->library, "uncompress");
    }
    if (deflate->bound && deflate->compress && deflate->uncompress)
        return 0;
    if (error)
        snprintf(error, WORKLOAD_ERROR_MAX, "deflate needs zlib (%s), which is not there: %s", ZLIB,
                 deflate->library ? "it lacks compress2" : dlerror());
    if (deflate->library)
        dlclose(deflate->library);
    return -ELIBACC;
}

static int deflate_prepare(const struct workload_config *config, void **state)
{
    struct deflate deflate = {.seed = config->seed, .level = (int)config->params[DEFLATE_LEVEL]};
    int rc = blocks_open(config->params, &deflate.blocks);
    if (rc < 0)
        return rc;
    rc = zlib_open(&deflate, config->error);
    if (rc == 0) {
        deflate.room = deflate.bound(deflate.blocks.block);
        rc = work_state(&deflate, sizeof deflate, state);
        if (rc < 0)
            dlclose(deflate.library);
    }
    if (rc < 0)
        blocks_close(&deflate.blocks);
    return rc;
}

static uint64_t bytes_hash(uint64_t hash, const unsigned char *bytes, size_t count)
{
    for (; count >= sizeof hash; bytes += sizeof hash, count -= sizeof hash) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        hash = mix64(hash, word);
    }
    uint64_t rest = 0;
    memcpy(&rest, bytes, count);
    return mix64(hash, rest << 8 | count);
}

/* Compresses the block, and back again where `back` has room for it. */
static int block_run(const struct deflate *deflate, uint64_t number, unsigned char *to, unsigned char *back,
                     uint64_t *sum)
{
    size_t bytes;
    const unsigned char *block = blocks_at(&deflate->blocks, number, &bytes);
    unsigned long packed = deflate->room, unpacked = bytes;
    if (deflate->compress(to, &packed, block, bytes, deflate->level))
        return ENOMEM; /* nothing else can go wrong with room enough */
    *sum = bytes_hash(*sum, to, packed);
    if (back && (deflate->uncompress(back, &unpacked, to, packed) || unpacked != bytes || memcmp(back, block, bytes)))
        return EBADMSG;
    return 0;
}

static int blocks_run(const struct deflate *deflate, const struct task *task, bool with_back, uint64_t *result)
{
    unsigned char *to = malloc(deflate->room), *back = with_back ? malloc(deflate->blocks.block) : NULL;
    int code = to && (back || !with_back) ? 0 : ENOMEM;
    *result = work_start(deflate->seed, task->index);
    for (uint64_t i = 0; !code && i < task->iterations; i++)
        code = block_run(deflate, task->index + i, to, back, result);
    free(to);
    free(back);
    return code;
}

static int deflate_run(void *state, const struct task *task, uint64_t *result)
{
    return blocks_run(state, task, false, result);
}

/* What does not come back as it was gives a result that no task has. */
static bool deflate_expect(const void *state, const struct task *task, uint64_t *result)
{
    int code = blocks_run(state, task, true, result);
    if (code == EBADMSG)
        *result = ~*result;
    return code != ENOMEM;
}

static void deflate_release(void *state)
{
    struct deflate *deflate = state;
    blocks_close(&deflate->blocks);
    dlclose(deflate->library);
    free(deflate);
}

const struct workload_ops workload_deflate = {
    .name = "deflate",
    .summary = "CPU-bound, on real data: a block of a file compressed by zlib",
    .params = deflate_params,
    .traits = WORKLOAD_REDONE,
    .unit = "block",
    .check = blocks_check,
    .prepare = deflate_prepare,
    .run = deflate_run,
    .expect = deflate_expect,
    .release = deflate_release,
};
