/* See rings.h. */
#include "bench/machine/rings.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RING_LEAST  65536u /* bytes */
#define RING_MOST   (256u << 20)
#define RECORD_MOST 65536u /* a header has 16 bits for its size */
#define ANY_CPU     (-1)

static size_t page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *ring_map(int fd, size_t bytes)
{
    void *map = mmap(NULL, page() + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return map == MAP_FAILED ? NULL : map;
}

void rings_close(struct rings *rings)
{
    for (unsigned i = 0; i < rings->count; i++) {
        if (rings->map && rings->map[i])
            munmap(rings->map[i], page() + rings->bytes);
        if (rings->fd && rings->fd[i] >= 0)
            close(rings->fd[i]);
    }
    free(rings->fd);
    free(rings->map);
    *rings = (struct rings){0};
}

/* errno of the one that does not fit; 0: all are mapped. */
static int rings_map(struct rings *rings)
{
    unsigned i = 0;
    while (i < rings->count && (rings->map[i] = ring_map(rings->fd[i], rings->bytes)))
        i++;
    const int code = i < rings->count ? errno : 0;
    for (; code && i; i--) {
        munmap(rings->map[i - 1], page() + rings->bytes);
        rings->map[i - 1] = NULL;
    }
    return code;
}

int rings_open(struct rings *rings, const struct perf_event_attr *attr, pid_t pid, const unsigned *cpus, unsigned count,
               size_t bytes, const char **call)
{
    int code = 0;
    *rings = (struct rings){.fd = calloc(count + 1, sizeof(int)),
                            .map = calloc(count + 1, sizeof(void *)),
                            .bytes = page() > RING_LEAST ? page() : RING_LEAST};
    *call = "perf_event_open";
    if (!rings->fd || !rings->map)
        code = ENOMEM;
    while (rings->bytes < bytes && rings->bytes < RING_MOST)
        rings->bytes *= 2;
    for (unsigned i = 0; i < count && !code; i++) {
        rings->fd[i] =
            (int)syscall(SYS_perf_event_open, attr, pid, cpus ? (int)cpus[i] : ANY_CPU, -1, PERF_FLAG_FD_CLOEXEC);
        code = rings->fd[i] < 0 ? errno : 0;
        rings->count += !code;
    }
    if (!code) {
        *call = "mmap";
        code = rings_map(rings);
        for (; (code == EPERM || code == ENOMEM) && rings->bytes > RING_LEAST; code = rings_map(rings))
            rings->bytes /= 2;
    }
    if (code)
        rings_close(rings);
    return -code;
}

/* `bytes` from position `at` of a ring, which may go round. */
static void ring_copy(const char *data, size_t size, uint64_t at, void *to, size_t bytes)
{
    const size_t from = at & (size - 1), first = size - from < bytes ? size - from : bytes;
    memcpy(to, data + from, first);
    memcpy((char *)to + first, data, bytes - first);
}

/* A full ring drops what comes, and says so only in front of a later record that finds room: one whose rest is smaller
 * than a record may have dropped some. */
static int ring_read(void *map, size_t size, char *bytes, int (*record)(const char *bytes, size_t size, void *arg),
                     void *arg, bool *lost)
{
    const struct perf_event_mmap_page *head = map;
    const char *data = (const char *)map + page();
    /* acquire: pairs with the kernel's store, behind the records (perf_event_open(2)) */
    const uint64_t end = __atomic_load_n(&head->data_head, __ATOMIC_ACQUIRE);
    size_t longest = 256;
    int rc = 0;
    for (uint64_t at = 0; at + sizeof(struct perf_event_header) <= end && !rc;) {
        struct perf_event_header header;
        ring_copy(data, size, at, &header, sizeof header);
        if (header.size < sizeof header || at + header.size > end)
            return -EBADMSG;
        ring_copy(data, size, at, bytes, header.size);
        at += header.size;
        longest = header.size > longest ? header.size : longest;
        if (header.type == PERF_RECORD_LOST)
            *lost = true;
        else
            rc = record(bytes, header.size, arg);
    }
    *lost = *lost || end + longest > size;
    return rc;
}

int rings_read(const struct rings *rings, int (*record)(const char *bytes, size_t size, void *arg), void *arg,
               bool *lost)
{
    char *bytes = malloc(RECORD_MOST);
    int rc = bytes ? 0 : -ENOMEM;
    *lost = false;
    for (unsigned i = 0; i < rings->count && !rc; i++)
        rc = ring_read(rings->map[i], rings->bytes, bytes, record, arg, lost);
    free(bytes);
    return rc;
}
