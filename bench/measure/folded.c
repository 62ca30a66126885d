/* See folded.h. */
#include "bench/measure/folded.h"
#include "bench/model/csv_file.h"
#include "bench/model/recorded.h"
#include <errno.h>
#include <math.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX (STACK_FRAMES * 64)

struct numbered {
    int64_t id;
    char key[]; /* names of its frames */
};

struct frame {
    char symbol[SYMBOL_MAX], object[64], build_id[BUILD_ID_MAX];
};

/* From the outermost. */
struct chain {
    struct frame frame[STACK_FRAMES + 1];
    unsigned count;
};

/* ---- files ---- */

static int on_frame(const void *row, void *arg)
{
    const struct frame_row *frame = row;
    struct folded *folded = arg;
    folded->last = frame->stack_id > folded->last ? frame->stack_id : folded->last;
    return 0;
}

static int file_open(const char *directory, const struct file_format *format, struct csv_writer **writer, char *error)
{
    int rc = csv_is_there(directory, format->file) ? csv_append(directory, format, -1, writer)
                                                   : csv_create(directory, format, writer);
    if (rc)
        *writer = NULL;
    return rc ? record_failed(rc, directory, format->file, error) : 0;
}

int folded_open(struct folded *folded, const char *directory, char *error)
{
    *folded = (struct folded){.symbols = symbols_new()};
    int rc = folded->symbols ? 0 : record_failed(-ENOMEM, directory, stack_format.file, error);
    if (!rc && csv_is_there(directory, frame_format.file))
        rc = csv_read(directory, &frame_format, -1, on_frame, folded, error);
    rc = rc ? rc : file_open(directory, &frame_format, &folded->frames, error);
    return rc ? rc : file_open(directory, &stack_format, &folded->stacks, error);
}

int folded_close(struct folded *folded)
{
    int rc = folded->frames ? csv_close(folded->frames) : 0;
    const int closed = folded->stacks ? csv_close(folded->stacks) : 0;
    if (folded->numbers)
        tdestroy(folded->numbers, free);
    symbols_free(folded->symbols);
    *folded = (struct folded){0};
    return rc ? rc : closed;
}

/* ---- chains ---- */

/* What every call and fault goes through says nothing of which it was. */
static bool is_way_in(const char *name)
{
    static const char *const ways[] = {"entry_", "do_syscall_",    "x64_sys_call", "asm_",
                                       "el0",    "invoke_syscall", "do_el0",       "ret_from_fork"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (!strncmp(name, ways[i], strlen(ways[i])))
            return true;
    return false;
}

static void kernel_put(struct folded *folded, struct chain *chain, const uint64_t *address, unsigned count)
{
    struct symbol symbol = {.name = "kernel"};
    struct frame *frame = &chain->frame[chain->count++];
    for (unsigned i = count; i; i--) {
        symbols_find_kernel(folded->symbols, address[i - 1], &symbol);
        if (!is_way_in(symbol.name))
            break;
    }
    *frame = (struct frame){.object = "[kernel]"};
    memcpy(frame->symbol, symbol.name, sizeof frame->symbol);
}

/* A return address is behind the call: the byte before it is in the function that called. */
static void user_put(struct folded *folded, struct chain *chain, const struct stacks_found *found, uint32_t pid,
                     uint64_t address, bool is_return)
{
    const uint64_t at = address - is_return;
    const struct stack_map *map = stacks_map(found, pid, at);
    struct frame *frame = &chain->frame[chain->count++];
    struct symbol symbol;
    *frame = (struct frame){.object = "[unknown]"};
    if (!map) {
        snprintf(frame->symbol, sizeof frame->symbol, "[unknown]");
        return;
    }
    const char *name = strrchr(map->file, '/');
    symbols_find(folded->symbols, map->file, at - map->from + map->offset, &symbol);
    snprintf(frame->object, sizeof frame->object, "%s", name ? name + 1 : map->file);
    memcpy(frame->symbol, symbol.name, sizeof frame->symbol);
    memcpy(frame->build_id, symbol.build_id, sizeof frame->build_id);
}

static void chain_make(struct folded *folded, const struct stacks_found *found, const struct stack_sample *sample,
                       struct chain *chain)
{
    const uint64_t *address = found->address + sample->first;
    const unsigned most = sample->count < STACK_FRAMES ? sample->count : STACK_FRAMES;
    chain->count = 0;
    for (unsigned i = most; i > sample->in_kernel; i--)
        user_put(folded, chain, found, sample->pid, address[i - 1], i - 1 > sample->in_kernel);
    if (sample->in_kernel && sample->in_kernel <= most)
        kernel_put(folded, chain, address, sample->in_kernel);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct numbered *)a)->key, ((const struct numbered *)b)->key);
}

