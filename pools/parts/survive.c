/* What happens when a worker process ends: noticed by SIGCHLD, its last words taken, its place filled. See crew.h,
 * Death.
 *
 *   alive --wait4--> fallen --records drained and taken back--> recovered --fork--> alive
 *
 * Recovery waits until every record that the dead have completed is with the pool, because only then do the slots that
 * still name them tell the truth: one is what a worker was running, the others were claimed and not started. Which
 * thread's task is to blame for the end of a process of several is known when it was ended for its time limit, when it
 * died of a signal that fatal_note saw, or when the record it was writing says so (struct done); the others' tasks are
 * collateral then. Else nobody knows, as after a SIGKILL from outside, and all share the signal. */
#include "pools/parts/clock.h"
#include "pools/parts/crew.h"
#include "pools/parts/usage.h"
#include "pools/parts/worker.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
    BARREN_MAX = 200,              /* deaths in a row, beside one a process, without anything done in between */
    FATAL_STACK_BYTES = 16 * 1024, /* enough for the handler; SIGSTKSZ is no constant any more */
};

/* ---- in a worker process ---- */

static _Thread_local struct worker *watched;

static void fatal_note(int signal_number)
{
    if (watched)
        atomic_store_explicit(&watched->fatal, (uint32_t)signal_number,
                              memory_order_relaxed); /* its death publishes it */
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* delivered when we return; abort() does it once more by itself */
}

void *fatal_watch(struct worker *worker)
{
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_handler = fatal_note, .sa_flags = SA_ONSTACK};
    stack_t stack;
    sigemptyset(&action.sa_mask);
    watched = worker;
    for (unsigned i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
    if (sigaltstack(NULL, &stack) < 0 || !(stack.ss_flags & SS_DISABLE))
        return NULL; /* a sanitizer has given the thread one */
    stack = (stack_t){.ss_sp = malloc(FATAL_STACK_BYTES), .ss_size = FATAL_STACK_BYTES};
    if (stack.ss_sp)
        sigaltstack(&stack, NULL); /* without it only an overflow of the stack goes unnoted */
    return stack.ss_sp;
}

void fatal_unwatch(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    if (memory)
        sigaltstack(&none, NULL);
    free(memory);
}

/* ---- the submitter ---- */

static struct worker *first_of(const struct crew *crew, unsigned process)
{
    return &crew->worker[(size_t)process * crew->threads];
}

static bool was_told_to_go(const struct crew *crew, unsigned process)
{
    int status = crew->unit[process].status;
    /* acquire: with it the usage it noted; wait4 alone would do, here and wherever the dead are asked (relaxed) */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
           atomic_load_explicit(&first_of(crew, process)->retired, memory_order_acquire);
}

/* Between noticing the death of the one before and this one's being ready. */
static void count_replaced(struct crew *crew, unsigned process)
{
    struct unit *unit = &crew->unit[process];
    struct worker *worker = first_of(crew, process);
    /* acquire: ready_ns (crew.c, worker_main) */
    if (!unit->noticed_ns || !atomic_load_explicit(&worker->tid, memory_order_acquire))
        return;
    crew->gone.replace_ns += (int64_t)(worker->ready_ns - unit->noticed_ns);
    unit->noticed_ns = 0;
}

void crew_count_replaced(struct crew *crew)
{
    for (unsigned i = 0; i < crew->processes; i++)
        if (crew->unit[i].pid)
            count_replaced(crew, i);
}

static void count_usage(struct crew *crew, unsigned process, const struct rusage *rusage)
{
    struct worker *worker = first_of(crew, process);
    if (was_told_to_go(crew, process)) { /* they have said it themselves, and more */
        for (unsigned i = 0; i < crew->threads; i++)
            usage_add(&crew->gone, &worker[i].usage);
        return;
    }
    struct usage used;
    usage_from_rusage(rusage, &used);
    used.runqueue_ns = -1; /* went with the process */
    used.workers_lost = 1;
    usage_add(&crew->gone, &used);
}

/* The process has been waited for: everything it has completed counts as published. */
static void unit_fell(struct crew *crew, unsigned process, int status, const struct rusage *rusage)
{
    struct unit *unit = &crew->unit[process];
    unit->status = status;
    unit->fallen = true;
    unit->pid = 0;
    count_replaced(crew, process);
    count_usage(crew, process, rusage);
    if (!was_told_to_go(crew, process)) {
        unit->noticed_ns = clock_monotonic_ns();
        /* while the pool opens, to have become ready is what there is to be done; acquire: formal, it is dead */
        bool was_ready = atomic_load_explicit(&first_of(crew, process)->tid, memory_order_acquire) != 0;
        crew->barren = crew->opening && was_ready ? 0 : crew->barren + 1;
    }
    crew->down++;
    for (unsigned i = 0; i < crew->threads; i++) {
        unsigned number = process * crew->threads + i;
        struct worker *worker = &crew->worker[number];
        /* acquire: the records; the process is gone, and with it whoever could write */
        uint32_t filled = atomic_load_explicit(&worker->filled, memory_order_acquire);
        /* relaxed: from here on the submitter's own, as head is */
        atomic_store_explicit(&worker->tail, filled, memory_order_relaxed);
        crew->left[number / 64] |= 1ull << (number % 64);
        idle_leave(crew, number);
    }
}

