/* A file in blocks: what tasks on real data share. The file is mapped once, before the pool opens, so that threads and
 * processes read the same pages and no fork copies page tables for it. Task i has block i, round and round; the last
 * block may be shorter than the others. Read-only after blocks_open. */
#ifndef POOLBENCH_BLOCKS_H
#define POOLBENCH_BLOCKS_H
#include "workloads/workload.h"

/* Both rows of the parameter table that such a workload begins with. */
enum { BLOCKS_FILE, BLOCKS_BLOCK, BLOCKS_PARAMS };
#define BLOCKS_ROWS                                                                                                    \
    [BLOCKS_FILE] = {"file", PARAM_TEXT, "", 0, 0, NULL, "the file whose blocks are the work"},                        \
    [BLOCKS_BLOCK] = {"block", PARAM_BYTES, "64KiB", 64, 1 << 30, NULL, "how much of it a task takes"}

struct blocks {
    const unsigned char *bytes;
    size_t size, block; /* bytes: of the file, of a block */
    size_t count;       /* of blocks, 1 or more */
};

/* As check of the workload contract. */
int blocks_check(const int64_t *params, struct supply *supply, char *error);
/* Maps the file that params name, until blocks_close, once. 0 or -errno. */
int blocks_open(const int64_t *params, struct blocks *blocks);
void blocks_close(struct blocks *blocks);

/* Block `number`, round and round; *bytes: how long it is. */
static inline const unsigned char *blocks_at(const struct blocks *blocks, uint64_t number, size_t *bytes)
{
    size_t start = number % blocks->count * blocks->block, left = blocks->size - start;
    *bytes = left < blocks->block ? left : blocks->block;
    return blocks->bytes + start;
}

#endif
