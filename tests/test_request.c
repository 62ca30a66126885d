/* Requests: the command line and suites become cells; what is wrong is named; the resolved suite asks for the same. */
#include "bench/base/refuse.h"
#include "tests/bad_options.h"
#include "tests/request_line.h"
#include "tests/scratch.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static struct machine machine; /* four cores of two threads, described */
static char directory[SCRATCH_MAX];

static int parse(const char *line, struct request *request, char *error)
{
    return request_of_line(line, &machine, request, error);
}

static void parse_good(const char *line, struct request *request)
{
    char error[ERROR_MAX];
    if (parse(line, request, error))
        fail_msg("'%s': %s", line, error);
}

static void parse_bad(const char *line, const char *expected)
{
    char error[ERROR_MAX];
    struct request request;
    int rc = parse(line, &request, error);
    if (!rc)
        fail_msg("'%s': was accepted", line);
    size_t length = strlen(expected);
    bool is_beginning = length > 3 && !strcmp(expected + length - 3, "...");
    if (is_beginning ? strncmp(error, expected, length - 3) != 0 : strcmp(error, expected) != 0)
        fail_msg("'%s':\n  %s\nexpected:\n  %s", line, error, expected);
    assert_int_equal(rc, -EINVAL);
    assert_null(request.cells.cell);
    assert_null(request.experiments.experiment);
}

static const char *file_write(const char *name, const char *text, size_t length)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void suite_good(const char *text, const char *options_after, struct request *request)
{
    char line[1024];
    snprintf(line, sizeof line, "%s %s", file_write("good.ini", text, strlen(text)), options_after);
    parse_good(line, request);
}

/* The error line without the path of the file it must begin with. */
static void suite_bad(const char *text, size_t length, const char *expected)
{
    char error[ERROR_MAX];
    struct request request;
    const char *path = file_write("bad.ini", text, length);
    assert_int_equal(parse(path, &request, error), -EINVAL);
    assert_memory_equal(error, path, strlen(path));
    assert_string_equal(error + strlen(path), expected);
}
#define SUITE_BAD(text, expected) suite_bad(text, strlen(text), expected)

static void same_cells(const struct cells *a, const struct cells *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        char key[2][CELL_KEY_MAX];
        cell_key(&a->cell[i], 0, key[0]);
        cell_key(&b->cell[i], 0, key[1]);
        assert_string_equal(key[0], key[1]);
        assert_string_equal(a->cell[i].id, b->cell[i].id);
        assert_ptr_equal(a->cell[i].pool, b->cell[i].pool);
        assert_memory_equal(a->cell[i].pool_params, b->cell[i].pool_params, sizeof a->cell[i].pool_params);
        assert_memory_equal(&a->cell[i].faults, &b->cell[i].faults, sizeof a->cell[i].faults);
        assert_true(a->cell[i].f.arrival.rate == b->cell[i].f.arrival.rate);
        assert_int_equal(a->cell[i].place_explicit, b->cell[i].place_explicit);
    }
}

static void defaults(void **state)
{
    (void)state;
    struct request request;
    parse_good("", &request);
    assert_int_equal(request.cells.count, 5);
    static const char *const pools[] = {"serial", "fork", "prefork", "pthread", "hybrid"};
    for (size_t i = 0; i < 5; i++) {
        const struct cell *cell = &request.cells.cell[i];
        assert_string_equal(cell->f.pool, pools[i]);
        assert_string_equal(cell->f.workload, "spin");
        assert_int_equal(cell->f.size_ns, 1000000);
        assert_int_equal(cell->f.tasks, -1);
        assert_int_equal(cell->f.workers, i == 0 ? 1 : machine.cores);
        assert_string_equal(cell->f.place, "cores-first");
        assert_false(cell->place_explicit);
        assert_int_equal(cell->faults.count, 0);
        assert_true(cell->f.timing);
    }
    assert_string_equal(request.cells.cell[4].id, "c005");
    assert_int_equal(request.settings.samples, 200);
    assert_int_equal(request.settings.trial_limit_ns, 60000000000);
    assert_int_equal(request.settings.blocks, 0);
    assert_true(request.settings.seed_given);
    request_release(&request);
}

