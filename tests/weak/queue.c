/* The queue, the completion rings and the event word, as they are (pools/parts/{queue,worker,reap,event}.c), on a weak
 * machine: a submitter and two workers, few tasks, slots that are used again. Every task is started once and comes back
 * once, its input and output arrive, nobody sleeps for ever. Then once more for each place that accesses atomically
 * with more than relaxed order, with a weaker one: those that make a difference are found wanting.
 *
 *   weak SEED EXECUTIONS        says "holds" or what fails; then a line a place: killed or not, which step, its address
 */
#include "pools/parts/queue.h"
#include "pools/parts/reap.h"
#include "pools/parts/survive.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include "weak.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 2, TASKS = 10, SLOTS = 8, WINDOW = 4 };

struct clock_source clock_source = {.is_tsc = false, .mult = 1ull << 32};
static struct event event;
static struct group group;
static struct group *groups[] = {&group};
static struct queue queue;
static struct worker workers[WORKERS];
static struct done rings[WORKERS * RING_SIZE];
static uint64_t left[1], inputs[TASKS];
static struct unit units[1];
static struct pool_config config = {.workers = WORKERS, .cpus = WORKERS};
static struct cost cost;
static const struct workload_ops workload = {.name = "weak"};
static struct job job = {.workload = &workload};
static struct {
    struct group_shared shared;
    _Atomic uint64_t bits[2];
    _Atomic uint32_t doorbells[WORKERS];
} around;
static struct {
    struct queue_shared shared;
    _Atomic uint64_t slots[SLOTS];
} slots;
static _Alignas(128) unsigned char payload[SLOTS * 128];
static uint8_t states[SLOTS];
static uint32_t returned[QUEUE_REAP_MAX];
static unsigned started[TASKS], back[TASKS];

/* ---- what the parts need of others, for threads that nobody kills ---- */

int group_prepare(struct group *g, enum wait_mode wait, size_t extra, void **memory)
{
    (void)g, (void)wait, (void)extra, (void)memory;
    return -1;
}
void group_stop(struct group *g, bool kills)
{
    (void)g, (void)kills;
}
int group_look_after(struct group *g, bool all_taken, uint64_t *until_ns)
{
    (void)g, (void)all_taken, (void)until_ns;
    return 0;
}
void usage_read_thread(struct usage *usage)
{
    (void)usage;
}
void usage_read_memory(struct usage *usage)
{
    (void)usage;
}
void memory_map_now(void *at, size_t bytes)
{
    (void)at, (void)bytes;
}
void *memory_share(size_t bytes, int fd)
{
    (void)bytes, (void)fd;
    return NULL;
}

void task_run(const struct job *j, uint32_t task, const void *in, void *out, struct done *done)
{
    (void)j;
    weak_plain(in, sizeof(uint64_t), false);
    weak_plain(out, sizeof(uint64_t), true);
    weak_plain(done, sizeof *done, true);
    if (*(const uint64_t *)in != inputs[task])
        weak_fail("another input");
    if (started[task]++)
        weak_fail("started twice");
    *(uint64_t *)out = inputs[task] + 1;
    *done = (struct done){.task = task, .cpu = 1, .result = task};
}

void *weak_memcpy(void *to, const void *from, size_t bytes)
{
    weak_plain(to, bytes, true);
    weak_plain(from, bytes, false);
    return memmove(to, from, bytes);
}

/* ---- the threads ---- */

