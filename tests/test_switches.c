/* Records of switches of a real program, as far as this kernel lets them be had; what threads did, by made-up records;
 * and that slots close over workers x wall, whatever happens in them. */
/* sanitizers: address undefined (one thread) */
#include "bench/machine/switches.h"
#include "bench/profile/placed.h"
#include "bench/profile/spans.h"
#include "tests/skip.h"
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define skip_refused(refused)                                                                                          \
    do {                                                                                                               \
        char text[320];                                                                                                \
        skip_because("switches", switches_refused_text((refused), text, sizeof text));                                 \
    } while (0)

/* ---- the kernel ---- */

static unsigned cpus_allowed(unsigned *cpus, unsigned room)
{
    cpu_set_t set;
    unsigned count = 0;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    for (unsigned i = 0; i < CPU_SETSIZE && count < room; i++)
        if (CPU_ISSET(i, &set))
            cpus[count++] = i;
    return count;
}

/* One that waits and executes what sleeps; its number. */
static pid_t starter(int *go)
{
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[1]);
        if (read(ends[0], &byte, 1) != 1)
            _exit(1);
        const pid_t child = fork();
        if (child == 0) {
            execlp("sleep", "sleep", "0.01", (char *)NULL);
            _exit(127);
        }
        _exit(waitpid(child, NULL, 0) != child);
    }
    close(ends[0]);
    *go = ends[1];
    return pid;
}

static void a_program_is_recorded(void **state)
{
    struct switches_refused refused;
    struct rings switches;
    struct switch_record *records;
    unsigned cpus[CPU_SETSIZE], seen[SWITCH_EXEC + 1] = {0};
    size_t count;
    bool lost;
    int go;
    (void)state;
    if (switches_try(&refused))
        skip_refused(&refused);
    const unsigned many = cpus_allowed(cpus, CPU_SETSIZE);
    const pid_t pid = starter(&go);
    const int rc = switches_open(&switches, pid, cpus, many, 1, &refused);
    if (write(go, "", 1) != 1)
        fail();
    close(go);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    if (rc)
        skip_refused(&refused);
    assert_int_equal(switches_read(&switches, &records, &count, &lost), 0);
    assert_false(lost);
    for (size_t i = 0; i < count; i++) {
        seen[records[i].kind]++;
        assert_int_not_equal(records[i].tid, pid); /* before exec nothing is recorded */
        assert_true(!i || records[i].at_ns >= records[i - 1].at_ns);
        if (records[i].kind == SWITCH_EXEC)
            assert_string_equal(records[i].name, "sleep");
    }
    assert_int_equal(seen[SWITCH_EXEC], 1);
    assert_int_equal(seen[SWITCH_ENDED], 1);
    assert_true(seen[SWITCH_OUT] >= 1);
    assert_true(seen[SWITCH_IN] >= 1);
    free(records);
    rings_close(&switches);
}

static void a_refusal_says_what_would_allow_it(void **state)
{
    struct switches_refused refused = {0};
    struct rings switches;
    char text[320];
    const unsigned cpu = 0;
    (void)state;
    const int rc = switches_open(&switches, INT32_MAX, &cpu, 1, 1, &refused);
    assert_true(rc < 0);
    assert_int_equal(rc, -refused.error);
    assert_non_null(strstr(switches_refused_text(&refused, text, sizeof text), "perf_event_open: "));
    assert_non_null(strstr(text, "what allows it"));
}

/* ---- threads ---- */

#define RECORD(at, what, thread, on, ...)                                                                              \
    {                                                                                                                  \
        .at_ns = (at), .kind = SWITCH_##what, .tid = (thread), .cpu = (on), __VA_ARGS__                                \
    }

static const struct pool_shape two_workers = {.workers = 2}, two_forkers = {.workers = 2, .forkers = 3};