static bool is_drained(const struct crew *crew, unsigned process)
{
    const struct worker *worker = first_of(crew, process);
    for (unsigned i = 0; i < crew->threads; i++)
        if (atomic_load_explicit(&worker[i].head, memory_order_relaxed) !=
            atomic_load_explicit(&worker[i].tail, memory_order_relaxed))
            return false;
    return true;
}

/* The record that the worker was writing when it died, if it left last words about `task` in it (pool.h). */
static struct done *last_words(const struct crew *crew, unsigned number, uint32_t task)
{
    uint32_t filled = atomic_load_explicit(&crew->worker[number].filled, memory_order_relaxed);
    struct done *record = crew->rings + (size_t)number * crew->ring_size + (filled & (crew->ring_size - 1));
    return record->task == task && record->status == TASK_LOST ? record : NULL;
}

static bool is_culprit(const struct crew *crew, unsigned process, const struct done *fallen)
{
    const struct unit *unit = &crew->unit[process];
    return unit->culprit ? unit->culprit == fallen->worker + 1u
                         : atomic_load_explicit(&crew->worker[fallen->worker].fatal, memory_order_relaxed) ||
                               last_words(crew, fallen->worker, fallen->task);
}

static void describe(const struct crew *crew, unsigned process, struct done *fallen, bool collateral)
{
    const struct unit *unit = &crew->unit[process];
    struct done *record = last_words(crew, fallen->worker, fallen->task);
    if (record) {
        fallen->start = record->start;
        fallen->end = record->end;
    }
    fallen->status = WIFSIGNALED(unit->status) ? TASK_SIGNALLED : TASK_EXITED;
    fallen->code = WIFSIGNALED(unit->status) ? WTERMSIG(unit->status) : WEXITSTATUS(unit->status);
    if (collateral)
        fallen->status = TASK_COLLATERAL;
    else if (unit->culprit)
        fallen->status = TASK_TIMEOUT;
    fallen->pid = crew->worker[fallen->worker].pid;
    fallen->worker = (uint16_t)(fallen->worker + crew->first);
}

static void unit_recover(struct crew *crew, unsigned process)
{
    unsigned first = process * crew->threads;
    struct done *fallen = crew->fallen + crew->fallen_count;
    unsigned count = crew->body.recover(crew->body.work, first, crew->threads, fallen);
    bool somebody = false;
    for (unsigned i = 0; i < count; i++)
        somebody |= is_culprit(crew, process, &fallen[i]);
    for (unsigned i = 0; i < count; i++)
        describe(crew, process, &fallen[i], somebody && !is_culprit(crew, process, &fallen[i]));
    for (unsigned i = 0; i < crew->threads;
         i++) { /* whoever has the ring next must not be taken for having said them */
        const struct worker *worker = &crew->worker[first + i];
        uint32_t filled = atomic_load_explicit(&worker->filled, memory_order_relaxed);
        crew->rings[(size_t)(first + i) * crew->ring_size + (filled & (crew->ring_size - 1))].status = TASK_OK;
    }
    crew->fallen_count += count;
    if (count)
        crew->barren = 0;
    crew->unit[process].fallen = false;
}

/* Tasks that were lost in several generations of workers may wait to be reported; then the last of them has to wait. */
static bool has_room_for_fallen(const struct crew *crew)
{
    return crew->fallen_count + crew->threads <= crew->workers;
}

/* A new process in the place of the old, with the same numbers, places and names. */
static int unit_restart(struct crew *crew, unsigned process)
{
    unsigned first = process * crew->threads;
    crew->born_after = atomic_load_explicit(&crew->shared->orders, memory_order_relaxed); /* ours */
    for (unsigned number = first; number < first + crew->threads; number++) {
        struct worker *worker = &crew->worker[number];
        if (worker->error)
            return worker->error; /* the next one would fail of the same */
        /* relaxed, all of them: nobody else looks at a worker that does not exist, and fork publishes */
        atomic_store_explicit(&worker->tail, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->head, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->filled, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->running, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->blocked, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->retired, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->fatal, 0, memory_order_relaxed);
        atomic_store_explicit(&worker->tid, 0, memory_order_relaxed);
        /* it has nothing to report; but a pool that opens waits until there was somebody ready in each place. Once is
         * enough: where they die all the time, a moment in which all are there need never come */
        if (!crew->opening)
            atomic_store_explicit(&worker->answered, crew->born_after, memory_order_relaxed);
        usage_clear(&worker->usage);
        crew->left[number / 64] &= ~(1ull << (number % 64));
    }
    int rc = crew_fork(crew, process);
    crew->down -= rc == 0;
    return rc;
}