static void crossing(void **state)
{
    (void)state;
    struct request request;
    /* serial is one cell whatever --workers says, empty whatever --size says; doubles are made once */
    parse_good("--pool serial,pthread --pool=pthread --workload spin,empty --size 10us,1ms,1000us --workers 1..6",
               &request);
    /* spin: 2 sizes x (serial + pthread x {1,2,4,6}); empty: serial + pthread x 4 */
    assert_int_equal(request.cells.count, 2 * 5 + 5);
    unsigned six = 0;
    for (size_t i = 0; i < request.cells.count; i++) {
        const struct cell *cell = &request.cells.cell[i];
        if (!strcmp(cell->f.workload, "empty"))
            assert_int_equal(cell->f.size_ns, 0);
        if (!strcmp(cell->f.pool, "serial"))
            assert_int_equal(cell->f.workers, 1);
        six += cell->f.workers == 6;
        assert_int_equal(cell->number, i);
    }
    assert_int_equal(six, 3);
    request_release(&request);
    parse_good("--pool hybrid:processes=2/4:threads=1/8 --workers cores,2xpus", &request);
    /* both numbers are given, so --workers makes no further cells */
    assert_int_equal(request.cells.count, 4);
    assert_string_equal(request.cells.cell[1].f.pool, "hybrid:processes=2:threads=8");
    assert_int_equal(request.cells.cell[1].f.workers, 10);
    request_release(&request);
    parse_good("--pool hybrid,pthread --workers 1,4 --workload spin,mixed", &request);
    assert_int_equal(request.cells.count, 7);
    assert_int_equal(request.left_out.count, 1);
    assert_string_equal(request.left_out.word[0], "hybrid with --workers 1: too few for tasks of mixed");
    for (size_t i = 0; i < request.cells.count; i++)
        assert_true(request.cells.cell[i].f.workers == 1 || request.cells.cell[i].f.workers == 4);
    request_release(&request);
    parse_bad("--pool hybrid --workers 1 --workload mixed",
              "--pool: hybrid with --workers 1: too few for tasks of mixed");
}

static void values(void **state)
{
    (void)state;
    struct request request;
    char text[SPEC_MAX];
    parse_good(
        "--pool pthread --arrival rate:10k:poisson --payload 1MiB:64KiB --ballast 512MiB:write=10%:thp --tasks 1e6 "
        "--faults error:task=7 --collect ordered --timing trial --samples all --budget 1m --blocks 9 --seed "
        "18446744073709551615 --size-dist lognormal:sigma=1.5 --place 0+2-3 --place-main 1 --trial-limit 5s",
        &request);
    assert_int_equal(request.cells.count, 1);
    const struct cell *cell = request.cells.cell;
    assert_int_equal(cell->f.arrival.kind, ARRIVAL_RATE);
    assert_true(cell->f.arrival.rate == 10000 && cell->f.arrival.process == PROCESS_POISSON);
    assert_string_equal(factor_text(&options[OPTION_ARRIVAL], &cell->f, text), "rate:10000:poisson");
    assert_int_equal(cell->f.payload.in, 1 << 20);
    assert_int_equal(cell->f.payload.out, 65536);
    assert_int_equal(cell->f.ballast.bytes, 512 << 20);
    assert_true(cell->f.ballast.thp);
    assert_int_equal(cell->f.ballast.write_ppm, 100000);
    assert_string_equal(factor_text(&options[OPTION_BALLAST], &cell->f, text), "512MiB:thp:write=10%");
    assert_int_equal(cell->f.tasks, 1000000);
    assert_int_equal(cell->faults.fault[0].task, 7);
    assert_string_equal(cell->f.faults, "error:task=7");
    assert_int_equal(cell->f.collect, COLLECT_ORDERED);
    assert_false(cell->f.timing);
    assert_int_equal(cell->dist, DIST_LOGNORMAL);
    assert_string_equal(cell->f.size_dist, "lognormal:sigma=1.5");
    assert_string_equal(cell->f.place, "0+2-3");
    assert_true(cell->place_explicit);
    assert_string_equal(cell->place_main, "1");
    assert_int_equal(request.settings.samples, SAMPLES_ALL);
    assert_int_equal(request.settings.budget_ns, 60000000000);
    assert_int_equal(request.settings.blocks, 9);
    assert_true(request.settings.seed == UINT64_MAX);
    assert_int_equal(request.settings.trial_limit_ns, 5000000000);
    request_release(&request);
}