static double time_of(const struct threads *threads, uint32_t tid, enum thread_does does)
{
    double ns = 0;
    for (size_t i = 0; i < threads->stretches; i++)
        if (threads->thread[threads->stretch[i].thread].tid == tid && threads->stretch[i].does == does)
            ns += (double)(threads->stretch[i].to_ns - threads->stretch[i].from_ns);
    return ns;
}

static const struct thread *thread_of(const struct threads *threads, uint32_t tid)
{
    for (size_t i = threads->count; i--;)
        if (threads->thread[i].tid == tid)
            return &threads->thread[i];
    fail_msg("no thread %u", tid);
    return NULL;
}

static void threads_have_no_gaps(void **state)
{
    const struct switch_record records[] = {
        RECORD(100, EXEC, 10, 0, .name = "poolbench-trial"),
        RECORD(110, MADE, 11, 0, .parent = 10),
        RECORD(120, IN, 11, 1),
        RECORD(125, NAMED, 11, 1, .name = "pb-worker-1"),
        RECORD(140, PREEMPTED, 11, 1),
        RECORD(150, OUT, 10, 0),
        RECORD(170, IN, 11, 0),
        RECORD(180, OUT, 11, 0),
        RECORD(190, IN, 10, 1),
        RECORD(200, ENDED, 11, 0),
        RECORD(230, ENDED, 10, 1),
    };
    struct threads threads;
    (void)state;
    assert_int_equal(threads_make(records, sizeof records / sizeof *records, 10, 0, &two_workers, &threads), 0);
    assert_int_equal(threads.count, 2);
    assert_int_equal(thread_of(&threads, 10)->role, ROLE_SUBMITTER);
    assert_int_equal(thread_of(&threads, 10)->slot, -1);
    assert_int_equal(thread_of(&threads, 11)->role, ROLE_WORKER);
    assert_int_equal(thread_of(&threads, 11)->slot, 1);
    assert_true(time_of(&threads, 10, THREAD_ON) == 90 && time_of(&threads, 10, THREAD_OFF) == 40);
    assert_true(time_of(&threads, 11, THREAD_ON) == 30 && time_of(&threads, 11, THREAD_WAITS) == 40);
    assert_true(time_of(&threads, 11, THREAD_OFF) == 20);
    threads_release(&threads);
}

/* A number is used again; children of forkers are for their slots; what they execute is a program. */
static void roles_are_told(void **state)
{
    const struct switch_record records[] = {
        RECORD(100, EXEC, 10, 0, .name = "poolbench-trial"),
        RECORD(101, MADE, 11, 0, .parent = 10),
        RECORD(102, NAMED, 11, 0, .name = "pb-spawner"),
        RECORD(103, MADE, 12, 0, .parent = 11),
        RECORD(104, NAMED, 12, 0, .name = "pb-worker-0"),
        RECORD(105, MADE, 13, 0, .parent = 12),
        RECORD(106, ENDED, 13, 0),
        RECORD(107, MADE, 13, 0, .parent = 12),
        RECORD(108, EXEC, 13, 0, .name = "gzip"),
        RECORD(109, MADE, 14, 0, .parent = 10),
    };
    struct threads threads;
    (void)state;
    assert_int_equal(
        threads_make(records, sizeof records / sizeof *records, 10, POOL_TASK_IS_PROCESS, &two_forkers, &threads), 0);
    assert_int_equal(threads.count, 6);
    assert_int_equal(thread_of(&threads, 11)->role, ROLE_FORKER);
    assert_int_equal(thread_of(&threads, 11)->slot, -1);
    assert_int_equal(thread_of(&threads, 12)->role, ROLE_FORKER);
    assert_int_equal(thread_of(&threads, 12)->slot, 0);
    assert_int_equal(threads.thread[3].role, ROLE_CHILD);
    assert_int_equal(threads.thread[3].slot, 0);
    assert_int_equal(thread_of(&threads, 13)->role, ROLE_PROGRAM);
    assert_int_equal(thread_of(&threads, 13)->slot, 0);
    assert_int_equal(thread_of(&threads, 14)->role, ROLE_HELPER);
    threads_release(&threads);
}

