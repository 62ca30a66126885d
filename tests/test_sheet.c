/* Tables of texts: on screens that are wide enough and on those that are not, and as markup. */
#include "bench/base/wrap.h"
#include "bench/show/lines.h"
#include "bench/show/markup.h"
#include "bench/show/sheet.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

static struct sheet made(bool split)
{
    struct sheet sheet = {.columns = 4, .align = "lrlr", .split = split};
    sheet_row(&sheet, "", "a", "pool", "never");
    sheet_row(&sheet, "a heading that is longer than all labels", "", "", "");
    sheet_row(&sheet, "one", "1");
    sheet_note(&sheet, " *", "");
    sheet_row(&sheet, "x_y", "");
    sheet_row(&sheet, "t\xc3\xbcrkis", "22");
    sheet_note(&sheet, "", "20 .. 23");
    sheet_row(&sheet, "z", "");
    return sheet;
}

static void expect(struct sheet *sheet, size_t columns, const char *expected)
{
    struct lines lines;
    assert_non_null(lines_open(&lines));
    sheet_print(lines.out, sheet, columns);
    assert_string_equal(lines_close(&lines), expected);
    free(lines.text);
}

static void on_a_screen(void **state)
{
    static const unsigned char least[] = {0, 8, 0};
    struct sheet sheet = made(false);
    (void)state;
    assert_int_equal(sheet_rows(&sheet), 4);
    sheet_trim(&sheet);
    assert_int_equal(sheet.columns, 3);
    expect(&sheet, 96,
           "           a  pool\na heading that is longer than all labels\none      1 *  x_y\nt\xc3\xbcrkis  22    z\n");
    /* a label for which there is no room has a line of its own, and no width is asked for */
    sheet.least = least;
    expect(
        &sheet, 16,
        "         a  pool\na heading that is longer than all labels\none    1 *  x_y\nt\xc3\xbcrkis\n      22    z\n");
    sheet_release(&sheet);
}

static void in_several_tables(void **state)
{
    struct sheet sheet = made(true);
    (void)state;
    sheet_trim(&sheet);
    sheet.cells[2 * sheet.columns].note = strdup("below its row");
    expect(&sheet, 15,
           "           a\na heading that is longer than all labels\none      1 *\n    below its row\n"
           "t\xc3\xbcrkis  22\n"
           "        pool\na heading that is longer than all labels\none     x_y\nt\xc3\xbcrkis  z\n");
    sheet_release(&sheet);
}

/* Columns for which there is no room even below their labels. */
static void too_wide(void **state)
{
    struct sheet sheet = {.columns = 4, .align = "lr"};
    (void)state;
    sheet_row(&sheet, "", "first", "second", "third", "a long label", "1", "2", "3");
    expect(&sheet, 20,
           "          first\na long label\n              1\n"
           "          second\na long label\n               2\n"
           "          third\na long label\n              3\n");
    sheet_release(&sheet);
}

static void as_markup(void **state)
{
    struct sheet sheet = {.columns = 2, .align = "lr"};
    struct lines lines;
    (void)state;
    sheet_row(&sheet, "pool", "a|b", "x_1", "1.5");
    sheet_note(&sheet, "*", "1.4 .. 1.6");
    assert_non_null(lines_open(&lines));
    sheet_markdown(lines.out, &sheet);
    sheet_latex(lines.out, &sheet);
    assert_int_equal(sheet_csv(lines.out, &sheet), 0);
    assert_string_equal(lines_close(&lines), "| pool |                    a\\|b |\n"
                                             "| ---- | ----------------------: |\n"
                                             "| x\\_1 | **1.5** \\* (1.4 .. 1.6) |\n"
                                             "\\begin{tabular}{lr}\n\\toprule\npool & a|b \\\\\n\\midrule\n"
                                             "x\\_1 & \\textbf{1.5} {\\footnotesize [1.4 .. 1.6]} \\\\\n"
                                             "\\bottomrule\n\\end{tabular}\n"
                                             "pool,a|b\nx_1,1.5\n");
    free(lines.text);
    sheet_release(&sheet);
}

