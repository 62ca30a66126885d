/* Handles, see handles.h: handing in, running, finishing, taking back. */
#include "pools/plugin/handles.h"
#include "pools/parts/clock.h"
#include "pools/parts/group.h"
#include "pools/parts/task_run.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ADAPTIVE_SPIN_NS 40000u /* as groups do */
#define PATIENCE_NS      100000000u

enum { FREE, HANDED, RUNNING, RAN, FINISHED };

enum {
    NO_COMPLAINT,
    RAN_TWICE,
    FINISHED_UNRUN,
    RETURNED_FOREIGN,
    RETURNED_TWICE,
    RETURNED_UNRUN,
    RETURNED_FINISHED,
    RAN_UNTAKEN,
    COMPLAINTS,
};

static const char *const complaints[COMPLAINTS] = {
    [RAN_TWICE] = "the pool ran a task twice, or after it was finished",
    [FINISHED_UNRUN] = "the pool finished a task that was not run",
    [RETURNED_FOREIGN] = "the pool returned a task that was not handed in",
    [RETURNED_TWICE] = "the pool returned a task twice",
    [RETURNED_UNRUN] = "the pool returned a task before it was run",
    [RETURNED_FINISHED] = "the pool has a reap, and finished a task otherwise, expected work in place of run",
    [RAN_UNTAKEN] = "the pool ran a task that it had not taken",
};

/* ---- who runs ---- */

/* What the calling thread is, in whose process. */
static _Thread_local struct {
    struct handle_worker *worker; /* NULL: not known yet, or a stranger */
    unsigned number;
    pid_t pid; /* 0: not known yet */
} me;

static pthread_key_t leaving;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Those that are open: one pool a process. Threads that a library keeps may end at any time. */
static struct handles *_Atomic alive;

/* A thread that ends makes room for another. */
static void leave(void *worker)
{
    /* acquire: pairs with handles_live; release: find_number, by whoever takes the number next */
    if (atomic_load_explicit(&alive, memory_order_acquire))
        atomic_store_explicit(&((struct handle_worker *)worker)->tid, 0, memory_order_release);
}

static void forget(void)
{
    me.worker = NULL;
    me.pid = 0;
}

static void once_run(void)
{
    if (pthread_key_create(&leaving, leave) != 0)
        abort(); /* the first key of a process that has none */
    pthread_atfork(NULL, NULL, forget);
}

void handles_live(struct handles *handles)
{
    pthread_once(&once, once_run);
    atomic_store_explicit(&alive, handles, memory_order_release); /* leave */
}

static int become(struct handles *handles, unsigned number)
{
    struct handle_worker *worker = &handles->shared->worker[number];
    char name[16];
    me.worker = worker;
    me.number = number;
    me.pid = getpid();
    worker->pid = me.pid;
    worker->cpu = UINT32_MAX;
    pthread_setspecific(leaving, worker);
    if ((pid_t)syscall(SYS_gettid) != handles->submitter) {
        snprintf(name, sizeof name, "pb-worker-%u", number);
        prctl(PR_SET_NAME, name);
    }
    return place_apply(&handles->config->places, number);
}

int handles_worker(struct handles *handles, unsigned number)
{
    if (number >= handles->workers)
        return -EINVAL;
    /* relaxed: a number is only a claim, nothing is published by it */
    atomic_store_explicit(&handles->shared->worker[number].tid, (uint32_t)syscall(SYS_gettid), memory_order_relaxed);
    return become(handles, number);
}

/* With its first task: the lowest number that nobody has. */
static void find_number(struct handles *handles)
{
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    for (unsigned i = 0; i < handles->workers; i++) {
        uint32_t nobody = 0;
        /* acquire: after all that the one before wrote there (leave); release: nothing, yet */
        if (atomic_compare_exchange_strong_explicit(&handles->shared->worker[i].tid, &nobody, tid, memory_order_acq_rel,
                                                    memory_order_relaxed)) {
            become(handles, i);
            return;
        }
    }
    me.pid = getpid();
    me.number = tid % handles->workers;
    atomic_fetch_add_explicit(&handles->shared->strangers, 1, memory_order_relaxed); /* a count */
}

/* ---- workers ---- */

static void complain(struct handles *handles, uint32_t what, uint32_t task)
{
    uint64_t none = 0;
    /* relaxed: nothing else is published with it */
    atomic_compare_exchange_strong_explicit(&handles->shared->complaint, &none, (uint64_t)what << 32 | task,
                                            memory_order_relaxed, memory_order_relaxed);
    if (handles->event)
        event_shout(handles->event);
}