/* ---- slots ---- */

/* Two workers on two CPUs and a submitter that shares the first one: 100 ns, one task each. */
static const struct switch_record shared_cpu[] = {
    RECORD(10, EXEC, 1, 0, .name = "poolbench-trial"),
    RECORD(11, MADE, 2, 0, .parent = 1),
    RECORD(11, MADE, 3, 0, .parent = 1),
    RECORD(12, NAMED, 2, 0, .name = "pb-worker-0"),
    RECORD(12, NAMED, 3, 0, .name = "pb-worker-1"),
    RECORD(20, OUT, 2, 0),
    RECORD(20, OUT, 3, 1),
    /* the gate is at 100: worker 0 comes when the submitter leaves, and is taken off for it later */
    RECORD(110, OUT, 1, 0),
    RECORD(110, IN, 2, 0),
    RECORD(120, IN, 3, 1),
    RECORD(130, PREEMPTED, 2, 0),
    RECORD(130, IN, 1, 0),
    RECORD(140, OUT, 3, 1),
    RECORD(150, OUT, 1, 0),
    RECORD(155, IN, 2, 0),
    RECORD(160, IN, 3, 1),
    RECORD(300, ENDED, 2, 0),
    RECORD(300, ENDED, 3, 1),
    RECORD(301, ENDED, 1, 0),
};

static void states_are_told(void **state)
{
    const struct task_times tasks[] = {{101, 115, 180, 200, 0}, {105, 125, 170, 200, 1}};
    struct threads threads;
    struct slots_sum sum;
    (void)state;
    assert_int_equal(threads_make(shared_cpu, sizeof shared_cpu / sizeof *shared_cpu, 1, 0, &two_workers, &threads), 0);
    const struct slots_from from = {.threads = &threads,
                                    .task = tasks,
                                    .tasks = 2,
                                    .are_timed = true,
                                    .workers = 2,
                                    .from_ns = {[TRIAL_OPEN] = 10, [TRIAL_RUN] = 100},
                                    .to_ns = {[TRIAL_OPEN] = 50, [TRIAL_RUN] = 200}};
    assert_int_equal(slots_add_up(&from, &sum), 0);
    assert_true(sum.slot_ns[SLOT_BODY] == (15 + 25) + (15 + 10)); /* 115-130, 155-180; 125-140, 160-170 */
    assert_true(sum.slot_ns[SLOT_HAND] == (5 + 20) + (5 + 30));
    assert_true(sum.slot_ns[SLOT_WAIT_SUBMITTER] == 20 && sum.slot_ns[SLOT_WAIT_OTHERS] == 5);
    assert_true(sum.slot_ns[SLOT_SLEEP] == 20);      /* worker 1, 140-160 */
    assert_true(sum.slot_ns[SLOT_IDLE_BUSY] == 2);   /* 100-101, both */
    assert_true(sum.slot_ns[SLOT_QUEUED] == 9 + 19); /* 101-110, 101-120 */
    assert_true(sum.slot_ns[SLOT_UNKNOWN] == 0 && sum.slot_ns[SLOT_IDLE_END] == 0);
    assert_true(sum.role_ns[ROLE_SUBMITTER][TRIAL_RUN][THREAD_ON] == 30);
    assert_int_equal(sum.role_threads[ROLE_WORKER][TRIAL_RUN], 2);
    assert_int_equal(sum.role_threads[ROLE_WORKER][TRIAL_OPEN], 2);
    assert_int_equal(sum.role_threads[ROLE_SUBMITTER][TRIAL_OPEN], 1);
    assert_true(slots_compare(&sum, sum.slot_ns[SLOT_BODY] + sum.slot_ns[SLOT_HAND] - 10, 4) == 6);
    assert_true(sum.slot_ns[SLOT_TAKEN] == 4);
    /* worker 0 is taken off once, worker 1 goes to sleep once: of 12 ns each took 6 */
    const double on = sum.slot_ns[SLOT_BODY] + sum.slot_ns[SLOT_HAND], asleep = sum.slot_ns[SLOT_SLEEP];
    assert_true(fabs(slots_compare(&sum, on + 12, NAN)) < 1e-9);
    assert_true(fabs(sum.slot_ns[SLOT_SLEEP] - (asleep - 6)) < 1e-9);
    assert_true(fabs(sum.slot_ns[SLOT_WAIT_SUBMITTER] + sum.slot_ns[SLOT_WAIT_OTHERS] - 19) < 1e-9);
    threads_release(&threads);
}

