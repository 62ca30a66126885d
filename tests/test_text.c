/* Text from outside: what is a character, what a line; files by one rule; text that can be read back. */
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "tests/scratch.h"
#include <setjmp.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static void characters(void **state)
{
    static const struct {
        const char *text;
        size_t length;
    } known[] = {
        {"a", 1},        {"\xc3\xa9", 2},     {"\xe2\x82\xac", 3}, {"\xf0\x9f\x98\x80", 4}, {"\xe9", 0},
        {"\xc3", 0},     {"\xc0\x80", 0},     {"\xe0\x80\x80", 0}, {"\xed\xa0\x80", 0},     {"\xf4\x90\x80\x80", 0},
        {"\xff", 0},     {"\xef\xbf\xbe", 0}, {"\xef\xbf\xbf", 0}, {"\xef\xbf\xbd", 3},     {"\x80", 0},
        {"\xe2\x82", 0}, {"\xf0\x9f\x98", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_int_equal(text_character(known[i].text), known[i].length);
}

static void letters(void **state)
{
    (void)state;
    assert_int_equal(text_letters("t\xc3\xbcrk\xe2\x82\xac"), 5);
    assert_int_equal(text_letters(NULL), 0);
    assert_int_equal(text_bytes("t\xc3\xbcrk", 0), 0);
    assert_int_equal(text_bytes("t\xc3\xbcrk", 1), 1);
    assert_int_equal(text_bytes("t\xc3\xbcrk", 2), 3);
    assert_int_equal(text_bytes("t\xc3\xbc", 9), 3);
    assert_int_equal(text_bytes(NULL, 9), 0);
}

static void wrong_lines(void **state)
{
    (void)state;
    assert_null(text_wrong(""));
    assert_null(text_wrong("caf\xc3\xa9\t'\"`|<&"));
    assert_string_equal(text_wrong("caf\xe9"), "is not UTF-8");
    assert_string_equal(text_wrong("a\nb"), "has a control character");
    assert_string_equal(text_wrong("a\x1b[2Jb"), "has a control character");
    assert_string_equal(text_wrong("a\xc2\x9b\x62"), "has a control character"); /* C1, which terminals obey too */
    /* what turns or breaks a line unseen, and its neighbours, which do not */
    static const char *const turning[] = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029",
                                          "\u202a", "\u202e", "\u2066", "\u2069"};
    for (size_t i = 0; i < sizeof turning / sizeof *turning; i++)
        assert_string_equal(text_wrong(turning[i]), "has a control character");
    assert_null(text_wrong("\u061b\u061d\u200d\u2010\u2027\u202f\u2065\u206a\u00a0"));
}

static void escaped(void **state)
{
    char cut[8];
    (void)state;
    char *text = text_escaped("caf\xe9 \xc3\xa9\n\xc2\x9b");
    assert_string_equal(text, "caf\\xe9 \xc3\xa9\\x0a\\xc2\\x9b");
    assert_null(text_wrong(text));
    free(text);
    assert_int_equal(text_put(cut, sizeof cut, "abcdef\xc3\xa9", true), 6); /* no half of a character */
    assert_string_equal(cut, "abcdef");
    assert_int_equal(text_put(cut, sizeof cut, "abcd\xe9", true), 4); /* nor of an escape */
    assert_string_equal(cut, "abcd");
    assert_int_equal(text_put(cut, sizeof cut, "a\n\xe9", false), 6);
    assert_string_equal(cut, "a\n\\xe9");
}

static void read_back_by_a_shell(void **state)
{
    static const char *const words[] = {"plain-1.0",   "",       "two words", "it's",      "''", "a\"b`c$d\\e",
                                        "caf\xc3\xa9", "*?[~#;", "-n",        "a\\\nb|c&d"};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char *quoted = text_for_shell(words[i]), *command, found[64] = "";
        assert_true(asprintf(&command, "printf %%s %s", quoted) > 0);
        FILE *shell = popen(command, "r");
        assert_non_null(shell);
        size_t length = fread(found, 1, sizeof found - 1, shell);
        assert_int_equal(pclose(shell), 0);
        found[length] = '\0';
        assert_string_equal(found, words[i]);
        free(command);
        free(quoted);
    }
}

static char path[SCRATCH_MAX];

static void file_make(const char *bytes, size_t length)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void lines_of_files(void **state)
{
    static const char *const same[] = {"one\ntwo\n\nfour", "one\ntwo\n\nfour\n", "one\r\ntwo\r\n\r\nfour\r\n",
                                       "\xef\xbb\xbfone\r\ntwo\n\nfour"};
    static const char *const expected[] = {"one", "two", "", "four"};
    struct text_lines lines;
    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        file_make(same[i], strlen(same[i]));
        assert_int_equal(text_open(path, 1000, &lines), 0);
        for (size_t k = 0; k < 4; k++) {
            assert_string_equal(text_next(&lines), expected[k]);
            assert_int_equal(lines.number, k + 1);
        }
        assert_null(text_next(&lines));
        text_close(&lines);
    }
    file_make("", 0);
    assert_int_equal(text_open(path, 1000, &lines), 0);
    assert_null(text_next(&lines));
    text_close(&lines);
    file_make("a\0b", 3);
    assert_int_equal(text_open(path, 1000, &lines), -EILSEQ);
    file_make("0123456789", 10);
    assert_int_equal(text_open(path, 9, &lines), -EFBIG);
    assert_int_equal(text_open(path, 10, &lines), 0);
    text_close(&lines);
}

static void wrong_files_name_their_line(void **state)
{
    static const struct {
        const char *bytes, *wrong;
    } bad[] = {{"a = b\nc = caf\xe9\n", ":2: is not UTF-8"},
               {"a\n\n\x1b[2J\n", ":3: has a control character"},
               {"a\rb\n", ":1: has a control character"}};
    char error[ERROR_MAX], expected[ERROR_MAX];
    struct text_lines lines;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        file_make(bad[i].bytes, strlen(bad[i].bytes));
        snprintf(expected, sizeof expected, "%s%s", path, bad[i].wrong);
        assert_int_equal(text_file_open(path, 1000, "a suite", &lines, error), -EINVAL);
        assert_string_equal(error, expected);
    }
}

static void json_has_what_it_can(void **state)
{
    (void)state;
    json_t *text = json_text("caf\xe9"), *plain = json_text("caf\xc3\xa9");
    assert_string_equal(json_string_value(text), "caf\\xe9");
    assert_string_equal(json_string_value(plain), "caf\xc3\xa9");
    json_decref(text);
    json_decref(plain);
    char *deep = malloc(1000001);
    memset(deep, '[', 1000000);
    file_make(deep, 1000000);
    free(deep);
    json_error_t why;
    assert_null(json_file_read(path, &why));
    assert_true(why.text[0]);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters),
        cmocka_unit_test(letters),
        cmocka_unit_test(wrong_lines),
        cmocka_unit_test(escaped),
        cmocka_unit_test(read_back_by_a_shell),
        cmocka_unit_test(lines_of_files),
        cmocka_unit_test(wrong_files_name_their_line),
        cmocka_unit_test(json_has_what_it_can),
    };
    int fd = scratch_file(path);
    if (fd < 0)
        return 1;
    close(fd);
    return cmocka_run_group_tests(tests, NULL, remove_file);
}