static int frames_put(struct folded *folded, const struct chain *chain)
{
    int rc = 0;
    for (unsigned i = 0; i < chain->count && !rc; i++) {
        struct frame_row row = {.stack_id = folded->last, .depth = i};
        snprintf(row.symbol, sizeof row.symbol, "%s", chain->frame[i].symbol);
        snprintf(row.object, sizeof row.object, "%s", chain->frame[i].object);
        snprintf(row.build_id, sizeof row.build_id, "%s", chain->frame[i].build_id);
        rc = csv_put(folded->frames, &row);
    }
    return rc;
}

/* The number of a stack, a new one for one that was not seen; -errno. */
static int64_t number_of(struct folded *folded, const struct chain *chain)
{
    struct numbered *own = calloc(1, sizeof *own + sizeof chain->frame);
    size_t length = 0;
    if (!own)
        return -ENOMEM;
    for (unsigned i = 0; i < chain->count; i++)
        length += (size_t)snprintf(own->key + length, sizeof chain->frame - length, "%s\n%s\n", chain->frame[i].symbol,
                                   chain->frame[i].object);
    struct numbered **found = tsearch(own, &folded->numbers, by_key);
    if (!found || *found != own) {
        free(own);
        return found ? (*found)->id : -ENOMEM;
    }
    own->id = ++folded->last;
    const int rc = frames_put(folded, chain);
    return rc ? rc : own->id;
}

/* ---- sums ---- */

static int sum_add(struct stack_sums *sums, const struct stack_sum *one)
{
    for (size_t i = 0; i < sums->count; i++) {
        struct stack_sum *sum = &sums->sum[i];
        if (sum->stack_id != one->stack_id || sum->kind != one->kind || sum->place.role != one->place.role ||
            sum->place.phase != one->place.phase)
            continue;
        sum->samples += one->samples;
        sum->weight_ns += one->weight_ns;
        return 0;
    }
    struct stack_sum *more = reallocarray(sums->sum, sums->count + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    sums->sum = more;
    sums->sum[sums->count++] = *one;
    return 0;
}

static int sample_add(struct folded *folded, const struct stacks_found *found, const struct stack_sample *sample,
                      const struct placed *placed, struct stack_sums *sums)
{
    struct stack_sum one = {.kind = sample->kind, .samples = 1, .weight_ns = (double)sample->period_ns};
    struct chain chain;
    if (!placed_find(placed, sample->tid, sample->at_ns, sample->kind == STACK_OFF, &one.place))
        return 0;
    if (sample->kind == STACK_OFF && !(one.place.off_ns > 0))
        return 0;
    if (sample->kind == STACK_OFF)
        one.weight_ns = one.place.off_ns;
    chain_make(folded, found, sample, &chain);
    one.stack_id = number_of(folded, &chain);
    return one.stack_id < 0 ? (int)one.stack_id : sum_add(sums, &one);
}

int folded_add(struct folded *folded, const struct stacks_found *found, const struct slots_from *from,
               struct stack_sums *sums)
{
    struct placed placed;
    int rc = placed_make(from, &placed);
    *sums = (struct stack_sums){0};
    for (size_t i = 0; i < found->samples && !rc; i++)
        rc = sample_add(folded, found, &found->sample[i], &placed, sums);
    placed_release(&placed);
    return rc;
}

int folded_put(struct folded *folded, const struct stack_sums *sums, int64_t trial_id)
{
    int rc = 0;
    for (size_t i = 0; i < sums->count && !rc; i++) {
        const struct stack_sum *sum = &sums->sum[i];
        struct stack_row row = {.trial_id = trial_id,
                                .stack_id = sum->stack_id,
                                .weight_ns = llround(sum->weight_ns),
                                .samples = sum->samples};
        snprintf(row.role, sizeof row.role, "%s", thread_role_names[sum->place.role]);
        snprintf(row.phase, sizeof row.phase, "%s", trial_phase_names[sum->place.phase]);
        snprintf(row.kind, sizeof row.kind, "%s", stack_kind_names[sum->kind]);
        rc = csv_put(folded->stacks, &row);
    }
    if (!rc)
        rc = csv_flush(folded->frames);
    return rc ? rc : csv_flush(folded->stacks);
}