/* The same, where the first task is over before the counter has moved: no time in it, also not later. */
static void a_task_may_take_no_time(void **state)
{
    const struct task_times tasks[] = {{101, 115, 115, 200, 0}, {105, 125, 170, 200, 1}};
    struct threads threads;
    struct slots_sum sum;
    (void)state;
    assert_int_equal(threads_make(shared_cpu, sizeof shared_cpu / sizeof *shared_cpu, 1, 0, &two_workers, &threads), 0);
    const struct slots_from from = {.threads = &threads,
                                    .task = tasks,
                                    .tasks = 2,
                                    .are_timed = true,
                                    .workers = 2,
                                    .from_ns = {[TRIAL_RUN] = 100},
                                    .to_ns = {[TRIAL_RUN] = 200}};
    assert_int_equal(slots_add_up(&from, &sum), 0);
    assert_true(sum.slot_ns[SLOT_BODY] == 15 + 10);
    assert_true(sum.slot_ns[SLOT_HAND] == (20 + 45) + (5 + 30)); /* 110-130, 155-200 */
    threads_release(&threads);
}

/* A sample knows a thread's number and the time. */
static void moments_are_placed(void **state)
{
    struct threads threads;
    struct placed placed;
    struct place place;
    (void)state;
    assert_int_equal(threads_make(shared_cpu, sizeof shared_cpu / sizeof *shared_cpu, 1, 0, &two_workers, &threads), 0);
    const struct slots_from from = {.threads = &threads,
                                    .workers = 2,
                                    .from_ns = {[TRIAL_OPEN] = 10, [TRIAL_RUN] = 100},
                                    .to_ns = {[TRIAL_OPEN] = 50, [TRIAL_RUN] = 200}};
    assert_int_equal(placed_make(&from, &placed), 0);
    assert_true(placed_find(&placed, 2, 115, false, &place));
    assert_true(place.role == ROLE_WORKER && place.phase == TRIAL_RUN && place.off_ns == 0);
    assert_true(placed_find(&placed, 1, 20, false, &place));
    assert_true(place.role == ROLE_SUBMITTER && place.phase == TRIAL_OPEN);
    assert_true(placed_find(&placed, 3, 139, true, &place)); /* off from 140 to 160 */
    assert_true(place.role == ROLE_WORKER && place.off_ns == 20);
    assert_true(placed_find(&placed, 2, 129, true, &place)); /* taken off its CPU: it waits */
    assert_true(place.off_ns == 0);
    assert_false(placed_find(&placed, 4, 115, false, &place)); /* nobody */
    assert_false(placed_find(&placed, 2, 60, false, &place));  /* between phases */
    placed_release(&placed);
    threads_release(&threads);
}

