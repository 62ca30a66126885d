/* The processes of pool zygote: forkers, which fork for tasks, and the spawner, which replaces forkers. See zygote.h.
 */
#include "pools/parts/forker.h"
#include "pools/parts/clock.h"
#include "pools/parts/fork_memory.h"
#include "pools/parts/memory.h"
#include "pools/parts/moves.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* A forker's own view, in private memory that its children inherit. */
struct forker_self {
    struct zygote_shared *shared;
    struct forker *forker;
    uint32_t row, worker;
    struct zygote_memory memory;
    struct job job;
    struct moves moves;
    int64_t programs; /* tasks forked for */
    int unfit;        /* -errno: could not go where it should */
    sigset_t child_signal;
};

/* ---- a task ---- */

static bool has_work(const struct forker_self *self)
{
    struct zygote_shared *shared = self->shared;
    uint32_t mask = self->memory.job->size - 1;
    /* seq_cst: the second look, after the idle bit was set; relaxed, the others: slots before this tail are seen as
     * published or later, and scan_from is a hint */
    uint64_t tail = atomic_load_explicit(&shared->tail, memory_order_seq_cst);
    for (uint64_t at = atomic_load_explicit(&shared->scan_from, memory_order_relaxed); at < tail; at++)
        if ((uint32_t)atomic_load_explicit(&self->memory.slots[at & mask].claim, memory_order_relaxed) == 0)
            return true;
    return false;
}

/* The slot of a task that is this forker's from now on; UINT32_MAX: there is none. */
static uint32_t task_take(struct forker_self *self)
{
    struct zygote_shared *shared = self->shared;
    uint32_t mask = self->memory.job->size - 1;
    uint64_t from = atomic_load_explicit(&shared->scan_from, memory_order_relaxed); /* a hint */
    /* acquire: the slots below were written */
    uint64_t tail = atomic_load_explicit(&shared->tail, memory_order_acquire);
    for (uint64_t at = from; at < tail; at++) {
        struct zygote_slot *slot = &self->memory.slots[at & mask];
        uint64_t claim = atomic_load_explicit(&slot->claim, memory_order_relaxed); /* a look: the exchange decides */
        if ((uint32_t)claim != 0)
            continue;
        /* acquire: the payload of this task, should the slot have been used again since the tail was read */
        if (!atomic_compare_exchange_strong_explicit(&slot->claim, &claim, claim | self->row, memory_order_acquire,
                                                     memory_order_relaxed))
            continue;
        /* relaxed, and may fail: a hint that only moves when all before it were seen to be taken */
        atomic_compare_exchange_strong_explicit(&shared->scan_from, &from, at + 1, memory_order_relaxed,
                                                memory_order_relaxed);
        return (uint32_t)(at & mask);
    }
    return UINT32_MAX;
}

static _Noreturn void child_main(struct forker_self *self, uint32_t slot, uint32_t task, pid_t parent)
{
    const struct job *job = &self->job;
    /* relaxed: a system call comes after it, and the end of the forker before whoever reads it (zygote.h) */
    atomic_store_explicit(&self->forker->child, (int32_t)getpid(), memory_order_relaxed);
    if (self->shared->task_limit_ns)
        sigprocmask(SIG_UNBLOCK, &self->child_signal, NULL);
    child_begin(parent);
    unsigned char *payload = self->memory.payload + slot * self->memory.stride;
    task_run(job, task, job->in_bytes ? payload : NULL, job->out_bytes ? payload + self->memory.out_offset : NULL,
             &self->forker->done);
    /* release: the record and the output are there for whoever sees this; else nothing of this child is believed */
    atomic_store_explicit(&self->forker->complete, 1, memory_order_release);
    _exit(0);
}

/* With a limit SIGCHLD is blocked (forker_main), so that none is missed between asking and waiting. False: the child
 * ran past the limit and was killed. */
static bool child_wait(const struct forker_self *self, pid_t pid, int *status)
{
    const uint64_t limit = self->shared->task_limit_ns, look_ns = limit_look_ns(limit);
    uint64_t now = limit ? clock_monotonic_ns() : 0, until = now + limit;
    bool within = true;
    while (limit && within && waitpid(pid, status, WNOHANG) != pid) {
        const uint64_t left = now < until ? until - now : 0, due = now + (left < look_ns ? left : look_ns);
        struct timespec wait = clock_timespec(due - now);
        if (left)
            sigtimedwait(&self->child_signal, NULL, &wait);
        now = clock_monotonic_ns();
        until += now > due ? now - due : 0; /* we did not run */
        within = left != 0;
        if (!within)
            kill(pid, SIGKILL);
    }
    if (!limit || !within)
        *status = child_await(pid);
    return within;
}

