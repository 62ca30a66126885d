/* The command line on one page: docs/COMMAND-LINE.md, written by `make schema`. Nothing in it depends on the machine or
 * on where poolbench is installed. */
#include "bench/base/wrap.h"
#include "bench/verbs/help/manual.h"
#include <stdlib.h>
#include <string.h>

/* In a table a bar would end the cell. */
static void cell_print(const char *text)
{
    for (; *text; text++)
        printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void code_print(const char *before, const char *text)
{
    if (!*text)
        return;
    printf("`%s", before);
    cell_print(text);
    putchar('`');
}

static void option_row(const char *name, const char *syntax, const char *preset, const char *help)
{
    fputs("| ", stdout);
    code_print("--", name);
    fputs(" | ", stdout);
    code_print("", syntax);
    fputs(" | ", stdout);
    code_print("", preset);
    fputs(" | ", stdout);
    cell_print(help);
    puts(" |");
}

static const char option_head[] = "| option | value | default | meaning |\n|---|---|---|---|";

static void kind_print(const char *title, enum option_kind kind)
{
    printf("\n%s\n\n%s\n", title, option_head);
    for (const struct option *option = options; option->name; option++)
        if (option->kind == kind && !(option->traits & OPTION_RECORDED))
            option_row(option->name, option->syntax, option->preset, option->help);
}

static void verb_print(const struct verb *verb)
{
    char usage[512];
    arguments_usage(verb, usage, sizeof usage);
    printf("\n### %s\n\n```\npoolbench %s%s%s\n```\n\n", verb->name, verb->name, usage[0] ? " " : "", usage);
    wrap_print(stdout, verb->help, 0);
    if (verb->takes_suites)
        puts("\nIts options are the [factors and settings](#factors-and-settings).");
    if (verb->arguments)
        printf("\n%s\n", option_head);
    for (const struct argument *a = verb->arguments; a && a->name; a++)
        option_row(a->name, a->syntax, a->preset, a->help);
    if (!verb->all_but)
        return;
    fputs("\nOf the [factors and settings](#factors-and-settings) it takes these, with one value each:\n", stdout);
    wrap_print(stdout, manual_options(verb, usage, sizeof usage), 0);
}

static void table_section(const char *title, const char *head, const char *about)
{
    const char *quote = *head == '-' ? "`" : "";
    printf("\n## %s\n\n| %s%s%s | %s |\n|---|---|\n", title, quote, head, quote, about);
}

static void table_item(bool is_option, const char *name, const char *text)
{
    fputs("| ", stdout);
    code_print(is_option ? ":" : "", name);
    fputs(" | ", stdout);
    cell_print(text);
    puts(" |");
}

static void rows_print(const char *title, const char *head, const struct manual_row *rows)
{
    table_section(title, head, "meaning");
    for (; rows->name; rows++)
        table_item(false, rows->name, rows->text);
}

int markdown_print(const struct verb *const *verbs)
{
    puts("# The command line\n\nWhat `poolbench help --markdown` prints, from the tables that the program works by; "
         "`make "
         "schema` writes it\nanew. `poolbench help --man` prints the manual page, `poolbench help --completion` the "
         "completion for bash;\n`make install` installs both.\n\n## Verbs\n\n| verb | what it does |\n|---|---|");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++)
        printf("| [%s](#%s) | %s |\n", verb->name, verb->name, verb->summary);
    puts("\nAfter a verb, `--help` (`-h`) explains it. An option stands as `--name VALUE` or `--name=VALUE`; `--` ends "
         "the\noptions.");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++)
        verb_print(verb);
    puts("\n## Factors and settings\n\nOf `run` and `plan`. In a suite the same names are keys, without dashes: "
         "`workers = 1,2,4`.");
    kind_print("Factors take a comma list and may be repeated; all of them are crossed into cells.", OPTION_FACTOR);
    kind_print("Settings have one value for the run.", OPTION_SETTING);
    manual_tables(table_section, table_item);
    rows_print("Exit status", "status", manual_exits);
    rows_print("Environment", "variable", manual_environment);
    rows_print("Files", "file", manual_files);
    puts("\n## Examples\n\n```");
    for (const struct manual_row *example = manual_examples; example->name; example++)
        printf("%s# %s\n%s\n", example == manual_examples ? "" : "\n", example->text, example->name);
    puts("```");
    return 0;
}
