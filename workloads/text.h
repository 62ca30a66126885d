/* Text from outside. One rule for whatever is read, and for what of it is written down: text is UTF-8; lines end with
 * LF or CRLF, the last may lack its end; a byte-order mark in front is no part of it; zeros and other control
 * characters than tabs make it no text. */
#ifndef POOLBENCH_TEXT_H
#define POOLBENCH_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of UTF-8, which some editors put in front */

/* The bytes of the character at `text`: 1 to 4, or 0 when they are not UTF-8 or are no character (U+FFFE, U+FFFF). */
size_t text_character(const char *text);
/* Whether the character at `text` controls something: C0 with tabs and line ends, DEL, C1, and what turns the direction
 * of letters or ends a line unseen (marks, embeddings and isolates of Unicode's bidirectional algorithm, UAX #9;
 * U+2028, U+2029): a line with it need not say what it shows. */
bool text_is_control(const char *text);
/* Its characters, as far as columns go by them; and the bytes of the first so many. NULL: none. */
size_t text_letters(const char *text);
size_t text_bytes(const char *text, size_t letters);
/* Why that is no line of text, or NULL: "is not UTF-8", "has a control character". Tabs are let through. */
const char *text_wrong(const char *text);
/* A copy in which every byte that is not UTF-8, and every control character, stands as \xHH, so that it can stand in a
 * file or on a screen; the caller's to free, NULL without memory. */
char *text_escaped(const char *text);
/* The same, printed: whatever a terminal would take for more than a name. */
void text_show(FILE *out, const char *text);
/* The same into `to`, as much of it as fits: no character is cut in two. one_line: else control characters are let
 * through. Returns the length. */
size_t text_put(char *to, size_t size, const char *text, bool one_line);
/* As a shell reads it back: as it is, or between quotes. The caller's to free, NULL without memory. */
char *text_for_shell(const char *text);

/* The lines of a file, one after the other. */
struct text_lines {
    char *text; /* the whole file */
    char *next; /* NULL behind the last */
    unsigned number;
};
/* Opens a regular file for reading; -errno, -EISDIR: a directory; -ENOTSUP: another thing, which may keep a reader
 * waiting for ever (FIFO, terminal, socket). Every file that others may have made is opened so. */
int text_file_fd(const char *path);
/* The same of a file in an open directory (openat(2)) which somebody else may have made: -ELOOP, a symbolic link. */
int text_file_fd_at(int directory, const char *name);
const char *text_file_why(int code); /* of what these and text_open() return, in words */
/* Reads a regular file of at most `max` bytes. 0; as text_file_fd(); -EFBIG: it is larger; -EILSEQ: it has zeros in it.
 */
int text_open(const char *path, size_t max, struct text_lines *lines);
int text_fd_open(int fd, size_t max,
                 struct text_lines *lines); /* the same of what those gave: a file or -errno; closes */
char *text_next(struct text_lines *lines);  /* a line without its end, NULL behind the last; yours to change */
void text_close(struct text_lines *lines);

#endif
