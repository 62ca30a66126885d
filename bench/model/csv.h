/* CSV files through libcsv, both ways, by the tables of columns.h. One thread. 0 or -errno. */
#ifndef POOLBENCH_MODEL_CSV_H
#define POOLBENCH_MODEL_CSV_H
#include "bench/model/columns.h"

struct csv_writer; /* append-only; rows are buffered until csv_flush, or until there is 1 MiB of them */

#define CSV_FIELD_BYTES 512
/* What stands in that column of a row, before csv_text_print() quotes it; "": nothing. */
void csv_field(char text[CSV_FIELD_BYTES], const struct column *column, const void *row);

/* Creates `directory/format->file` with the header line; -EEXIST: it is there. File and name are on the disk when this
 * returns, and so is what csv_append() cuts off. */
int csv_create(const char *directory, const struct file_format *format, struct csv_writer **writer);
/* Opens it to go on after byte `end` (-1: after the last whole line; 0: after the header line, which is written where a
 * crash left less than it); what stands there is cut off. -EBADMSG: its header line is not this format's, or it ends
 * before. */
int csv_append(const char *directory, const struct file_format *format, int64_t end, struct csv_writer **writer);
/* Writes to a file that is open, from where it stands; it is closed by csv_close(), or on an error here. */
int csv_open(int fd, const struct file_format *format, struct csv_writer **writer);
int csv_put(struct csv_writer *writer, const void *row);
/* Writes what is buffered with as few write(2) as possible (one for a single row). On an error nothing of the buffer is
 * taken for written: the file is cut back to the last flushed byte where that is possible. */
int csv_flush(struct csv_writer *writer);
int csv_sync(const struct csv_writer *writer); /* what is flushed is on the disk */
void csv_drop(struct csv_writer *writer);      /* forgets what is buffered, and the tally */
/* Of the rows that were put since the last call; 0 rows where the format has no row_sum. */
struct row_tally csv_tally_take(struct csv_writer *writer);
/* Whether what is written is still the file of that name: 0; -ESTALE: it was deleted, or another took its place. */
int csv_named(const struct csv_writer *writer, const char *directory, const struct file_format *format);
int64_t csv_end(const struct csv_writer *writer); /* bytes in the file after the last flush */
int csv_close(struct csv_writer *writer);         /* flushes; frees in any case */

#define DRAFT_BYTES 32
/* A file that is replaced in one step: written under another name first, then renamed. */
struct replacement {
    const char *directory, *file;
    char draft[DRAFT_BYTES];
    struct csv_writer *writer;
};
/* Rows go to replacement->writer. */
/* directory must stay valid. */
int replacement_begin(const char *directory, const struct file_format *format, struct replacement *replacement);
/* rc: how filling it went; on an error the file stays as it was. Returns rc, or what failed here. */
int replacement_end(struct replacement *replacement, int rc);

/* The same, for a file that is damaged: a row that is refused is told to `refused`, with the line that csv_read() would
 * have ended with, and the next one is read. A row is a line: quotes that hold a newline are none of ours. */
int csv_salvage(const char *directory, const struct file_format *format, int (*row)(const void *row, void *arg),
                void (*refused)(const char *why, void *arg), void *arg, char *error);

/* Bytes of `directory/format->file` behind `end`, as csv_append() understands it. Or -errno. */
int64_t csv_behind(const char *directory, const struct file_format *format, int64_t end);

/* Whole numbers that are read are at most that, or that below 0: 31 years in ns, and a sum of eight is a number, too.
 */
#define CSV_INTEGER_MOST 1000000000000000000

/* What is computed, as a whole number of a file: MISSING where it is not known (NAN), or more than a file may have. */
static inline int64_t number_whole(double value)
{
    return fabs(value) <= CSV_INTEGER_MOST ? llround(value) : MISSING;
}

/* Reads `directory/format->file`, calls `row` for each row up to byte `end` (-1: all); a last line without a newline is
 * not a row. Columns are found by name in the header line: others are ignored, missing ones stay MISSING. A number that
 * is not finite is none: what is not known is empty. A row that does not have the values its row_sum says is refused;
 * in the struct, row_sum is that of the values. Stops at the first non-zero return of `row` and returns it. -EBADMSG:
 * not such a file; error (ERROR_MAX bytes) says file:line. */
int csv_read(const char *directory, const struct file_format *format, int64_t end,
             int (*row)(const void *row, void *arg), void *arg, char *error);

#endif
