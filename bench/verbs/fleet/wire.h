/* What the two ends of `run --hosts` say to each other: lines, and behind those that say so the bytes of a file. The
 * end that asks (fleet.h) starts the other one, `poolbench remote`, by ssh; that one ends when its standard input does.
 *
 *   remote says                                       is told
 *   poolbench-remote 1 VERSION COMMIT BOOT ARCH NS    once, first; what a shell prints before it is skipped
 *   file NAME AT LENGTH  and LENGTH bytes             the file has AT bytes and these; NAME: of wire_files
 *   ready BLOCKS FIRST                                so many blocks, of which FIRST is the first that is not there
 *   done BLOCK | enough BLOCK | ended                 what is there of it was sent; no budget is left for it; all is
 * said say TEXT | failed TEXT | busy                     for people; it ends; it is there
 *
 *   it is told
 *   file NAME LENGTH  and LENGTH bytes                for a run that goes on: its files; for a new one suite.ini
 *   open NEW|AGAIN LABEL | block N | end              in that order
 *   an empty line                                     somebody is there
 */
#ifndef POOLBENCH_VERBS_FLEET_WIRE_H
#define POOLBENCH_VERBS_FLEET_WIRE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_MAGIC    "poolbench-remote 1 "
#define WIRE_LINE_MAX 1024
#define WIRE_FILE_MAX (1ll << 32) /* bytes of a file */
#define WIRE_BEAT_NS  5000000000ull
#define WIRE_QUIET_NS 60000000000ull /* who says nothing for so long is gone */

/* In the order in which they are sent: trials.csv last, as it is the commit of the others. */
extern const char *const wire_files[]; /* ends with NULL */
/* Its place in that list; -1: it is none of ours. */
int wire_file(const char *name);
/* Reads "WORD number number", of which there must be as many and nothing else. False: it is another line. */
bool wire_numbers(const char *line, const char *word, int64_t *numbers, size_t count);

/* What came, until it is a line. Zeroed is empty; free `bytes`. */
struct wire_in {
    char *bytes;
    size_t count, room;
};
/* Reads what is there. Bytes; 0: the end; -EAGAIN: nothing now; -errno. */
int64_t wire_read(struct wire_in *in, int fd);
/* A line without its end, which is taken out; false: there is none yet. -EMSGSIZE is in *rc where it is too long. */
bool wire_line(struct wire_in *in, char line[WIRE_LINE_MAX], int *rc);
/* All of it, to a descriptor that blocks, or a file. 0 or -errno. */
int wire_write(int fd, const char *bytes, size_t count);
/* Takes out the first `count` bytes. */
void wire_take(struct wire_in *in, size_t count);

#endif
