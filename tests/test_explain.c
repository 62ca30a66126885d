/* sanitizers: address undefined */
/* Explanations of runs that are made up here, so that the truth is known: what is put into a state is found there (dose
 * and recovery), parts sum up to the whole, causes are named where counts bear them out, and nothing is named of pairs
 * that do not differ, or that have no reason. */
#include "bench/analyse/summary.h"
#include "bench/analyse/why/pick.h"
#include "bench/model/rare.h"
#include "bench/model/summary_factors.h"
#include "tests/made_run.h"
#include "tests/scratch.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define BLOCKS  12
#define TASKS   1000
#define BODY_NS 100000.
#define RUN     "made"

static char scratch[SCRATCH_MAX], error[ERROR_MAX];

/* What a trial is made of: ns a task over all slots. */
struct truth {
    const char *pool;
    double body_more, hand, waits_inside, waits_between, idle, end;
    double submitter, others, steal;
    double kernel, faults, switches;
    double throttled, submitter_wait;
    double answers; /* waited for a CPU after the last task */
    int64_t payload;
    bool lacks_waiting; /* as fork */
};

static int setup(void **state)
{
    (void)state;
    rare_note(RARE_QUOTA); /* some of the trials have one */
    return scratch_directory(scratch) < 0 || chdir(scratch) ? -1 : 0;
}

static int teardown(void **state)
{
    (void)state;
    return chdir("/") || scratch_remove(scratch);
}

/* All tasks last as long as the middle one, but for waiting, which a tenth of them has. */
static void service_put(double body, double waits)
{
    const int64_t ns = llround(body), late = llround(body + 10 * waits);
    made_bucket("service", ns, ns + 1, waits > 0 ? TASKS * 9 / 10 : TASKS);
    if (waits > 0)
        made_bucket("service", late, late + 1, TASKS / 10);
}

/* Each block has a speed of its own, which all its trials share. */
static void trial_put(const struct truth *t, const char *cell, int64_t block)
{
    const bool is_serial = !strcmp(t->pool, "serial");
    const double noise = 1 + 0.01 * (double)(block % 5), body = (BODY_NS + t->body_more) * noise;
    const double slots = is_serial ? 1 : 2;
    struct trial_row row = made_trial(cell, t->pool, "burst");
    double slot = body + t->hand + t->waits_inside + t->waits_between + t->idle + t->end + t->steal;
    row.block = block;
    row.f.tasks = TASKS;
    row.f.workers = (int64_t)slots;
    row.f.payload = (struct payload){t->payload, 0};
    strcpy(row.f.size_dist, "fixed");
    if (t->lacks_waiting)
        slot += t->submitter; /* while it forks nobody is in the slot */
    row.wall_ns = llround(slot / slots * TASKS);
    row.trial_ns = row.wall_ns;
    row.submitter_ns = llround((is_serial ? body + t->hand : t->submitter) * TASKS);
    row.sys_ns = llround(t->kernel * TASKS);
    row.user_ns = llround((body + t->hand + (is_serial ? 0 : t->submitter)) * TASKS) - row.sys_ns;
    row.runqueue_ns = t->lacks_waiting
                          ? MISSING
                          : llround((t->waits_inside + t->waits_between + t->answers + t->submitter_wait) * TASKS);
    row.submitter_wait_ns = llround(t->submitter_wait * TASKS);
    row.throttled_ns = t->throttled > 0 ? llround(t->throttled * TASKS) : MISSING;
    row.others_ns = llround(t->others * TASKS);
    row.steal_ns = llround(t->steal * TASKS);
    row.minflt = llround(t->faults * TASKS);
    row.nvcsw = llround(t->switches * TASKS);
    row.nivcsw = row.migrations = row.majflt = 0;
    row.shared_cpu = 1;
    service_put(body, t->waits_inside + t->steal);
    made_put(row);
}

/* Serial, A and B, and whatever else. */
static void run_make(const struct truth *truths, size_t count)
{
    made_begin(RUN);
    for (int64_t block = 1; block <= BLOCKS; block++)
        for (size_t i = 0; i < count; i++) {
            char cell[16];
            snprintf(cell, sizeof cell, "c%03zu", i + 1);
            trial_put(&truths[i], cell, block);
        }
    made_end();
}