/* A process a task: made by the submitter, ended, reaped. */
static void processes_of_tasks_have_slots(void **state)
{
    const struct switch_record records[] = {
        RECORD(10, EXEC, 1, 0, .name = "poolbench-trial"),
        RECORD(110, MADE, 5, 0, .parent = 1),
        RECORD(112, IN, 5, 1),
        RECORD(113, NAMED, 5, 1, .name = "pb-worker-0"),
        RECORD(130, OUT, 1, 0),
        RECORD(150, ENDED, 5, 1),
        RECORD(160, IN, 1, 0),
        RECORD(300, ENDED, 1, 0),
    };
    const struct task_times tasks[] = {{101, 120, 140, 165, 0}};
    struct threads threads;
    struct slots_sum sum;
    (void)state;
    assert_int_equal(
        threads_make(records, sizeof records / sizeof *records, 1, POOL_TASK_IS_PROCESS, &two_workers, &threads), 0);
    const struct slots_from from = {.threads = &threads,
                                    .task = tasks,
                                    .tasks = 1,
                                    .are_timed = true,
                                    .are_made = true,
                                    .workers = 1,
                                    .from_ns = {[TRIAL_RUN] = 100},
                                    .to_ns = {[TRIAL_RUN] = 165}};
    assert_int_equal(slots_add_up(&from, &sum), 0);
    assert_true(sum.slot_ns[SLOT_MADE] == 10 && sum.slot_ns[SLOT_WAIT_OTHERS] == 2);
    assert_true(sum.slot_ns[SLOT_HAND] == 8 + 10 && sum.slot_ns[SLOT_BODY] == 20);
    assert_true(sum.slot_ns[SLOT_ENDED] == 15);
    assert_true(sum.role_ns[ROLE_CHILD][TRIAL_RUN][THREAD_ON] == 38);
    assert_true(slots_compare(&sum, 38 + 6, NAN) == 0); /* it used the CPU after its last record */
    assert_true(sum.slot_ns[SLOT_ENDED] == 9 && sum.slot_ns[SLOT_HAND] == 8 + 10 + 6);
    threads_release(&threads);
}

/* The spans of a trial are its sums, one after the other for each slot, without a gap. */
static void spans_are_sums(const struct slots_from *from, const struct slots_sum *sum)
{
    struct spans spans;
    double slot_ns[SLOT_STATES] = {0}, role_ns[ROLES] = {0};
    uint64_t at[8];
    assert_int_equal(spans_make(from, &spans), 0);
    assert_true(spans.end_ns == from->to_ns[TRIAL_RUN] && from->workers <= 8);
    for (unsigned i = 0; i < from->workers; i++)
        at[i] = from->from_ns[TRIAL_RUN];
    for (size_t i = 0; i < spans.count; i++) {
        const struct time_span *span = &spans.span[i];
        assert_true(span->to_ns > span->from_ns && (!i || span->from_ns >= span[-1].from_ns));
        if (span->tid) {
            role_ns[span->role] += (double)(span->to_ns - span->from_ns);
            continue;
        }
        assert_true(span->from_ns == at[span->slot]);
        at[span->slot] = span->to_ns;
        slot_ns[span->state] += (double)(span->to_ns - span->from_ns);
    }
    for (unsigned i = 0; i < from->workers; i++)
        assert_true(at[i] == spans.end_ns);
    for (int i = 0; i < SLOT_STATES; i++)
        assert_true(slot_ns[i] == sum->slot_ns[i]);
    for (int i = 0; i < ROLES; i++) {
        const double *role = sum->role_ns[i][TRIAL_RUN];
        assert_true(role_ns[i] == role[THREAD_ON] + role[THREAD_WAITS] + role[THREAD_OFF]);
    }
    spans_release(&spans);
}

