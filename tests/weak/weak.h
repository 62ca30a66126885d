/* A weak machine: runs a few threads of real code, compiled with -fsanitize=thread, whose calls of ThreadSanitizer's
 * run-time library come here instead, in random interleavings under the memory model of C11 (as in Kang and others, A
 * promising semantics for relaxed-memory concurrency, POPL 2017, without promises). A store is a message; every thread
 * has a view, how far it has seen each word; a load reads any message that is not older than its view: so stores are
 * seen late and in another order, as by the store buffers and early loads of ARMv8, of which what C11 has no words for
 * is allowed less. Acquire takes over the view that release has left; sequentially consistent accesses of one word are
 * seen by those after them. Plain accesses that are not ordered are a failure, and so is it when all sleep. A store is
 * never seen before it was made (load buffering), nor put before another in coherence order. futex(2) is a full fence.
 * One OS thread; no thread runs for ever. */
#ifndef POOLBENCH_TESTS_WEAK_H
#define POOLBENCH_TESTS_WEAK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WEAK_THREADS = 4 };

/* One execution. NULL, or what was wrong with it. The threads' memory is as `begin` has left it. */
const char *weak_run(uint64_t seed, void (*const *threads)(void), unsigned count, void (*begin)(void));
/* From a thread: ends the execution as one that is wrong. */
void weak_fail(const char *words);
/* A plain access by code that is not compiled so, such as memcpy. */
void weak_plain(const void *at, size_t bytes, bool is_write);

/* Places in the code that access atomically, with more than relaxed order, found so far: the addresses of the calls. */
size_t weak_sites(uintptr_t *sites, size_t most);
/* From now on that place has a weaker order: a step 1, or relaxed 2; site 0: none has. */
void weak_mutate(uintptr_t site, int step);

#endif
