/* When tasks are due: what is drawn takes as long as it should and is spread as it should be, files are read as what
 * they are or refused by line, and the factor reads back as it was written. */
#include "bench/base/text_file.h"
#include "bench/model/arrivals.h"
#include "bench/model/factors.h"
#include "tests/scratch.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static char error[ERROR_MAX];

static struct arrival parsed(const char *text)
{
    struct cell *cell = calloc(1, sizeof *cell);
    assert_non_null(cell);
    if (set_arrival(text, cell, error))
        fail_msg("%s: %s", text, error);
    struct arrival arrival = cell->f.arrival;
    free(cell);
    return arrival;
}

static void refused(const char *text, const char *expected)
{
    struct cell *cell = calloc(1, sizeof *cell);
    assert_non_null(cell);
    *error = '\0';
    assert_int_equal(set_arrival(text, cell, error), -EINVAL);
    if (!strstr(error, expected))
        fail_msg("%s: '%s' is not in '%s'", text, expected, error);
    free(cell);
}

static void file_is(const char *name, const char *text)
{
    assert_int_equal(text_file_write(name, text, strlen(text)), 0);
}

static void draw_all(const struct arrival *arrival, uint64_t seed, uint32_t tasks, uint64_t *due_ns)
{
    const struct trace *trace = NULL;
    if (arrival->process == PROCESS_TRACE)
        assert_int_equal(trace_of(arrival, &trace, error), 0);
    arrivals_draw(arrival, trace, DRAW_LEVELLED, seed, tasks, due_ns);
    for (uint32_t i = 1; i < tasks; i++)
        assert_true(due_ns[i] >= due_ns[i - 1]);
}

/* N tasks take N / R, however few, slow or fast. */
static void test_levelled(void **state)
{
    static const char *const texts[] = {"rate:0.001:poisson", "rate:40:poisson", "rate:1e9:poisson",
                                        "rate:40:on=1s:off=9s", "rate:5k:on=2ms:off=1ms:low=20%"};
    static const uint32_t counts[] = {1, 2, 8, 1000, 20000};
    static uint64_t due_ns[20000];
    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
            for (uint64_t seed = 1; seed <= 8; seed++) {
                struct arrival arrival = parsed(texts[t]);
                draw_all(&arrival, seed, counts[c], due_ns);
                const double span_ns = counts[c] / arrival.rate * 1e9;
                assert_true(fabs((double)due_ns[counts[c] - 1] - span_ns) <= 1.5 + 1e-9 * span_ns);
            }
    struct arrival slowest = parsed("rate:0.001");
    draw_all(&slowest, 1, 20000, due_ns); /* 231 days */
    assert_true(due_ns[19999] == 19999000000000000ull);
}

/* As they were drawn before, and as long as they happen to take. */
static void test_plain(void **state)
{
    static uint64_t due_ns[1000];
    struct arrival arrival = parsed("rate:1000:poisson");
    double least = INFINITY, most = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        double last_ns = arrivals_plain_last_ns(&arrival, seed, 1000);
        arrivals_draw(&arrival, NULL, DRAW_PLAIN, arrivals_seed(seed, DRAW_PLAIN, 3), 1000, due_ns);
        assert_true(due_ns[999] == (uint64_t)last_ns);
        least = fmin(least, last_ns);
        most = fmax(most, last_ns);
    }
    assert_true(least < 0.97e9 && most > 1.03e9);
    assert_true(arrivals_seed(1, DRAW_LEVELLED, 1) != arrivals_seed(1, DRAW_LEVELLED, 2));
}

/* Variance over mean of how many tasks fall into windows of `span / windows`: 1 of a Poisson process. */
static double dispersion(const char *text, uint32_t windows)
{
    enum { TASKS = 40000 };
    static uint64_t due_ns[TASKS];
    struct arrival arrival = parsed(text);
    double sum = 0;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        uint32_t *counts = calloc(windows + 1, sizeof *counts);
        assert_non_null(counts);
        draw_all(&arrival, seed, TASKS, due_ns);
        for (uint32_t i = 0; i < TASKS; i++)
            counts[(uint64_t)((double)due_ns[i] / ((double)due_ns[TASKS - 1] + 1) * windows)]++;
        const double mean = (double)TASKS / windows;
        for (uint32_t i = 0; i < windows; i++)
            sum += (counts[i] - mean) * (counts[i] - mean) / mean / windows;
        free(counts);
    }
    return sum / 4;
}

