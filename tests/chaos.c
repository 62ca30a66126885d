/* Chaos under ThreadSanitizer: with CHAOS=SEED in the environment every atomic access may first yield, sleep for some
 * microseconds or lower its thread's priority, by that seed. Linked in front of the sanitizer's functions (Makefile:
 * --wrap), in trees of it alone. What one thread draws depends on the order in which threads come to their first
 * access, so a seed repeats what it can. */
#if defined(__SANITIZE_THREAD__)
#define CHAOS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHAOS 1
#endif
#endif

#ifdef CHAOS
#include "tests/chaos.h"
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { YIELD = 256, SLEEP = 4096, NICE = 16384, SLEEP_MOST_NS = 50000 }; /* one access in so many */

static __thread uint64_t randomness;

#define UNSEEN __attribute__((no_sanitize("thread")))

UNSEEN static uint64_t chaos_seed(void)
{
    static uint64_t seed, threads; /* without order, and no atomics: they would come here */
    if (!seed) {
        const char *text = getenv("CHAOS");
        seed = 2 * (text ? strtoull(text, NULL, 10) : 0) + 1; /* 1: none was asked for */
    }
    return seed == 1 ? 1 : seed + 2 * ++threads * 0x9e3779b97f4a7c15u;
}

UNSEEN void chaos_come(void)
{
    const int error = errno;
    if (!randomness)
        randomness = chaos_seed();
    if (randomness == 1)
        return;
    randomness ^= randomness << 13;
    randomness ^= randomness >> 7;
    randomness ^= randomness << 17;
    if (randomness % SLEEP == 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)(randomness >> 32) % SLEEP_MOST_NS}, NULL);
    else if (randomness % YIELD == 0)
        sched_yield();
    else if (randomness % NICE == 1)
        setpriority(PRIO_PROCESS, 0, (int)(randomness >> 32) % 5);
    errno = error;
}

#define WRAP_LOAD(bits, type)                                                                                          \
    type __real___tsan_atomic##bits##_load(const volatile type *at, int order);                                        \
    type __wrap___tsan_atomic##bits##_load(const volatile type *at, int order);                                        \
    type __wrap___tsan_atomic##bits##_load(const volatile type *at, int order)                                         \
    {                                                                                                                  \
        chaos_come();                                                                                                  \
        return __real___tsan_atomic##bits##_load(at, order);                                                           \
    }
#define WRAP_CHANGE(bits, type, result, name)                                                                          \
    result __real___tsan_atomic##bits##_##name(volatile type *at, type value, int order);                              \
    result __wrap___tsan_atomic##bits##_##name(volatile type *at, type value, int order);                              \
    result __wrap___tsan_atomic##bits##_##name(volatile type *at, type value, int order)                               \
    {                                                                                                                  \
        chaos_come();                                                                                                  \
        return __real___tsan_atomic##bits##_##name(at, value, order);                                                  \
    }
#define WRAP_SWAP(bits, type)                                                                                          \
    int __real___tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *old, type now, int order,        \
                                                             int failing);                                             \
    int __wrap___tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *old, type now, int order,        \
                                                             int failing);                                             \
    int __wrap___tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *old, type now, int order,        \
                                                             int failing)                                              \
    {                                                                                                                  \
        chaos_come();                                                                                                  \
        return __real___tsan_atomic##bits##_compare_exchange_strong(at, old, now, order, failing);                     \
    }
#define WRAP_ALL(bits, type)                                                                                           \
    WRAP_LOAD(bits, type)                                                                                              \
    WRAP_CHANGE(bits, type, void, store)                                                                               \
    WRAP_CHANGE(bits, type, type, exchange)                                                                            \
    WRAP_CHANGE(bits, type, type, fetch_add)                                                                           \
    WRAP_CHANGE(bits, type, type, fetch_sub)                                                                           \
    WRAP_CHANGE(bits, type, type, fetch_or)                                                                            \
    WRAP_CHANGE(bits, type, type, fetch_and)                                                                           \
    WRAP_SWAP(bits, type)
WRAP_ALL(32, uint32_t)
WRAP_ALL(64, uint64_t)
#endif
