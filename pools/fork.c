/* fork: a process per task. The submitter itself forks for each of them, at most `workers` alive at a time, so the cost
 * grows with the submitter's memory: that is what people pay. A child inherits everything, its task's input included;
 * result and output come back through shared memory. A task is finished when its process was waited for.
 *
 * A child sets its bit in `finished` as its last act, so that the submitter waits for those pids first; SIGCHLD bumps
 * the event word. A child that died without setting the bit is found by asking all of the pool's own pids. */
#include "pools/parts/clock.h"
#include "pools/parts/event.h"
#include "pools/parts/fork_memory.h"
#include "pools/parts/memory.h"
#include "pools/parts/moves.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { STAGED_MAX = 4096, REAP_MAX = 256, ASKED_MOST = 64 };

/* Shared memory that a worker's child writes. */
struct result {
    struct done done;
    _Atomic uint32_t complete;
};

struct worker {
    uint64_t running; /* peek_word: the task and the pid of its child; 0: none */
    uint64_t due_ns;  /* when the child is over the limit of a task; 0: it has been killed for that */
    struct moves moves;
    char name[16]; /* of children, made before */
};

struct pool {
    const struct pool_config *config;
    const struct job *job;
    struct event *event;
    unsigned workers, alive;
    uint32_t staged[STAGED_MAX]; /* a ring of tasks handed in and not forked for yet */
    uint32_t head, tail;
    struct worker *worker;
    uint64_t look_ns;  /* no child can be over its limit before that */
    struct usage used; /* by children that have been waited for */
    /* workers whose output the driver may still read; free after the next call */
    uint32_t *returned;
    unsigned returned_count;
    uint32_t *idle; /* a stack of free workers */
    unsigned idle_count;
    int cannot_fork;     /* -errno of the last attempt */
    uint64_t refused_ns; /* since when, with nobody alive; 0: it is not so */
    bool watches;        /* SIGCHLD, see await_child */
    uint32_t asked_all;  /* if so: the event word when all pids were asked last */
    bool must_ask;       /* if not: a child has ended, and which is not known */
    /* one shared mapping */
    void *map;
    size_t map_bytes;
    _Atomic uint64_t *finished; /* bits */
    struct result *results;
    unsigned char *outputs;
};

static void free_all(struct pool *pool)
{
    if (pool->map)
        munmap(pool->map, pool->map_bytes);
    event_close(pool->event);
    free(pool->worker);
    free(pool->returned);
    free(pool->idle);
    free(pool);
}

static int map_results(struct pool *pool)
{
    size_t head = align_up(align_up(pool->workers, 64) / 8, 128), results = pool->workers * sizeof(struct result);
    pool->map_bytes = head + results + pool->workers * pool->job->out_bytes;
    pool->map = memory_share(pool->map_bytes, -1);
    if (!pool->map)
        return -errno;
    pool->finished = pool->map;
    pool->results = (struct result *)((char *)pool->map + head);
    pool->outputs = (unsigned char *)pool->map + head + results;
    return 0;
}

static int watch(struct pool *pool)
{
    int rc = pool->watches ? 0 : event_watch_children(pool->event);
    pool->watches = rc == 0;
    return rc;
}

static int fork_open(const struct pool_config *config, const struct job *job, struct pool **result)
{
    unsigned workers = config->workers;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->config = config;
    pool->job = job;
    pool->workers = workers;
    usage_clear(&pool->used);
    pool->worker = calloc(workers, sizeof *pool->worker);
    pool->returned = calloc(REAP_MAX, sizeof *pool->returned);
    pool->idle = calloc(workers, sizeof *pool->idle);
    int rc = pool->worker && pool->returned && pool->idle ? event_open(&pool->event, true) : -ENOMEM;
    if (rc == 0)
        rc = map_results(pool);
    signal(SIGCHLD, SIG_DFL); /* ignored, nobody could be waited for */
    if (rc == 0 && workers > ASKED_MOST)
        rc = watch(pool);
    if (rc < 0) {
        free_all(pool);
        return rc;
    }
    for (unsigned i = 0; i < workers; i++) {
        pool->worker[i].moves.cpu = NO_CPU;
        snprintf(pool->worker[i].name, sizeof pool->worker[i].name, "pb-worker-%u", i % 100000);
        pool->idle[pool->idle_count++] = workers - 1 - i;
    }
    *result = pool;
    return 0;
}

