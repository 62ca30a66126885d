/* Workers and waiting of floors, see floor.h. */
#include "pools/floors/floor.h"
#include "pools/parts/usage.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { LOOK_NS = 10000000 };

enum { GATE_CLOSED, GATE_OPEN, GATE_LEAVE };

struct floor_gate {
    _Atomic uint32_t arrived, state;
};

struct floor_member {
    struct floor_team *team;
    unsigned number;
};

static void member_live(struct floor_member *member)
{
    struct floor_team *team = member->team;
    struct floor_gate *gate = team->gate;
    uint32_t state;
    prctl(PR_SET_NAME, "pb-floor");
    place_apply(&team->config->places, member->number); /* the harness has tried: it works, or there are no places */
    atomic_fetch_add_explicit(&gate->arrived, 1, memory_order_release); /* it is in its place: floor_start */
    futex_wake(&gate->arrived, 1, false);
    /* acquire: all that was made before the gate was set */
    while ((state = atomic_load_explicit(&gate->state, memory_order_acquire)) == GATE_CLOSED)
        futex_wait(&gate->state, GATE_CLOSED, UINT64_MAX, false);
    if (state == GATE_OPEN)
        team->body(member->number, team->work);
}

static void *thread_live(void *member)
{
    member_live(member);
    return NULL;
}

static int process_start(struct floor_team *team, unsigned i)
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        team->pids[i] = getpid(); /* its own copy */
        child_begin(parent);
        member_live(&team->members[i]);
        _exit(0);
    }
    team->pids[i] = pid;
    return pid < 0 ? -errno : 0;
}

static void gate_set(struct floor_gate *gate, uint32_t state)
{
    atomic_store_explicit(&gate->state, state, memory_order_release); /* member_live */
    futex_wake(&gate->state, INT_MAX, false);
}

/* Until all have arrived, or one of the processes has ended, as nobody would take its place. */
static int await_arrivals(const struct floor_team *team)
{
    for (;;) {
        siginfo_t info = {0};
        /* acquire: pairs with their arrival */
        uint32_t seen = atomic_load_explicit(&team->gate->arrived, memory_order_acquire);
        if (seen == team->config->workers)
            return 0;
        if (team->processes)
            for (unsigned i = 0; i < team->started; i++)
                if (waitid(P_PID, (id_t)team->pids[i], &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
                    return -EOWNERDEAD;
        /* they wake whoever sleeps, unless they die before: nothing tells of that */
        uint64_t until = team->processes ? clock_monotonic_ns() + LOOK_NS : UINT64_MAX;
        futex_wait(&team->gate->arrived, seen, until, false);
    }
}

int floor_start(struct floor_team *team)
{
    unsigned workers = team->config->workers;
    int rc = floor_refuses(team->job) ? -ENOTSUP : 0;
    team->threads = calloc(workers, sizeof *team->threads);
    team->pids = calloc(workers, sizeof *team->pids);
    team->members = calloc(workers, sizeof *team->members);
    team->gate = memory_share(sizeof *team->gate, -1);
    if (rc == 0 && (!team->threads || !team->pids || !team->members || !team->gate))
        rc = -ENOMEM;
    for (unsigned i = 0; i < workers && rc == 0; i++) {
        team->members[i] = (struct floor_member){team, i};
        team->pids[i] = getpid();
        rc = team->processes ? process_start(team, i) : thread_make(&team->threads[i], thread_live, &team->members[i]);
        team->started += rc == 0;
    }
    if (rc == 0)
        rc = await_arrivals(team);
    if (team->gate)
        gate_set(team->gate, rc < 0 ? GATE_LEAVE : GATE_OPEN);
    if (rc < 0)
        floor_end(team);
    return rc;
}

void floor_end(struct floor_team *team)
{
    for (unsigned i = 0; i < team->started; i++)
        if (team->processes)
            kill(team->pids[i], SIGKILL);
    for (unsigned i = 0; i < team->started; i++)
        if (!team->processes)
            pthread_join(team->threads[i], NULL);
        else
            child_await(team->pids[i]);
    if (team->gate)
        munmap(team->gate, sizeof *team->gate);
    free(team->threads);
    free(team->pids);
    free(team->members);
    team->started = 0;
}

int floor_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    (void)pool;
    int rc = usage_read_process(usage);
    if (rc == 0 && with_memory)
        usage_read_memory(usage);
    return rc;
}
