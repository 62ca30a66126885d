/* Numbers with units: what parses, to what, what does not, and that spellings read back. */
#include "bench/base/nearest.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/cell.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

struct case_of {
    const char *text;
    int rc;
    int64_t value;
};

typedef int parser(const char *text, int64_t *value);

static void check(parser *parse, const struct case_of *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = -77;
        int rc = parse(cases[i].text, &value);
        if (rc != cases[i].rc || (!rc && value != cases[i].value))
            fail_msg("'%s': got %d and %lld, expected %d and %lld", cases[i].text, rc, (long long)value, cases[i].rc,
                     (long long)cases[i].value);
        if (rc)
            assert_int_equal(value, -77); /* untouched */
    }
}
#define CHECK(parse, cases) check(parse, cases, sizeof(cases) / sizeof *(cases))

static void counts(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"0", 0, 0},
        {"1000", 0, 1000},
        {"10k", 0, 10000},
        {"5M", 0, 5000000},
        {"2G", 0, 2000000000},
        {"1e6", 0, 1000000},
        {"1_000_000", 0, 1000000},
        {"1.5k", 0, 1500},
        {"9223372036854775807", 0, INT64_MAX},
        {"9223372036854775808", -ERANGE, 0},
        {"1e19", -ERANGE, 0},
        {"1e999999999", -ERANGE, 0},
        {"99999999999999999999999999999999999999999999", -ERANGE, 0},
        {"-1", -ERANGE, 0},
        {"", -EINVAL, 0},
        {"-", -EINVAL, 0},
        {"k", -EINVAL, 0},
        {"1.5", -EINVAL, 0},
        {"1.", -EINVAL, 0},
        {".5k", -EINVAL, 0},
        {"1..2", -EINVAL, 0},
        {"_1", -EINVAL, 0},
        {"1_", -EINVAL, 0},
        {"1 000", -EINVAL, 0},
        {"10 ", -EINVAL, 0},
        {" 10", -EINVAL, 0},
        {"0x10", -EINVAL, 0},
        {"10ms", -EINVAL, 0},
        {"10KiB", -EINVAL, 0},
        {"1e", -EINVAL, 0},
        {"+1", -EINVAL, 0},
        {"nan", -EINVAL, 0},
    };
    CHECK(parse_count, cases);
}

static void bytes(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"4096", 0, 4096},
        {"64KiB", 0, 65536},
        {"32MiB", 0, 32 << 20},
        {"1GiB", 0, 1ll << 30},
        {"1.5KiB", 0, 1536},
        {"10kB", 0, 10000},
        {"1MB", 0, 1000000},
        {"7B", 0, 7},
        {"0", 0, 0},
        {"8388607TiB", 0, 8388607ll << 40},
        {"8388608TiB", -ERANGE, 0},
        {"64K", -EINVAL, 0},
        {"64kib", -EINVAL, 0},
        {"5ms", -EINVAL, 0},
        {"0.3KiB", -EINVAL, 0},
        {"-4KiB", -ERANGE, 0},
        {"KiB", -EINVAL, 0},
    };
    CHECK(parse_bytes, cases);
}

static void durations(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"200us", 0, 200000},
        {"5ms", 0, 5000000},
        {"1.5s", 0, 1500000000},
        {"0.1ms", 0, 100000},
        {"2m", 0, 120000000000},
        {"1h", 0, 3600000000000},
        {"7ns", 0, 7},
        {"0", 0, 0},
        {"0s", 0, 0},
        {"2562047h", 0, 2562047 * 3600000000000},
        {"2562048h", -ERANGE, 0},
        {"0.5ns", -EINVAL, 0},
        {"10", -EINVAL, 0},
        {"10KiB", -EINVAL, 0},
        {"10sec", -EINVAL, 0},
        {"1m30s", -EINVAL, 0},
        {"-1s", -ERANGE, 0},
        {"s", -EINVAL, 0},
    };
    CHECK(parse_duration, cases);
}

static void shares(void **state)
{
    (void)state;
    static const struct case_of cases[] = {
        {"10%", 0, 100000},  {"0.1", 0, 100000},  {"100%", 0, 1000000}, {"1", 0, 1000000},
        {"0.0001%", 0, 1},   {"1.5", 0, 1500000}, {"0", 0, 0},          {"0.00001%", -EINVAL, 0},
        {"ten", -EINVAL, 0}, {"-5%", -ERANGE, 0}, {"5%%", -EINVAL, 0},  {"10ms", -EINVAL, 0},
    };
    CHECK(parse_share, cases);
}

