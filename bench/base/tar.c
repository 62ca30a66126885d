/* Archives, see tar.h. */
#include "bench/base/tar.h"
#include <errno.h>
#include <string.h>

#define BLOCK     512u
#define SIZE_MOST (1ull << 33)

struct header {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], sum[8], type, link[100], magic[6], version[2],
        uname[32], gname[32], devmajor[8], devminor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static void octal(char *field, size_t size, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%0*llo", (int)size - 1, (unsigned long long)value);
    memcpy(field, text, size);
}

int tar_file(FILE *out, const char *name, const void *bytes, uint64_t size, int64_t time_s)
{
    struct header header = {.type = '0'};
    unsigned sum = 0;
    if (strlen(name) > TAR_NAME_MAX)
        return -ENAMETOOLONG;
    if (size >= SIZE_MOST)
        return -EFBIG;
    memcpy(header.name, name, strlen(name));
    octal(header.mode, sizeof header.mode, 0644);
    octal(header.uid, sizeof header.uid, 0);
    octal(header.gid, sizeof header.gid, 0);
    octal(header.size, sizeof header.size, size);
    octal(header.mtime, sizeof header.mtime, time_s > 0 && time_s < (int64_t)SIZE_MOST ? (uint64_t)time_s : 0);
    memcpy(header.magic, "ustar", 6);
    memcpy(header.version, "00", 2);
    memset(header.sum, ' ', sizeof header.sum); /* which is how it counts in itself */
    for (size_t i = 0; i < sizeof header; i++)
        sum += ((const unsigned char *)&header)[i];
    octal(header.sum, sizeof header.sum - 1, sum);
    fwrite(&header, 1, sizeof header, out);
    fwrite(bytes, 1, size, out);
    for (uint64_t i = size; i % BLOCK; i++)
        fputc(0, out);
    return 0;
}

void tar_end(FILE *out)
{
    for (unsigned i = 0; i < 2 * BLOCK; i++)
        fputc(0, out);
}
