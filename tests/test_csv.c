/* The column table both ways: what is written is what is read, for every file; torn, damaged and foreign files; and
 * results/README.md is what the table says. `test_csv --document` prints that page. */
#include "bench/model/cell.h"
#include "bench/model/csv.h"
#include "bench/model/options.h"
#include "bench/model/rare.h"
#include "tests/main.h"
#include "tests/scratch.h"
#include "workloads/mix.h"
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

#define ROWS 200

static char directory[SCRATCH_MAX];
static char error[ERROR_MAX];

static char *file_path(const char *file)
{
    static char path[SCRATCH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", directory, file);
    return path;
}

static void file_write(const char *file, const char *content)
{
    FILE *out = fopen(file_path(file), "w");
    assert_non_null(out);
    assert_true(fputs(content, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static char *file_read(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = calloc(1, 1 << 20);
    assert_non_null(in);
    assert_non_null(text);
    assert_true(fread(text, 1, (1 << 20) - 1, in) > 0);
    fclose(in);
    return text;
}

static int setup(void **state)
{
    (void)state;
    *error = '\0';
    return scratch_directory(directory);
}

static int teardown(void **state)
{
    (void)state;
    for (const struct file_format *const *f = file_formats; *f; f++)
        unlink(file_path((*f)->file));
    return rmdir(directory);
}

static uint64_t draw(void)
{
    static uint64_t drawn;
    return mix64(20261122, drawn++);
}

static void text_draw(char *text, size_t size)
{
    static const char *const nasty[] = {
        "",           "a",     "\"",     "\"\"",    ",",          "\n", "\r\n", "a,b",
        "say \"no\"", " lead", "trail ", "\ttab\t", "two\nlines", "#",  "-1",   "\xc3\xa9",
    };
    memset(text, 0, size);
    if (draw() % 4 == 0) { /* as long as it can be, of the characters that hurt most */
        for (size_t i = 0; i < size - 1; i++)
            text[i] = "\",\n x"[draw() % 5];
        return;
    }
    snprintf(text, size, "%s", nasty[draw() % (sizeof nasty / sizeof nasty[0])]);
}

static void spelled_draw(const struct column *column, void *field)
{
    static const char *const arrivals[] = {"burst", "wave:3", "window:100", "rate:5", "rate:0.1:poisson"};
    static const char *const ballasts[] = {"0", "32MiB", "32MiB:thp", "32MiB:write=10%", "1025:thp:write=0.1%"};
    static const char *const limits[] = {"none", "1", "7", "1000", "4000000000"};
    static const char *const nodes[] = {"as-made", "local", "interleave", "node:0", "node:1023"};
    const char *const *texts = !strcmp(column->name, "arrival")       ? arrivals
                               : !strcmp(column->name, "ballast")     ? ballasts
                               : !strcmp(column->name, "queue_limit") ? limits
                               : !strcmp(column->name, "numa")        ? nodes
                                                                      : NULL;
    assert_non_null(texts);
    assert_int_equal(column->spelling->parse(texts[draw() % 5], field, error), 0);
}

static void row_draw(const struct file_format *format, void *row)
{
    static const int64_t integers[] = {MISSING, 0, -1, 1, CSV_INTEGER_MOST, -CSV_INTEGER_MOST, 1000000007};
    static const double reals[] = {0,     -0.0,    1,      0.1,           1.0 / 3,
                                   1e300, -1e-300, 5e-324, 123456789.125, 0.30000000000000004};
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(format, columns);
    row_clear(format, row);
    for (const struct column *c = columns; c < columns + count; c++) {
        char *field = (char *)row + c->offset;
        int64_t integer = draw() % 3 ? (int64_t)draw() % (CSV_INTEGER_MOST + 1) : integers[draw() % 7];
        double real = draw() % 4 ? reals[draw() % 10] : NAN;
        if (!strcmp(c->name, "schema_version"))
            integer = SCHEMA_VERSION;
        if (c->kind == COLUMN_TEXT)
            text_draw(field, c->size);
        else if (c->kind == COLUMN_REAL)
            memcpy(field, &real, sizeof real);
        else if (c->kind == COLUMN_WORD)
            memcpy(field, &(int64_t){draw() % 2}, sizeof integer);
        else if (c->kind == COLUMN_SPELLED)
            spelled_draw(c, field);
        else
            memcpy(field, &integer, sizeof integer);
    }
}

struct expected {
    const struct file_format *format;
    const char *rows;
    size_t count;
};

static void field_equal(const struct column *column, const void *a, const void *b)
{
    const char *x = (const char *)a + column->offset, *y = (const char *)b + column->offset;
    double real_x, real_y;
    if (column->kind == COLUMN_TEXT) {
        assert_string_equal(x, y);
        return;
    }
    memcpy(&real_x, x, sizeof real_x);
    memcpy(&real_y, y, sizeof real_y);
    if (column->kind == COLUMN_SPELLED)
        assert_memory_equal(x, y, column->size);
    else if (column->kind != COLUMN_REAL || !isnan(real_x) || !isnan(real_y))
        assert_memory_equal(x, y, 8);
}

/* But for the checksum, which is of the values. */
static int row_equal(const void *row, void *arg)
{
    struct expected *expected = arg;
    const struct file_format *format = expected->format;
    struct column columns[COLUMNS_MAX];
    size_t count = format_columns(format, columns);
    for (size_t i = 0; i < count; i++)
        if (strcmp(columns[i].name, "row_sum") != 0)
            field_equal(&columns[i], row, expected->rows + expected->count * format->row_size);
    expected->count++;
    return 0;
}

/* What most runs do not know has columns only where something has it. */
static void test_rare(void **state)
{
    struct column columns[COLUMNS_MAX];
    size_t all = format_columns(&trial_format, columns), rare = 0, limited = 0;
    (void)state;
    for (size_t i = 0; i < all; i++)
        rare += columns[i].rare > 0, limited += columns[i].rare == 1 + OPTION_QUEUE_LIMIT;
    assert_true(limited > 0 && rare > limited);
    for (const struct option *option = options; option->name; option++)
        for (size_t i = 0; option->traits & OPTION_RARE && i < FACTOR_COLUMNS_MAX && option->columns[i].name; i++)
            rare++;
    assert_int_equal(format_columns_written(&trial_format, columns), all - rare);
    rare_note(OPTION_QUEUE_LIMIT);
    assert_int_equal(format_columns_written(&trial_format, columns), all - rare + limited + 1); /* the limit itself */
    for (unsigned what = 0; what < RARES; what++) /* those of summary.csv as well, for the next test */
        rare_note(what);
    assert_int_equal(format_columns_written(&trial_format, columns), all);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (const struct file_format *const *f = file_formats; *f; f++) {
        const struct file_format *format = *f;
        char *rows = calloc(ROWS, format->row_size);
        struct expected expected = {format, rows, 0};
        struct csv_writer *writer;
        struct stat status;
        assert_non_null(rows);
        assert_int_equal(csv_create(directory, format, &writer), 0);
        for (size_t i = 0; i < ROWS; i++) {
            row_draw(format, rows + i * format->row_size);
            assert_int_equal(csv_put(writer, rows + i * format->row_size), 0);
            if (i == ROWS / 2)
                assert_int_equal(csv_flush(writer), 0);
        }
        assert_int_equal(csv_flush(writer), 0);
        assert_int_equal(stat(file_path(format->file), &status), 0);
        assert_int_equal(csv_end(writer), status.st_size);
        assert_int_equal(csv_close(writer), 0);
        assert_int_equal(csv_read(directory, format, -1, row_equal, &expected, error), 0);
        assert_int_equal(expected.count, ROWS);
        expected.count = 0;
        assert_int_equal(csv_read(directory, format, status.st_size, row_equal, &expected, error), 0);
        assert_int_equal(expected.count, ROWS);
        assert_int_equal(csv_create(directory, format, &writer), -EEXIST);
        free(rows);
    }
}

static int latency_keep(const void *row, void *arg)
{
    struct latency_row **next = arg;
    memcpy((*next)++, row, sizeof **next);
    return 0;
}

static size_t latency_rows(int64_t end, struct latency_row rows[8], int result)
{
    struct latency_row *next = rows;
    assert_int_equal(csv_read(directory, &latency_format, end, latency_keep, &next, error), result);
    return (size_t)(next - rows);
}

static void test_torn_line(void **state)
{
    struct latency_row rows[8];
    (void)state;
    file_write("latency.csv", "trial_id,phase,lo_ns,hi_ns,count\n1,queue,1,2,3\n1,queue,2,3");
    assert_int_equal(latency_rows(-1, rows, 0), 1);
    file_write("latency.csv", "trial_id,phase,lo_ns,hi_ns,count\n1,queue,1,2,3\n1,queue,2,3,4");
    assert_int_equal(latency_rows(-1, rows, 0), 1); /* no newline: 4 may have been 42 */
    file_write("latency.csv", "trial_id,phase,lo_ns,hi_ns,count\n1,queue,1,2,3\n1,\"que\n");
    assert_int_equal(latency_rows(-1, rows, 0), 1);
    file_write("latency.csv", "trial_id,phase,lo_ns,hi_ns,count\n1,queue,1,2,3\n2,queue,1,2,3\n");
    assert_int_equal(latency_rows(33 + 14, rows, 0), 1); /* committed up to there */
    assert_int_equal(latency_rows(33, rows, 0), 0);
    assert_int_equal(latency_rows(1000, rows, -EBADMSG), 2);
    assert_non_null(strstr(error, "latency.csv:4: expected at least 1000 bytes, found 61"));
}

static void test_foreign_columns(void **state)
{
    struct latency_row rows[8];
    (void)state;
    file_write("latency.csv", "count,colour,trial_id\r\n7,\"red, or \"\"so\"\"\",3\r\n\r\n8,,4\r\n");
    assert_int_equal(latency_rows(-1, rows, 0), 2);
    assert_int_equal(rows[0].count, 7);
    assert_int_equal(rows[0].trial_id, 3);
    assert_int_equal(rows[0].lo_ns, MISSING);
    assert_string_equal(rows[0].phase, "");
    assert_int_equal(rows[1].count, 8);
}

static void bad(const char *content, const char *message)
{
    struct latency_row rows[8];
    file_write("latency.csv", content);
    latency_rows(-1, rows, -EBADMSG);
    if (!strstr(error, message))
        fail_msg("'%s' is not in '%s'", message, error);
}

static void test_damaged(void **state)
{
    (void)state;
    bad("", "latency.csv:1: expected the header line of latency.csv");
    bad("who,what\n1,2\n", "latency.csv:1: expected the header line");
    bad("trial_id,count\n1,2\n1\n", "latency.csv:3: expected 2 fields as in the header line, found 1");
    bad("trial_id,count\n1,2,3\n", "latency.csv:2: expected 2 fields");
    bad("trial_id,count\n1,2\n\n1,x\n", "latency.csv:4: count: expected a whole number up to 10^18, found 'x'");
    bad("trial_id,count\n1,1000000000000000000\n1,1000000000000000001\n",
        "latency.csv:3: count: expected a whole number");
    bad("trial_id,count\n1,-9223372036854775807\n", "latency.csv:2: count: expected a whole number up to 10^18");
    bad("trial_id,count\n1,99999999999999999999\n", "latency.csv:2: count: expected a whole number");
    bad("trial_id,count\n1,1.5\n", "found '1.5'");
    bad("phase,count\n\"a\nb\",1\nabcdefghijklmnop,1\n", "latency.csv:4: phase: expected text of at most 15 bytes");
    bad("phase,count\nsay \"no\",1\n", "latency.csv:2: ");
    file_write("summary.csv", "schema_version,run_id\n1,a\n99,b\n");
    struct expected none = {&summary_format, NULL, 0};
    assert_int_equal(csv_read(directory, &plan_format, -1, row_equal, &none, error), -ENOENT);
    assert_non_null(strstr(error, "plan.csv: cannot be read: No such file"));
}

static int row_skip(const void *row, void *arg)
{
    (void)row;
    ++*(int *)arg;
    return 0;
}

static int row_stop(const void *row, void *arg)
{
    (void)row;
    ++*(int *)arg;
    return 42;
}

/* What is not known is empty: the writer has no words for it. */
static void test_no_number(void **state)
{
    static const char *const none[] = {"nan", "-nan", "inf", "-inf", "1e999", "-1e999", "infinity", "nan(1)"};
    int rows = 0;
    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char file[64], message[64];
        snprintf(file, sizeof file, "schema_version,drift\n1,1e308\n1,%s\n", none[i]);
        snprintf(message, sizeof message, "summary.csv:3: drift: expected a finite number, found '%s'", none[i]);
        file_write("summary.csv", file);
        assert_int_equal(csv_read(directory, &summary_format, -1, row_skip, &rows, error), -EBADMSG);
        if (!strstr(error, message))
            fail_msg("'%s' is not in '%s'", message, error);
    }
    assert_int_equal(rows, sizeof none / sizeof *none);
}

static void test_schema_and_stop(void **state)
{
    int rows = 0;
    (void)state;
    file_write("summary.csv", "schema_version,run_id\n99,b\n");
    assert_int_equal(csv_read(directory, &summary_format, -1, row_stop, &rows, error), -EBADMSG);
    assert_non_null(strstr(error, "summary.csv:2: schema_version: expected 1 .. 2, found 99"));
    assert_int_equal(rows, 0);
    file_write("summary.csv", "schema_version,run_id\n1,b\n1,c\n");
    assert_int_equal(csv_read(directory, &summary_format, -1, row_stop, &rows, error), 42);
    assert_int_equal(rows, 1);
}

/* A write that fails halfway leaves nothing of the buffer in the file. */
static void test_flush_is_all_or_nothing(void **state)
{
    struct latency_row row = {1, "queue", 1, 2, 3, 0};
    struct rlimit limit, small;
    struct csv_writer *writer;
    struct stat status;
    (void)state;
    assert_int_equal(csv_create(directory, &latency_format, &writer), 0);
    assert_int_equal(csv_put(writer, &row), 0);
    assert_int_equal(csv_flush(writer), 0);
    int64_t end = csv_end(writer), line = end - 41; /* of the header */
    for (int i = 0; i < 100; i++)
        assert_int_equal(csv_put(writer, &row), 0);
    assert_int_equal(csv_end(writer), end); /* put alone writes nothing */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = limit;
    small.rlim_cur = (rlim_t)end + 100;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int result = csv_flush(writer);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(result, -EFBIG);
    assert_int_equal(stat(file_path("latency.csv"), &status), 0);
    assert_int_equal(status.st_size, end);
    assert_int_equal(csv_end(writer), end);
    assert_int_equal(csv_close(writer), 0); /* there is room again */
    assert_int_equal(stat(file_path("latency.csv"), &status), 0);
    assert_int_equal(status.st_size, end + 100 * line);
}

/* No column twice, and every field of the row is one: sizes add up to the struct, which has no padding. Of ballast the
 * bytes stand in a column of their own as well. */
static void test_table(void **state)
{
    (void)state;
    for (const struct file_format *const *f = file_formats; *f; f++) {
        struct column columns[COLUMNS_MAX];
        size_t covered = 0, count = format_columns(*f, columns);
        assert_in_range(count, 1, COLUMNS_MAX - 1);
        for (size_t i = 0; i < count; i++) {
            const struct column *c = &columns[i];
            bool again = !strcmp(c->name, "ballast_bytes");
            covered += again ? 0 : c->size;
            assert_true(c->kind == COLUMN_TEXT || c->kind == COLUMN_SPELLED || c->size == 8);
            assert_true(*c->help && !strchr(c->help, '|'));
            for (size_t j = 0; j < i; j++) {
                assert_string_not_equal(c->name, columns[j].name);
                assert_true(c->offset != columns[j].offset || !strcmp(columns[j].name, "ballast_bytes"));
            }
        }
        assert_int_equal(covered, (*f)->row_size);
    }
}

static void test_document(void **state)
{
    char *text = NULL, *page = file_read("results/README.md");
    size_t size;
    FILE *out = open_memstream(&text, &size);
    (void)state;
    assert_non_null(out);
    columns_document(out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(page, text);
    free(page);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rare),
        cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_torn_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_foreign_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_schema_and_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_flush_is_all_or_nothing, setup, teardown),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_document),
    };
    if (test_words[0] && !strcmp(test_words[0], "--document")) {
        columns_document(stdout);
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