static _Noreturn void child_main(struct pool *pool, unsigned worker, uint32_t task, pid_t parent)
{
    const struct job *job = pool->job;
    struct result *result = &pool->results[worker];
    if (pool->watches)
        event_forget_children();
    child_begin(parent);
    syscall(SYS_prctl, PR_SET_NAME, pool->worker[worker].name); /* by hand: process.c */
    if (place_apply(&pool->config->places, worker) < 0)
        _exit(1);
    unsigned char *out = job->out_bytes ? pool->outputs + worker * job->out_bytes : NULL;
    const void *in = job_input(job, task);
    if (task_become(job, task, in, out, &result->done, &result->complete))
        _exit(0); /* it could not, and the record says so */
    task_run(job, task, in, out, &result->done);
    /* release: the parent takes the record when it sees this; nothing of a child that dies before is believed */
    atomic_store_explicit(&result->complete, 1, memory_order_release);
    /* release: as the line above; a bit only says whom to ask, wait4 tells */
    atomic_fetch_or_explicit(&pool->finished[worker / 64], 1ull << (worker % 64), memory_order_release);
    _exit(0);
}

static void fork_staged(struct pool *pool)
{
    pid_t parent = getpid();
    while (pool->head != pool->tail && pool->idle_count) {
        unsigned worker = pool->idle[pool->idle_count - 1];
        uint32_t task = pool->staged[pool->head % STAGED_MAX];
        /* before the child exists */
        atomic_store_explicit(&pool->results[worker].complete, 0, memory_order_relaxed);
        pool->results[worker].done.status = TASK_OK;
        pid_t pid = fork();
        if (pid == 0)
            child_main(pool, worker, task, parent);
        pool->cannot_fork = pid < 0 ? -errno : 0;
        if (pid < 0)
            return; /* tried again when a child has ended; an error only when none is left */
        pool->worker[worker].running = peek_word(task, (uint32_t)pid);
        if (pool->config->task_limit_ns) {
            const uint64_t now_ns = clock_monotonic_ns();
            pool->worker[worker].due_ns = now_ns + pool->config->task_limit_ns;
            if (!pool->look_ns) /* what is late with the first look did not run either */
                pool->look_ns = now_ns + limit_look_ns(pool->config->task_limit_ns);
        }
        pool->head++;
        pool->idle_count--;
        pool->alive++;
        pool->refused_ns = 0;
    }
}

static void outputs_were_read(struct pool *pool)
{
    while (pool->returned_count)
        pool->idle[pool->idle_count++] = pool->returned[--pool->returned_count];
}

static int fork_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    unsigned taken = 0;
    outputs_were_read(pool);
    while (taken < n && pool->tail - pool->head < STAGED_MAX)
        pool->staged[pool->tail++ % STAGED_MAX] = tasks[taken++];
    fork_staged(pool);
    return (int)taken;
}

static pid_t child_of(const struct pool *pool, unsigned worker)
{
    return (pid_t)pool->worker[worker].running;
}

