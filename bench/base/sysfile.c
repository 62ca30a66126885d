/* Small text files of the kernel: one way to read them, so that a missing one is handled everywhere alike. */
#include "bench/base/sysfile.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int sysfile_vread(char *text, size_t size, const char *format, va_list args)
{
    char path[PATH_MAX];
    int length = vsnprintf(path, sizeof path, format, args);
    text[0] = '\0';
    if (length < 0 || (size_t)length >= sizeof path)
        return -ENAMETOOLONG;
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    size_t used = fread(text, 1, size - 1, file);
    int rc = ferror(file) ? -errno : 0;
    fclose(file);
    if (rc != 0)
        used = 0;
    while (used > 0 && isspace((unsigned char)text[used - 1]))
        used--;
    text[used] = '\0';
    return rc != 0 ? rc : (int)used;
}

int sysfile_read(char *text, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = sysfile_vread(text, size, format, args);
    va_end(args);
    return length;
}

int process_stat_read(struct process_stat *stat, const char *format, ...)
{
    char text[1024];
    long long user, system;
    va_list args;
    va_start(args, format);
    int rc = sysfile_vread(text, sizeof text, format, args);
    va_end(args);
    if (rc < 0)
        return rc;
    const char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end || end < name)
        return -EPROTO;
    snprintf(stat->name, sizeof stat->name, "%.*s", (int)(end - name - 1), name + 1);
    if (sscanf(end,
               ") %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld %*d %*d %*d %*d %*d %*d %lld %*s %*s %*s %*s %*s "
               "%*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %u",
               &stat->state, &stat->parent, &user, &system, &stat->started, &stat->cpu) != 6)
        return -EPROTO;
    stat->ticks = user + system;
    return 0;
}

pid_t process_next(DIR *directory)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)))
        if (isdigit((unsigned char)entry->d_name[0]))
            return (pid_t)atoi(entry->d_name);
    return 0;
}

int64_t sysfile_number(const char *format, ...)
{
    char text[64], *end;
    va_list args;
    va_start(args, format);
    int length = sysfile_vread(text, sizeof text, format, args);
    va_end(args);
    if (length <= 0)
        return -1;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno || end == text || *end || value < 0 ? -1 : value;
}

int64_t sysfile_value(const char *path, const char *key)
{
    FILE *file = fopen(path, "re");
    char line[256];
    size_t length = strlen(key);
    int64_t value = -1;
    if (!file)
        return -1;
    while (value < 0 && fgets(line, sizeof line, file)) {
        if (strncmp(line, key, length) == 0 && (line[length] == ' ' || line[length] == '\t') &&
            sscanf(line + length, "%" SCNd64, &value) != 1)
            value = -1;
    }
    fclose(file);
    return value;
}
