/* Mapping a file, see blocks.h. */
#include "workloads/blocks.h"
#include "workloads/text.h"
#include "workloads/work.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long the file is; *fd: open for reading. -errno. */
static off_t file_open(const char *path, int *fd)
{
    struct stat status;
    *fd = text_file_fd(path);
    if (*fd < 0)
        return *fd;
    if (fstat(*fd, &status) == 0)
        return status.st_size;
    int rc = -errno;
    close(*fd);
    return rc;
}

int blocks_check(const int64_t *params, struct supply *supply, char *error)
{
    const char *path = param_text(params[BLOCKS_FILE]);
    long long block = params[BLOCKS_BLOCK];
    int fd;
    (void)supply; /* a few tasks of a large file tell as much as all */
    if (!*path)
        return work_refuse(error, "file: expected one, file=PATH");
    off_t size = file_open(path, &fd);
    if (size < 0)
        return work_refuse(error, "file: %.100s: %s", path,
                           size == -EISDIR || size == -ENOTSUP ? "not a regular file" : strerror((int)-size));
    close(fd);
    if (size >= block)
        return 0;
    return work_refuse(error, "file: %.100s has %lld bytes, less than one block of %lld", path, (long long)size, block);
}

int blocks_open(const int64_t *params, struct blocks *blocks)
{
    int fd, rc = 0;
    off_t length = file_open(param_text(params[BLOCKS_FILE]), &fd);
    if (length < 0)
        return (int)length;
    size_t size = (size_t)length, block = (size_t)params[BLOCKS_BLOCK];
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0); /* EINVAL where it is empty */
    if (map == MAP_FAILED)
        rc = -errno;
    else
        *blocks = (struct blocks){.bytes = map, .size = size, .block = block, .count = (size + block - 1) / block};
    close(fd);
    return rc;
}

void blocks_close(struct blocks *blocks)
{
    munmap((void *)(uintptr_t)blocks->bytes, blocks->size);
}
