/* See stacks.h. The layout of records is that of perf_event_open(2). */
#include "bench/machine/stacks.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAPS_DEEP 64 /* processes that were made one from the other */

const char *const stack_kind_names[STACK_KINDS] = {"on", "off"};

/* Of a sample, in this order; the chain stands behind it. */
struct sample_body {
    uint32_t pid, tid;
    uint64_t at_ns;
    uint32_t cpu, unused;
    uint64_t period, frames;
};

struct map_body {
    uint32_t pid, tid;
    uint64_t from, length, offset;
    uint32_t major, minor;
    uint64_t inode, generation;
    uint32_t protection, flags;
};

struct birth_body {
    uint32_t pid, parent, tid, parent_tid;
    uint64_t at_ns;
};

static struct perf_event_attr event_attr(enum stack_kind kind, bool inherited, bool has_kernel)
{
    return (struct perf_event_attr){
        .size = sizeof(struct perf_event_attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = kind == STACK_ON ? PERF_COUNT_SW_CPU_CLOCK : PERF_COUNT_SW_CONTEXT_SWITCHES,
        .sample_period = kind == STACK_ON ? STACKS_PERIOD_NS : 1,
        .sample_type =
            PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN,
        .sample_max_stack = STACK_FRAMES,
        .disabled = inherited,
        .inherit = inherited,
        .enable_on_exec = inherited,
        .exclude_kernel = !has_kernel,
        .exclude_callchain_kernel = !has_kernel,
        .exclude_hv = 1,
        .task = kind == STACK_ON,
        .mmap = kind == STACK_ON,
        .mmap2 = kind == STACK_ON,
        .sample_id_all = 1,
        .watermark = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .wakeup_watermark = UINT32_MAX,
    };
}

/* ---- opening ---- */

int stacks_open(struct stacks *stacks, const bool wanted[STACK_KINDS], pid_t pid, const unsigned *cpus, unsigned count,
                size_t bytes, struct switches_refused *refused)
{
    const char *call = "";
    int rc = 0;
    *stacks = (struct stacks){.has_kernel = true};
    for (int kind = 0; kind < STACK_KINDS && !rc; kind++) {
        if (!wanted[kind])
            continue;
        struct perf_event_attr attr = event_attr((enum stack_kind)kind, pid != 0, true);
        rc = rings_open(&stacks->rings[kind], &attr, pid, cpus, count, bytes, &call);
        if ((rc == -EACCES || rc == -EPERM) && kind == STACK_ON && strcmp(call, "mmap") != 0) {
            stacks->has_kernel = false;
            attr = event_attr((enum stack_kind)kind, pid != 0, false);
            rc = rings_open(&stacks->rings[kind], &attr, pid, cpus, count, bytes, &call);
        }
        stacks->is_open[kind] = !rc;
    }
    if (rc) {
        stacks_close(stacks);
        switches_refuse(refused, call, -rc);
    }
    return rc;
}

void stacks_close(struct stacks *stacks)
{
    for (int kind = 0; kind < STACK_KINDS; kind++)
        if (stacks->is_open[kind])
            rings_close(&stacks->rings[kind]);
    *stacks = (struct stacks){0};
}

/* ---- reading ---- */

struct reading {
    struct stacks_found *found;
    enum stack_kind kind;
    size_t sample_room, address_room, map_room, birth_room;
};

static void *grown(void *rows, size_t count, size_t more, size_t *room, size_t size)
{
    if (count + more <= *room)
        return rows;
    const size_t wanted = 2 * (count + more) + 256;
    void *moved = reallocarray(rows, wanted, size);
    if (moved)
        *room = wanted;
    return moved;
}

/* Marks in a chain say whose frames follow. */
static int sample_take(struct reading *r, const char *bytes, size_t size)
{
    struct stacks_found *found = r->found;
    struct sample_body body;
    bool in_kernel = false;
    if (size < sizeof(struct perf_event_header) + sizeof body)
        return 0;
    memcpy(&body, bytes + sizeof(struct perf_event_header), sizeof body);
    const char *chain = bytes + sizeof(struct perf_event_header) + sizeof body;
    if (body.frames > (size - (size_t)(chain - bytes)) / sizeof(uint64_t))
        return 0;
    struct stack_sample *samples = grown(found->sample, found->samples, 1, &r->sample_room, sizeof *found->sample);
    if (samples)
        found->sample = samples;
    uint64_t *addresses =
        samples ? grown(found->address, found->addresses, body.frames, &r->address_room, sizeof *found->address) : NULL;
    if (!addresses)
        return -ENOMEM;
    found->address = addresses;
    struct stack_sample *sample = &found->sample[found->samples++];
    *sample = (struct stack_sample){.kind = r->kind,
                                    .at_ns = body.at_ns,
                                    .period_ns = body.period,
                                    .pid = body.pid,
                                    .tid = body.tid,
                                    .first = found->addresses};
    for (uint64_t i = 0; i < body.frames; i++) {
        uint64_t address;
        memcpy(&address, chain + i * sizeof address, sizeof address);
        if (address >= (uint64_t)PERF_CONTEXT_MAX) {
            in_kernel = address == (uint64_t)PERF_CONTEXT_KERNEL;
            continue;
        }
        found->address[found->addresses++] = address;
        sample->count++;
        sample->in_kernel += in_kernel;
    }
    return 0;
}

static int map_take(struct reading *r, const char *bytes, size_t size)
{
    struct stacks_found *found = r->found;
    struct map_body body;
    struct ring_trailer trailer;
    const size_t head = sizeof(struct perf_event_header) + sizeof body;
    if (size < head + sizeof trailer + 1)
        return 0;
    memcpy(&body, bytes + sizeof(struct perf_event_header), sizeof body);
    memcpy(&trailer, bytes + size - sizeof trailer, sizeof trailer);
    struct stack_map *more = grown(found->map, found->maps, 1, &r->map_room, sizeof *more);
    if (!more)
        return -ENOMEM;
    found->map = more;
    char *file = strndup(bytes + head, size - head - sizeof trailer);
    if (!file)
        return -ENOMEM;
    found->map[found->maps++] =
        (struct stack_map){trailer.at_ns, body.from, body.from + body.length, body.offset, body.pid, file};
    return 0;
}

static int birth_take(struct reading *r, const char *bytes, size_t size)
{
    struct stacks_found *found = r->found;
    struct birth_body body;
    if (size < sizeof(struct perf_event_header) + sizeof body)
        return 0;
    memcpy(&body, bytes + sizeof(struct perf_event_header), sizeof body);
    if (body.pid == body.parent) /* a thread */
        return 0;
    struct stack_birth *more = grown(found->birth, found->births, 1, &r->birth_room, sizeof *more);
    if (!more)
        return -ENOMEM;
    found->birth = more;
    found->birth[found->births++] = (struct stack_birth){body.pid, body.parent};
    return 0;
}

static int on_record(const char *bytes, size_t size, void *arg)
{
    struct perf_event_header header;
    memcpy(&header, bytes, sizeof header);
    return header.type == PERF_RECORD_SAMPLE  ? sample_take(arg, bytes, size)
           : header.type == PERF_RECORD_MMAP2 ? map_take(arg, bytes, size)
           : header.type == PERF_RECORD_FORK  ? birth_take(arg, bytes, size)
                                              : 0;
}

int stacks_read(const struct stacks *stacks, struct stacks_found *found, bool *lost)
{
    struct reading r = {.found = found};
    int rc = 0;
    *found = (struct stacks_found){0};
    *lost = false;
    for (int kind = 0; kind < STACK_KINDS && !rc; kind++) {
        bool own = false;
        r.kind = (enum stack_kind)kind;
        if (stacks->is_open[kind])
            rc = rings_read(&stacks->rings[kind], on_record, &r, &own);
        *lost = *lost || own;
    }
    return rc;
}

void stacks_found_release(struct stacks_found *found)
{
    for (size_t i = 0; i < found->maps; i++)
        free(found->map[i].file);
    free(found->sample);
    free(found->address);
    free(found->map);
    free(found->birth);
    *found = (struct stacks_found){0};
}

const struct stack_map *stacks_map(const struct stacks_found *found, uint32_t pid, uint64_t address)
{
    for (int deep = 0; deep < MAPS_DEEP; deep++) {
        const struct stack_map *last = NULL;
        for (size_t i = 0; i < found->maps; i++) {
            const struct stack_map *map = &found->map[i];
            if (map->pid == pid && map->from <= address && address < map->to && (!last || map->at_ns >= last->at_ns))
                last = map;
        }
        size_t at = found->births;
        while (at && found->birth[at - 1].pid != pid)
            at--;
        if (last || !at)
            return last;
        pid = found->birth[at - 1].parent;
    }
    return NULL;
}

/* ---- whether they can be had ---- */

/* Some CPU time, and leaving the CPU once, of this thread. */
static void work_a_little(void)
{
    const struct timespec least = {.tv_nsec = 1};
    struct timespec begin, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec - begin.tv_nsec < 5L * STACKS_PERIOD_NS);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &least, NULL);
}

int stacks_try(bool can[STACK_KINDS], struct switches_refused refused[STACK_KINDS])
{
    int rc = 0;
    for (int kind = 0; kind < STACK_KINDS; kind++) {
        const bool wanted[STACK_KINDS] = {kind == STACK_ON, kind == STACK_OFF};
        struct stacks self;
        struct stacks_found found;
        bool lost;
        refused[kind] = (struct switches_refused){0};
        int own = stacks_open(&self, wanted, 0, NULL, 1, 1, &refused[kind]);
        can[kind] = false;
        if (!own) {
            work_a_little();
            own = stacks_read(&self, &found, &lost);
            can[kind] = !own && found.samples;
            if (!can[kind])
                switches_refuse(&refused[kind], "samples", own ? -own : ENODATA);
            stacks_found_release(&found);
            stacks_close(&self);
        }
        if (kind == STACK_ON && !can[kind])
            rc = -refused[kind].error;
    }
    return rc;
}
