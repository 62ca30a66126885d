/* futex(2), thinly: sleep on a 32-bit word while it holds a value; wake sleepers. `private` where all sleepers are
 * threads of one process (the kernel then needs no page lookup). Async-signal-safe, thread- and fork-safe.
 *
 * Order. Who sleeps loads the word (acquire), looks for news, and sleeps while the word is what it was; who has news
 * publishes it, adds to the word (release) and wakes. A word that has been added to brings the news with it, so either
 * the look finds it or the word is no longer what it was; and the kernel has a full barrier on every machine, in wait
 * before it compares, in wake before it looks for sleepers. What spares the waking (`wanted`, idle bits, `asleep`,
 * `blocked`) is more, a store and then a load on both sides, and must be seq_cst. */
#ifndef POOLBENCH_FUTEX_H
#define POOLBENCH_FUTEX_H
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Sleeps while *word == value, until CLOCK_MONOTONIC reaches until_ns (UINT64_MAX: no limit). 0 on any wake-up,
 * spurious ones included; -ETIMEDOUT. */
static inline int futex_wait(_Atomic uint32_t *word, uint32_t value, uint64_t until_ns, bool private)
{
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000u), .tv_nsec = (long)(until_ns % 1000000000u)};
    int op = FUTEX_WAIT_BITSET | (private ? FUTEX_PRIVATE_FLAG : 0);
    long rc = syscall(SYS_futex, word, op, value, until_ns == UINT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return rc < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

static inline void futex_wake(_Atomic uint32_t *word, int count, bool private)
{
    syscall(SYS_futex, word, FUTEX_WAKE | (private ? FUTEX_PRIVATE_FLAG : 0), count, NULL, NULL, 0);
}

#endif