static void options_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_options / sizeof *bad_options; i++) {
        struct request request;
        if (bad_options[i][1]) {
            parse_bad(bad_options[i][0], bad_options[i][1]);
            continue;
        }
        parse_good(bad_options[i][0], &request);
        request_release(&request);
    }
    parse_bad("--pool pthread --workers 1..64,1..60,1..50,1..40 --tasks 1..2", "--tasks: '1..2' is not a whole number");
}

/* A label in front of a pool: the same pool under two of them makes two cells. */
static void labels(void **state)
{
    (void)state;
    struct request request;
    char label[64];
    parse_good("--pool old=pthread:wait=block,new=pthread,pthread", &request);
    assert_int_equal(request.cells.count, 3);
    assert_string_equal(request.cells.cell[0].f.pool, "old=pthread:wait=block");
    assert_string_equal(request.cells.cell[1].f.pool, "new=pthread");
    assert_string_equal(request.cells.cell[0].pool->name, "pthread");
    assert_memory_equal(request.cells.cell[1].pool_params, request.cells.cell[2].pool_params,
                        sizeof request.cells.cell[1].pool_params);
    cell_label(&request.cells.cell[0], label, sizeof label);
    assert_string_equal(label, "old spin 1ms, 4 workers");
    request_release(&request);
    parse_bad("--pool=a=pthread:wait=adaptive,a=pthread,b=pthread",
              "--pool: 'a=pthread' is there twice, which would be one cell; two labels make two");
    parse_bad("--pool a=pthread,a=fork", "--pool: the label 'a' stands for two pools, pthread and fork");
    parse_bad("--pool a=pthread:wait=block/spin",
              "--pool: the label 'a' stands for two pools, pthread:wait=block and pthread:wait=spin");
    parse_bad("--pool old=pthred", "--pool: no pool is called 'pthred'; did you mean 'pthread'?");
    parse_bad("--pool fork=pthread", "--pool: 'fork' is the name of a pool, expected another word as a label");
    parse_bad("--pool =pthread", "--pool: '' is no label, expected 1 .. 20 letters, digits, - _ . before the =");
    parse_bad("--pool a/b=pthread", "--pool: 'a/b' is no label, expected 1 .. 20 letters, digits, - _ . before the =");
    parse_bad("--pool old=", "--pool: no pool is called ''; expected serial...");
    suite_good("[experiment x]\npool = a=pthread\n[experiment y]\npool = a=pthread, b=fork\nworkers=2\n", "", &request);
    assert_int_equal(request.cells.count, 3);
    request_release(&request);
    char error[ERROR_MAX];
    static const char text[] = "[experiment x]\npool = a=pthread\n[experiment y]\npool = a=fork\n";
    assert_int_equal(parse(file_write("bad.ini", text, strlen(text)), &request, error), -EINVAL);
    assert_string_equal(error, "--pool: the label 'a' stands for two pools, pthread and fork");
}

/* Run once, it stands in all that ask for it. */
static void a_cell_that_experiments_share(void **state)
{
    (void)state;
    static const char text[] = "pool = pthread\nsize = 1ms\n[experiment cpu]\nworkers = 2\n"
                               "[experiment scaling]\nworkers = 1, 2, 4\n[experiment again]\nworkers = 2, 2\n";
    struct request request;
    suite_good(text, "", &request);
    assert_int_equal(request.cells.count, 3);
    assert_string_equal(request.cells.cell[0].experiment, "cpu");
    assert_string_equal(request.cells.cell[0].experiments, "cpu;scaling;again");
    assert_string_equal(request.cells.cell[1].experiments, "scaling");
    request_release(&request);
    SUITE_BAD("[experiment a;b]\npool = fork\n", ":1: the name has a semicolon, which stands between names in files");
}

