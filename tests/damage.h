/* Damage to a file of a run, as disks, editors, spreadsheets and hands do it, one at a time. Pure. */
#ifndef POOLBENCH_TESTS_DAMAGE_H
#define POOLBENCH_TESTS_DAMAGE_H
#include <stddef.h>
#include <stdint.h>

struct bytes {
    char *data; /* malloc */
    size_t size;
};

/* Where what is drawn comes from: hashes of a seed, or, for a fuzzer, four bytes a draw until there are no more. */
struct draws {
    uint64_t seed, drawn;
    const uint8_t *data;
    size_t size;
};

enum damage {
    DAMAGE_BYTE,          /* another byte, */
    DAMAGE_BIT,           /* or one that differs in a bit */
    DAMAGE_NUL,           /* some zeros, as a crash leaves a file */
    DAMAGE_DIGIT,         /* another one, */
    DAMAGE_DIGIT_GONE,    /* or one less, */
    DAMAGE_DIGIT_MORE,    /* or one more */
    DAMAGE_SIGN,          /* a minus before a number, or gone */
    DAMAGE_SWAPPED,       /* two lines */
    DAMAGE_SORTED,        /* lines, backwards by what is in them, without the first */
    DAMAGE_DOUBLED,       /* a line, which comes again right behind, or anywhere */
    DAMAGE_LINE_GONE,     /* one, */
    DAMAGE_LINES_GONE,    /* or some */
    DAMAGE_PIECE_GONE,    /* some bytes, */
    DAMAGE_PIECE_DOUBLED, /* or written twice */
    DAMAGE_CELL_EMPTY,    /* between two commas, */
    DAMAGE_CELL_COPIED,   /* or as in another line, */
    DAMAGE_CELLS_SWAPPED, /* or the next one's */
    DAMAGE_COLUMN_GONE,   /* in all lines, */
    DAMAGE_COLUMN_MOVED,  /* to another place */
    DAMAGE_NAMES_SWAPPED, /* of two columns */
    DAMAGE_CRLF,          /* at all ends of lines, or at one */
    DAMAGE_TRUNCATED,     /* anywhere, */
    DAMAGE_LINES_LEFT,    /* or behind a line */
    DAMAGE_EXCHANGED,     /* the file of another run, */
    DAMAGE_MIXED,         /* or a line of it */
    DAMAGES
};
const char *damage_word(enum damage damage);

uint64_t draw_below(struct draws *draws, uint64_t below); /* 0 where below is 0 */

/* The file with that damage; `other`: the same file of another run, which may be empty. What it comes to may be the
 * file as it was: it has no such place. The caller frees the data. */
struct bytes damaged(const struct bytes *file, const struct bytes *other, enum damage damage, struct draws *draws);

/* All of a file; without data: it cannot be read. */
struct bytes bytes_read(const char *path);
int bytes_write(const char *path, const struct bytes *bytes); /* 0 or -errno */

#endif
