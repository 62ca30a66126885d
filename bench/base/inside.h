/* Files of a directory that somebody else may have made, such as a run's: below it no symbolic link is followed (by
 * hand, a component at a time: names have at most one directory, "charts/time.svg"), only regular files are read, and
 * what is written is a file that was not there before. The directory itself may be a link. Thread-safe. */
#ifndef POOLBENCH_BASE_INSIDE_H
#define POOLBENCH_BASE_INSIDE_H
#include "workloads/text.h"
#include <stdbool.h>

/* DIRECTORY/below, or DIRECTORY where below is ""; to be closed. -errno; -ENOTDIR: a link is none. */
int inside_directory(const char *directory, const char *below);
bool inside_is_there(const char *directory, const char *name); /* whatever it is */

int inside_fd(const char *directory, const char *name); /* as text_file_fd_at() */
/* As text_open(). */
int inside_read(const char *directory, const char *name, size_t max, struct text_lines *lines);

/* A new file in the place of whatever has that name, which is taken away first; NULL with errno. */
FILE *inside_create(const char *directory, const char *name);
/* In the place of `name` comes `draft`, or it is taken away where `rc`, how it was written, is not 0. rc, or -errno. */
int inside_replace(const char *directory, const char *draft, const char *name, int rc);

#endif
