/* A disk as tests/preload/disk.c has written it down, and what may be on it after a crash of the machine: any subset of
 * the 4 KiB pages, sizes, creations, renamings and removals that were not synchronised is lost. What cannot be had
 * fails the test. One at a time. */
#ifndef POOLBENCH_TESTS_DISK_H
#define POOLBENCH_TESTS_DISK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All that was in a file at a moment: the number of the record. */
struct version {
    size_t at;
    const char *bytes;
    size_t size;
    bool is_synced;
};
/* A file or directory, from its creation on. */
struct node {
    uint64_t inode;
    struct version *versions; /* of a directory the records at which it was synchronised */
    size_t count;
    bool is_directory;
};
/* Of a name. */
struct change {
    size_t at, parent, node, parent_before;
    const char *name, *name_before; /* before: what loses its name; NULL: nothing */
    bool removes;                   /* and gets no other */
};
enum { NODES_MAX = 4096, CHANGES_MAX = 16384, NOBODY = NODES_MAX };
struct disk {
    char *log;
    size_t records, root, first; /* first: behind what was there before */
    struct node node[NODES_MAX];
    size_t nodes;
    struct change change[CHANGES_MAX];
    size_t changes;
};
extern struct disk disk;

void disk_read(const char *log);
void disk_forget(void);

enum loss { LOSE_NOTHING, LOSE_ALL, LOSE_HALF, LOSE_MOST, LOSSES };
/* Makes, in a new directory, what was on the disk before the record `moment`, but for what is lost; drawn by the seed.
 * Without charts. moment: from disk.first on. */
void disk_make(const char *directory, size_t moment, enum loss loss, uint64_t seed);

#endif