/* The pair of that payload. */
static struct explanation explained(int64_t payload, const char *a, const char *b, char *said, size_t size)
{
    static struct run_data run;
    static struct why_run why;
    struct whys whys;
    struct explanation found = {0};
    assert_int_equal(run_summed_open(RUN, &run, error), 0);
    assert_int_equal(why_open(&run, 0, &why, error), 0);
    assert_int_equal(whys_by(&why, FACTOR_POOL, a, b, &whys, error), 0);
    for (size_t i = 0; i < whys.count; i++)
        if (run.rows[whys.why[i].b].f.payload.in == payload)
            found = whys.why[i];
    assert_non_null(found.a_run);
    FILE *out = fmemopen(said, size, "w");
    assert_non_null(out);
    why_say(out, &found);
    fclose(out);
    whys_release(&whys);
    why_close(&why);
    run_data_close(&run);
    return found;
}

/* By construction, whatever is in the files. */
static void closes(const struct explanation *e)
{
    double a = 0, b = 0, more = 0;
    for (int i = 0; i < STATES; i++) {
        a += e->part[i].change.a;
        b += e->part[i].change.b;
        more += e->part[i].change.more;
    }
    assert_true(fabs(a - e->whole.a) < 1e-3);
    assert_true(fabs(b - e->whole.b) < 1e-3);
    assert_true(fabs(more - e->whole.more) < 1e-3);
}

/* Where a dose of c, in ns a task over both slots, is found. */
struct dose {
    const char *name;
    double c;
    struct truth unit; /* of 1 */
    enum state state;
    bool is_named;
};

static void doses(void **state)
{
    static const struct dose all[] = {
        {"hand", 8000, {.hand = 1}, STATE_HAND, true},
        {"body", 8000, {.body_more = 1}, STATE_BODY_MORE, false},
        {"submitter", 9000, {.waits_between = 1, .submitter = 1}, STATE_WAIT_SUBMITTER, true},
        {"neighbour", 12000, {.waits_inside = 1, .others = 1}, STATE_WAIT_OTHERS, true},
        {"quota", 12000, {.waits_inside = 1, .throttled = 1}, STATE_WAIT_QUOTA, true},
        {"submitter waits", 11000, {.idle = 1, .submitter_wait = 0.5}, STATE_IDLE_SUBMITTER, true},
        {"who", 12000, {.waits_inside = 1}, STATE_WAIT, false},
        {"hypervisor", 10000, {.steal = 1}, STATE_TAKEN, true},
        {"idle", 11000, {.idle = 1}, STATE_IDLE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (int dose = 0; dose <= 2; dose++) {
            char said[4096] = "";
            const struct dose *d = &all[i];
            const double c = dose * d->c;
            struct truth truths[] = {{.pool = "serial"},
                                     {.pool = "pthread", .hand = 500, .idle = 200},
                                     {.pool = "prefork",
                                      .hand = 500 + c * d->unit.hand,
                                      .idle = 200 + c * d->unit.idle,
                                      .body_more = c * d->unit.body_more,
                                      .waits_inside = c * d->unit.waits_inside,
                                      .waits_between = c * d->unit.waits_between,
                                      .submitter = c * d->unit.submitter,
                                      .others = c * d->unit.others,
                                      .throttled = c * d->unit.throttled,
                                      .submitter_wait = c * d->unit.submitter_wait,
                                      .steal = c * d->unit.steal}};
            run_make(truths, 3);
            const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
            const double found = e.part[d->state].change.more * 2;
            closes(&e);
            if (fabs(found - c) > 0.1 * c + 1)
                fail_msg("%s: %g ns were put in, %g ns found", d->name, c, found);
            assert_int_equal(e.is_told, dose > 0);
            if (!dose) {
                assert_true(isnan(e.explained));
                assert_non_null(strstr(said, "nothing to explain"));
                continue;
            }
            assert_true(e.part[d->state].change.is_sure);
            assert_int_equal(e.part[d->state].is_named, d->is_named);
            assert_true(d->is_named ? e.explained > 0.9 && e.explained < 1.1 : e.explained < 0.1);
            assert_non_null(strstr(said, state_words[d->state].phrase));
        }
}

/* Faults by their count and by kernel time that is theirs; without the count the same CPU time has no such reason. */
static void faults_are_named(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        char said[4096] = "";
        const struct truth truths[] = {
            {.pool = "serial"},
            {.pool = "pthread", .hand = 500},
            {.pool = "prefork", .hand = 500, .body_more = 9000, .kernel = 9000, .faults = with ? 12 : 0}};
        run_make(truths, 3);
        const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
        closes(&e);
        assert_int_equal(e.part[STATE_BODY_MORE].is_named, with);
        assert_int_equal(strstr(said, "page faults") != NULL, with);
    }
}

/* Copying: by the same pair without payload, where the difference is not there. A pair that has it there, too, has
 * another reason. */
static void copying_is_named(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) {
        char said[4096] = "";
        const double plain = with ? 0 : 9000;
        const struct truth truths[] = {
            {.pool = "serial"},
            {.pool = "serial", .payload = 65536},
            {.pool = "pthread", .hand = 500},
            {.pool = "pthread", .hand = 500, .payload = 65536},
            {.pool = "prefork", .hand = 500, .body_more = plain},
            {.pool = "prefork", .hand = 500, .body_more = 9000, .payload = 65536},
        };
        run_make(truths, 6);
        const struct explanation e = explained(65536, "pthread", "prefork", said, sizeof said);
        closes(&e);
        assert_int_equal(e.part[STATE_BODY_MORE].is_named, with);
        assert_int_equal(strstr(said, "copying 64 KiB") != NULL, with);
    }
}

