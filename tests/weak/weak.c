/* The machine of weak.h. */
#include "weak.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum {
    WORDS_MOST = 256,    /* atomic words */
    HISTORY = 16,        /* messages of a word that can still be read */
    PLAIN = 1 << 14,     /* cells of 4 bytes */
    STEPS_MOST = 200000, /* of an execution */
    STACK = 256 * 1024,
    SITES_MOST = 512,
};
enum order { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST }; /* as the compiler numbers them */

struct seen { /* how far each word is seen, and each thread */
    uint32_t word[WORDS_MOST];
    uint32_t thread[WEAK_THREADS];
};
struct message {
    uint64_t value;
    struct seen seen;
};
static struct word {
    const volatile void *at;
    uint32_t last; /* message */
    struct message message[HISTORY];
} words[WORDS_MOST];
static unsigned word_count;

static struct cell {
    uintptr_t at;
    uint32_t run;
    uint32_t written, read[WEAK_THREADS];
    uint8_t writer;
} plain[PLAIN];
static uint32_t run_number;

static struct thread {
    ucontext_t context;
    void (*body)(void);
    const volatile void *sleeps_on; /* NULL: it does not */
    bool has_limit, is_late, has_ended;
    struct seen seen;
    char *stack;
} threads[WEAK_THREADS];
static unsigned thread_count, current, steps;
static struct seen all_fences; /* what sequentially consistent stores and fences have shown */
static ucontext_t scheduler;
static const char *failure;
static uint64_t randomness;
static bool is_running;

static uintptr_t sites[SITES_MOST], mutant;
static size_t site_count;
static int mutant_step;

static uint64_t draw(uint64_t below)
{
    randomness += 0x9e3779b97f4a7c15u;
    uint64_t z = randomness;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % below;
}

static void join(struct seen *to, const struct seen *from)
{
    for (unsigned i = 0; i < word_count; i++)
        to->word[i] = from->word[i] > to->word[i] ? from->word[i] : to->word[i];
    for (unsigned i = 0; i < thread_count; i++)
        to->thread[i] = from->thread[i] > to->thread[i] ? from->thread[i] : to->thread[i];
}

static void leave(void)
{
    swapcontext(&threads[current].context, &scheduler);
}

void weak_fail(const char *what)
{
    failure = failure ? failure : what;
    for (;;)
        leave();
}

/* Before every access: somebody else may go on. */
static void step(void)
{
    threads[current].seen.thread[current]++;
    if (++steps > STEPS_MOST)
        weak_fail("it does not come to an end");
    if (draw(3) == 0)
        leave();
}

static unsigned word_of(const volatile void *at, uint64_t value)
{
    unsigned i = 0;
    while (i < word_count && words[i].at != at)
        i++;
    if (i == word_count) {
        if (word_count == WORDS_MOST)
            abort();
        word_count++;
        words[i].at = at;
        words[i].last = 0;
        memset(&words[i].message[0], 0, sizeof words[i].message[0]);
        words[i].message[0].value = value;
    }
    return i;
}

static struct message *message_of(unsigned word, uint32_t number)
{
    return &words[word].message[number % HISTORY];
}

static enum order order_at(uintptr_t site, int order)
{
    size_t i = 0;
    while (i < site_count && sites[i] != site)
        i++;
    if (order != RELAXED && i == site_count && site_count < SITES_MOST)
        sites[site_count++] = site;
    return site == mutant && mutant_step ? (mutant_step == 2 || order != SEQ_CST ? RELAXED : ACQ_REL)
                                         : (enum order)order;
}

static bool acquires(enum order order)
{
    return order == CONSUME || order == ACQUIRE || order >= ACQ_REL;
}

static bool releases(enum order order)
{
    return order >= RELEASE;
}

static uint64_t load(unsigned word, enum order order)
{
    struct seen *seen = &threads[current].seen;
    uint32_t least = seen->word[word], last = words[word].last;
    if (order == SEQ_CST && all_fences.word[word] > least)
        least = all_fences.word[word];
    if (last >= HISTORY && least < last - HISTORY + 1)
        least = last - HISTORY + 1;
    uint32_t number = draw(2) ? last : (uint32_t)(least + draw(last - least + 1u));
    seen->word[word] = number;
    if (acquires(order))
        join(seen, &message_of(word, number)->seen);
    return message_of(word, number)->value;
}

/* before: what the message continues (of a read-modify-write), NULL. */
static void store(unsigned word, uint64_t value, enum order order, const struct seen *before)
{
    static const struct seen nothing;
    struct seen *seen = &threads[current].seen, continued = before ? *before : nothing;
    uint32_t number = ++words[word].last;
    struct message *message = message_of(word, number);
    seen->word[word] = number;
    message->value = value;
    message->seen = continued;
    message->seen.word[word] = number;
    if (releases(order))
        join(&message->seen, seen);
    if (order == SEQ_CST)
        all_fences.word[word] = number;
}

static void fence(void)
{
    join(&threads[current].seen, &all_fences);
    join(&all_fences, &threads[current].seen);
}