/* Waits for a worker's child if it has ended; true: *done tells of its task. */
static bool collect(struct pool *pool, unsigned number, struct done *done)
{
    struct worker *worker = &pool->worker[number];
    struct result *result = &pool->results[number];
    struct rusage rusage;
    int status;
    pid_t pid = child_of(pool, number);
    if (!pid || wait4(pid, &status, WNOHANG, &rusage) != pid)
        return false;
    /* acquire: pairs with child_main */
    bool complete = atomic_load_explicit(&result->complete, memory_order_acquire);
    bool late = pool->config->task_limit_ns && !worker->due_ns;
    if (complete) {
        *done = result->done;
        moves_note(&worker->moves, &pool->config->places, done->cpu);
    } else {
        *done = (struct done){.task = (uint32_t)(worker->running >> 32)};
        task_fallen(&result->done, status, done);
    }
    bool became = complete && status && pool->job->workload->become; /* the task's program */
    if (became)
        task_program_ended(pool->job, status, done);
    if (late && (!complete || (became && WIFSIGNALED(status))))
        done->status = TASK_TIMEOUT;
    if (complete && pool->job->timed && !done->end)
        done->end = clock_ticks();
    if (pool->job->workload->become && done->task < TASK_WARMUP_FIRST)
        usage_add_programs(&pool->used, &rusage, 1);
    else
        usage_add_ended(&pool->used, &rusage);
    done->worker = (uint16_t)number;
    done->pid = pid;
    done->out = pool->job->out_bytes ? pool->outputs + number * pool->job->out_bytes : NULL;
    worker->running = 0;
    pool->alive--;
    pool->returned[pool->returned_count++] = number;
    return true;
}

/* Those that say they have finished; all: every pid of the pool is asked. */
static unsigned collect_some(struct pool *pool, struct done *done, unsigned max, bool all)
{
    unsigned count = 0;
    for (unsigned word = 0; word * 64 < pool->workers && count < max; word++) {
        /* acquire: pairs with child_main */
        uint64_t bits = atomic_load_explicit(&pool->finished[word], memory_order_acquire);
        uint64_t ask = all ? UINT64_MAX : bits;
        for (; ask && count < max; ask &= ask - 1) {
            unsigned worker = word * 64 + (unsigned)__builtin_ctzll(ask);
            if (worker >= pool->workers)
                break;
            if (!collect(pool, worker, &done[count]))
                continue; /* about to exit: SIGCHLD will tell */
            count++;
            /* relaxed: the child that set it is gone, the next is not born */
            atomic_fetch_and_explicit(&pool->finished[word], ~(1ull << (worker % 64)), memory_order_relaxed);
        }
    }
    return count;
}

/* Kills children that are over the limit of a task; moves *until_ns forward to when the next may be. */
static void enforce_limit(struct pool *pool, uint64_t *until_ns)
{
    uint64_t limit = pool->config->task_limit_ns, now = limit ? clock_monotonic_ns() : 0;
    if (!limit)
        return;
    if (now >= pool->look_ns) {
        const uint64_t late_ns = pool->look_ns ? now - pool->look_ns : 0; /* we did not run ourselves */
        pool->look_ns = now + limit_look_ns(limit);
        for (unsigned i = 0; i < pool->workers; i++) {
            struct worker *worker = &pool->worker[i];
            if (!worker->running || !worker->due_ns)
                continue;
            const uint64_t age_ns = now + limit > worker->due_ns ? now + limit - worker->due_ns : 0;
            worker->due_ns += late_ns < age_ns ? late_ns : age_ns;
            if (worker->due_ns <= now) {
                kill(child_of(pool, i), SIGKILL);
                worker->due_ns = 0;
            } else if (worker->due_ns < pool->look_ns) {
                pool->look_ns = worker->due_ns;
            }
        }
    }
    if (pool->look_ns < *until_ns)
        *until_ns = pool->look_ns;
}

/* Only a look, which takes nothing: asking every pid of thousands after every signal would be the pool's main cost. */
static bool a_child_has_ended(void)
{
    siginfo_t info = {0};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0;
}

/* Until a child has ended, or until then; `seen`: the event word before the last look. That some child has ended can be
 * waited for as such, which costs least where they are few: a signal interrupts the submitter for every task, and has
 * it copy pages of its stack and data that it shares with the children. Only a wait that may have to end before needs
 * it. 0, -ETIMEDOUT or another error. */