/* On and off, in windows far longer than both: 1 + 2 R off^2 on / (on + off)^2 / ... of the interrupted Poisson process
 * (Fischer and Meier-Hellstern 1993), 1 + 2 (r1 - r2)^2 p1 p2 tau / R with tau = on off / (on + off). */
static double theory(double rate, double on_s, double off_s, double low)
{
    const double p = on_s / (on_s + off_s), fast = rate / (p + low * (1 - p)), slow = low * fast;
    return 1 + 2 * (fast - slow) * (fast - slow) * p * (1 - p) * (on_s * off_s / (on_s + off_s)) / rate;
}

static void test_dispersion(void **state)
{
    (void)state;
    assert_true(fabs(dispersion("rate:100:poisson", 800) - 1) < 0.15);
    double bursts = theory(100, 0.1, 0.1, 0), mixed = theory(100, 0.1, 0.1, 0.5);
    const struct arrival asked[] = {parsed("rate:100:on=100ms:off=100ms"),
                                    parsed("rate:100:on=100ms:off=100ms:low=50%"), parsed("rate:100:poisson")};
    assert_true(fabs(arrivals_scv(&asked[0]) - bursts) < 1e-9 && fabs(arrivals_scv(&asked[1]) - mixed) < 1e-9);
    assert_true(fabs(arrivals_scv(&asked[2]) - 1) < 1e-9);
    assert_true(bursts > 5 && mixed > 1.4 && mixed < bursts);
    assert_true(fabs(dispersion("rate:100:on=100ms:off=100ms", 80) / bursts - 1) < 0.35);
    assert_true(fabs(dispersion("rate:100:on=100ms:off=100ms:low=50%", 80) / mixed - 1) < 0.35);
}

/* ---- traces ---- */

static void due_are(const char *text, uint32_t tasks, const double *ms)
{
    uint64_t due_ns[64];
    struct arrival arrival = parsed(text);
    draw_all(&arrival, 1, tasks, due_ns);
    for (uint32_t i = 0; i < tasks; i++)
        if (fabs((double)due_ns[i] / 1e6 - ms[i]) > 1e-3)
            fail_msg("%s: task %u is due at %g ms, expected %g", text, i, (double)due_ns[i] / 1e6, ms[i]);
}

static void test_forms(void **state)
{
    static const double ms[] = {0, 250, 1000, 4000}, twice[] = {0, 125, 500, 2000}, gaps[] = {250, 1000, 4000};
    (void)state;
    file_is("seconds", "# since 1970\n971211336.000000000\n\n971211336.250\n971211337\n971211340\n");
    due_are("trace:seconds", 4, ms);
    due_are("trace:seconds:x2", 4, twice);
    file_is("milli", "971211336000.000000\n971211336250\n971211337000\n971211340000\n");
    due_are("trace:milli", 4, ms);
    file_is("iso", "a,2000-10-10T13:55:36.000000000Z,x\nb,\"2000-10-10 13:55:37.000000000\",y\n"
                   "c,2000-10-10T15:55:36.250000000+02:00,z\nd,2000-10-10T13:55:40.0Z\n");
    due_are("trace:iso:column=2", 4, ms);
    file_is("log", "h - - [10/Oct/2000:13:55:36.000000000 -0700] \"GET [7] /\" 200 1\n"
                   "h - - [10/Oct/2000:20:55:37.000000000 +0000] \"GET /\" 200 1\n"
                   "h - - [10/Oct/2000:13:55:36.250000000 -0700] \"GET /\" 200 1\n"
                   "h - - [10/Oct/2000:13:55:40.000000000 -0700] \"GET /\" 200 1\n");
    due_are("trace:log", 4, ms);
    due_are("trace:log:column=4", 4, ms);
    file_is("gaps", "0.25 x\n750ms y\n3 z\n");
    due_are("trace:gaps:gaps", 3, gaps);
    due_are("trace:'./gaps':gaps:column=1", 3, gaps);
    assert_true(fabs(parsed("trace:gaps:gaps").rate - 0.75) < 1e-9);
    assert_true(fabs(parsed("trace:seconds:x2").rate - 1.5) < 1e-9);
}

