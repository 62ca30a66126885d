/* Damage to one file of a run, over all who read it in one process (tests/seen.h): what they say is what they said of
 * the run as it was, or an error, or stands beside a line about that file; never another number in silence. ALL=1:
 * 2,000 a file; FILE=metg.csv: of that one alone. `test_damage_read RUN FILE NUMBER` shows one; `test_damage_read
 * damage FILE OTHER NUMBER` prints one of FILE. */
#include "tests/damage.h"
#include "tests/main.h"
#include "tests/remade.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include "tests/seen.h"
#include "workloads/mix.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

enum { ALL_OF_THEM = 2000, SOME = 2 * DAMAGES, SHOWN = 5 };

/* A file, and the runs whose file is damaged: the second one's stands in the place of the first one's, too. */
static const struct {
    const char *file, *run, *other;
} files[] = {
    {"trials.csv", "failures", "sleep"},      {"latency.csv", "failures", "arrivals"},
    {"samples.csv", "failures", "sleep"},     {"plan.csv", "failures", "places"},
    {"trials.csv", "arrivals", "faults"},     {"suite.ini", "failures", "places"},
    {"host.json", "failures", "arrivals"},    {"metg.csv", "metg", "metg"},
    {"capacity.csv", "capacity", "capacity"}, {"crossover.csv", "crossover", "crossover"},
    {"trials.csv", "metg", "sizes"},
};
enum { FILES = sizeof files / sizeof *files };

static char scratch[SCRATCH_MAX], error[ERROR_MAX];

static const char *path_of(const char *run, const char *file)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s%s%s", scratch, run, *file ? "/" : "", file);
    return path;
}

/* Made where it is not there yet. */
static void run_make(const char *run)
{
    char from[PATH_MAX];
    struct bytes there = bytes_read(path_of(run, "trials.csv"));
    snprintf(from, sizeof from, "tests/recorded/%s", run);
    if (!there.data && remade_run(from, path_of(run, ""), NULL, NULL, error))
        fail_msg("%s", error);
    free(there.data);
}

static int setup(void **state)
{
    (void)state;
    return scratch_directory(scratch);
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove(scratch);
}

/* One file that is damaged, and what is said of its run. */
struct victim {
    const char *run, *file;
    struct bytes bytes, other;
    struct cells cells;
    struct seen before;
    size_t same, refused, told, silent, unnamed;
};

static void victim_open(struct victim *victim, size_t number)
{
    *victim = (struct victim){.run = files[number].run, .file = files[number].file};
    run_make(files[number].run);
    run_make(files[number].other);
    victim->bytes = bytes_read(path_of(victim->run, victim->file));
    victim->other = bytes_read(path_of(files[number].other, victim->file));
    assert_non_null(victim->bytes.data);
    victim->cells = seen_cells(path_of(victim->run, ""));
    run_see(path_of(victim->run, ""), &victim->cells, &victim->before);
    seen_release(&victim->before); /* then summary and reports are there */
    run_see(path_of(victim->run, ""), &victim->cells, &victim->before);
}

static void victim_close(struct victim *victim)
{
    seen_release(&victim->before);
    free(victim->bytes.data);
    free(victim->other.data);
    free(victim->cells.cell);
}

static struct bytes victim_damaged(const struct victim *victim, uint64_t number)
{
    uint64_t seed = mix64(sample_seed(), number);
    for (const char *at = victim->file; *at; at++)
        seed = mix64(seed, (unsigned char)*at);
    struct draws draws = {.seed = seed};
    return damaged(&victim->bytes, &victim->other, (enum damage)(number % DAMAGES), &draws);
}

/* The first line that differs. */
static void difference_show(const char *was, const char *is)
{
    size_t from = 0;
    for (size_t i = 0; was[i] && was[i] == is[i]; i++)
        from = was[i] == '\n' ? i + 1 : from;
    printf("  - %.*s\n  + %.*s\n", (int)strcspn(was + from, "\n"), was + from, (int)strcspn(is + from, "\n"),
           is + from);
}

static void silence_show(const struct victim *victim, const struct seen *now, uint64_t number, const char *name)
{
    printf("\nsilent: %s of %s, number %llu, %s: %s\n", victim->file, victim->run, (unsigned long long)number,
           damage_word((enum damage)(number % DAMAGES)), name);
    for (size_t i = 0; i < victim->before.count; i++)
        for (size_t k = 0; k < now->count; k++)
            if (!strcmp(victim->before.part[i].name, name) && !strcmp(now->part[k].name, name))
                difference_show(victim->before.part[i].text, now->part[k].text);
}

