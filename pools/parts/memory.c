/* Mapping memory, see memory.h. */
#include "pools/parts/memory.h"
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

void *memory_share(size_t bytes, int fd)
{
    int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

void memory_map_now(void *from, size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)from % page;
    char *start = (char *)from - before;
#ifdef MADV_POPULATE_WRITE
    /* much cheaper than a fault for each; kernels before 5.14 refuse, and then those come */
    madvise(start, align_up(bytes + before, page), MADV_POPULATE_WRITE);
#endif
    /* a hypervisor may map a page when it is first used, whatever the kernel has mapped */
    for (size_t at = before; at < bytes + before; at += page - at % page)
        atomic_fetch_or_explicit((_Atomic char *)(start + at), 0, memory_order_relaxed); /* leaves what is there */
}
