/* Mapping a file, see blocks.h. */
#include "workloads/blocks.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor and what is known of it: -errno, or -EINVAL with *why in words where errno has none. */
static int file_look(const char *path, struct stat *status, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); /* a pipe without a writer does not hold us */
    int rc = fd < 0 || fstat(fd, status) < 0 ? -errno : 0;
    *why = rc < 0 ? strerror(-rc) : !S_ISREG(status->st_mode) ? "not a regular file" : NULL;
    if (!*why)
        return fd;
    if (fd >= 0)
        close(fd);
    return rc < 0 ? rc : -EINVAL;
}

int blocks_check(const int64_t *params, uint32_t *tasks, char *error)
{
    const char *path = param_text(params[BLOCKS_FILE]), *why;
    int64_t block = params[BLOCKS_BLOCK];
    struct stat status;
    (void)tasks; /* a few tasks of a large file tell as much as all */
    if (!*path) {
        snprintf(error, WORKLOAD_ERROR_MAX, "file: expected one, file=PATH");
        return -EINVAL;
    }
    int fd = file_look(path, &status, &why);
    if (fd < 0) {
        snprintf(error, WORKLOAD_ERROR_MAX, "file: %.100s: %s", path, why);
        return -EINVAL;
    }
    close(fd);
    if (status.st_size >= block)
        return 0;
    snprintf(error, WORKLOAD_ERROR_MAX, "file: %.100s has %lld bytes, less than one block of %lld", path,
             (long long)status.st_size, (long long)block);
    return -EINVAL;
}

int blocks_open(const int64_t *params, struct blocks *blocks)
{
    struct stat status;
    const char *why;
    int fd = file_look(param_text(params[BLOCKS_FILE]), &status, &why), rc = 0;
    if (fd < 0)
        return fd;
    size_t size = (size_t)status.st_size, block = (size_t)params[BLOCKS_BLOCK];
    void *map = size ? mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0) : MAP_FAILED;
    if (map == MAP_FAILED)
        rc = size ? -errno : -EINVAL;
    else
        *blocks = (struct blocks){.bytes = map, .size = size, .block = block, .count = (size + block - 1) / block};
    close(fd);
    return rc;
}

void blocks_close(struct blocks *blocks)
{
    munmap((void *)(uintptr_t)blocks->bytes, blocks->size);
}