/* A line about what is wrong names a file of the run. */
static bool is_named(const struct seen *now)
{
    for (size_t i = 0; i < now->count; i++)
        if (!*now->part[i].text && now->part[i].refused[0] && !strstr(now->part[i].refused, ".csv") &&
            !strstr(now->part[i].refused, ".ini") && !strstr(now->part[i].refused, ".json"))
            return false;
    return true;
}

/* What is not known is printed as if it were a number. */
static const char *has_missing(const struct seen *now)
{
    for (size_t i = 0; i < now->count; i++)
        if (strstr(now->part[i].text, "9223372036854775808"))
            return now->part[i].name;
    return NULL;
}

static bool is_same(const struct seen *a, const struct seen *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; i < a->count && same; i++)
        same = !strcmp(a->part[i].text, b->part[i].text);
    return same;
}

static bool is_refused(const struct seen *now)
{
    bool refused = false;
    for (size_t i = 0; i < now->count; i++)
        refused = refused || (now->part[i].refused[0] && !*now->part[i].text);
    return refused;
}

static void one_damage(struct victim *victim, uint64_t number)
{
    struct seen now;
    struct bytes made = victim_damaged(victim, number);
    assert_int_equal(bytes_write(path_of(victim->run, victim->file), &made), 0);
    run_see(path_of(victim->run, ""), &victim->cells, &now);
    const char *missing = has_missing(&now);
    const char *silent = missing ? missing : seen_silent(&victim->before, &now, victim->file);
    if (silent && victim->silent++ < SHOWN)
        silence_show(victim, &now, number, silent);
    else if (!silent && is_same(&victim->before, &now))
        victim->same++;
    else if (!silent && is_refused(&now))
        victim->refused++;
    else if (!silent)
        victim->told++;
    if (!is_named(&now) && victim->unnamed++ < SHOWN)
        for (size_t i = 0; i < now.count; i++)
            if (now.part[i].refused[0] && !*now.part[i].text)
                printf("\n%s of %s, number %llu, refused without a name: %s: %s\n", victim->file, victim->run,
                       (unsigned long long)number, now.part[i].name, now.part[i].refused);
    seen_release(&now);
    free(made.data);
}

static void damage_is_never_silent(void **state)
{
    size_t silent = 0;
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        struct victim victim;
        const char *only = getenv("FILE");
        if (only && *only && strcmp(only, files[i].file) != 0)
            continue;
        victim_open(&victim, i);
        const uint64_t count = sample_all() ? ALL_OF_THEM : SOME;
        for (uint64_t number = 0; number < count; number++) {
            test_progress();
            one_damage(&victim, number);
        }
        assert_int_equal(bytes_write(path_of(victim.run, victim.file), &victim.bytes), 0);
        printf("\n%s of %s: %llu tried, %zu the same, %zu refused, %zu told, %zu silent; %zu without a name\n",
               victim.file, victim.run, (unsigned long long)count, victim.same, victim.refused, victim.told,
               victim.silent, victim.unnamed);
        silent += victim.silent + victim.unnamed;
        victim_close(&victim);
    }
    assert_int_equal(silent, 0);
}

/* For whoever mends it: RUN FILE NUMBER. */
static int show(char **words)
{
    struct victim victim;
    setup(NULL);
    for (size_t i = 0; i < FILES; i++)
        if (!strcmp(files[i].run, words[0]) && !strcmp(files[i].file, words[1])) {
            victim_open(&victim, i);
            one_damage(&victim, strtoull(words[2], NULL, 10));
            printf("%s has the damaged run\n", scratch);
        }
    return 0;
}

/* For the shell: FILE OTHER NUMBER, on standard output. */
static int damage_print(char **words)
{
    struct bytes file = bytes_read(words[0]), other = bytes_read(words[1]);
    uint64_t number = strtoull(words[2], NULL, 10);
    struct draws draws = {.seed = mix64(sample_seed(), number)};
    if (!file.data)
        return 2;
    struct bytes made = damaged(&file, &other, (enum damage)(number % DAMAGES), &draws);
    fwrite(made.data, 1, made.size, stdout);
    return fflush(stdout) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(damage_is_never_silent, setup, teardown)};
    if (test_words[0] && !strcmp(test_words[0], "damage"))
        return damage_print(test_words + 1);
    return test_words[0] && test_words[1] && test_words[2] ? show(test_words)
                                                           : cmocka_run_group_tests(tests, NULL, NULL);
}