/* A submitter that is never idle, and workers that wait for its tasks. */
static void serialised_submitter_is_named(void **state)
{
    char said[4096] = "";
    const struct truth truths[] = {{.pool = "serial"},
                                   {.pool = "pthread", .hand = 500, .idle = 200, .submitter = 300},
                                   {.pool = "prefork", .hand = 500, .idle = 120000, .submitter = 100000}};
    (void)state;
    run_make(truths, 3);
    const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
    closes(&e);
    assert_true(e.part[STATE_IDLE].is_named);
    assert_non_null(strstr(said, "one submitter for all"));
}

/* Workers that had to wait before they could answer after the last task: of the time between bodies nothing is said. */
static void waiting_to_answer_is_no_state(void **state)
{
    char said[4096] = "";
    const struct truth truths[] = {{.pool = "serial"},
                                   {.pool = "pthread", .hand = 500, .idle = 200},
                                   {.pool = "prefork", .hand = 500, .idle = 30000, .answers = 90000}};
    (void)state;
    run_make(truths, 3);
    const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
    closes(&e);
    assert_true(fabs(e.part[STATE_OFF].change.more * 2 - 29800) < 500);
    assert_true(fabs(e.part[STATE_WAIT].change.more) < 1);
    assert_false(e.part[STATE_OFF].is_named);
}

static void wake_ups_are_named(void **state)
{
    char said[4096] = "";
    const struct truth truths[] = {{.pool = "serial"},
                                   {.pool = "pthread", .hand = 500, .idle = 200},
                                   {.pool = "prefork", .hand = 500, .idle = 30000, .switches = 1}};
    (void)state;
    run_make(truths, 3);
    const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
    closes(&e);
    assert_true(e.part[STATE_IDLE].is_named);
    assert_non_null(strstr(said, "wake-ups"));
}

/* Events of A and B a task, as profiled siblings of theirs have counted them; shared: for half of the time. Cycles and
 * instructions in every block, cache misses likewise, as the pair that is in turn. */
static void counters_put(double cycles, double instructions, double misses, bool shared)
{
    static const char *const events[] = {"cycles", "instructions", "cache-misses"};
    const double b[] = {cycles, instructions, misses}, a[] = {300000, 600000, 50};
    assert_true(!mkdir(RUN "/profile", 0777) || errno == EEXIST);
    assert_int_equal(system("cp " RUN "/trials.csv " RUN "/profile/trials.csv"), 0);
    FILE *out = fopen(RUN "/profile/counters.csv", "w");
    assert_non_null(out);
    fputs("trial_id,role,phase,pmu,event,scope,value,enabled_ns,running_ns,group,source\n", out);
    for (int block = 0; block < BLOCKS; block++)
        for (int is_b = 0; is_b < 2; is_b++)
            for (int i = 0; i < 3; i++)
                fprintf(out, "%d,all,run,cpu,%s,user,%.0f,1000000,%d,core,perf_event\n", 3 * block + 2 + is_b,
                        events[i], (is_b ? b : a)[i] * TASKS * (1 + 0.001 * (block % 3)) / (shared ? 2 : 1),
                        shared ? 500000 : 1000000);
    fclose(out);
}