enum change { EXCHANGE, ADD, SUB, AND, OR };
static uint64_t change(unsigned word, enum change what, uint64_t value, enum order order)
{
    const struct message read = *message_of(word, words[word].last);
    threads[current].seen.word[word] = words[word].last;
    if (acquires(order))
        join(&threads[current].seen, &read.seen);
    uint64_t now = what == EXCHANGE ? value
                   : what == ADD    ? read.value + value
                   : what == SUB    ? read.value - value
                   : what == AND    ? (read.value & value)
                                    : (read.value | value);
    store(word, now, order, &read.seen);
    return read.value;
}

static bool swap_if(unsigned word, uint64_t *expected, uint64_t value, enum order order, enum order failing)
{
    const uint64_t latest = message_of(word, words[word].last)->value;
    uint64_t old = draw(2) ? load(word, failing) : latest; /* an older message will do for a failure */
    if (old == *expected && latest == *expected) {
        change(word, EXCHANGE, value, order);
        return true;
    }
    if (old == *expected) {
        threads[current].seen.word[word] = words[word].last;
        old = latest;
    }
    *expected = old;
    return false;
}

#define SITE ((uintptr_t)__builtin_return_address(0))
#define ATOMICS(bits, type)                                                                                            \
    type __tsan_atomic##bits##_load(const volatile type *at, int order);                                               \
    type __tsan_atomic##bits##_load(const volatile type *at, int order)                                                \
    {                                                                                                                  \
        const uintptr_t site = SITE;                                                                                   \
        if (!is_running)                                                                                               \
            return *at;                                                                                                \
        step();                                                                                                        \
        return (type)load(word_of(at, *at), order_at(site, order));                                                    \
    }                                                                                                                  \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order);                                        \
    void __tsan_atomic##bits##_store(volatile type *at, type value, int order)                                         \
    {                                                                                                                  \
        const uintptr_t site = SITE;                                                                                   \
        if (is_running) {                                                                                              \
            step();                                                                                                    \
            store(word_of(at, *at), value, order_at(site, order), NULL);                                               \
        }                                                                                                              \
        *at = value;                                                                                                   \
    }                                                                                                                  \
    CHANGE(bits, type, exchange, EXCHANGE)                                                                             \
    CHANGE(bits, type, fetch_add, ADD)                                                                                 \
    CHANGE(bits, type, fetch_sub, SUB)                                                                                 \
    CHANGE(bits, type, fetch_and, AND)                                                                                 \
    CHANGE(bits, type, fetch_or, OR)                                                                                   \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected, type value, int order,        \
                                                      int failing);                                                    \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile type *at, type *expected, type value, int order,        \
                                                      int failing)                                                     \
    {                                                                                                                  \
        const uintptr_t site = SITE;                                                                                   \
        uint64_t old = *expected;                                                                                      \
        step();                                                                                                        \
        bool done = swap_if(word_of(at, *at), &old, value, order_at(site, order), (enum order)failing);                \
        if (done)                                                                                                      \
            *at = value;                                                                                               \
        *expected = (type)old;                                                                                         \
        return done;                                                                                                   \
    }
#define CHANGE(bits, type, name, what)                                                                                 \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order);                                       \
    type __tsan_atomic##bits##_##name(volatile type *at, type value, int order)                                        \
    {                                                                                                                  \
        const uintptr_t site = SITE;                                                                                   \
        step();                                                                                                        \
        const unsigned word = word_of(at, *at);                                                                        \
        type old = (type)change(word, what, value, order_at(site, order));                                             \
        *at = (type)message_of(word, words[word].last)->value;                                                         \
        return old;                                                                                                    \
    }
ATOMICS(8, uint8_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

/* ---- plain accesses ---- */

static void plain_cell(uintptr_t at, bool is_write)
{
    struct cell *cell = &plain[(at * 0x9e3779b97f4a7c15u) >> 50];
    const struct seen *seen = &threads[current].seen;
    for (unsigned i = 0; cell->run == run_number && cell->at != at && i < PLAIN; i++)
        cell = cell + 1 < plain + PLAIN ? cell + 1 : plain;
    if (cell->run != run_number)
        *cell = (struct cell){.at = at, .run = run_number};
    bool is_ordered = !cell->written || cell->writer == current || seen->thread[cell->writer] >= cell->written;
    for (unsigned i = 0; is_write && i < thread_count; i++)
        is_ordered = is_ordered && (i == current || seen->thread[i] >= cell->read[i]);
    if (!is_ordered)
        weak_fail("a data race");
    if (is_write) {
        cell->writer = (uint8_t)current;
        cell->written = seen->thread[current];
    } else {
        cell->read[current] = seen->thread[current];
    }
}

void weak_plain(const void *at, size_t bytes, bool is_write)
{
    char here;
    const char *stack = threads[current].stack;
    const bool is_own = &here > stack && (const char *)at > stack && (const char *)at < stack + STACK;
    for (uintptr_t cell = (uintptr_t)at >> 2; is_running && !is_own && cell <= ((uintptr_t)at + bytes - 1) >> 2; cell++)
        plain_cell(cell, is_write);
}

#define PLAINS(bytes)                                                                                                  \
    void __tsan_read##bytes(void *at);                                                                                 \
    void __tsan_read##bytes(void *at)                                                                                  \
    {                                                                                                                  \
        weak_plain(at, bytes, false);                                                                                  \
    }                                                                                                                  \
    void __tsan_write##bytes(void *at);                                                                                \
    void __tsan_write##bytes(void *at)                                                                                 \
    {                                                                                                                  \
        weak_plain(at, bytes, true);                                                                                   \
    }
PLAINS(1)
PLAINS(2)
PLAINS(4)
PLAINS(8)
PLAINS(16)
/* What else is called, and is no matter. */
#define EMPTY(name, parameter)                                                                                         \
    void name(parameter ignored);                                                                                      \
    void name(parameter ignored)                                                                                       \
    {                                                                                                                  \
        (void)ignored;                                                                                                 \
    }
EMPTY(__tsan_func_entry, void *)
EMPTY(__tsan_atomic_signal_fence, int)
void __tsan_init(void);
void __tsan_init(void)
{
}
void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}
void __tsan_read_range(void *at, unsigned long bytes);
void __tsan_read_range(void *at, unsigned long bytes)
{
    weak_plain(at, bytes, false);
}
void __tsan_write_range(void *at, unsigned long bytes);
void __tsan_write_range(void *at, unsigned long bytes)
{
    weak_plain(at, bytes, true);
}

