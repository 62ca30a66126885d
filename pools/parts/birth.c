/* The first things that workers do, and what is noted when they die of a task. See group_state.h for the design. */
#include "pools/parts/birth.h"
#include "pools/parts/clock.h"
#include "pools/parts/memory.h"
#include "pools/parts/process.h"
#include "pools/parts/worker.h"
#include <signal.h>
#include <stdlib.h>

enum { FATAL_STACK_BYTES = 16 * 1024 }; /* enough for the handler; SIGSTKSZ is no constant any more */

static _Thread_local struct worker *watched;

static void fatal_note(int signal_number)
{
    if (watched)
        atomic_store_explicit(&watched->fatal, (uint32_t)signal_number,
                              memory_order_relaxed); /* its death publishes it */
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* delivered when we return; abort() does it once more by itself */
}

/* The signals of a task that does something forbidden are noted before they kill, so that of several threads the one
 * that died is known. For the calling thread, on a stack of its own that fatal_unwatch takes (NULL: it has none). */
static void *fatal_watch(struct worker *worker)
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

static void fatal_unwatch(void *memory)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    if (memory)
        sigaltstack(&none, NULL);
    free(memory);
}

static void worker_main(struct group *group, unsigned number)
{
    struct worker *worker = &group->worker[number];
    struct self self = {
        .group = group,
        .worker = worker,
        .ring = group_record(group, number, 0),
        .number = number,
        .number_in_pool = (uint16_t)(group->first + number),
        .pid = getpid(),
        .together = 1,
        .moves.cpu = NO_CPU,
        .orders_seen = group->born_after,
    };
    worker_name(group->first + number);
    worker->pid = self.pid;
    worker->error = place_apply(&group->config->places, group->first + number);
    /* page tables of shared memory are not inherited: touch now what would fault while tasks are timed */
    memory_map_now(self.ring, group->ring_touched);
    if (group->processes) {
        memory_map_now(group->event, sizeof *group->event);
        memory_map_now(group->shared, (size_t)((char *)&group->doorbells[group->workers] - (char *)group->shared));
    }
    if (group->body.touch)
        group->body.touch(&self, group->body.work);
    void *stack = group->processes && group->threads > 1 ? fatal_watch(worker) : NULL;
    bool failed = worker->error != 0;
    worker->ready_ns = clock_monotonic_ns();
    /* release: what is above belongs to a worker that has started (survive.c, count_replaced) */
    atomic_store_explicit(&worker->tid, (uint32_t)syscall(SYS_gettid), memory_order_release);
    worker_answer(group, worker, group->born_after);
    if (!failed)
        group->body.run(&self, group->body.work);
    fatal_unwatch(stack);
}

struct birth {
    struct group *group;
    unsigned number;
};

static void *thread_main(void *arg)
{
    struct birth birth = *(struct birth *)arg;
    free(arg);
    worker_main(birth.group, birth.number);
    return NULL;
}

int group_thread(struct group *group, unsigned number)
{
    struct birth *birth = malloc(sizeof *birth);
    if (!birth)
        return -ENOMEM;
    *birth = (struct birth){group, number};
    int rc = thread_make(&group->pthreads[number], thread_main, birth);
    if (rc < 0)
        free(birth);
    return rc;
}

/* A worker process: its first thread is a worker too. Leaves by _exit alone: the submitter's buffers and handlers are
 * not its business. */
static _Noreturn void process_main(struct group *group, unsigned process, pid_t parent)
{
    event_forget_children();
    child_begin(parent);
    unsigned first = process * group->threads, made = first + 1;
    for (; made < first + group->threads; made++) {
        int rc = group_thread(group, made);
        if (rc < 0) { /* the submitter finds the reason where it looks for it */
            group->worker[first].error = rc;
            _exit(1);
        }
    }
    worker_main(group, first);
    for (unsigned i = first + 1; i < made; i++)
        pthread_join(group->pthreads[i], NULL);
    _exit(0);
}

int group_fork(struct group *group, unsigned process)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        process_main(group, process, parent);
    group->unit[process] = (struct unit){.pid = pid, .noticed_ns = group->unit[process].noticed_ns};
    return 0;
}
