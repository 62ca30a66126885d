/* The verbs help and version, and --help of every other. */
#include "bench/base/libraries.h"
#include "bench/base/wrap.h"
#include "bench/verbs/help/manual.h"
#include "bench/verbs/verbs.h"
#include <string.h>

void verb_help_print(const struct verb *verb)
{
    char usage[512];
    arguments_usage(verb, usage, sizeof usage);
    printf("usage: poolbench %s%s", verb->name, usage[0] ? " " : "");
    wrap_print(stdout, usage, (unsigned)strlen("usage: poolbench ") + (unsigned)strlen(verb->name) + 1);
    putchar('\n');
    wrap_print(stdout, verb->help, 0);
    if (verb->arguments || verb->takes_suites)
        putchar('\n');
    arguments_explain(verb);
}

enum { HELP_MAN, HELP_COMPLETION, HELP_MARKDOWN, HELP_PRINTS, HELP_SHELL = HELP_PRINTS };
static const struct argument help_arguments[] = {
    [HELP_MAN] = {"man", "", "", "The manual page: poolbench help --man | man -l -", false},
    [HELP_COMPLETION] = {"completion", "", "", "Completion for a shell, which --shell names.", false},
    [HELP_MARKDOWN] = {"markdown", "", "", "The whole command line on one page.", false},
    [HELP_SHELL] = {"shell", "bash|zsh|fish", "bash", "The shell that --completion is for.", true},
    {.name = NULL},
};

static int verbs_print(const struct verb *const *verbs)
{
    const char *chapter = "";
    printf("poolbench measures whether to run tasks in processes, in threads or in a mix.\n\n"
           "usage: poolbench VERB ...\n");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        bool begins = strcmp(verb->chapter, chapter) != 0;
        printf("  %-8s %-11s %s\n", begins ? verb->chapter : "", verb->name, verb->summary);
        chapter = verb->chapter;
    }
    printf("\n`poolbench help VERB` explains a verb. To begin: poolbench run quick\n");
    return 0;
}

static int help_main(const struct arguments *given)
{
    static int (*const print[HELP_PRINTS])(const struct verb *const *verbs) = {
        [HELP_MAN] = man_print, [HELP_MARKDOWN] = markdown_print};
    const char *wish = NULL;
    int (*chosen)(const struct verb *const *verbs) = verbs_print;
    for (unsigned i = 0; i < HELP_PRINTS; i++) {
        if (!given->value[i][0])
            continue;
        if (wish || given->operands)
            return complain("help", "--%s cannot be combined with %s%s", help_arguments[i].name,
                            wish ? "--" : "the verb ", wish ? wish : given->operand[0]);
        wish = help_arguments[i].name;
        chosen = print[i];
    }
    if (!chosen)
        return completion_print(given->verbs, given->value[HELP_SHELL]);
    if (!given->operands)
        return chosen(given->verbs);
    const struct verb *verb = verb_find(given->verbs, given->operand[0]);
    if (verb)
        verb_help_print(verb);
    return verb ? 0 : 2;
}

static int version_main(const struct arguments *given)
{
    struct library libraries[LIBRARIES];
    (void)given;
    libraries_ask(libraries);
    printf("poolbench %s (commit %s)\n", POOLBENCH_VERSION, POOLBENCH_COMMIT);
    for (unsigned i = 0; i < LIBRARIES; i++)
        printf("%s%s%s%s", i ? ", " : "", libraries[i].name, libraries[i].version[0] ? " " : "", libraries[i].version);
    putchar('\n');
    return 0;
}

const struct verb verb_help = {
    .name = "help",
    .chapter = "learn",
    .operands = "[VERB]",
    .summary = "explain a verb; print the manual or a completion",
    .function = help_main,
    .help = "Explains a verb, or names all of them. With an option it prints what is made from the same tables: the "
            "manual page, the command line on one page, or completion for bash, zsh or fish: `source <(poolbench help "
            "--completion)` has bash's at once.",
    .operands_max = 1,
    .arguments = help_arguments};

const struct verb verb_version = {
    .name = "version",
    .chapter = "learn",
    .operands = "",
    .summary = "say which poolbench this is",
    .function = version_main,
    .help = "Prints the version, the commit it was built from and the libraries it runs with."};