static void rates(void **state)
{
    (void)state;
    double rate = 0;
    assert_int_equal(parse_rate("5000", &rate), 0);
    assert_true(rate == 5000);
    assert_int_equal(parse_rate("10k", &rate), 0);
    assert_true(rate == 10000);
    assert_int_equal(parse_rate("0.5", &rate), 0);
    assert_true(rate == 0.5);
    assert_int_equal(parse_rate("1e-3", &rate), 0);
    assert_true(fabs(rate - 0.001) < 1e-15);
    assert_int_equal(parse_rate("1e+06", &rate), 0);
    assert_true(rate == 1e6);
    for (int i = 1; i < 1000;
         i++) { /* with as many digits as tell it from its neighbours, a rate reads back the same */
        char text[64];
        snprintf(text, sizeof text, "%.17g", i / 7.0);
        assert_int_equal(parse_rate(text, &rate), 0);
        assert_true(rate == i / 7.0);
    }
    assert_int_equal(parse_rate("90.1", &rate), 0);
    assert_true(rate == 90.1);
    assert_int_equal(parse_rate("fast", &rate), -EINVAL);
    assert_int_equal(parse_rate("-1", &rate), -EINVAL);
    assert_int_equal(parse_rate("10ms", &rate), -EINVAL);
    assert_int_equal(parse_rate("inf", &rate), -EINVAL);
}

/* Spellings: the expected one, and any one reads back. */
static void spellings(void **state)
{
    (void)state;
    char text[64];
    assert_string_equal(spell_duration(text, sizeof text, 200000), "200us");
    assert_string_equal(spell_duration(text, sizeof text, 1500000), "1.5ms");
    assert_string_equal(spell_duration(text, sizeof text, 60000000000), "1m");
    assert_string_equal(spell_duration(text, sizeof text, 1), "1ns");
    assert_string_equal(spell_duration(text, sizeof text, 0), "0");
    assert_string_equal(spell_bytes(text, sizeof text, 32 << 20), "32MiB");
    assert_string_equal(spell_bytes(text, sizeof text, 4096), "4KiB");
    assert_string_equal(spell_bytes(text, sizeof text, 1000000), "1MB");
    assert_string_equal(spell_bytes(text, sizeof text, 7), "7");
    assert_string_equal(spell_share(text, sizeof text, 100000), "10%");
    assert_string_equal(spell_share(text, sizeof text, 1500000), "1.5");
    assert_string_equal(spell_share(text, sizeof text, 1), "0.0001%");
    uint64_t draw = 1;
    for (int i = 0; i < 2000; i++) {
        int64_t value, again;
        draw = draw * 6364136223846793005u + 1442695040888963407u;
        value = (int64_t)(draw >> 1) >> (i % 60);
        assert_int_equal(parse_duration(spell_duration(text, sizeof text, value), &again), 0);
        assert_int_equal(again, value);
        assert_int_equal(parse_bytes(spell_bytes(text, sizeof text, value), &again), 0);
        assert_int_equal(again, value);
        assert_int_equal(parse_share(spell_share(text, sizeof text, value), &again), 0);
        assert_int_equal(again, value);
    }
}

static void screen(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(format_duration(text, sizeof text, 1500000), "1.50 ms");
    assert_string_equal(format_duration(text, sizeof text, 999), "999 ns");
    assert_string_equal(format_duration(text, sizeof text, 999999), "1.00 ms"); /* never "1000 us" */
    assert_string_equal(format_duration(text, sizeof text, 99.96e3), "100 us");
    assert_string_equal(format_duration(text, sizeof text, 12.34), "12.3 ns");
    assert_string_equal(format_duration(text, sizeof text, 0), "0 ns");
    assert_string_equal(format_duration(text, sizeof text, NAN), "-");
    assert_string_equal(format_bytes(text, sizeof text, 32 << 20), "32 MiB");
    assert_string_equal(format_bytes(text, sizeof text, 1536), "1.50 KiB");
}

static const struct param params[] = {
    {.name = "threads", .kind = PARAM_COUNT, .preset = "", .min = 1, .max = 64, .help = ""},
    {.name = "bytes", .kind = PARAM_BYTES, .preset = "32MiB", .min = 64, .max = 1ll << 30, .help = ""},
    {.name = "sync", .kind = PARAM_CHOICE, .preset = "none", .choices = "none|atomic|mutex", .help = ""},
    {.name = "line", .kind = PARAM_TEXT, .preset = "nil", .help = ""},
    {0},
};

