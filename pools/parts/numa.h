/* Where the memory of a trial is to be: policies for Linux's memory nodes, and whether pages are where they say.
 *
 * A page gets its node when it is first written: by the policy of its mapping (mbind(2)), else by that of the thread
 * which writes it (set_mempolicy(2)), which children, threads and programs inherit. So policies come before memory.
 * Where pages are, move_pages(2) tells. libc has no functions for these, so they are called by number
 * (<linux/mempolicy.h>; Documentation/admin-guide/mm/numa_memory_policy.rst of Linux). Thread- and fork-safe, but for
 * numa_begin. */
#ifndef POOLBENCH_NUMA_H
#define POOLBENCH_NUMA_H
#include <stddef.h>
#include <stdint.h>

#define NUMA_NODES_MAX 1024 /* Linux has no more */

/* Bit n: node n, by the operating system's number. */
struct node_set {
    uint64_t bits[NUMA_NODES_MAX / 64];
};

enum numa_kind {
    NUMA_AS_MADE,    /* nothing is said: mostly the node of the CPU that writes a page first */
    NUMA_LOCAL,      /* what a worker alone has: its node; what several have: over the nodes of all workers in turn */
    NUMA_INTERLEAVE, /* page by page over nodes in turn */
    NUMA_NODE        /* one node */
};

struct usage;

/* Whether policies may be set here, by setting the one there is. 0 or -errno. */
int numa_probe(void);
/* For all that this process makes from now on, by one thread, once. nodes: of NUMA_LOCAL those of the workers. 0 or
 * -errno. */
int numa_begin(enum numa_kind kind, const struct node_set *nodes);
/* The calling thread is a worker: what it makes belongs on that node; -1: on the one it runs on. 0 or -errno. */
int numa_near(int node);
/* Pages that lie in these bytes as a whole, and were not written yet, belong on that node; -1: no matter. 0 or -errno.
 */
int numa_bind(void *from, size_t bytes, int node);
/* Adds to pages_seen and pages_meant of usage: of the memory that this process may write and that no file has, in
 * mappings of 64 KiB or more, up to 2,048 pages, evenly spread, and how many of them are where they were meant to be;
 * of NUMA_INTERLEAVE those that an even spread has, too. Nothing where nothing was said, or nobody tells. */
void numa_look(struct usage *usage);

#endif
