/* The clock of a trial: ticks of the time stamp counter where it is invariant (constant and never stopping), of the
 * virtual counter on aarch64, which is by its architecture; else CLOCK_MONOTONIC in ns. Ticks are kept raw while tasks
 * run and become ns afterwards. Set up once by clock_init, before any worker exists; read-only from then on; thread-
 * and fork-safe. */
#ifndef POOLBENCH_CLOCK_H
#define POOLBENCH_CLOCK_H
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/* The counters there are; another architecture than the harness's own cannot read its. */
enum clock_counter { CLOCK_NO_COUNTER, CLOCK_COUNTER_X86, CLOCK_COUNTER_AARCH64 };
#if defined(__x86_64__)
#define CLOCK_COUNTER CLOCK_COUNTER_X86
#elif defined(__aarch64__)
#define CLOCK_COUNTER CLOCK_COUNTER_AARCH64
#else
#define CLOCK_COUNTER CLOCK_NO_COUNTER
#endif

struct clock_source {
    bool is_tsc;   /* CLOCK_COUNTER is read */
    uint64_t mult; /* ns = ticks * mult >> 32 */
};
extern struct clock_source clock_source;

/* As another process of this machine has found it out, which may be of another architecture: then CLOCK_MONOTONIC is
 * read. counter: CLOCK_NO_COUNTER where that found none fit. */
void clock_init(enum clock_counter counter, uint64_t mult);
/* Chooses the source for this machine and measures mult against CLOCK_MONOTONIC, asleep for about `measure_ns`. */
void clock_choose(uint64_t measure_ns);

/* What two readings take, before and after a task, when nothing is between them: the least of many, in ns. For about a
 * millisecond. */
double clock_two_readings_ns(void);

static inline uint64_t clock_monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Is it that late? UINT64_MAX: never, and the clock is not read. */
static inline bool clock_is_past(uint64_t until_ns)
{
    return until_ns != UINT64_MAX && clock_monotonic_ns() >= until_ns;
}

/* A span, or a point in time. */
static inline struct timespec clock_timespec(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

#if defined(__aarch64__)
/* CNTVCT_EL0, which CLOCK_MONOTONIC counts by, too (Arm Architecture Reference Manual, the Generic Timer). */
static inline uint64_t clock_cntvct(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}
#endif

/* Not ordered against the instructions around it: for waiting loops. */
static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
    if (clock_source.is_tsc)
        return __rdtsc();
#elif defined(__aarch64__)
    if (clock_source.is_tsc)
        return clock_cntvct();
#endif
    return clock_monotonic_ns();
}

/* After everything before it has executed; *cpu: where. For the end of a task. */
static inline uint64_t clock_ticks_after(uint32_t *cpu)
{
#if defined(__x86_64__)
    if (clock_source.is_tsc) {
        unsigned aux;
        uint64_t ticks = __rdtscp(&aux);
        *cpu = aux & 0xfff; /* Linux keeps node << 12 | cpu there */
        return ticks;
    }
#elif defined(__aarch64__)
    if (clock_source.is_tsc) {
        __asm__ volatile("isb" ::: "memory");
        uint64_t ticks = clock_cntvct();
        *cpu = (uint32_t)sched_getcpu();
        return ticks;
    }
#endif
    *cpu = (uint32_t)sched_getcpu();
    return clock_monotonic_ns();
}

/* Nothing after it starts before everything before it has executed: in front of every task that is timed or has a size,
 * so that a short task cannot hide in the shadow of the previous one. */
static inline void clock_fence(void)
{
#if defined(__x86_64__)
    _mm_lfence();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#else
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* A hint: the line at `address` is about to be written by this CPU. */
static inline void clock_fetch_to_write(const void *address)
{
#if defined(__x86_64__)
    /* the compiler's own writes this only for CPUs it was told of; where it is unknown it does nothing */
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

/* In waiting loops: gives way to the other thread of the core. */
static inline void clock_pause(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield" ::: "memory");
#endif
}

/* Spans; points in time are told by anchors. */
static inline uint64_t clock_to_ns(uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * clock_source.mult) >> 32);
}

static inline uint64_t clock_from_ns(uint64_t ns)
{
    return (uint64_t)(((unsigned __int128)ns << 32) / clock_source.mult);
}

/* One reading of both clocks, as close together as they can be had. */
struct clock_anchor {
    uint64_t ticks, ns;
};
struct clock_anchor clock_anchor_read(void);

#endif