static void specs(void **state)
{
    (void)state;
    char error[ERROR_MAX], text[SPEC_MAX];
    struct spec spec = {.name = "thing", .params = params};
    assert_int_equal(spec_parse("thing", &spec, error), 0);
    assert_int_equal(spec.values[0], 0);
    assert_int_equal(spec.values[1], 32 << 20);
    spec_spell(&spec, text);
    assert_string_equal(text, "thing");
    assert_int_equal(spec_parse("thing:sync=mutex:bytes=33554432:threads=3", &spec, error), 0);
    assert_int_equal(spec.values[0], 3);
    assert_int_equal(spec.values[2], 2);
    spec_spell(&spec, text); /* in the table's order, defaults left out */
    assert_string_equal(text, "thing:threads=3:sync=mutex");
    assert_string_equal(spec_option("thing:threads=3:line='a:line=b ''c''':bytes=1MiB", "line", text), "a:line=b 'c'");
    assert_string_equal(spec_option("thing:threads=3:line=a", "threads", text), "3");
    assert_string_equal(spec_option("thing:lines=a:line=", "line", text), "");
    assert_string_equal(spec_option("thing:lines=a", "thing", text), "");
    static const char *const bad[][2] = {
        {"thing:treads=3", "thing has no option 'treads'; did you mean 'threads'?"},
        {"thing:threads", "thing: 'threads' is not key=value"},
        {"thing:threads=0", "thing: threads: '0' is out of range, expected 1 .. 64"},
        {"thing:threads=", "thing: threads: '' is not a whole number"},
        {"thing:threads=1:threads=2", "thing: threads is given twice"},
        {"thing:sync=atomc", "thing: sync: 'atomc' is not one of none|atomic|mutex; did you mean 'atomic'?"},
        {"thing:bytes=2GiB", "thing: bytes: '2GiB' is out of range, expected 64 .. 1GiB"},
        {"thing:bytes=5ms", "thing: bytes: '5ms' is not bytes such as 64KiB or 32MiB"},
        {"thing:", "thing: '' is not key=value"},
        {"thing:line='a",
         "thing: line: 'a is not one text between quotes, expected 'text', a quote in it written as ''"},
        {"thing:line='a'b",
         "thing: line: 'a'b is not one text between quotes, expected 'text', a quote in it written as ''"},
        {"thing:line='a''",
         "thing: line: 'a'' is not one text between quotes, expected 'text', a quote in it written as ''"},
        {"thing:line=a\tb", "thing: line: a text cannot have control characters such as new lines"},
        {"thing:line='a ; b'",
         "thing: line: ' ;' would begin a comment in a suite, expected no blank before the semicolon"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(spec_parse(bad[i][0], &spec, error), -EINVAL);
        assert_string_equal(error, bad[i][1]);
    }
}

static void alternatives(void **state)
{
    (void)state;
    char error[ERROR_MAX];
    struct words specs_of = {0};
    assert_int_equal(spec_expand("hybrid:processes=2/4:threads=1/8", NULL, &specs_of, error), 0);
    assert_int_equal(specs_of.count, 4);
    assert_string_equal(specs_of.word[0], "hybrid:processes=2:threads=1");
    assert_string_equal(specs_of.word[1], "hybrid:processes=2:threads=8");
    assert_string_equal(specs_of.word[2], "hybrid:processes=4:threads=1");
    assert_string_equal(specs_of.word[3], "hybrid:processes=4:threads=8");
    words_release(&specs_of);
    char many[512] = "x";
    for (int i = 0; i < 11; i++)
        strcat(many, ":k=1/2");
    assert_int_equal(spec_expand(many, NULL, &specs_of, error), -EINVAL); /* 2048 of them */
    assert_int_equal(specs_of.count, 0);
}

/* Texts, from what was written to what is meant and to how it is spelled. */
static void texts(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"thing:line=plain", "plain", "thing:line=plain"},
        {"thing:line=/a/b", "/a/b", "thing:line=/a/b"},
        {"thing:line='plain'", "plain", "thing:line=plain"},
        {"thing:line='a:b/c, d=e'", "a:b/c, d=e", "thing:line='a:b/c, d=e'"},
        {"thing:line='it''s \"x\"'", "it's \"x\"", "thing:line='it''s \"x\"'"},
        {"thing:line=it's", "it's", "thing:line='it''s'"},
        {"thing:line=''", "", "thing:line=''"},
        {"thing:line=''''", "'", "thing:line=''''"},
        {"thing:line=nil", "nil", "thing"},
        {"thing:line='x:threads=9':threads=3", "x:threads=9", "thing:threads=3:line='x:threads=9'"},
    };
    char error[ERROR_MAX], text[SPEC_MAX];
    struct spec spec = {.name = "thing", .params = params}, again = spec;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(spec_parse(cases[i][0], &spec, error), 0);
        assert_string_equal(param_text(spec.values[3]), cases[i][1]);
        spec_spell(&spec, text);
        assert_string_equal(text, cases[i][2]);
        assert_int_equal(spec_parse(text, &again, error), 0);
        assert_memory_equal(again.values, spec.values, sizeof spec.values); /* one copy of each text */
    }
    char longest[2 * SPEC_MAX] = "thing:line=";
    size_t head = strlen(longest);
    memset(longest + head, '~', SPEC_MAX - 1 - head); /* fits, but not with its quotes */
    assert_int_equal(spec_parse(longest, &spec, error), -EINVAL);
    memset(longest + head, 'x', SPEC_MAX - 1 - head);
    assert_int_equal(spec_parse(longest, &spec, error), 0);
    spec_spell(&spec, text);
    assert_string_equal(text, longest);
}