static void record(struct forker_self *self, struct done *done, uint32_t task, int status)
{
    /* acquire: pairs with child_main */
    if (atomic_load_explicit(&self->forker->complete, memory_order_acquire)) {
        *done = self->forker->done;
        moves_note(&self->moves, &self->shared->places, done->cpu);
    } else {
        *done = (struct done){.task = task};
        task_fallen(&self->forker->done, status, done);
    }
}

static bool somebody_runs(const struct zygote_shared *shared)
{
    for (uint32_t worker = 0; worker < shared->workers; worker++)
        if (shared->running[worker])
            return true;
    return false;
}

/* Where processes are short there may be room again soon, above all while another task's has still to end. */
static pid_t fork_patiently(struct zygote_shared *shared)
{
    struct timespec pause = clock_timespec(FORK_RETRY_NS);
    uint64_t since = 0;
    pid_t pid;
    while ((pid = fork()) < 0) {
        int32_t why = -errno;
        uint64_t now = clock_monotonic_ns();
        since = since && !somebody_runs(shared) ? since : now;
        if (now - since > FORK_GIVE_UP_NS) {
            /* relaxed: one word, which says all; the shout brings it */
            atomic_store_explicit(&shared->refused, why, memory_order_relaxed);
            event_shout(&shared->event);
        }
        nanosleep(&pause, NULL);
    }
    return pid;
}

/* Forks for the task and waits. */
static void task_fork(struct forker_self *self, uint32_t slot, struct done *done)
{
    struct zygote_shared *shared = self->shared;
    /* relaxed: its own claim */
    uint32_t task = (uint32_t)(atomic_load_explicit(&self->memory.slots[slot].claim, memory_order_relaxed) >> 32);
    pid_t parent = getpid();
    int status = 0;
    atomic_store_explicit(&self->forker->complete, 0, memory_order_relaxed); /* before the child exists, both */
    atomic_store_explicit(&self->forker->child, 0, memory_order_relaxed);
    self->forker->done.status = TASK_OK;
    pid_t pid = fork_patiently(shared);
    if (pid == 0)
        child_main(self, slot, task, parent);
    shared->running[self->worker] = peek_word(task, (uint32_t)pid);
    self->programs += task < TASK_WARMUP_FIRST;
    bool within = child_wait(self, pid, &status);
    shared->running[self->worker] = 0;
    record(self, done, task, status);
    if (!within && done->status == TASK_SIGNALLED) /* else it ended just in time */
        done->status = TASK_TIMEOUT;
    done->pid = pid;
}

static void task_publish(struct forker_self *self, uint32_t slot)
{
    struct zygote_shared *shared = self->shared;
    /* seq_cst: the bit, then `wanted`; releases the record */
    atomic_fetch_or_explicit(&self->memory.finished[slot / 64], 1ull << (slot % 64), memory_order_seq_cst);
    event_report(&shared->event, 1);
}

static void task_serve(struct forker_self *self, uint32_t slot)
{
    struct done *done = &self->memory.slots[slot].done;
    task_fork(self, slot, done);
    done->slot = slot;
    done->worker = (uint16_t)self->worker;
    task_publish(self, slot);
}

/* ---- orders ---- */

/* The workload's state is made here, once, from the same parameters and seed: children inherit it as those of pool fork
 * inherit the submitter's. */
static int job_open(struct forker_self *self)
{
    struct zygote_shared *shared = self->shared;
    if (self->unfit < 0 || self->memory.job)
        return self->unfit;
    void *map = memory_share(shared->memory_bytes, shared->memory);
    if (!map)
        return self->unfit = -errno;
    self->memory = zygote_memory_at(map, map);
    self->job = self->memory.job->job;
    self->job.sequence.costs = self->memory.costs;
    self->job.inputs = NULL;
    self->job.ballast = NULL;
    self->job.ballast_bytes = self->job.ballast_write_ppm = 0;
    struct workload_config config = {self->memory.job->workload_params, self->job.sequence.seed, self->job.tasks, NULL};
    if (self->job.workload->prepare)
        self->unfit = self->job.workload->prepare(&config, &self->job.state);
    return self->unfit;
}

/* A spawner that was copied from a forker is to be as small as the first one. */
static void job_close(struct forker_self *self)
{
    if (!self->memory.job)
        return;
    if (self->job.workload->release)
        self->job.workload->release(self->job.state);
    munmap(self->memory.job, self->shared->memory_bytes);
}

