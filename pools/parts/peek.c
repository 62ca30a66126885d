/* Reading who is on which task, see peek.h. */
#include "pools/parts/peek.h"
#include <errno.h>
#include <unistd.h>

int peek_read(const struct peek *peek, int memory, uint32_t *tasks)
{
    int rc = peek->workers ? 0 : -ENODATA;
    for (uint32_t i = 0; i < peek->workers && rc == 0; i++) {
        uint64_t word;
        ssize_t got = pread(memory, &word, sizeof word, (off_t)(peek->at + i * peek->stride));
        rc = got == sizeof word ? 0 : got < 0 ? -errno : -EIO; /* a part is as good as nothing */
        if (rc == 0)
            tasks[i] = (uint32_t)word ? (uint32_t)(word >> 32) : PEEK_IDLE;
    }
    for (uint32_t i = 0; i < peek->workers && rc < 0; i++)
        tasks[i] = PEEK_UNKNOWN;
    return rc;
}
