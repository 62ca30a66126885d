/* Files of text that people write, and JSON: opened with one line about what is wrong with them (ERROR_MAX bytes).
 * What text is says workloads/text.h. Thread-safe. */
#ifndef POOLBENCH_BASE_TEXT_FILE_H
#define POOLBENCH_BASE_TEXT_FILE_H
#include "workloads/text.h"
#include <jansson.h>

/* Opens a regular file of at most `max` bytes of text: a directory is none, a FIFO would keep us waiting. `expected`:
 * what it should be. 0 or -EINVAL with a line in error. */
int text_file_open(const char *path, size_t max, const char *expected, struct text_lines *lines, char *error);
/* The same of an open file, or -errno instead, which is called `path`; closes it. */
int text_file_fd_open(int fd, const char *path, size_t max, const char *expected, struct text_lines *lines,
                      char *error);

/* Makes or replaces a file of those bytes, which stays there when it could not be written whole. 0 or -errno. */
int text_file_write(const char *path, const void *bytes, size_t length);

/* NULL: there is none, or it is no JSON of a sensible size; why (which may be NULL) then has a text. */
json_t *json_file_read(const char *path, json_error_t *why);
json_t *json_fd_read(int fd, json_error_t *why); /* of an open file, or -errno instead; closes it */
json_t *json_text(const char *text);             /* bytes that JSON cannot have are escaped; NULL only without memory */

#endif