/* A file of what such arrivals have drawn. */
static struct arrival drawn_into(const char *name, const char *text)
{
    enum { TASKS = 20000 };
    static uint64_t due_ns[TASKS];
    char trace[64];
    struct arrival arrival = parsed(text);
    draw_all(&arrival, 7, TASKS, due_ns);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    for (uint32_t i = 0; i < TASKS; i++)
        fprintf(file, "%.9f\n", (double)due_ns[i] / 1e9);
    assert_int_equal(fclose(file), 0);
    snprintf(trace, sizeof trace, "trace:%s:x4", name);
    return parsed(trace);
}

/* How bursty a trace is stands in the arrival, and so in the files of a run; where it does not, it is taken for random.
 */
static void test_bursty_traces(void **state)
{
    (void)state;
    const struct arrival even = drawn_into("even", "rate:100"), random = drawn_into("random", "rate:100:poisson"),
                         bursts = drawn_into("bursts", "rate:100:on=100ms:off=100ms");
    struct arrival before = bursts;
    assert_true(arrivals_scv(&even) < 0.1);
    assert_true(arrivals_scv(&random) > 0.4 && arrivals_scv(&random) < 2);
    const double ratio = arrivals_scv(&bursts) / theory(100, 0.1, 0.1, 0);
    assert_true(ratio > 0.5 && ratio < 2);
    assert_true(bursts.file_tasks == 20000 && fabs(arrivals_period_ns(&bursts) / 50e9 - 1) < 0.01);
    assert_true(arrivals_tasks_least(&bursts) > 30 && arrivals_tasks_least(&bursts) < 200);
    assert_true(arrivals_tasks_least(&random) < 25);
    before.dispersion = 0;
    before.file_tasks = 0;
    assert_true(arrivals_scv(&before) >= 1 && arrivals_scv(&before) <= 1 && arrivals_period_ns(&before) <= 0);
    file_is("few", "1\n2\n4\n");
    const struct arrival few = parsed("trace:few");
    assert_int_equal(arrivals_tasks_least(&few), 3);
    assert_true(arrivals_scv(&few) >= 1 && arrivals_scv(&few) <= 1);
}

/* Again and again: the rate stays, each pass has every gap once, and the seed says where it begins. */
static void test_repeated(void **state)
{
    uint64_t one[30], other[30];
    bool differs = false;
    (void)state;
    file_is("short", "1ms\n2ms\n4ms\n");
    struct arrival arrival = parsed("trace:short:gaps");
    draw_all(&arrival, 1, 30, one);
    for (uint64_t seed = 2; seed < 6; seed++) {
        draw_all(&arrival, seed, 30, other);
        differs = differs || memcmp(one, other, sizeof one) != 0;
        assert_memory_equal(one, other, 3 * sizeof *one);
    }
    assert_true(differs);
    assert_true(fabs((double)one[29] - 70e6) <= 5e6);
    for (uint32_t pass = 1; pass < 10; pass++)
        assert_true(one[3 * pass] >= pass * 7000000ull && one[3 * pass] <= pass * 7000000ull + 4000000);
}

/* A log in whole seconds says no more than the second: tasks lie anywhere in it, elsewhere by another seed. */
static void test_ties(void **state)
{
    uint64_t due_ns[6], other[6];
    (void)state;
    file_is("ties", "971211336\n971211336\n971211336\n971211336\n971211337\n971211339\n");
    struct arrival arrival = parsed("trace:ties");
    draw_all(&arrival, 1, 6, due_ns);
    draw_all(&arrival, 2, 6, other);
    assert_true(due_ns[3] < 1000000000 && due_ns[4] >= 1000000000 && due_ns[4] < 2000000000);
    assert_true(due_ns[5] >= 3000000000 && due_ns[5] < 4000000000);
    assert_true(due_ns[0] < due_ns[1] && due_ns[1] < due_ns[2] && due_ns[2] < due_ns[3]);
    assert_memory_not_equal(due_ns, other, sizeof other);
}