static bool move(struct handle *handle, uint32_t from, uint32_t to)
{
    /* acq_rel: the record goes with the state, from submitter to worker and back */
    return atomic_compare_exchange_strong_explicit(&handle->state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

void handles_work(struct handles *handles, struct handle *handle, const void *in, void *out)
{
    const struct poolbench_task *task = &handle->task;
    struct done *done = &handle->done;
    if (!move(handle, HANDED, RUNNING)) {
        complain(handles, RAN_TWICE, task->number);
        return;
    }
    if (__builtin_expect(!me.pid, 0))
        find_number(handles);
    task_run(handles->job, task->number, in, out, done);
    done->worker = (uint16_t)me.number;
    done->pid = me.pid;
    if (me.worker && me.worker->cpu != done->cpu) {
        me.worker->migrations += me.worker->cpu != UINT32_MAX;
        me.worker->cpu = done->cpu;
    }
    atomic_store_explicit(&handle->state, RAN, memory_order_release); /* with the record: move, handles_take */
}

static void handle_work(struct poolbench_task *task, const void *in, void *out)
{
    struct handle *handle = (struct handle *)task;
    handles_work(handle->handles, handle, in, out);
}

static void push(struct handles *handles, struct handle *handle)
{
    _Atomic uint64_t *finished = &handles->shared->finished;
    /* relaxed, and where it fails: only a guess, that the exchange compares */
    uint64_t top = atomic_load_explicit(finished, memory_order_relaxed), next;
    do {
        handle->next = (uint32_t)top;
        next = ((top >> 32) + 1) << 32 | (handle->task.slot + 1);
        /* seq_cst: pushed, then we look whether the submitter waits; it says that it waits, then looks (event.h) */
    } while (!atomic_compare_exchange_weak_explicit(finished, &top, next, memory_order_seq_cst, memory_order_relaxed));
    uint32_t wanted = atomic_load_explicit(&handles->event->wanted, memory_order_seq_cst);
    if (wanted && next >> 32 >= wanted)
        event_ring(handles->event);
}

static void handle_finish(struct poolbench_task *task)
{
    struct handle *handle = (struct handle *)task;
    if (move(handle, RAN, FINISHED))
        push(handle->handles, handle);
    else
        complain(handle->handles, FINISHED_UNRUN, task->number);
}

static void handle_run(struct poolbench_task *task)
{
    struct handle *handle = (struct handle *)task;
    struct handles *handles = handle->handles;
    handle_work(task, task->in, task->out);
    if (move(handle, RAN, FINISHED))
        push(handles, handle);
}

void handles_died(struct poolbench_task *task, int wait_status)
{
    struct handle *handle = (struct handle *)task;
    if (move(handle, RUNNING, RAN) || move(handle, HANDED, RAN))
        handle->done = (struct done){
            .task = task->number,
            .status = WIFSIGNALED(wait_status) ? TASK_SIGNALLED : TASK_EXITED,
            .code = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
        };
    if (move(handle, RAN, FINISHED)) /* else it had got as far as being finished: nothing is lost */
        push(handle->handles, handle);
}

/* ---- the submitter ---- */

int handles_init(struct handles *handles, unsigned traits)
{
    handles->submitter = (pid_t)syscall(SYS_gettid);
    handles->spin_ticks = handles->config->spare_cpu ? clock_from_ns(ADAPTIVE_SPIN_NS) : 0;
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
    atomic_store_explicit(&alive, NULL, memory_order_release);
    forget();
    event_close(handles->event);
    munmap(handles->map, handles->map_bytes);
    if (handles->fd >= 0)
        close(handles->fd);
    free(handles->vacant);
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

int handles_settle(struct handles *handles, unsigned handed, unsigned taken)
{
    for (unsigned i = taken; i < handed; i++) {
        struct handle *handle = &handles->handle[handles->vacant[(handles->vacant_head + i) % handles->depth]];
        if (!move(handle, HANDED, FREE)) {
            complain(handles, RAN_UNTAKEN, handle->task.number);
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

unsigned handles_drain(struct handles *handles, struct done *done, unsigned max)
{
    struct handles_shared *shared = handles->shared;
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
    complain(handles,
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
        if (clock_ticks() - start >= handles->spin_ticks ||
            (until_ns != UINT64_MAX && clock_monotonic_ns() >= until_ns))
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
        if (atomic_load_explicit(&handles->shared->finished, memory_order_seq_cst) >> 32 < wanted)
            /* relaxed: who complains shouts after it, so that `seen` brings it */
            rc = atomic_load_explicit(&handles->shared->complaint, memory_order_relaxed)
                     ? -EPROTO
                     : futex_wait(&event->word, seen, wanted > 1 ? patience(until_ns) : until_ns, false);
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
        if (rc == -EPROTO)
            return rc;
        have += handles_drain(handles, done + have, max - have);
        if (have || (rc == -ETIMEDOUT && until_ns != UINT64_MAX && clock_monotonic_ns() >= until_ns))
            return (int)have;
    }
}

int handles_complaint(const struct handles *handles, char *text, size_t size)
{
    /* relaxed: one word, which says all */
    uint64_t complaint = atomic_load_explicit(&handles->shared->complaint, memory_order_relaxed);
    uint32_t what = (uint32_t)(complaint >> 32), task = (uint32_t)complaint;
    if (!complaint)
        return 0;
    if (task == UINT32_MAX)
        snprintf(text, size, "%s", complaints[what]);
    else if (task >= TASK_WARMUP_FIRST)
        snprintf(text, size, "%s: task %u of the warm-up", complaints[what], task - TASK_WARMUP_FIRST);
    else
        snprintf(text, size, "%s: task %u", complaints[what], task);
    return -EPROTO;
}
