/* Who runs tasks of handles: running, finishing, and what goes wrong with it. */
#include "pools/plugin/handles_run.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

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
    if (!handles)
        forget();
}

static int become(struct handles *handles, unsigned number)
{
    struct handle_worker *worker = &handles->shared->worker[number];
    me.worker = worker;
    me.number = number;
    me.pid = getpid();
    worker->pid = me.pid;
    worker->moves.cpu = NO_CPU;
    pthread_setspecific(leaving, worker);
    if ((pid_t)syscall(SYS_gettid) != handles->submitter)
        worker_name(number);
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

void handles_complain(struct handles *handles, uint32_t what, uint32_t task)
{
    uint64_t none = 0;
    /* relaxed: nothing else is published with it */
    atomic_compare_exchange_strong_explicit(&handles->shared->complaint, &none, (uint64_t)what << 32 | task,
                                            memory_order_relaxed, memory_order_relaxed);
    if (handles->event)
        event_shout(handles->event);
}

bool handle_move(struct handle *handle, uint32_t from, uint32_t to)
{
    /* acq_rel: the record goes with the state, from submitter to worker and back */
    return atomic_compare_exchange_strong_explicit(&handle->state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

void handles_work(struct handles *handles, struct handle *handle, const void *in, void *out)
{
    const struct poolbench_task *task = &handle->task;
    struct done *done = &handle->done;
    if (!handle_move(handle, HANDED, RUNNING)) {
        handles_complain(handles, RAN_TWICE, task->number);
        return;
    }
    if (__builtin_expect(!me.pid, 0))
        find_number(handles);
    task_run(handles->job, task->number, in, out, done);
    done->worker = (uint16_t)me.number;
    done->pid = me.pid;
    if (me.worker)
        moves_note(&me.worker->moves, &handles->config->places, done->cpu);
    atomic_store_explicit(&handle->state, RAN, memory_order_release); /* with the record: move, handles_take */
}

void handle_work(struct poolbench_task *task, const void *in, void *out)
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

void handle_finish(struct poolbench_task *task)
{
    struct handle *handle = (struct handle *)task;
    if (handle_move(handle, RAN, FINISHED))
        push(handle->handles, handle);
    else
        handles_complain(handle->handles, FINISHED_UNRUN, task->number);
}

void handle_run(struct poolbench_task *task)
{
    struct handle *handle = (struct handle *)task;
    struct handles *handles = handle->handles;
    handles_work(handles, handle, task->in, task->out);
    if (handle_move(handle, RAN, FINISHED))
        push(handles, handle);
}

void handles_died(struct poolbench_task *task, int wait_status)
{
    struct handle *handle = (struct handle *)task;
    if (handle_move(handle, RUNNING, RAN) || handle_move(handle, HANDED, RAN)) {
        handle->done = (struct done){.task = task->number};
        task_ended(wait_status, &handle->done);
    }
    if (handle_move(handle, RAN, FINISHED)) {
        push(handle->handles, handle);
    } else if (handle_move(handle, FINISHED, DROPPED)) { /* it is on the list, or never came to it */
        /* release: the state, then the count that has the submitter look for it */
        atomic_fetch_add_explicit(&handle->handles->shared->drops, 1, memory_order_release);
    }
    event_shout(handle->handles->event); /* it may have died between taking `wanted` and ringing */
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