/* More instructions, or more of their time in memory; cycles alone tell neither. */
static void what_was_counted_is_named(void **state)
{
    static const struct {
        double cycles, instructions, misses;
        bool is_named;
        const char *said;
    } cases[] = {{360000, 720000, 50, true, "instructions a task against 600"},
                 {360000, 600000, 900, true, " cache misses a task against 50"},
                 {360000, 600000, 50, false, "--profile counters would tell"}};
    const struct truth truths[] = {
        {.pool = "serial"}, {.pool = "pthread", .hand = 500}, {.pool = "prefork", .hand = 500, .body_more = 20000}};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        char said[4096] = "";
        run_make(truths, 3);
        counters_put(cases[i / 2].cycles, cases[i / 2].instructions, cases[i / 2].misses, i % 2);
        const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
        assert_int_equal(e.counters, 3);
        for (unsigned k = 0; k < e.counters; k++)
            assert_int_equal(e.counter[k].is_shared, i % 2);
        assert_true(fabs(e.counter[0].change.more - (cases[i / 2].cycles - 300000)) < 1000);
        assert_int_equal(e.part[STATE_BODY_MORE].is_named, cases[i / 2].is_named);
        if (!strstr(said, cases[i / 2].said))
            fail_msg("%s", said);
    }
    assert_int_equal(system("rm -r " RUN "/profile"), 0);
}

/* Processes of one task lose their waiting: what cannot be told apart is one state, on both sides, and has no reason.
 */
static void lost_waiting_is_one_state(void **state)
{
    char said[4096] = "";
    const struct truth truths[] = {
        {.pool = "serial"},
        {.pool = "prefork", .hand = 500, .waits_inside = 20000},
        {.pool = "fork", .hand = 30000, .idle = 40000, .submitter = 50000, .lacks_waiting = true}};
    (void)state;
    run_make(truths, 3);
    const struct explanation e = explained(0, "prefork", "fork", said, sizeof said);
    closes(&e);
    assert_true(fabs(e.part[STATE_OFF].change.more * 2 - 20000) < 2000);
    assert_true(fabs(e.part[STATE_MADE].change.more * 2 - 50000) < 500);
    assert_true(fabs(e.part[STATE_WAIT].change.more) < 1);
    assert_false(e.part[STATE_OFF].is_named);
    assert_non_null(strstr(said, "not told apart"));
}

static double drawn(unsigned *seed, double most)
{
    return most * rand_r(seed) / RAND_MAX;
}

/* Pairs that differ in nothing but noise, in every state: what is named of them is named wrongly, and is as rare as
 * verdicts are wrong. */
static void nothing_is_named_of_noise(void **state)
{
    unsigned seed = 11;
    size_t named = 0;
    (void)state;
    for (int pair = 0; pair < 100; pair++) {
        char said[4096] = "";
        made_begin(RUN);
        for (int64_t block = 1; block <= BLOCKS; block++)
            for (int i = 0; i < 3; i++) {
                const struct truth truth = {.pool = i == 0   ? "serial"
                                                    : i == 1 ? "pthread"
                                                             : "prefork",
                                            .hand = 500 + drawn(&seed, 3000),
                                            .waits_inside = drawn(&seed, 20000),
                                            .waits_between = drawn(&seed, 5000),
                                            .idle = drawn(&seed, 8000),
                                            .submitter = drawn(&seed, 3000),
                                            .others = drawn(&seed, 15000),
                                            .kernel = drawn(&seed, 3000),
                                            .faults = drawn(&seed, 1),
                                            .switches = drawn(&seed, 1)};
                char cell[16];
                snprintf(cell, sizeof cell, "c%03d", i + 1);
                trial_put(&truth, cell, block);
            }
        made_end();
        const struct explanation e = explained(0, "pthread", "prefork", said, sizeof said);
        closes(&e);
        named += e.explained != 0 && !isnan(e.explained);
        assert_true(isnan(e.explained) || e.is_told);
    }
    assert_true(named <= 11); /* of 100, where 5 are to be expected at most, in 99 of 100 cases */
}

