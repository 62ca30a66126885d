/* Memory of pools: shared mappings, and pages that are there before anything is timed. Thread- and fork-safe. */
#ifndef POOLBENCH_MEMORY_H
#define POOLBENCH_MEMORY_H
#include <stddef.h>

/* The next multiple of `to`. */
static inline size_t align_up(size_t bytes, size_t to)
{
    return (bytes + to - 1) / to * to;
}

/* Mapped now and shared with children made later: zeroed, or the first bytes of the file fd where that is not -1. For
 * munmap(2); NULL with errno. */
void *memory_share(size_t bytes, int fd);
/* Has memory mapped now that would be mapped while tasks are timed; changes no byte of it. */
void memory_map_now(void *from, size_t bytes);

#endif
