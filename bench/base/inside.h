/* Files of a directory that somebody else may have made, such as a run's: below it no symbolic link is followed (by
 * hand, a component at a time: names have at most one directory, "charts/time.svg"), only regular files are read, and
 * what is written is a file that was not there before. The directory itself may be a link. Thread-safe, but for
 * holding, following and letting go, which one thread does while no other is here.
 *
 * A directory that is held is from then on the one that was opened, for everything here that names it, or a directory
 * right in it, as it was called then: it may be moved meanwhile, and another may get its name. */
#ifndef POOLBENCH_BASE_INSIDE_H
#define POOLBENCH_BASE_INSIDE_H
#include "workloads/text.h"
#include <stdbool.h>
#include <sys/stat.h>

/* Its descriptor, for inside_let_go(); -errno. What is held already is held once more. */
int inside_hold(const char *directory);
void inside_let_go(int fd); /* closes it, too; less than 0: nothing */
/* Whether a held directory still has its name. 0; 1: it was moved, `path` is its name now, which it is held by as well;
 * -ENOENT: it was deleted; -ESTALE: it was moved, and where to cannot be told (no /proc); -ENAMETOOLONG. */
int inside_follow(const char *directory, char *path, size_t size);

/* DIRECTORY/below, or DIRECTORY where below is ""; to be closed. -errno; -ENOTDIR: a link is none. */
int inside_directory(const char *directory, const char *below);
int inside_make_directory(const char *directory, const char *name); /* where it is not there; 0 or -errno */
/* As fstatat(2), of a link itself. 0 or -errno. */
int inside_stat(const char *directory, const char *name, struct stat *status);
bool inside_is_there(const char *directory, const char *name); /* whatever it is */

int inside_fd(const char *directory, const char *name); /* as text_file_fd_at() */
/* As text_open(). */
int inside_read(const char *directory, const char *name, size_t max, struct text_lines *lines);

/* To write a file, flags as of open(2): a regular one, which is opened at once. A descriptor or -errno. */
int inside_open(const char *directory, const char *name, int flags);
/* A new file in the place of whatever has that name, which is taken away first. A descriptor or -errno; NULL with
 * errno.
 */
int inside_create_fd(const char *directory, const char *name);
FILE *inside_create(const char *directory, const char *name);
void inside_remove(const char *directory, const char *name); /* where there is one */
/* In the place of `name` comes `draft`, or it is taken away where `rc`, how it was written, is not 0. It is on the disk
 * before it has the name, and the name before this returns. rc, or -errno. */
int inside_replace(const char *directory, const char *draft, const char *name, int rc);

/* What was written to a file, or which names were given in a directory, is on the disk: a crash of the machine does not
 * lose it. A file system that cannot do that is no error. 0 or -errno. */
int inside_sync_fd(int fd);
int inside_sync(const char *directory, const char *name); /* of a file there; "": of the directory itself */

#endif
