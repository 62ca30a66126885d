/* The submitter's side of handles, see handles.h: handing in and taking back. */
#include "pools/plugin/handles.h"
#include "pools/parts/wait.h"
#include <stdlib.h>
#include <sys/mman.h>

#define PATIENCE_NS 100000000u

int handles_init(struct handles *handles, unsigned traits)
{
    handles->submitter = (pid_t)syscall(SYS_gettid);
    handles->spin_ticks = wait_spin_ticks(WAIT_ADAPTIVE, handles->config->spare_cpu);
    handles->fd = traits & HANDLES_IN_FILE ? memfd_create("poolbench-handles", MFD_CLOEXEC) : -1;
    if (traits & HANDLES_IN_FILE && handles->fd < 0)
        return -errno;
    int rc = handles_map(handles, handles->fd);
    if (rc < 0)
        goto close_file;
    handles->vacant = malloc(handles->depth * sizeof *handles->vacant);
    rc = handles->vacant ? event_open(&handles->event, false) : -ENOMEM;
    if (rc < 0)
        goto unmap;
    for (uint32_t slot = 0; slot < handles->depth; slot++) {
        struct handle *handle = &handles->handle[slot];
        handle->handles = handles;
        handle->task.run = handle_run;
        handle->task.work = handle_work;
        handle->task.finish = handle_finish;
        handle->task.slot = slot;
        handle->task.out = handles->out_stride ? handles->outputs + slot * handles->out_stride : NULL;
        handles->vacant[slot] = slot;
    }
    handles->vacant_count = handles->depth;
    handles_live(handles);
    rc = traits & HANDLES_SUBMITTER_WORKS ? handles_worker(handles, 0) : 0;
    if (rc < 0)
        handles_release(handles);
    return rc;
unmap:
    free(handles->vacant);
    munmap(handles->map, handles->map_bytes);
close_file:
    if (handles->fd >= 0)
        close(handles->fd);
    return rc;
}

void handles_release(struct handles *handles)
{
    handles_live(NULL);
    event_close(handles->event);
    munmap(handles->map, handles->map_bytes);
    if (handles->fd >= 0)
        close(handles->fd);
    free(handles->vacant);
}

static struct handles *attached; /* one pool a process */

static void copy_work(struct poolbench_task *task, const void *in, void *out)
{
    handles_work(attached, &attached->handle[task->slot], in, out);
}

/* Such a process ends without a release. */
int handles_attach(struct handles *handles, int fd)
{
    handles->fd = -1;
    int rc = handles_map(handles, fd);
    if (rc < 0)
        return rc;
    handles->copy = calloc(handles->depth, sizeof *handles->copy);
    if (!handles->copy) {
        munmap(handles->map, handles->map_bytes);
        return -ENOMEM;
    }
    for (uint32_t slot = 0; slot < handles->depth; slot++) {
        handles->copy[slot].work = copy_work;
        handles->copy[slot].slot = slot;
        handles->copy[slot].out = handles->out_stride ? handles->outputs + slot * handles->out_stride : NULL;
    }
    attached = handles;
    handles_live(handles);
    return 0;
}

unsigned handles_hand(struct handles *handles, const uint32_t *tasks, unsigned n, struct poolbench_task **out)
{
    unsigned count = n < handles->vacant_count ? n : handles->vacant_count;
    for (unsigned i = 0; i < count; i++) {
        struct handle *handle = &handles->handle[handles->vacant[(handles->vacant_head + i) % handles->depth]];
        handle->task.number = tasks[i];
        handle->task.in = job_input(handles->job, tasks[i]);
        handle->task.sleeps = job_class(handles->job, tasks[i]) == TASK_SLEEP;
        /* release: a worker that gets hold of it sees the number */
        atomic_store_explicit(&handle->state, HANDED, memory_order_release);
        out[i] = &handle->task;
    }
    return count;
}

int handles_taken(struct handles *handles, unsigned handed, unsigned taken)
{
    for (unsigned i = taken; i < handed; i++) {
        struct handle *handle = &handles->handle[handles->vacant[(handles->vacant_head + i) % handles->depth]];
        if (!handle_move(handle, HANDED, FREE)) {
            handles_complain(handles, RAN_UNTAKEN, handle->task.number);
            return -EPROTO;
        }
    }
    handles->vacant_head = (handles->vacant_head + taken) % handles->depth;
    handles->vacant_count -= taken;
    handles->in_flight += taken;
    return 0;
}

static void give_back(struct handles *handles, struct handle *handle, struct done *done)
{
    *done = handle->done;
    done->slot = handle->task.slot;
    done->out = handle->task.out;
    /* relaxed: whoever should still look at it has broken the contract */
    atomic_store_explicit(&handle->state, FREE, memory_order_relaxed);
    handles->vacant[(handles->vacant_head + handles->vacant_count++) % handles->depth] = handle->task.slot;
    handles->in_flight--;
}

static bool is_taken(const struct handles *handles, uint32_t slot)
{
    uint32_t at = handles->taken;
    while (at && at != slot + 1)
        at = handles->handle[at - 1].next;
    return at != 0;
}