static void suite_layers(void **state)
{
    (void)state;
    static const char text[] = "# what for\n"
                               "blocks = 10   ; a setting\n"
                               "seed = 7\n"
                               "size = 10us, 20us\n"
                               "\n"
                               "[experiment one]\n"
                               "pool = serial\n"
                               "  fork , pthread\n"
                               "[experiment two]\n"
                               "pool = pthread\n"
                               "size = 5ms\n";
    struct request request;
    suite_good(text, "", &request);
    assert_int_equal(request.settings.blocks, 10);
    assert_true(request.settings.seed == 7);
    assert_int_equal(request.cells.count, 3 * 2 + 1);
    assert_string_equal(request.cells.cell[0].experiment, "one");
    assert_string_equal(request.cells.cell[6].experiment, "two");
    assert_string_equal(request.cells.cell[6].id, "c007");
    assert_int_equal(request.cells.cell[6].f.size_ns, 5000000);
    request_release(&request);
    /* the command line replaces, in every experiment and whatever its place in argv */
    suite_good(text, "--size 1ms --blocks 3 --seed 8", &request);
    assert_int_equal(request.settings.blocks, 3);
    assert_true(request.settings.seed == 8);
    assert_int_equal(request.cells.count, 3); /* what the second asks for is a cell of the first by now */
    for (size_t i = 0; i < request.cells.count; i++)
        assert_int_equal(request.cells.cell[i].f.size_ns, 1000000);
    request_release(&request);
}

static void bad_suites(void **state)
{
    (void)state;
    SUITE_BAD("", ": empty, expected [experiment NAME] sections with KEY = VALUE lines");
    SUITE_BAD("\n  \n", ": empty, expected [experiment NAME] sections with KEY = VALUE lines");
    suite_bad("pool = serial\n\0\1\2", 17, ": a binary file, expected a suite (an INI file)");
    SUITE_BAD("pool = serial\nfoo\n", ":2: a line without '=', expected KEY = VALUE");
    SUITE_BAD("pool: serial\n", ":1: a line without '=', expected KEY = VALUE");
    SUITE_BAD("\n# c\npol = serial\n", ":3: there is no option 'pol'; did you mean 'pool'?");
    SUITE_BAD("pool = seriel\n", ":1: pool: no pool is called 'seriel'; did you mean 'serial'?");
    SUITE_BAD("pool =\n", ":1: pool: an empty value, expected [LABEL=]POOL[:key=value...]");
    SUITE_BAD("pool = serial\n  frok\n", ":2: pool: no pool is called 'frok'; did you mean 'fork'?");
    SUITE_BAD("blocks = no\n", ":1: blocks: 'no' is not a whole number");
    SUITE_BAD("out = x\n", ":1: out belongs on the command line: --out");
    SUITE_BAD("[experiment a]\nblocks = 3\n",
              ":2: blocks is a setting of the whole run, expected above the first section");
    SUITE_BAD("[run]\n", ":1: '[run]' is no section, expected [experiment NAME]");
    SUITE_BAD("[experiment ]\n", ":1: '[experiment ]' is no section, expected [experiment NAME]");
    SUITE_BAD("[experiment a\n", ":1: '[experiment a' is no section, expected [experiment NAME]");
    SUITE_BAD("[experiment a]\npool = fork\n[experiment b]\n[experiment a]\n",
              ":4: there is an experiment 'a' already");
    char text[512], line[512], error[ERROR_MAX];
    struct request request;
    snprintf(text, sizeof text, "pool = %0300d\n", 1);
    SUITE_BAD(text, ":1: longer than 198 letters; values may go on in the next line, indented");
    assert_int_equal(parse(directory, &request, error), -EINVAL);
    snprintf(line, sizeof line, "%s: is a directory, expected a suite (an INI file)", directory);
    assert_string_equal(error, line);
}

