/* Command lines: a text taken apart into words, and words with {task}, {seed} and {file} filled in. Without a shell:
 * blanks separate words, "..." keeps them together, a backslash takes what follows as it is. Thread- and fork-safe. */
#ifndef POOLBENCH_LINE_H
#define POOLBENCH_LINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owned strings, with a NULL behind the last once there is one. Zeroed is empty. */
struct strings {
    char **string;
    uint32_t count;
};

void strings_release(struct strings *strings);
/* Takes `string`, which is freed when there is no room for it. 0 or -ENOMEM, also for NULL. */
int strings_add(struct strings *strings, char *string);

/* The words of a line. -EINVAL: a quote is not closed; -ENOMEM. */
int line_split(const char *line, struct strings *words);

/* Where a program is, as execvp(3) would find it; the caller's to free. NULL: nowhere, or no memory. */
char *program_find(const char *name);

/* What stands for the placeholders of one task. */
struct fill {
    uint32_t task, seed;
    const char *file; /* NULL: {file} stays as it is */
};

/* Whether text has one of "{task}", "{seed}", "{file}"; which: one of them, or NULL for any. */
bool line_has(const char *text, const char *which);
/* Text with its placeholders filled in. NULL: no memory. */
char *line_fill(const char *text, const struct fill *fill);
/* A line for sh in which the first argument stands for {file}, as "$1": what a name has in it is never read as a part
 * of the line. -EINVAL: {file} stands between quotes, where that cannot be said of it; -ENOMEM. */
int line_for_shell(const char *line, char **script);
/* The first word with {file} in it that a program is likely to run as a text of its own, as in sh -c "cat {file}": one
 * behind -c or -e that is no mere name. NULL: none. */
const char *line_program_text(const struct strings *words);

/* The files that `where` names, in order: those of a directory that are regular and not hidden, sorted by name; those
 * that fit a pattern (* ? [); or a list, one a line, or where it has a NUL in it, one before each (find -print0). One
 * that is there and begins with - is told with ./ before, so that nobody takes it for an option. 0 or -errno; no files
 * is not an error. */
int files_list(const char *where, struct strings *files);

#endif