/* Its own, for forking is its work, and that of the children it has waited for. */
static int usage_report(struct forker_self *self, bool with_memory)
{
    struct usage *usage = &self->forker->usage;
    struct rusage children;
    usage_read_thread(usage);
    if (getrusage(RUSAGE_CHILDREN, &children) == 0 && self->memory.job && self->job.workload->become)
        usage_add_programs(usage, &children, self->programs);
    else
        usage_add_ended(usage, &children);
    usage->runqueue_ns = -1; /* went with the children */
    moves_add(&self->moves, usage);
    return with_memory ? fork_memory(&self->shared->places, self->worker, 1, usage) : 0;
}

/* The copy has the submitter for a parent, as if that had forked it, which reads its pid even when this process dies
 * before it can answer. */
static int forker_make(struct forker_self *self)
{
    /* relaxed, here and of `order`: `ordered` has published them (order_pending) */
    uint32_t row = atomic_load_explicit(&self->forker->make, memory_order_relaxed);
    int32_t *pid_at = &self->shared->forkers[row].pid;
    long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, NULL, pid_at, NULL, NULL);
    if (pid == 0) {
        if (row == SPAWNER)
            job_close(self);
        forker_main(self->shared, row);
    }
    return pid < 0 ? -errno : 0;
}

static void order_obey(struct forker_self *self, uint32_t number)
{
    struct forker *forker = self->forker;
    enum forker_order order = (enum forker_order)atomic_load_explicit(&forker->order, memory_order_relaxed);
    forker->error = 0;
    switch (order) {
    case ORDER_NONE:
        break;
    case ORDER_OPEN:
        forker->error = job_open(self);
        break;
    case ORDER_USAGE:
    case ORDER_USAGE_AND_MEMORY:
        forker->error = usage_report(self, order == ORDER_USAGE_AND_MEMORY);
        break;
    case ORDER_MAKE:
        forker->error = forker_make(self);
        break;
    }
    /* release: what the order was for is there */
    atomic_store_explicit(&forker->answered, number, memory_order_release);
    event_shout(&self->shared->event);
    if (self->unfit < 0)
        _exit(1); /* it has said why */
}

/* ---- its life ---- */

static bool order_pending(const struct forker_self *self, uint32_t *number)
{
    /* seq_cst: also the second look; acquire for what the order is; relaxed: its own answer */
    *number = atomic_load_explicit(&self->forker->ordered, memory_order_seq_cst);
    return *number != atomic_load_explicit(&self->forker->answered, memory_order_relaxed);
}

_Noreturn void forker_main(struct zygote_shared *shared, uint32_t row)
{
    static struct forker_self self; /* not on the stack: children of a replacement inherit it, too */
    struct forker *forker = &shared->forkers[row];
    _Atomic uint64_t *idle = &shared->idle[row / 64];
    uint64_t bit = 1ull << (row % 64);
    uint32_t worker = atomic_load_explicit(&forker->worker, memory_order_relaxed); /* set before it was born */
    self = (struct forker_self){.shared = shared, .forker = forker, .row = row, .worker = worker, .moves.cpu = NO_CPU};
    event_forget_children();
    if (row)
        worker_name(worker);
    else
        prctl(PR_SET_NAME, "pb-spawner");
    sigemptyset(&self.child_signal);
    sigaddset(&self.child_signal, SIGCHLD);
    if (shared->task_limit_ns)
        sigprocmask(SIG_BLOCK, &self.child_signal, NULL);
    child_begin(shared->submitter);
    if (row)
        self.unfit = place_apply(&shared->places, worker);
    for (;;) {
        uint32_t rings = atomic_load_explicit(&forker->doorbell, memory_order_acquire), number; /* futex.h */
        uint32_t slot = UINT32_MAX;
        if (order_pending(&self, &number))
            order_obey(&self, number);
        bool works = row && self.memory.job;
        if (works && (slot = task_take(&self)) != UINT32_MAX) {
            task_serve(&self, slot);
            continue;
        }
        if (row)                                                       /* the spawner is nobody to wake for a task */
            atomic_fetch_or_explicit(idle, bit, memory_order_seq_cst); /* then the second look */
        if (!order_pending(&self, &number) && !(works && has_work(&self)))
            futex_wait(&forker->doorbell, rings, UINT64_MAX, false);
        atomic_fetch_and_explicit(idle, ~bit, memory_order_relaxed); /* relaxed: it only spares a wake-up */
    }
}