static void alternatives_of_texts(void **state)
{
    (void)state;
    char error[ERROR_MAX];
    struct words specs_of = {0};
    assert_int_equal(spec_expand("thing:line='a/b: c'/'d':threads=1/2", params, &specs_of, error), 0);
    assert_int_equal(specs_of.count, 4);
    assert_string_equal(specs_of.word[0], "thing:line='a/b: c':threads=1");
    assert_string_equal(specs_of.word[3], "thing:line='d':threads=2");
    words_release(&specs_of);
    assert_int_equal(spec_expand("thing:line=/a/b:threads=1/2", params, &specs_of, error), 0);
    assert_int_equal(specs_of.count, 2);
    assert_string_equal(specs_of.word[1], "thing:line=/a/b:threads=2");
    words_release(&specs_of);
    assert_int_equal(words_split(&specs_of, "a='b, c', d='e,f',g's,h", ','), 0);
    assert_int_equal(specs_of.count, 4);
    assert_string_equal(specs_of.word[0], "a='b, c'");
    assert_string_equal(specs_of.word[2], "g's");
    words_release(&specs_of);
}

static void names(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"ptread", "pthread"}, {"pthraed", "pthread"}, {"proc", "process"},
        {"serial", "serial"},  {"xyz", NULL},          {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct nearest nearest;
        nearest_init(&nearest, cases[i][0]);
        nearest_offer(&nearest, "serial");
        nearest_offer(&nearest, "pthread");
        nearest_offer(&nearest, "process");
        const char *name = nearest_name(&nearest);
        if (cases[i][1])
            assert_string_equal(name ? name : "", cases[i][1]);
        else
            assert_null(name);
    }
}

/* Where there is no room for all that was offered, no name is cut. */
static void names_that_do_not_fit(void **state)
{
    struct nearest nearest;
    char text[32], name[16], all[sizeof nearest.offered + 32];
    (void)state;
    nearest_init(&nearest, "xyzxyz");
    nearest_offer(&nearest, "serial");
    nearest_offer(&nearest, "pthread");
    assert_string_equal(nearest_advice(&nearest, text, 28), "; expected serial, pthread");
    assert_string_equal(nearest_advice(&nearest, text, 26), "; expected serial, ...");
    for (unsigned i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "name-%u", i);
        nearest_offer(&nearest, name);
    }
    nearest_advice(&nearest, all, sizeof all);
    assert_string_equal(all + strlen(all) - strlen("name-26, ..."), "name-26, ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(bytes),
        cmocka_unit_test(durations),
        cmocka_unit_test(shares),
        cmocka_unit_test(rates),
        cmocka_unit_test(spellings),
        cmocka_unit_test(screen),
        cmocka_unit_test(specs),
        cmocka_unit_test(alternatives),
        cmocka_unit_test(names),
        cmocka_unit_test(texts),
        cmocka_unit_test(alternatives_of_texts),
        cmocka_unit_test(names_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
