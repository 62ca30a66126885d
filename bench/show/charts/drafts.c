/* See drafts.h. */
#include "bench/show/charts/drafts.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX    ".drawing." /* and the number of the process */
#define NAMES_MAX 100

/* With its files: what we make has nothing else. */
static void directory_remove(int charts, const char *name)
{
    int fd = openat(charts, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *entry; directory && (entry = readdir(directory));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(fd, entry->d_name, 0);
    if (directory)
        closedir(directory);
    else if (fd >= 0)
        close(fd);
    unlinkat(charts, name, fd < 0 ? 0 : AT_REMOVEDIR);
}

/* Of drawings that were ended before they could take them away; not of one that is at work. */
static void old_remove(int charts)
{
    int fd = openat(charts, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        long pid =
            strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ? 0 : strtol(entry->d_name + strlen(PREFIX), NULL, 10);
        if (pid > 0 && (pid == getpid() || (kill((pid_t)pid, 0) != 0 && errno == ESRCH)))
            directory_remove(charts, entry->d_name);
    }
    if (directory)
        closedir(directory);
    else if (fd >= 0)
        close(fd);
}

/* A fresh one, which only we may enter. */
static int draft_make(struct drafts *drafts)
{
    for (int number = 1; drafts->draft < 0; number++) {
        snprintf(drafts->name, sizeof drafts->name, PREFIX "%ld.%d", (long)getpid(), number);
        if (mkdirat(drafts->charts, drafts->name, 0700) == 0)
            drafts->draft = openat(drafts->charts, drafts->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        else if (errno == EEXIST && number < NAMES_MAX)
            continue;
        if (drafts->draft < 0)
            return -errno;
    }
    return 0;
}

int drafts_open(struct drafts *drafts, const char *run, char *error)
{
    *drafts = (struct drafts){.charts = -1, .draft = -1};
    snprintf(drafts->path, sizeof drafts->path, "%.*s/charts", PATH_MAX - 8, run);
    int rc = inside_make_directory(run, "charts");
    if (!rc) {
        drafts->charts = inside_directory(run, "charts");
        rc = drafts->charts < 0 ? drafts->charts : 0;
    }
    if (!rc) {
        old_remove(drafts->charts);
        rc = draft_make(drafts);
    }
    if (!rc)
        return 0;
    refuse(error, "%.400s: cannot be made: %s", drafts->path,
           rc == -ENOTDIR || rc == -ELOOP ? "expected a directory, and no symbolic link to one" : strerror(-rc));
    return rc == -ENOENT ? -EIO : rc; /* that code is gnuplot's here */
}

void drafts_close(struct drafts *drafts)
{
    if (drafts->draft >= 0) {
        close(drafts->draft);
        directory_remove(drafts->charts, drafts->name);
    }
    if (drafts->charts >= 0) {
        inside_sync_fd(drafts->charts); /* or they are drawn again */
        close(drafts->charts);
    }
    drafts->draft = drafts->charts = -1;
}

FILE *draft_create(const struct drafts *drafts, const char *file, char *error)
{
    int fd = openat(drafts->draft, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (out)
        return out;
    refuse(error, "%.400s/%s/%s: cannot be written: %s", drafts->path, drafts->name, file, strerror(errno));
    if (fd >= 0)
        close(fd);
    return NULL;
}

int draft_end(FILE *out, const struct drafts *drafts, const char *file, int result, char *error)
{
    errno = EIO;
    if (!out || !(ferror(out) | fclose(out)) || result < 0)
        return result;
    int code = errno;
    refuse(error, "%.400s/%s/%s: cannot be written: %s", drafts->path, drafts->name, file, strerror(code));
    return -code;
}

int draft_move(const struct drafts *drafts, const char *file, char *error)
{
    int fd = text_file_fd_at(drafts->draft, file), code = fd < 0 ? -fd : -inside_sync_fd(fd);
    if (fd >= 0)
        close(fd);
    if (!code && renameat(drafts->draft, file, drafts->charts, file) == 0)
        return 0;
    code = code ? code : errno;
    refuse(error, "%.400s/%s: cannot be replaced: %s", drafts->path, file, strerror(code));
    return code == ENOENT ? -EIO : -code; /* that code is gnuplot's here */
}

bool draft_is_whole(const struct drafts *drafts, const char *picture, const char *end)
{
    char tail[64];
    ssize_t n = -1;
    int fd = text_file_fd_at(drafts->draft, picture);
    if (fd < 0)
        return false;
    off_t size = lseek(fd, 0, SEEK_END), from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    if (size > 0)
        n = pread(fd, tail, sizeof tail, from);
    close(fd);
    return n > 0 && memmem(tail, (size_t)n, end, strlen(end)) != NULL;
}
