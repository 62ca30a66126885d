/* The manual page, in the man(7) macros, which every roff and mandoc knows. It has no date: the same program prints the
 * same page. */
#include "bench/model/columns.h"
#include "bench/verbs/help/manual.h"
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LINE_COLUMNS 78

/* In a literal (an option, a file, a range) a hyphen is a minus sign that can be copied and searched for; between the
 * letters of a word for people it is a hyphen. */
static bool hyphen_is_minus(const char *word, size_t length, size_t at)
{
    if (memchr(word, '/', length) || word[0] == '-')
        return true;
    for (size_t i = 0; i + 1 < at; i++)
        if (word[i] == '-' && word[i + 1] == '-')
            return true;
    return !at || at + 1 >= length || !isalpha((unsigned char)word[at - 1]) || !isalpha((unsigned char)word[at + 1]);
}

static void character_print(const char *word, size_t length, size_t at)
{
    static const struct {
        char c;
        const char *roff;
    } special[] = {{'\\', "\\e"}, {'~', "\\(ti"}, {'^', "\\(ha"}, {'\'', "\\(aq"}, {'"', "\\(dq"}};
    if (word[at] == '-') {
        fputs(hyphen_is_minus(word, length, at) ? "\\-" : "-", stdout);
        return;
    }
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (word[at] == special[i].c) {
            fputs(special[i].roff, stdout);
            return;
        }
    putchar(word[at]);
}

/* A word for people; `this` between backquotes is bold. */
static void word_print(const char *word, size_t length, bool *bold)
{
    if (*word == '.')
        fputs("\\&", stdout);
    for (size_t i = 0; i < length; i++) {
        if (word[i] == '`') {
            *bold = !*bold;
            fputs(*bold ? "\\fB" : "\\fR", stdout);
        } else {
            character_print(word, length, i);
        }
    }
    if (length > 1 && word[length - 2] == '.' && word[length - 1] == '.')
        fputs("\\&", stdout); /* of a range, and no end of a sentence */
}

static void text_print(const char *text)
{
    size_t column = 0;
    bool bold = false;
    for (const char *word = text + strspn(text, " "); *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (column) {
            bool full = column + 1 + length > LINE_COLUMNS;
            putchar(full ? '\n' : ' ');
            column = full ? 0 : column + 1;
        }
        word_print(word, length, &bold);
        column += length;
        word += length;
        /* Roff sets the space after a sentence, which ends where its line does. */
        if (length > 1 && word[-1] == '.' && !strchr(". ", word[-2]) && column) {
            putchar('\n');
            column = 0;
        }
    }
    if (column)
        putchar('\n');
}

/* A literal, as it is typed: every hyphen is a minus sign. */
static void literal_print(const char *text)
{
    for (size_t i = 0; text[i]; i++)
        if (text[i] == '-')
            fputs("\\-", stdout);
        else
            character_print(text, strlen(text), i);
}

static void section(const char *name)
{
    printf(".SH %s\n", name);
}

/* A paragraph under "--name VALUE"; dashes is "" for a plain word. */
static void item(const char *dashes, const char *name, const char *value, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    literal_print(dashes);
    literal_print(name);
    fputs("\\fR", stdout);
    if (value && *value) {
        fputs(" \\fI", stdout);
        literal_print(value);
        fputs("\\fR", stdout);
    }
    putchar('\n');
    text_print(text);
}

static void option_item(const char *name, const char *syntax, const char *preset, const char *help)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s%s", help, preset[0] ? " Default: " : "", preset, preset[0] ? "." : "");
    item("--", name, syntax, text);
}

static void rows_print(const char *name, const struct manual_row *rows)
{
    section(name);
    for (; rows->name; rows++)
        item("", rows->name, NULL, rows->text);
}

static void synopsis_print(const struct verb *const *verbs)
{
    section("SYNOPSIS");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        char usage[512];
        printf("%s\\fBpoolbench %s\\fR ", verb == verbs[0] ? "" : ".br\n", verb->name);
        literal_print(arguments_usage(verb, usage, sizeof usage));
        putchar('\n');
    }
}

static void verbs_print(const struct verb *const *verbs)
{
    section("VERBS");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        char names[512];
        item("", verb->name, verb->operands, verb->help);
        if (verb->arguments)
            puts(".RS");
        for (const struct argument *a = verb->arguments; a && a->name; a++)
            option_item(a->name, a->syntax, a->preset, a->help);
        if (verb->all_but)
            item("", "As for run, with one value each:", NULL, manual_options(verb, names, sizeof names));
        if (verb->arguments)
            puts(".RE");
    }
    puts(".PP");
    text_print("After a verb, --help (-h) explains it. An option stands as --name VALUE or --name=VALUE; -- ends the "
               "options.");
}

static void options_of(const char *title, enum option_kind kind, const char *about)
{
    printf(".SS %s\n", title);
    text_print(about);
    for (const struct option *option = options; option->name; option++)
        if (option->kind == kind && !(option->traits & OPTION_RECORDED))
            option_item(option->name, option->syntax, option->preset, option->help);
}

static void table_section(const char *title, const char *head, const char *about)
{
    (void)head, (void)about;
    fputs(".SH ", stdout);
    for (; *title; title++)
        putchar(toupper((unsigned char)*title));
    putchar('\n');
}

static void table_item(bool is_option, const char *name, const char *text)
{
    if (is_option)
        puts(".RS");
    item("", name, NULL, text);
    if (is_option)
        puts(".RE");
}

static void files_print(void)
{
    rows_print("FILES", manual_files);
    puts(".PP\nIn the directory of a run:");
    for (const struct file_format *const *format = file_formats; *format; format++)
        item("", (*format)->file, NULL, (*format)->help);
    for (const struct other_file *file = other_files; file->name; file++)
        item("", file->name, NULL, file->help);
}

static void examples_print(void)
{
    section("EXAMPLES");
    for (const struct manual_row *example = manual_examples; example->name; example++) {
        if (example != manual_examples)
            puts(".PP");
        text_print(example->text);
        puts(".PP\n.RS\n.EX");
        literal_print(example->name);
        puts("\n.EE\n.RE");
    }
}

int man_print(const struct verb *const *verbs)
{
    puts(".\\\" Printed by `poolbench help --man` from the program's own tables.");
    printf(".TH POOLBENCH 1 \"\" \"poolbench %s\" \"User Commands\"\n", POOLBENCH_VERSION);
    puts(".SH NAME\npoolbench \\- the same tasks through interchangeable pools of workers, measured");
    synopsis_print(verbs);
    section("DESCRIPTION");
    for (const char *const *paragraph = manual_description; *paragraph; paragraph++) {
        if (paragraph != manual_description)
            puts(".PP");
        text_print(*paragraph);
    }
    verbs_print(verbs);
    section("OPTIONS");
    text_print("Of `run` and `plan`. In a suite the same names are keys, without dashes.");
    options_of("Factors", OPTION_FACTOR,
               "Each takes a comma list and may be repeated; all of them are crossed into cells.");
    options_of("Settings", OPTION_SETTING, "One value for the run.");
    manual_tables(table_section, table_item);
    files_print();
    rows_print("ENVIRONMENT", manual_environment);
    rows_print("EXIT STATUS", manual_exits);
    examples_print();
    puts(".SH SEE ALSO\n.BR gnuplot (1),\n.BR lstopo (1),\n.BR perf\\-bench (1),\n.BR taskset (1),\n.BR hwloc (7)");
    return 0;
}
