/* Choosing and measuring the clock of clock.h. */
#include "pools/parts/clock.h"
#include "pools/parts/proc.h"
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

struct clock_source clock_source = {.is_tsc = false, .mult = 1ull << 32};

void clock_init(enum clock_counter counter, uint64_t mult)
{
    clock_source.is_tsc = counter != CLOCK_NO_COUNTER && counter == CLOCK_COUNTER;
    clock_source.mult = clock_source.is_tsc ? mult : 1ull << 32;
}

/* The kernel watches its counters; another clock source than these says that it has found them wanting. */
static bool kernel_trusts(const char *const *sources)
{
    char name[32] = "";
    ssize_t got = proc_read("/sys/devices/system/clocksource/clocksource0/current_clocksource", name, sizeof name);
    for (; got > 0 && *sources; sources++)
        if (!strncmp(name, *sources, strlen(*sources)))
            return true;
    return false;
}

#if defined(__x86_64__)
static bool tsc_is_invariant(void)
{
    static const char *const sources[] = {"tsc", "kvm-clock", "hyperv", NULL};
    unsigned a, b, c, d;
    if (!__get_cpuid(0x80000001, &a, &b, &c, &d) || !(d & 1u << 27)) /* rdtscp */
        return false;
    return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8) && kernel_trusts(sources);
}
#else
static bool tsc_is_invariant(void)
{
    static const char *const sources[] = {"arch_sys_counter", NULL}; /* elsewhere there is no reading of a counter */
    return kernel_trusts(sources);
}
#endif

struct clock_anchor clock_anchor_read(void)
{
    struct clock_anchor best = {0, 0};
    uint64_t narrowest = UINT64_MAX;
    for (int i = 0; i < 16; i++) { /* an interrupt between the readings would spoil a single one */
        uint32_t cpu;
        uint64_t before = clock_ticks_after(&cpu);
        uint64_t ns = clock_monotonic_ns();
        uint64_t after = clock_ticks_after(&cpu);
        if (after - before < narrowest) {
            narrowest = after - before;
            best = (struct clock_anchor){before + (after - before) / 2, ns};
        }
    }
    return best;
}

void clock_choose(uint64_t measure_ns)
{
    clock_init(tsc_is_invariant() ? CLOCK_COUNTER : CLOCK_NO_COUNTER, 1ull << 32);
    if (!clock_source.is_tsc)
        return;
    struct clock_anchor from = clock_anchor_read();
    struct timespec nap = clock_timespec(measure_ns);
    nanosleep(&nap, NULL); /* cut short by a signal: a shorter base, still measured */
    struct clock_anchor to = clock_anchor_read();
    clock_source.mult = (uint64_t)(((unsigned __int128)(to.ns - from.ns) << 32) / (to.ticks - from.ticks));
}

double clock_two_readings_ns(void)
{
    enum { BATCHES = 20, READINGS = 1000 };
    double least = 0;
    uint32_t cpu;
    for (int batch = 0; batch < BATCHES; batch++) {
        const uint64_t from = clock_monotonic_ns();
        for (int i = 0; i < READINGS; i++) {
            clock_fence();
            clock_ticks();
            clock_ticks_after(&cpu);
        }
        const double ns = (double)(clock_monotonic_ns() - from) / READINGS;
        least = batch == 0 || ns < least ? ns : least;
    }
    return least;
}