/* A trial of more than there is room for is cut at one time for all. */
static void long_trials_are_cut(void **state)
{
    enum { SWITCHES = 3 * SPANS_MOST };
    struct switch_record *records = calloc(SWITCHES + 2, sizeof *records);
    struct threads threads;
    struct spans spans;
    uint64_t most = 0;
    (void)state;
    assert_non_null(records);
    for (int i = 0; i < SWITCHES; i++)
        records[i + 2] = (struct switch_record){
            .at_ns = 100 + 10 * (uint64_t)i, .kind = i % 2 ? SWITCH_IN : SWITCH_OUT, .tid = 2, .cpu = 1};
    records[0] = (struct switch_record){.at_ns = 10, .kind = SWITCH_IN, .tid = 2, .cpu = 1};
    records[1] = (struct switch_record){.at_ns = 11, .kind = SWITCH_NAMED, .tid = 2, .cpu = 1, .name = "pb-worker-0"};
    assert_int_equal(threads_make(records, SWITCHES + 2, 1, 0, &two_workers, &threads), 0);
    const struct slots_from from = {
        .threads = &threads, .workers = 2, .from_ns = {[TRIAL_RUN] = 50}, .to_ns = {[TRIAL_RUN] = 100 + 10 * SWITCHES}};
    assert_int_equal(spans_make(&from, &spans), 0);
    assert_true(spans.count <= SPANS_MOST && spans.count > SPANS_MOST / 2);
    assert_true(spans.end_ns < from.to_ns[TRIAL_RUN]);
    for (size_t i = 0; i < spans.count; i++)
        most = spans.span[i].to_ns > most ? spans.span[i].to_ns : most;
    assert_true(most == spans.end_ns);
    spans_release(&spans);
    threads_release(&threads);
    free(records);
}

/* Whatever records say, slots close, no state is below 0, and roles have what their threads lived. */
static void slots_close_over_anything(void **state)
{
    enum { RECORDS = 400, TASKS = 60, WORKERS = 3 };
    (void)state;
    srand(7);
    for (int round = 0; round < 300; round++) {
        struct switch_record records[RECORDS];
        struct task_times tasks[TASKS];
        struct threads threads;
        struct slots_sum sum;
        uint64_t at = 10;
        double slots = 0;
        for (int i = 0; i < RECORDS; i++) {
            records[i] = (struct switch_record){.at_ns = at += (uint64_t)(rand() % 20),
                                                .kind = (enum switch_kind)(rand() % (SWITCH_EXEC + 1)),
                                                .tid = 1 + (uint32_t)(rand() % 9),
                                                .parent = 1 + (uint32_t)(rand() % 9),
                                                .cpu = (uint32_t)(rand() % 4)};
            snprintf(records[i].name, sizeof records[i].name, "pb-worker-%d", rand() % 4);
        }
        for (int i = 0; i < TASKS; i++) {
            const uint64_t start = 500 + (uint64_t)(rand() % 2000), end = start + (uint64_t)(rand() % 200);
            tasks[i] = (struct task_times){start - (uint64_t)(rand() % 200), start, end, end + 9,
                                           (unsigned)(rand() % (WORKERS + 1))};
        }
        assert_int_equal(threads_make(records, RECORDS, 1, round % 2 ? POOL_TASK_IS_PROCESS : 0,
                                      round % 3 ? &two_workers : &two_forkers, &threads),
                         0);
        const struct slots_from from = {.threads = &threads,
                                        .task = tasks,
                                        .tasks = TASKS,
                                        .are_timed = round % 5 != 0,
                                        .are_made = round % 2,
                                        .workers = WORKERS,
                                        .from_ns = {[TRIAL_RUN] = 600},
                                        .to_ns = {[TRIAL_RUN] = 2600}};
        assert_int_equal(slots_add_up(&from, &sum), 0);
        for (int i = 0; i < SLOT_STATES; i++) {
            assert_true(sum.slot_ns[i] >= 0);
            slots += sum.slot_ns[i];
        }
        assert_true(slots == WORKERS * 2000.0);
        spans_are_sums(&from, &sum);
        threads_release(&threads);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_is_recorded),     cmocka_unit_test(a_refusal_says_what_would_allow_it),
        cmocka_unit_test(threads_have_no_gaps),      cmocka_unit_test(roles_are_told),
        cmocka_unit_test(states_are_told),           cmocka_unit_test(processes_of_tasks_have_slots),
        cmocka_unit_test(slots_close_over_anything), cmocka_unit_test(long_trials_are_cut),
        cmocka_unit_test(a_task_may_take_no_time),   cmocka_unit_test(moments_are_placed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
