/* A run whose every text was chosen to do harm, with checksums that fit: who reads it says nothing that a terminal, a
 * browser, gnuplot or an editor takes for more than text. tests/test_hostile.sh makes its runs by this program, too:
 * `test_hostile_texts FROM TO SHIFT`, with the texts in HARM, each ended by \001; FIRST: they stand before what was
 * there.
 */
#include "bench/base/text_file.h"
#include "bench/model/host.h"
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

enum { TEXTS_MOST = 64 };

/* Texts, and which of them comes where. */
struct harm {
    const char *text[TEXTS_MOST];
    size_t count;
    uint64_t shift;
    bool is_first;
};

static const struct harm own = {
    .text = {"\n!touch HIT\nsystem(\"touch HIT\")\n", "';system('touch HIT');a='", "`touch HIT`$(touch HIT)",
             "\";system(\"touch HIT\");\"", "</script><script>x</script>]]>--><img src=x onerror=y>",
             "\x1b[2J\x1b]0;t\a\xc2\x9b\x31m\xc2\x85", "\u202e\u2066\u200f\u2028\u061c\u2069",
             "\r# Heading\r\n\r\n<b>\r", "=cmd|' /C calc'!A0", "@SUM(1)|**b**[x](javascript:y)![i](//h)$x$",
             "\\input{/etc/passwd}^^M%n%s\\", "# \t\"\n1 2 3\n\n\n4", "-1+1|HYPERLINK(\"http://x\")",
             "\xef\xbb\xbf\xe2\x80\x8b",
             "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"},
    .count = 15,
};

static const char *harm_for(const struct harm *harm, const char *text)
{
    uint64_t hash = harm->shift;
    for (; *text; text++)
        hash = mix64(hash, (unsigned char)*text);
    return harm->text[hash % harm->count];
}

/* What is told apart stays apart, as the text that was there is in front; what says what a row is stays. */
static void text_harm(char *text, size_t size, const char *column, void *arg)
{
    const struct harm *harm = arg;
    const bool is_spec = strstr(column, "pool") || !strcmp(column, "workload");
    char whole[1024];
    if (!strcmp(column, "phase") || !strcmp(column, "status") || (!*text && strcmp(column, "reason") != 0))
        return;
    if (harm->is_first) /* of an id, which is short, its first letter */
        snprintf(whole, sizeof whole, "%.*s%s", strcmp(column, "cell_id") ? 64 : 1, harm_for(harm, text), text);
    else
        snprintf(whole, sizeof whole, "%s%s%s", text, is_spec ? ":" : "", harm_for(harm, text));
    text_put(text, size, whole, false);
}

static json_t *value_harmed(json_t *value, const char *key, const struct harm *harm)
{
    static const char *const kept[] = {"status", "verb", "because", "schema_version"};
    json_t *made = json_is_object(value) ? json_object() : json_is_array(value) ? json_array() : json_incref(value);
    const char *name;
    json_t *part;
    size_t i;
    json_object_foreach(value, name, part)
    {
        json_object_set_new(made, name, value_harmed(part, name, harm));
    }
    json_array_foreach(value, i, part)
    {
        json_array_append_new(made, value_harmed(part, key, harm));
    }
    for (i = 0; i < sizeof kept / sizeof *kept; i++)
        if (!strcmp(key, kept[i]))
            return made;
    if (json_is_string(value)) {
        char text[2048];
        snprintf(text, sizeof text, "%s%s", json_string_value(value), harm_for(harm, json_string_value(value)));
        json_decref(made);
        made = json_text(text);
    }
    return made;
}

static int host_harm(const char *directory, const struct harm *harm, char *error)
{
    json_t *host = host_read(directory, error), *harmed = host ? value_harmed(host, "", harm) : NULL;
    json_object_del(harmed, "row_sum"); /* host_note() has it of what is there now */
    char path[PATH_MAX], *text = harmed ? json_dumps(harmed, 0) : NULL;
    snprintf(path, sizeof path, "%s/host.json", directory);
    int rc = text ? text_file_write(path, text, strlen(text)) : -EIO;
    if (rc == 0) /* as it is written today */
        rc = host_note(directory, "measured_ns", json_integer(1000000), error);
    free(text);
    json_decref(host);
    json_decref(harmed);
    return rc;
}

static int run_harm(const char *from, const char *to, struct harm *harm, char *error)
{
    int rc = remade_run(from, to, text_harm, harm, error);
    return rc ? rc : host_harm(to, harm, error);
}

/* ---- what is said of it ---- */

/* The first line with something that controls a terminal, or NULL. */
static const char *line_wrong(const char *text)
{
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
        for (const char *at = line; *at && *at != '\n'; at += text_character(at) ? text_character(at) : 1)
            if (!text_character(at) || (text_is_control(at) && *at != '\t'))
                return line;
    return NULL;
}

static void texts_are_texts(void **state)
{
    static const char *const runs[] = {"arrivals", "failures", "metg", "capacity", "crossover", "places", "nested"};
    char scratch[SCRATCH_MAX], error[ERROR_MAX], from[PATH_MAX], to[PATH_MAX];
    (void)state;
    assert_int_equal(scratch_directory(scratch), 0);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        struct harm harm = own;
        struct seen seen;
        test_progress();
        harm.shift = sample_seed() + i;
        snprintf(from, sizeof from, "tests/recorded/%s", runs[i]);
        snprintf(to, sizeof to, "%s/%s", scratch, runs[i]);
        if (run_harm(from, to, &harm, error))
            fail_msg("%s: %s", runs[i], error);
        struct cells cells = seen_cells(to);
        run_see(to, &cells, &seen);
        for (size_t k = 0; k < seen.count; k++) {
            const char *wrong = strcmp(seen.part[k].name, "summary") != 0 ? line_wrong(seen.part[k].text) : NULL;
            if (seen.part[k].refused[0] && !*seen.part[k].text && strcmp(seen.part[k].name, "resume") != 0)
                fail_msg("%s, %s: %s", runs[i], seen.part[k].name, seen.part[k].refused);
            if (wrong)
                fail_msg("%s, %s: %.*s", runs[i], seen.part[k].name, (int)strcspn(wrong, "\n"), wrong);
        }
        seen_release(&seen);
        free(cells.cell);
    }
    assert_int_equal(scratch_remove(scratch), 0);
}

/* For the shell: FROM TO SHIFT. */
static int run_make(char **words)
{
    struct harm harm = {.shift = strtoull(words[2], NULL, 10), .is_first = getenv("FIRST")};
    char error[ERROR_MAX] = "", *rest = getenv("HARM"), *text;
    while (harm.count < TEXTS_MOST && (text = strsep(&rest, "\001")))
        if (*text)
            harm.text[harm.count++] = text;
    if (!harm.count || run_harm(words[0], words[1], &harm, error))
        return complain("test_hostile_texts", "%s", harm.count ? error : "HARM has no texts");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_are_texts)};
    bool makes = test_words[0] && test_words[1] && test_words[2];
    return makes ? run_make(test_words) : cmocka_run_group_tests(tests, NULL, NULL);
}