static void test_bad_files(void **state)
{
    (void)state;
    refused("trace:nowhere", "nowhere");
    refused("trace:.", "directory");
    file_is("words", "971211336\nhello\n");
    refused("trace:words", "words:2: 'hello' is not a time stamp");
    refused("trace:words:column=2", "words:1: it has no column 2");
    file_is("month", "[10/Okt/2000:13:55:36 -0700]\n[10/Oct/2000:13:55:36 -0700]\n");
    refused("trace:month", "month:1: ");
    file_is("negative", "0.5\n-1\n");
    refused("trace:negative:gaps", "negative:2: '-1' is not a time between tasks");
    file_is("lonely", "971211336\n");
    refused("trace:lonely", "expected two tasks or more");
    file_is("same", "5.0\n5.0\n");
    refused("trace:same", "all at once");
    file_is("huge", "1\n99999999999999999999999\n");
    refused("trace:huge", "huge:2: ");
    refused("trace:words:y", "'y' is no part of a trace, expected trace:FILE");
    refused("trace:words:x0", "'x0' is no speed");
    refused("trace:words:rate=5", "expected none of them");
    refused("trace:words:dispersion=2", "expected none of them");
    refused("trace", "is not burst");
    refused("trace:", "names no file");
}

/* What a run was made with is known by its bytes; a row is read without the file. */
static void test_changed(void **state)
{
    char text[SPEC_MAX], again[SPEC_MAX];
    const struct trace *trace;
    (void)state;
    file_is("kept", "1\n2\n4\n");
    struct arrival arrival = parsed("trace:kept:x0.5:column=1"), row, *field = &row;
    arrival_spelling.spell(&arrival, text);
    assert_non_null(strstr(text, "trace:kept:x0.5:column=1:rate=0.333333:hash="));
    file_is("kept", "1\n2\n5\n");
    assert_int_equal(remove("kept"), 0);
    assert_int_equal(arrival_spelling.parse(text, field, error), 0);
    arrival_spelling.spell(&row, again);
    assert_string_equal(text, again);
    file_is("kept", "1\n2\n5\n");
    row.hash++;
    assert_int_equal(trace_of(&row, &trace, error), -EINVAL);
    assert_non_null(strstr(error, "kept has changed"));
}

static void test_words(void **state)
{
    static const char *const kept[] = {"burst", "rate:40", "rate:40:poisson", "rate:40:on=1s:off=9s",
                                       "rate:0.5:on=1m:off=9m:low=12.5%"};
    char text[SPEC_MAX];
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct arrival arrival = parsed(kept[i]);
        arrival_spelling.spell(&arrival, text);
        assert_string_equal(text, kept[i]);
    }
    refused("rate:40:on=1s", "expected on=DURATION and off=DURATION together");
    refused("rate:40:poisson:on=1s:off=1s", "is not rate:R");
    refused("rate:40:on=1ms:off=2ms", "less than one task while on and off");
    refused("rate:40:on=1s:off=1s:low=100%", "out of range");
    refused("rate:40:bursts", "is not rate:R");
    struct arrival bursts = parsed("rate:40:on=1s:off=9s"), even = parsed("rate:40");
    assert_int_equal(arrivals_tasks_least(&bursts), 4000);
    assert_int_equal(arrivals_tasks_least(&even), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levelled),      cmocka_unit_test(test_plain),     cmocka_unit_test(test_dispersion),
        cmocka_unit_test(test_forms),         cmocka_unit_test(test_repeated),  cmocka_unit_test(test_ties),
        cmocka_unit_test(test_bursty_traces), cmocka_unit_test(test_bad_files), cmocka_unit_test(test_changed),
        cmocka_unit_test(test_words),
    };
    char directory[SCRATCH_MAX];
    if (scratch_directory(directory) || chdir(directory))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return failed ? failed : scratch_remove(directory) != 0;
}