static int await_child(struct pool *pool, uint32_t seen, uint64_t wake_ns)
{
    siginfo_t info = {0};
    if (pool->watches)
        return futex_wait(&pool->event->word, seen, wake_ns, false);
    if (wake_ns != UINT64_MAX)
        return watch(pool); /* then look again */
    pool->must_ask = true;
    return waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) < 0 && errno != EINTR ? -errno : 0;
}

/* Nobody is left whose end would make room for another: is the machine's second to have some over? Moves *wake_ns to
 * when to try again. */
static bool has_given_up(struct pool *pool, uint64_t *wake_ns)
{
    uint64_t now = clock_monotonic_ns();
    if (!pool->refused_ns)
        pool->refused_ns = now;
    if (now + FORK_RETRY_NS < *wake_ns)
        *wake_ns = now + FORK_RETRY_NS;
    return now - pool->refused_ns > FORK_GIVE_UP_NS;
}

static int fork_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    (void)min; /* every child that ends interrupts the wait anyway, and its place is to be filled */
    outputs_were_read(pool);
    if (max > REAP_MAX)
        max = REAP_MAX;
    for (;;) {
        uint64_t wake_ns = until_ns;
        enforce_limit(pool, &wake_ns);
        uint32_t seen = atomic_load_explicit(&pool->event->word, memory_order_acquire); /* futex.h */
        fork_staged(pool); /* places that have become free, or a fork that failed before */
        unsigned count = collect_some(pool, done, max, false);
        bool must_ask = pool->watches ? seen != pool->asked_all : pool->must_ask;
        if (!count && must_ask && a_child_has_ended()) { /* without a finished bit: it died early */
            count = collect_some(pool, done, max, true);
            if (count < max) {
                pool->asked_all = seen;
                pool->must_ask = false;
            }
        }
        if (count && !pool->job->out_bytes)
            outputs_were_read(pool); /* there are none: their places can be filled at once */
        if (count)
            fork_staged(pool);
        if (count || until_ns == 0) {
            pool->must_ask = true; /* whoever polls has nobody to tell */
            return (int)count;
        }
        if (!pool->alive) {
            fork_staged(pool);
            if (!pool->alive && pool->head == pool->tail)
                return 0;
            if (!pool->alive && has_given_up(pool, &wake_ns))
                return pool->cannot_fork;
        }
        int rc = await_child(pool, seen, wake_ns);
        if (rc == -ETIMEDOUT && wake_ns == until_ns)
            return 0;
        if (rc < 0 && rc != -ETIMEDOUT)
            return rc;
    }
}

static int fork_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_thread(usage);
    usage_add(usage, &pool->used);
    for (unsigned i = 0; i < pool->workers; i++)
        moves_add(&pool->worker[i].moves, usage);
    return with_memory ? fork_memory(&pool->config->places, 0, pool->workers, usage) : 0;
}

static void fork_peek(const struct pool *pool, struct peek *peeks)
{
    peeks[0] = (struct peek){
        .workers = pool->workers,
        .at = (uintptr_t)&pool->worker[0].running,
        .stride = sizeof *pool->worker,
    };
}

static int fork_close(struct pool *pool)
{
    for (unsigned i = 0; i < pool->workers; i++)
        if (child_of(pool, i))
            kill(child_of(pool, i), SIGKILL);
    for (unsigned i = 0; i < pool->workers; i++)
        if (child_of(pool, i))
            child_await(child_of(pool, i));
    free_all(pool);
    return 0;
}

const struct pool_ops pool_fork = {
    .name = "fork",
    .summary = "the submitter forks a process for every task, at most --workers alive at a time",
    .traits = POOL_TASK_IS_PROCESS,
    .handover_ns = 150000,
    .shape = shape_of_processes,
    .open = fork_open,
    .submit = fork_submit,
    .reap = fork_reap,
    .usage = fork_usage,
    .peek = fork_peek,
    .close = fork_close,
};