static void begin(void)
{
    memset(&event, 0, sizeof event);
    memset(workers, 0, sizeof workers);
    memset(&around, 0, sizeof around);
    memset(&slots, 0, sizeof slots);
    memset(states, 0, sizeof states);
    memset(started, 0, sizeof started);
    memset(back, 0, sizeof back);
    left[0] = 0;
    event.private = true;
    event.fd = -1;
    cost.size_ns = 1000000; /* nothing is put off */
    job.sequence = (struct sequence){.seed = 1, .costs = &cost, .count = 1, .warmup = cost};
    job.in_bytes = job.out_bytes = 8;
    job.in_count = TASKS;
    job.inputs = (const unsigned char *)inputs;
    for (unsigned i = 0; i < TASKS; i++)
        inputs[i] = 1000 + i;
    group = (struct group){.config = &config,
                           .job = &job,
                           .event = &event,
                           .body = {queue_work, queue_has_work, NULL, NULL, NULL, &queue},
                           .workers = WORKERS,
                           .processes = 1,
                           .threads = WORKERS,
                           .words = 1,
                           .shared = &around.shared,
                           .idle = &around.bits[0],
                           .ready = &around.bits[1],
                           .doorbells = around.doorbells,
                           .worker = workers,
                           .rings = rings,
                           .left = left,
                           .unit = units};
    queue = (struct queue){.job = &job,
                           .group = &group,
                           .shared = &slots.shared,
                           .size = SLOTS,
                           .mask = SLOTS - 1,
                           .copies_input = true,
                           .payload_stride = 128,
                           .out_offset = 64,
                           .payload = payload,
                           .state = states,
                           .returned = returned};
    for (unsigned i = 0; i < SLOTS; i++)
        slots.slots[i] = UINT32_MAX;
}

static void take(struct done *done)
{
    if (done->task >= TASKS || back[done->task]++)
        weak_fail("back twice, or made up");
    queue_take_back(&queue, done, 1);
    weak_plain(done->out, sizeof(uint64_t), false);
    if (done->result != done->task || *(const uint64_t *)done->out != inputs[done->task] + 1)
        weak_fail("another output");
}

static void submitter(void)
{
    uint32_t next = 0, reaped = 0;
    while (reaped < TASKS) {
        struct done done[4];
        uint32_t batch[WINDOW];
        unsigned n = 0;
        queue_next_call(&queue);
        for (; n < 2 && next + n < TASKS && next + n - reaped < WINDOW; n++)
            batch[n] = next + n;
        next += n ? (uint32_t)queue_submit(&queue, batch, n) : 0;
        struct group_reap reap = {groups, 1, next - reaped, done, 1 + next % 3, 4, UINT64_MAX};
        int got = group_reap(&reap);
        for (int i = 0; i < got; i++)
            take(&done[i]);
        reaped += (uint32_t)got;
    }
    atomic_store_explicit(&around.shared.stopping, 1, memory_order_relaxed); /* as group_stop: the order publishes it */
    atomic_fetch_add_explicit(&around.shared.orders, 1, memory_order_seq_cst);
    group_ring_all(&group);
}

static void work(unsigned number)
{
    struct self self = {.group = &group,
                        .together = 1,
                        .worker = &workers[number],
                        .ring = group_record(&group, number, 0),
                        .number = number,
                        .moves = {.cpu = NO_CPU}};
    queue_work(&self, &queue);
}
static void first(void)
{
    work(0);
}
static void second(void)
{
    work(1);
}

static const char *explore(uint64_t seed, unsigned executions, unsigned *ran)
{
    static void (*const threads[])(void) = {submitter, first, second};
    const char *failure = NULL;
    for (*ran = 0; !failure && *ran < executions; ++*ran)
        failure = weak_run(seed * 1000003 + *ran, threads, 1 + WORKERS, begin);
    return failure;
}

int main(int argc, char **argv)
{
    uintptr_t sites[256];
    unsigned ran;
    const uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    const unsigned executions = argc > 2 ? (unsigned)atoi(argv[2]) : 1000;
    const char *failure = explore(seed, executions, &ran);
    printf("%s: %s after %u executions\n", failure ? "fails" : "holds", failure ? failure : "nothing wrong", ran);
    if (failure)
        return 1;
    const size_t count = weak_sites(sites, 256);
    for (size_t i = 0; i < count; i++) {
        int order_step = 0;
        for (failure = NULL; !failure && order_step < 2;) {
            weak_mutate(sites[i], ++order_step);
            failure = explore(seed, executions, &ran);
        }
        printf("%s %d %#lx %u %s\n", failure ? "killed" : "lives", order_step, (unsigned long)sites[i] - 1, ran,
               failure ? failure : "");
        fflush(stdout);
    }
    return 0;
}