/* ---- the kernel: futex(2) ---- */

static long futex_wait_on(const volatile uint32_t *at, uint32_t value, bool has_limit)
{
    struct thread *thread = &threads[current];
    fence();
    if ((uint32_t)load(word_of(at, *at), RELAXED) != value) {
        errno = EAGAIN;
        return -1;
    }
    thread->sleeps_on = at;
    thread->has_limit = has_limit;
    thread->is_late = false;
    while (thread->sleeps_on)
        leave();
    fence();
    errno = ETIMEDOUT;
    return thread->is_late ? -1 : 0;
}

static long futex_wake_on(const volatile uint32_t *at, int most)
{
    int woken = 0;
    fence();
    for (unsigned i = 0, first = (unsigned)draw(thread_count); i < thread_count && woken < most; i++) {
        struct thread *thread = &threads[(first + i) % thread_count];
        woken += thread->sleeps_on == at;
        thread->sleeps_on = thread->sleeps_on == at ? NULL : thread->sleeps_on;
    }
    return woken;
}

long syscall(long number, ...)
{
    va_list list;
    va_start(list, number);
    volatile uint32_t *at = va_arg(list, volatile uint32_t *);
    int op = va_arg(list, int) & ~FUTEX_PRIVATE_FLAG;
    uint32_t value = va_arg(list, uint32_t);
    const void *limit = va_arg(list, const void *);
    va_end(list);
    if (number != SYS_futex || (op != FUTEX_WAKE && op != FUTEX_WAIT_BITSET))
        abort();
    step();
    return op == FUTEX_WAKE ? futex_wake_on(at, (int)value) : futex_wait_on(at, value, limit != NULL);
}

/* ---- executions ---- */

static void thread_main(void)
{
    threads[current].body();
    threads[current].has_ended = true;
    for (;;)
        leave();
}

/* Who goes on: somebody who can; where all sleep, one whose time is over. False: nobody. */
static bool choose(void)
{
    for (int late = 0; late < 2; late++)
        for (unsigned i = 0, first = (unsigned)draw(thread_count); i < thread_count; i++) {
            struct thread *thread = &threads[(first + i) % thread_count];
            if (thread->has_ended || (thread->sleeps_on && !(late && thread->has_limit)))
                continue;
            thread->is_late = thread->sleeps_on != NULL;
            thread->sleeps_on = NULL;
            current = (unsigned)(thread - threads);
            return true;
        }
    return false;
}

const char *weak_run(uint64_t seed, void (*const *bodies)(void), unsigned count, void (*begin)(void))
{
    randomness = seed;
    failure = NULL;
    word_count = steps = 0;
    thread_count = count;
    run_number++;
    memset(&all_fences, 0, sizeof all_fences);
    begin();
    for (unsigned i = 0; i < count; i++) {
        struct thread *thread = &threads[i];
        char *stack = thread->stack ? thread->stack : malloc(STACK);
        *thread = (struct thread){.body = bodies[i], .stack = stack};
        getcontext(&thread->context);
        thread->context.uc_stack.ss_sp = stack;
        thread->context.uc_stack.ss_size = STACK;
        makecontext(&thread->context, thread_main, 0);
    }
    is_running = true;
    while (!failure && choose())
        swapcontext(&scheduler, &threads[current].context);
    is_running = false;
    for (unsigned i = 0; i < count && !failure; i++)
        if (!threads[i].has_ended)
            failure = "all sleep";
    return failure;
}

size_t weak_sites(uintptr_t *found, size_t most)
{
    size_t count = site_count < most ? site_count : most;
    memcpy(found, sites, count * sizeof *sites);
    return count;
}

void weak_mutate(uintptr_t site, int order_step)
{
    mutant = site;
    mutant_step = order_step;
}
