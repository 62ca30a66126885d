/* The forkers of pool zygote as the submitter has them: made, woken, given orders, replaced and ended. See zygote.h. */
#ifndef POOLBENCH_FORKERS_H
#define POOLBENCH_FORKERS_H
#include "pools/zygote.h"

struct forkers {
    struct zygote_shared *shared;
    size_t shared_bytes;
    pid_t *pids;                         /* by row; 0: none */
    uint32_t workers, rows, made, alive; /* made: rows in use, the spawner's included; alive: forkers */
    uint32_t orders;
    int64_t lost, replace_ns; /* forkers that died; time to have another */
};

enum { SPAWNER = 0 }; /* its row */

/* Makes the spawner and a forker for each worker. 0 or -errno, and nothing is left. */
int forkers_make(struct forkers *forkers, const struct pool_config *config);
void forkers_end(struct forkers *forkers);

void forkers_wake(struct forkers *forkers, uint32_t count); /* up to count idle ones */
/* To all that live, and waits for their answers. 0, or the first error; -EOWNERDEAD: one has ended. */
int forkers_order(struct forkers *forkers, enum forker_order order);
/* The process in that row has been waited for. Another takes its worker, if there is one to be had. */
void forkers_replace(struct forkers *forkers, uint32_t row);

/* Shared and mapped; of the descriptor fd, or of none (-1). NULL with errno. */
void *shared_map(size_t bytes, int fd);
static inline size_t shared_align(size_t bytes)
{
    return (bytes + 127) / 128 * 128;
}

#endif