static void look_who_fell(struct crew *crew)
{
    unsigned down = crew->down;
    /* acquire, and before the pids are asked: a child that ends later is another number */
    crew->children_seen = atomic_load_explicit(&crew->event->children, memory_order_acquire);
    for (unsigned i = 0; i < crew->started; i++) {
        int status;
        struct rusage rusage;
        if (crew->unit[i].pid && wait4(crew->unit[i].pid, &status, WNOHANG, &rusage) == crew->unit[i].pid)
            unit_fell(crew, i, status, &rusage);
    }
    if (crew->down > down)
        crew_ring_all(crew); /* a wake-up that one of them was about to pass on */
}

int crew_tend(struct crew *crew, bool all_taken)
{
    uint64_t now = clock_monotonic_ns();
    if (crew_has_news(crew))
        look_who_fell(crew);
    if (crew->barren > BARREN_MAX + crew->processes)
        return -EOWNERDEAD;
    int rc = 0;
    for (unsigned i = 0; i < crew->started && crew->down; i++) {
        struct unit *unit = &crew->unit[i];
        if (unit->pid)
            continue;
        if (unit->fallen && all_taken && is_drained(crew, i) && has_room_for_fallen(crew))
            unit_recover(crew, i);
        if (unit->fallen || crew->retry_ns > now)
            continue;
        rc = unit_restart(crew, i);
        if (rc < 0)
            break;
        crew->refused_ns = 0;
    }
    if (rc == 0)
        return 0;
    /* EAGAIN, ENOMEM: there may be room again soon, and others may go on meanwhile, unless a pool that opens waits for
     * all of them */
    if (rc != -EAGAIN && rc != -ENOMEM)
        return rc;
    crew->retry_ns = now + FORK_RETRY_NS;
    if ((crew->down < crew->processes && !crew->opening) || !crew->refused_ns)
        crew->refused_ns = now;
    return now - crew->refused_ns > FORK_GIVE_UP_NS ? rc : 0;
}

/* ---- the limit of a task ---- */

/* Programs that the tasks of a stopped process have started: they are what runs for too long, and would go on beside
 * the tasks that follow. It cannot wait for them while it is stopped, so the numbers are theirs. */
static void end_programs(const struct crew *crew, unsigned process)
{
    const struct worker *worker = first_of(crew, process);
    for (unsigned i = 0; i < crew->threads; i++) {
        char path[64];
        int program;
        unsigned tid = atomic_load_explicit(&worker[i].tid, memory_order_acquire);
        snprintf(path, sizeof path, "/proc/%d/task/%u/children", (int)crew->unit[process].pid, tid);
        FILE *programs = fopen(path, "re");
        while (programs && fscanf(programs, "%d", &program) == 1)
            kill(program, SIGKILL);
        if (programs)
            fclose(programs);
    }
}

/* Ends the process if that worker is still on that task: it is stopped for the look, so that no other task is hit. */
static void end_task(struct crew *crew, unsigned number, uint64_t running)
{
    struct unit *unit = &crew->unit[number / crew->threads];
    siginfo_t info;
    if (!unit->pid || kill(unit->pid, SIGSTOP) < 0)
        return; /* it has ended: SIGCHLD tells */
    while (waitid(P_PID, (id_t)unit->pid, &info, WSTOPPED | WEXITED | WNOWAIT) < 0 && errno == EINTR)
        ;
    /* acquire: it has stopped, and what it had stored by then is seen; only a task is compared */
    bool still = atomic_load_explicit(&crew->worker[number].running, memory_order_acquire) == running;
    if (still) {
        unit->culprit = number + 1;
        end_programs(crew, number / crew->threads);
    }
    kill(unit->pid, still ? SIGKILL : SIGCONT);
}

int crew_enforce_limit(struct crew *crew, uint64_t *until_ns)
{
    if (!crew->limit_ticks)
        return 0;
    uint64_t now_ns = clock_monotonic_ns();
    if (now_ns >= crew->limit_due_ns) {
        uint64_t now = clock_ticks(), next = crew->limit_ticks;
        for (unsigned i = 0; i < crew->workers; i++) {
            /* acquire: `since` belongs to it, or to a later task, which is younger */
            uint64_t running = atomic_load_explicit(&crew->worker[i].running, memory_order_acquire);
            uint64_t since = atomic_load_explicit(&crew->worker[i].since, memory_order_relaxed);
            uint64_t age = running && now > since ? now - since : 0;
            if (age >= crew->limit_ticks) {
                if (!crew->processes)
                    return -ETIME;
                end_task(crew, i, running);
            } else if (crew->limit_ticks - age < next) {
                next = crew->limit_ticks - age;
            }
        }
        crew->limit_due_ns = now_ns + clock_to_ns(next) + 1;
    }
    if (crew->limit_due_ns < *until_ns)
        *until_ns = crew->limit_due_ns;
    return 0;
}