/* The states of a trial are its slots, whatever the numbers are; what does not fit is unknown, below 0 as well. */
static void states_close(void **state)
{
    unsigned seed = 7;
    (void)state;
    for (int i = 0; i < 20000; i++) {
        double x[12];
        struct states s;
        for (size_t k = 0; k < 12; k++)
            x[k] = rand_r(&seed) % 4 ? rand_r(&seed) % 100000 : rand_r(&seed) % 2 ? 0 : NAN;
        const struct taken_apart t = {.workers = 1 + rand_r(&seed) % 8,
                                      .wall_ns = 1e6 + rand_r(&seed) % 100000000,
                                      .tasks = 1 + rand_r(&seed) % 1000,
                                      .workers_cpu_ns = 1000. * (rand_r(&seed) % 100000),
                                      .submitter_ns = 1000. * (rand_r(&seed) % 10000),
                                      .waiting_ns = 1000 * x[0],
                                      .others_ns = 1000 * x[1],
                                      .steal_ns = x[2],
                                      .service_ns = x[3],
                                      .service_p50_ns = isnan(x[3]) ? NAN : rand_r(&seed) % 100000,
                                      .end_ns = 1000 * x[4],
                                      .throttled_ns = 1000 * x[8],
                                      .submitter_wait_ns = 1000 * x[9],
                                      .shares_cpu = rand_r(&seed) % 2,
                                      .more_workers = rand_r(&seed) % 2,
                                      .makes_processes = rand_r(&seed) % 2,
                                      .is_fixed = rand_r(&seed) % 2,
                                      .serial_cpu_ns = x[5],
                                      .serial_service_ns = isnan(x[5]) ? NAN : x[6],
                                      .serial_p50_ns = isnan(x[5]) ? NAN : x[6],
                                      .serial_waiting_ns = x[7]};
        states_take_apart(&t, &s);
        double sum[DETAILS] = {0};
        for (int k = 0; k < STATES; k++) {
            for (int detail = 0; detail < DETAILS; detail++) {
                const double ns = s.ns[detail][k];
                assert_false(isnan(ns));
                assert_true(k == STATE_UNKNOWN || k == STATE_BODY_MORE || k == STATE_HAND || ns > -1e-6);
                sum[detail] += ns;
            }
        }
        for (int detail = 0; detail < DETAILS; detail++)
            assert_true(fabs(sum[detail] - s.whole_ns) <= 1e-9 * (fabs(s.whole_ns) + 1e9));
    }
}

/* Bad input: what there is, is said. */
static void refusals(void **state)
{
    static struct run_data run;
    static struct why_run why;
    struct whys whys;
    const struct truth truths[] = {{.pool = "serial"}, {.pool = "pthread"}, {.pool = "prefork"}};
    (void)state;
    run_make(truths, 3);
    assert_int_equal(run_summed_open(RUN, &run, error), 0);
    assert_int_equal(why_open(&run, 0, &why, error), 0);
    assert_int_equal(whys_by(&why, FACTOR_POOL, "pthread", "prefrok", &whys, error), -EINVAL);
    assert_non_null(strstr(error, "did you mean 'prefork'?"));
    whys_release(&whys);
    assert_int_equal(whys_by(&why, FACTOR_PLACE, "", "", &whys, error), -EINVAL);
    assert_non_null(strstr(error, "--by place"));
    whys_release(&whys);
    why_close(&why);
    run_data_close(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_close),
        cmocka_unit_test(doses),
        cmocka_unit_test(nothing_is_named_of_noise),
        cmocka_unit_test(faults_are_named),
        cmocka_unit_test(copying_is_named),
        cmocka_unit_test(serialised_submitter_is_named),
        cmocka_unit_test(waiting_to_answer_is_no_state),
        cmocka_unit_test(wake_ups_are_named),
        cmocka_unit_test(what_was_counted_is_named),
        cmocka_unit_test(lost_waiting_is_one_state),
        cmocka_unit_test(refusals),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