/* Handles whose process died on the way from finishing them to the list. Whatever it put there is taken by now, as it
 * did so before it was said to be dead. */
static void take_dropped(struct handles *handles, uint32_t drops)
{
    handles->drops_seen = drops;
    for (uint32_t slot = 0; slot < handles->depth; slot++) {
        struct handle *handle = &handles->handle[slot];
        /* acquire: the record */
        if (atomic_load_explicit(&handle->state, memory_order_acquire) != DROPPED || is_taken(handles, slot))
            continue;
        handle->next = handles->taken;
        handles->taken = slot + 1;
    }
}

unsigned handles_drain(struct handles *handles, struct done *done, unsigned max)
{
    struct handles_shared *shared = handles->shared;
    /* acquire: pairs with handles_died, before the list is taken */
    uint32_t drops = atomic_load_explicit(&shared->drops, memory_order_acquire);
    bool dropped = drops != handles->drops_seen && !handles->taken;
    /* a plain look first: an exchange would take the line away from workers for nothing; seq_cst: see push */
    if (!handles->taken && atomic_load_explicit(&shared->finished, memory_order_seq_cst)) {
        uint32_t slot = (uint32_t)atomic_exchange_explicit(&shared->finished, 0, memory_order_seq_cst);
        while (slot) { /* the last one is on top: turn round */
            struct handle *handle = &handles->handle[slot - 1];
            uint32_t below = handle->next;
            handle->next = handles->taken;
            handles->taken = slot;
            slot = below;
        }
    }
    if (__builtin_expect(dropped, 0))
        take_dropped(handles, drops);
    unsigned count = 0;
    for (; handles->taken && count < max; count++) {
        struct handle *handle = &handles->handle[handles->taken - 1];
        handles->taken = handle->next;
        give_back(handles, handle, &done[count]);
    }
    return count;
}

int handles_take(struct handles *handles, struct poolbench_task *task, struct done *done)
{
    struct handle *handle = (struct handle *)task;
    size_t offset = (size_t)((char *)task - (char *)handles->handle);
    bool ours = (char *)task >= (char *)handles->handle && offset < handles->depth * sizeof *handle &&
                offset % sizeof *handle == 0;
    uint32_t state = ours ? atomic_load_explicit(&handle->state, memory_order_acquire) : FREE; /* with its record */
    if (state == RAN) {
        give_back(handles, handle, done);
        return 0;
    }
    handles_complain(handles,
                     !ours               ? RETURNED_FOREIGN
                     : state == FREE     ? RETURNED_TWICE
                     : state == FINISHED ? RETURNED_FINISHED
                                         : RETURNED_UNRUN,
                     ours ? task->number : UINT32_MAX);
    return -EPROTO;
}

static unsigned spin(struct handles *handles, struct done *done, unsigned max, uint64_t until_ns)
{
    uint64_t start = clock_ticks();
    for (unsigned i = 0;; i++) {
        unsigned have = handles_drain(handles, done, max);
        if (have)
            return have;
        clock_pause();
        if (i % 16 != 15)
            continue;
        if (clock_ticks() - start >= handles->spin_ticks || (clock_is_past(until_ns)))
            return 0;
    }
}

/* Of one that waits for many: those that are back must not wait for ever for one that was lost, and hide which it is.
 */
static uint64_t patience(uint64_t until_ns)
{
    uint64_t soon = clock_monotonic_ns() + PATIENCE_NS;
    return soon < until_ns ? soon : until_ns;
}

int handles_wait(struct handles *handles, struct done *done, unsigned have, unsigned goal, unsigned max,
                 uint64_t until_ns)
{
    struct event *event = handles->event;
    if (handles->spin_ticks && (have || (have = spin(handles, done, max, until_ns))))
        return (int)have; /* no wake-up to spare: what is there is worth having */
    for (;;) {
        have += handles_drain(handles, done + have, max - have);
        if (have >= goal || have == max)
            return (int)have;
        if (handles->taken)
            continue; /* behind what was taken before there may be more */
        uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire), wanted = goal - have; /* futex.h */
        /* seq_cst: say how many more we want, then look at how many there are (push, event.h) */
        atomic_store_explicit(&event->wanted, wanted, memory_order_seq_cst);
        int rc = 0;
        /* acquire: who drops one counts it, then shouts */
        bool dropped = atomic_load_explicit(&handles->shared->drops, memory_order_acquire) != handles->drops_seen;
        if (!dropped && atomic_load_explicit(&handles->shared->finished, memory_order_seq_cst) >> 32 < wanted)
            /* relaxed: who complains shouts after it, so that `seen` brings it */
            rc = atomic_load_explicit(&handles->shared->complaint, memory_order_relaxed)
                     ? -EPROTO
                     : futex_wait(&event->word, seen, wanted > 1 ? patience(until_ns) : until_ns, false);
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
        if (rc == -EPROTO)
            return rc;
        have += handles_drain(handles, done + have, max - have);
        if (have || (rc == -ETIMEDOUT && clock_is_past(until_ns)))
            return (int)have;
    }
}