/* Half a table is none, and a program that reads it is told. */
static void without_memory(void **state)
{
    struct sheet sheet = {.columns = 2, .align = "lr"};
    struct lines lines;
    (void)state;
    sheet_row(&sheet, "pool", "a", "b", "1");
    sheet.failed = true;
    assert_non_null(lines_open(&lines));
    assert_int_equal(sheet_csv(lines.out, &sheet), -ENOMEM);
    assert_string_equal(lines_close(&lines), "");
    free(lines.text);
    sheet_release(&sheet);
}

/* What a spreadsheet would compute, and what is no line. Numbers are numbers. */
static void no_formulas(void **state)
{
    struct sheet sheet = {.columns = 7, .align = "l"};
    struct lines lines;
    (void)state;
    sheet_row(&sheet, "=1+1", "@a", "-2+3", "+x", "-1.5", "-", "a\r\n=b\u202e");
    assert_non_null(lines_open(&lines));
    sheet_csv(lines.out, &sheet);
    assert_string_equal(lines_close(&lines), "'=1+1,'@a,'-2+3,'+x,-1.5,-,a\\x0d\\x0a=b\\xe2\\x80\\xae\n");
    free(lines.text);
    sheet_release(&sheet);
}

/* Between quotes, what gnuplot and its readers would take for more. */
static void no_commands(void **state)
{
    struct lines lines;
    (void)state;
    assert_non_null(lines_open(&lines));
    markup_print(lines.out, MARKUP_GNUPLOT, "'@'", "a';system('b')\n!c\\ `d` ]]>\u202e");
    markup_print(lines.out, MARKUP_GNUPLOT_DATA, "\"@\"", "a\" 1\n2 \\033[2J");
    markup_print(lines.out, MARKUP_CODE, "@", "*a*\r# b\x1b\xc2\x9b");
    assert_string_equal(lines_close(&lines), "'a'';system(''b'') !c\\ `d` ]] >\uFFFD'"
                                             "\"a' 1 2 \\\\033[2J\""
                                             "*a* # b \uFFFD");
    free(lines.text);
}

static void no_markup(void **state)
{
    struct lines lines;
    (void)state;
    assert_non_null(lines_open(&lines));
    markup_print(lines.out, MARKUP_HTML, "<p>@@</p>", "a<b> & \"c\" 1 .. 2\x1b", "\xe9");
    markup_print(lines.out, MARKUP_MARKDOWN, "@|@|@", "1. *a*", "- b", "1.5\nc");
    markup_print(lines.out, MARKUP_LATEX, "@", "50 % \\a^b");
    markup_print(lines.out, MARKUP_XML, "<a b=\"@\">@", "\"<]]>", "1 .. 2&\x01");
    markup_print(lines.out, MARKUP_FOLDED, "@;@", "a;b", "c\nd");
    assert_string_equal(lines_close(&lines), "<p>a&lt;b&gt; &amp; &quot;c&quot; 1&nbsp;..&nbsp;2 \xef\xbf\xbd</p>"
                                             "1\\. \\*a\\*|\\- b|1.5 c50 \\% \\textbackslash{}a\\textasciicircum{}b"
                                             "<a b=\"&quot;&lt;]]&gt;\">1 .. 2&amp; a:b;c d");
    free(lines.text);
}

/* A run is somebody else's data, and a terminal obeys what it is shown. */
static void no_orders_to_a_terminal(void **state)
{
    struct sheet sheet = {.columns = 2, .align = "lr"};
    struct lines lines;
    (void)state;
    sheet_row(&sheet, "pool", "a\x1b[2J", "t\xc3\xbc\xc2\x9b\xc3", "1");
    expect(&sheet, 40,
           "pool  a?[2J\nt\xc3\xbc?"
           "?      1\n");
    sheet_release(&sheet);
    assert_non_null(lines_open(&lines));
    wrap_print(lines.out, "a\x1b[2J \xc2\x9b", 0);
    assert_string_equal(lines_close(&lines), "a\\x1b[2J \\xc2\\x9b\n");
    free(lines.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_a_screen), cmocka_unit_test(in_several_tables), cmocka_unit_test(too_wide),
        cmocka_unit_test(as_markup),   cmocka_unit_test(without_memory),    cmocka_unit_test(no_markup),
        cmocka_unit_test(no_formulas), cmocka_unit_test(no_commands),       cmocka_unit_test(no_orders_to_a_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