static void round_trip(const char *line)
{
    char path[256], error[ERROR_MAX], again[300];
    struct request first, second, third;
    parse_good(line, &first);
    snprintf(path, sizeof path, "%s/resolved.ini", directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(request_write_suite(file, &first), 0);
    assert_int_equal(fclose(file), 0);
    if (parse(path, &second, error))
        fail_msg("%s", error);
    same_cells(&first.cells, &second.cells);
    assert_true(first.settings.seed == second.settings.seed);
    assert_int_equal(first.settings.blocks, second.settings.blocks);
    assert_int_equal(first.settings.budget_ns, second.settings.budget_ns);
    assert_int_equal(first.settings.samples, second.settings.samples);
    assert_int_equal(first.settings.trial_limit_ns, second.settings.trial_limit_ns);
    snprintf(again, sizeof again, "%s --blocks 77", path);
    parse_good(again, &third);
    assert_int_equal(third.settings.blocks, 77);
    same_cells(&first.cells, &third.cells);
    request_release(&first);
    request_release(&second);
    request_release(&third);
}

static void resolved(void **state)
{
    (void)state;
    round_trip("");
    round_trip("--samples none --budget 90s --seed 0xffffffffffffffff --place compact,?compact,auto");
    round_trip("--pool hybrid:processes=2/4:threads=1/8,serial --workers 1..6 --size 1500ns "
               "--arrival burst,rate:0.1:poisson,rate:33333.3 --faults "
               "none,error:task=0,error:rate=1%,segv:rate=0.5%+hang:task=3:rate=1%+kill:task=4 "
               "--ballast 0,1GiB:write=3% --payload 0:0,1000:7 --timing trial --collect ordered "
               "--size-dist fixed,lognormal:sigma=2 --workload spin,empty,memory:bytes=1MiB/2MiB --blocks 5");
    char line[300];
    static const char text[] = "seed=3\n[experiment a b]\npool=serial,fork\n[experiment c]\nsize=2us\n";
    snprintf(line, sizeof line, "%s --size 3us,4us", file_write("two.ini", text, strlen(text)));
    round_trip(line);
    round_trip("--pool old=pthread:wait=block,new=pthread,pthread,third=hybrid:processes=2:threads=1,fork,prefork");
    round_trip("scripts/suites/quick.ini");
    round_trip("scripts/suites/full.ini");
}

static int setup(void **state)
{
    char error[ERROR_MAX];
    (void)state;
    return machine_open(&machine, "synthetic:core:4 pu:2", error) ? -1 : scratch_directory(directory);
}

static int teardown(void **state)
{
    (void)state;
    static const char *const files[] = {"good.ini", "bad.ini", "resolved.ini", "two.ini"};
    machine_close(&machine);
    char path[256];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, files[i]);
        unlink(path);
    }
    return rmdir(directory);
}

/* What is to be spread, and has nothing to spread over. */
static void places(void **state)
{
    static const struct {
        const char *machine, *words;
        size_t cells;
        const char *left_out;
    } cases[] = {
        {"synthetic:core:2 pu:2", "--workers 2 --place ?cores-first,?compact", 2, NULL},
        {"synthetic:core:2 pu:2", "--workers 4 --place ?cores-first,?compact", 1,
         "place compact: with 4 workers it is cores-first here"},
        {"synthetic:core:2 pu:1", "--workers 2 --place ?cores-first,?compact", 1,
         "place compact: with 2 workers it is cores-first here"},
        {"synthetic:core:1 pu:2", "--workers 1 --place none,?cores-first,?compact", 2,
         "place compact: with 1 worker it is cores-first here"},
        {"synthetic:core:2 pu:1", "--workers 2 --place cores-first,compact", 2, NULL}, /* asked for */
        {"synthetic:core:2 pu:2", "--workers 2,4 --place ?compact,?cores-first,scatter", 5,
         "place cores-first: with 4 workers it is compact here"},
        {"synthetic:core:2 pu:2", "--workers 2 --place ?fast,smt", 1,
         "place fast: all cores are of one kind on that machine"},
        {"synthetic:l3:2 core:2 pu:1", "--workers 2 --place none,?l3,?kind:0", 2,
         "place kind:0: hwloc tells no kinds of core on that machine"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct machine described;
        struct request request;
        char line[256], error[ERROR_MAX];
        assert_int_equal(machine_open(&described, cases[i].machine, error), 0);
        snprintf(line, sizeof line, "--pool pthread --workload spin %s", cases[i].words);
        if (request_of_line(line, &described, &request, error))
            fail_msg("'%s': %s", line, error);
        assert_int_equal(request.cells.count, cases[i].cells);
        assert_int_equal(request.left_out.count, cases[i].left_out ? 1 : 0);
        if (cases[i].left_out)
            assert_string_equal(request.left_out.word[0], cases[i].left_out);
        request_release(&request);
        machine_close(&described);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(crossing),
        cmocka_unit_test(places),
        cmocka_unit_test(values),
        cmocka_unit_test(options_are_refused),
        cmocka_unit_test(a_cell_that_experiments_share),
        cmocka_unit_test(suite_layers),
        cmocka_unit_test(bad_suites),
        cmocka_unit_test(resolved),
        cmocka_unit_test(labels),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
