/* Tickets, see tickets.h: handing in, running, finishing, taking back. */
#include "pools/plugin/tickets.h"
#include "pools/parts/clock.h"
#include "pools/parts/crew.h"
#include "pools/parts/task_run.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define ADAPTIVE_SPIN_NS 40000u /* as crews do */
#define PATIENCE_NS      100000000u
#define LINGER_NS        50000u /* as crews do: a task that took that long is reported at once */

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
    struct ticket_worker *worker; /* NULL: not known yet, or a stranger */
    unsigned number;
    pid_t pid; /* 0: not known yet */
} me;

static pthread_key_t leaving;
static pthread_once_t once = PTHREAD_ONCE_INIT;
/* Those that are open: one pool a process. Threads that a library keeps may end at any time. */
static struct tickets *_Atomic alive;

/* A thread that ends makes room for another. */
static void leave(void *worker)
{
    /* acquire: pairs with tickets_live; release: find_number, by whoever takes the number next */
    if (atomic_load_explicit(&alive, memory_order_acquire))
        atomic_store_explicit(&((struct ticket_worker *)worker)->tid, 0, memory_order_release);
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

void tickets_live(struct tickets *tickets)
{
    pthread_once(&once, once_run);
    atomic_store_explicit(&alive, tickets, memory_order_release); /* leave */
}

static int become(struct tickets *tickets, unsigned number)
{
    struct ticket_worker *worker = &tickets->shared->worker[number];
    char name[16];
    me.worker = worker;
    me.number = number;
    me.pid = getpid();
    worker->pid = me.pid;
    worker->cpu = UINT32_MAX;
    pthread_setspecific(leaving, worker);
    if ((pid_t)syscall(SYS_gettid) != tickets->submitter) {
        snprintf(name, sizeof name, "pb-worker-%u", number);
        prctl(PR_SET_NAME, name);
    }
    return place_apply(&tickets->config->places, number);
}

int tickets_worker(struct tickets *tickets, unsigned number)
{
    if (number >= tickets->workers)
        return -EINVAL;
    /* relaxed: a number is only a claim, nothing is published by it */
    atomic_store_explicit(&tickets->shared->worker[number].tid, (uint32_t)syscall(SYS_gettid), memory_order_relaxed);
    return become(tickets, number);
}

/* With its first task: the lowest number that nobody has. */
static void find_number(struct tickets *tickets)
{
    uint32_t tid = (uint32_t)syscall(SYS_gettid);
    for (unsigned i = 0; i < tickets->workers; i++) {
        uint32_t nobody = 0;
        /* acquire: after all that the one before wrote there (leave); release: nothing, yet */
        if (atomic_compare_exchange_strong_explicit(&tickets->shared->worker[i].tid, &nobody, tid, memory_order_acq_rel,
                                                    memory_order_relaxed)) {
            become(tickets, i);
            return;
        }
    }
    me.pid = getpid();
    me.number = tid % tickets->workers;
    atomic_fetch_add_explicit(&tickets->shared->strangers, 1, memory_order_relaxed); /* a count */
}

/* ---- workers ---- */

static void complain(struct tickets *tickets, uint32_t what, uint32_t task)
{
    uint64_t none = 0;
    /* relaxed: nothing else is published with it */
    atomic_compare_exchange_strong_explicit(&tickets->shared->complaint, &none, (uint64_t)what << 32 | task,
                                            memory_order_relaxed, memory_order_relaxed);
    if (tickets->event)
        event_shout(tickets->event);
}

static bool move(struct ticket *ticket, uint32_t from, uint32_t to)
{
    /* acq_rel: the record goes with the state, from submitter to worker and back */
    return atomic_compare_exchange_strong_explicit(&ticket->state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

void tickets_work(struct tickets *tickets, struct ticket *ticket, const void *in, void *out)
{
    const struct poolbench_task *task = &ticket->task;
    struct done *done = &ticket->done;
    if (!move(ticket, HANDED, RUNNING)) {
        complain(tickets, RAN_TWICE, task->number);
        return;
    }
    if (__builtin_expect(!me.pid, 0))
        find_number(tickets);
    task_run(tickets->job, task->number, in, out, done);
    done->worker = (uint16_t)me.number;
    done->pid = me.pid;
    if (me.worker && me.worker->cpu != done->cpu) {
        me.worker->migrations += me.worker->cpu != UINT32_MAX;
        me.worker->cpu = done->cpu;
    }
    atomic_store_explicit(&ticket->state, RAN, memory_order_release); /* with the record: move, tickets_take */
}

static void ticket_work(struct poolbench_task *task, const void *in, void *out)
{
    struct ticket *ticket = (struct ticket *)task;
    tickets_work(ticket->tickets, ticket, in, out);
}

static void push(struct tickets *tickets, struct ticket *ticket)
{
    _Atomic uint64_t *finished = &tickets->shared->finished;
    /* relaxed, and where it fails: only a guess, that the exchange compares */
    uint64_t top = atomic_load_explicit(finished, memory_order_relaxed), next;
    do {
        ticket->next = (uint32_t)top;
        next = ((top >> 32) + 1) << 32 | (ticket->task.slot + 1);
        /* seq_cst: pushed, then we look whether the submitter waits; it says that it waits, then looks (event.h) */
    } while (!atomic_compare_exchange_weak_explicit(finished, &top, next, memory_order_seq_cst, memory_order_relaxed));
    uint32_t wanted = atomic_load_explicit(&tickets->event->wanted, memory_order_seq_cst);
    if (wanted && (next >> 32 >= wanted || task_label_ns(tickets->job, ticket->task.number) >= LINGER_NS))
        event_ring(tickets->event);
}

static void ticket_finish(struct poolbench_task *task)
{
    struct ticket *ticket = (struct ticket *)task;
    if (move(ticket, RAN, FINISHED))
        push(ticket->tickets, ticket);
    else
        complain(ticket->tickets, FINISHED_UNRUN, task->number);
}

static void ticket_run(struct poolbench_task *task)
{
    struct ticket *ticket = (struct ticket *)task;
    struct tickets *tickets = ticket->tickets;
    ticket_work(task, task->in, task->out);
    if (move(ticket, RAN, FINISHED))
        push(tickets, ticket);
}

void tickets_died(struct poolbench_task *task, int wait_status)
{
    struct ticket *ticket = (struct ticket *)task;
    if (move(ticket, RUNNING, RAN) || move(ticket, HANDED, RAN))
        ticket->done = (struct done){
            .task = task->number,
            .status = WIFSIGNALED(wait_status) ? TASK_SIGNALLED : TASK_EXITED,
            .code = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
        };
    if (move(ticket, RAN, FINISHED)) /* else it had got as far as being finished: nothing is lost */
        push(ticket->tickets, ticket);
}

/* ---- the submitter ---- */

int tickets_init(struct tickets *tickets, unsigned traits)
{
    tickets->submitter = (pid_t)syscall(SYS_gettid);
    tickets->spin_ticks = tickets->config->spare_cpu ? clock_from_ns(ADAPTIVE_SPIN_NS) : 0;
    tickets->fd = traits & TICKETS_IN_FILE ? memfd_create("poolbench-tickets", MFD_CLOEXEC) : -1;
    if (traits & TICKETS_IN_FILE && tickets->fd < 0)
        return -errno;
    int rc = tickets_map(tickets, tickets->fd);
    if (rc < 0)
        goto close_file;
    tickets->vacant = malloc(tickets->depth * sizeof *tickets->vacant);
    rc = tickets->vacant ? event_open(&tickets->event, false) : -ENOMEM;
    if (rc < 0)
        goto unmap;
    for (uint32_t slot = 0; slot < tickets->depth; slot++) {
        struct ticket *ticket = &tickets->ticket[slot];
        ticket->tickets = tickets;
        ticket->task.run = ticket_run;
        ticket->task.work = ticket_work;
        ticket->task.finish = ticket_finish;
        ticket->task.slot = slot;
        ticket->task.out = tickets->out_stride ? tickets->outputs + slot * tickets->out_stride : NULL;
        tickets->vacant[slot] = slot;
    }
    tickets->vacant_count = tickets->depth;
    tickets_live(tickets);
    rc = traits & TICKETS_SUBMITTER_WORKS ? tickets_worker(tickets, 0) : 0;
    if (rc < 0)
        tickets_release(tickets);
    return rc;
unmap:
    free(tickets->vacant);
    munmap(tickets->map, tickets->map_bytes);
close_file:
    if (tickets->fd >= 0)
        close(tickets->fd);
    return rc;
}

void tickets_release(struct tickets *tickets)
{
    atomic_store_explicit(&alive, NULL, memory_order_release);
    forget();
    event_close(tickets->event);
    munmap(tickets->map, tickets->map_bytes);
    if (tickets->fd >= 0)
        close(tickets->fd);
    free(tickets->vacant);
}

unsigned tickets_hand(struct tickets *tickets, const uint32_t *tasks, unsigned n, struct poolbench_task **out)
{
    unsigned count = n < tickets->vacant_count ? n : tickets->vacant_count;
    for (unsigned i = 0; i < count; i++) {
        struct ticket *ticket = &tickets->ticket[tickets->vacant[(tickets->vacant_head + i) % tickets->depth]];
        ticket->task.number = tasks[i];
        ticket->task.in = job_input(tickets->job, tasks[i]);
        ticket->task.sleeps = job_class(tickets->job, tasks[i]) == TASK_SLEEP;
        /* release: a worker that gets hold of it sees the number */
        atomic_store_explicit(&ticket->state, HANDED, memory_order_release);
        out[i] = &ticket->task;
    }
    return count;
}

int tickets_settle(struct tickets *tickets, unsigned handed, unsigned taken)
{
    for (unsigned i = taken; i < handed; i++) {
        struct ticket *ticket = &tickets->ticket[tickets->vacant[(tickets->vacant_head + i) % tickets->depth]];
        if (!move(ticket, HANDED, FREE)) {
            complain(tickets, RAN_UNTAKEN, ticket->task.number);
            return -EPROTO;
        }
    }
    tickets->vacant_head = (tickets->vacant_head + taken) % tickets->depth;
    tickets->vacant_count -= taken;
    tickets->in_flight += taken;
    return 0;
}

static void give_back(struct tickets *tickets, struct ticket *ticket, struct done *done)
{
    *done = ticket->done;
    done->slot = ticket->task.slot;
    done->out = ticket->task.out;
    /* relaxed: whoever should still look at it has broken the contract */
    atomic_store_explicit(&ticket->state, FREE, memory_order_relaxed);
    tickets->vacant[(tickets->vacant_head + tickets->vacant_count++) % tickets->depth] = ticket->task.slot;
    tickets->in_flight--;
}

unsigned tickets_drain(struct tickets *tickets, struct done *done, unsigned max)
{
    struct tickets_shared *shared = tickets->shared;
    /* a plain look first: an exchange would take the line away from workers for nothing; seq_cst: see push */
    if (!tickets->taken && atomic_load_explicit(&shared->finished, memory_order_seq_cst)) {
        uint32_t slot = (uint32_t)atomic_exchange_explicit(&shared->finished, 0, memory_order_seq_cst);
        while (slot) { /* the last one is on top: turn round */
            struct ticket *ticket = &tickets->ticket[slot - 1];
            uint32_t below = ticket->next;
            ticket->next = tickets->taken;
            tickets->taken = slot;
            slot = below;
        }
    }
    unsigned count = 0;
    for (; tickets->taken && count < max; count++) {
        struct ticket *ticket = &tickets->ticket[tickets->taken - 1];
        tickets->taken = ticket->next;
        give_back(tickets, ticket, &done[count]);
    }
    return count;
}

int tickets_take(struct tickets *tickets, struct poolbench_task *task, struct done *done)
{
    struct ticket *ticket = (struct ticket *)task;
    size_t offset = (size_t)((char *)task - (char *)tickets->ticket);
    bool ours = (char *)task >= (char *)tickets->ticket && offset < tickets->depth * sizeof *ticket &&
                offset % sizeof *ticket == 0;
    uint32_t state = ours ? atomic_load_explicit(&ticket->state, memory_order_acquire) : FREE; /* with its record */
    if (state == RAN) {
        give_back(tickets, ticket, done);
        return 0;
    }
    complain(tickets,
             !ours               ? RETURNED_FOREIGN
             : state == FREE     ? RETURNED_TWICE
             : state == FINISHED ? RETURNED_FINISHED
                                 : RETURNED_UNRUN,
             ours ? task->number : UINT32_MAX);
    return -EPROTO;
}

static unsigned spin(struct tickets *tickets, struct done *done, unsigned max, uint64_t until_ns)
{
    uint64_t start = clock_ticks();
    for (unsigned i = 0;; i++) {
        unsigned have = tickets_drain(tickets, done, max);
        if (have)
            return have;
        clock_pause();
        if (i % 16 != 15)
            continue;
        if (clock_ticks() - start >= tickets->spin_ticks ||
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

int tickets_wait(struct tickets *tickets, struct done *done, unsigned have, unsigned goal, unsigned max,
                 uint64_t until_ns)
{
    struct event *event = tickets->event;
    if (tickets->spin_ticks && (have || (have = spin(tickets, done, max, until_ns))))
        return (int)have; /* no wake-up to spare: what is there is worth having */
    for (;;) {
        have += tickets_drain(tickets, done + have, max - have);
        if (have >= goal || have == max)
            return (int)have;
        if (tickets->taken)
            continue; /* behind what was taken before there may be more */
        uint32_t seen = atomic_load_explicit(&event->word, memory_order_acquire), wanted = goal - have; /* futex.h */
        /* seq_cst: say how many more we want, then look at how many there are (push, event.h) */
        atomic_store_explicit(&event->wanted, wanted, memory_order_seq_cst);
        int rc = 0;
        if (atomic_load_explicit(&tickets->shared->finished, memory_order_seq_cst) >> 32 < wanted)
            /* relaxed: who complains shouts after it, so that `seen` brings it */
            rc = atomic_load_explicit(&tickets->shared->complaint, memory_order_relaxed)
                     ? -EPROTO
                     : futex_wait(&event->word, seen, wanted > 1 ? patience(until_ns) : until_ns, false);
        atomic_store_explicit(&event->wanted, 0, memory_order_relaxed); /* event.h */
        if (rc == -EPROTO)
            return rc;
        have += tickets_drain(tickets, done + have, max - have);
        if (have || (rc == -ETIMEDOUT && until_ns != UINT64_MAX && clock_monotonic_ns() >= until_ns))
            return (int)have;
    }
}

int tickets_complaint(const struct tickets *tickets, char *text, size_t size)
{
    /* relaxed: one word, which says all */
    uint64_t complaint = atomic_load_explicit(&tickets->shared->complaint, memory_order_relaxed);
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
