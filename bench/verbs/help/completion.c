/* Completion for bash, which needs nothing but bash. Words that the tables know are written into the script; runs and
 * files are looked up when they are asked for.
 *
 * The script (scripts/completion.bash) finds the verb and the option before the cursor, asks the functions generated
 * here what may stand there (kind, words, many), and offers that. Readline cuts words at : and =, so they are put
 * together again first, and of what is offered only the part behind the last cut is handed back. */
#include "bench/base/data_path.h"
#include "bench/base/refuse.h"
#include "bench/machine/place.h"
#include "bench/model/metrics.h"
#include "bench/verbs/help/manual.h"
#include <ctype.h>
#include <limits.h>
#include <string.h>

#define SUITES_OFFERED 8

static void function_begin(const char *about, const char *name)
{
    printf("\n# %s\n%s()\n{\n    case $1 in\n", about, name);
}

static void function_end(void)
{
    puts("    esac\n}");
}

/* The words of a syntax: "none|error:task=N|N" has none and error:task=, which is as far as it is the same for all. */
static void syntax_words(const char *syntax)
{
    const char *space = "";
    for (const char *at = syntax; *at; at += *at == '|') {
        size_t length = strcspn(at, "|"), same = 0;
        while (same < length && !isupper((unsigned char)at[same]) && at[same] != '[')
            same++;
        if (same) {
            printf("%s%.*s", space, (int)same, at);
            space = " ";
        }
        at += length;
    }
}

static bool is_word(const char *text)
{
    return *text && strspn(text, "abcdefghijklmnopqrstuvwxyz") == strlen(text);
}

static void place_words(const char *preset)
{
    bool listed = false;
    for (const struct place_name *place = place_names; place->name; place++) {
        if (!is_word(place->name))
            continue;
        printf("%s%s", place == place_names ? "" : " ", place->name);
        listed = listed || !strcmp(place->name, preset);
    }
    if (!listed && is_word(preset))
        printf(" %s", preset);
}

static void pool_words(void)
{
    for (size_t i = 0; pool_table[i]; i++)
        printf("%s%s", i ? " " : "", pool_table[i]->name);
    for (size_t i = 0; floor_table[i]; i++)
        printf(" %s", floor_table[i]->name);
    for (size_t i = 0; pool_peers[i]; i++)
        printf(" %s", pool_peers[i]->name);
}

static void workload_words(void)
{
    for (size_t i = 0; workload_table[i]; i++)
        printf("%s%s", i ? " " : "", workload_table[i]->name);
}

static void fault_words(void)
{
    printf("none");
    for (unsigned kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        printf(" %s:task= %s:rate=", fault_kinds[kind].name, fault_kinds[kind].name);
}

static void metric_words(void)
{
    for (const struct metric *metric = metrics; metric->name; metric++)
        printf("%s ", metric->name);
}

static bool syntax_is(const char *syntax, const char *word)
{
    size_t length = strlen(word);
    return !strncmp(syntax, word, length) && !isupper((unsigned char)syntax[length]);
}

/* A row of _poolbench_value: what an option takes. Flags have none. */
static void value_print(const char *name, const char *syntax, const char *preset, bool many)
{
    static const char label[] = "[LABEL=]"; /* anybody's word */
    const char *kind = "words";
    if (!strncmp(syntax, label, strlen(label)))
        syntax += strlen(label);
    if (!*syntax)
        return;
    if (syntax_is(syntax, "POOL") || syntax_is(syntax, "WORKLOAD"))
        kind = "spec";
    else if (syntax_is(syntax, "RUN"))
        kind = "runs";
    else if (syntax_is(syntax, "DIRECTORY"))
        kind = "directories";
    else if (strstr(syntax, "FILE"))
        kind = "files";
    printf("        --%s) kind=%s%s words='", name, kind, many ? " many=yes" : "");
    if (syntax_is(syntax, "POOL"))
        pool_words();
    else if (syntax_is(syntax, "WORKLOAD"))
        workload_words();
    else if (syntax_is(syntax, "none|KIND"))
        fault_words();
    else if (syntax_is(syntax, "PLACE"))
        place_words(preset);
    else if (syntax_is(syntax, "METRIC"))
        metric_words();
    else
        syntax_words(syntax);
    puts("' ;;");
}

static void options_print_names(const struct verb *const *verbs)
{
    function_begin("Sets words to the options of the verb $1.", "_poolbench_options");
    puts("    '') words='--help --version' ;;");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        printf("    %s) words='--help", verb->name);
        for (const struct argument *a = verb->arguments; a && a->name; a++)
            printf(" --%s", a->name);
        for (const struct option *option = options; option->name; option++)
            if (verb_takes(verb, option))
                printf(" --%s", option->name);
        puts("' ;;");
    }
    puts("    *) words='--help' ;;");
    function_end();
}

static void values_print(const struct verb *const *verbs)
{
    function_begin(
        "Says what the option $2 of the verb $1 takes: kind, empty for a flag; words; many, for comma lists.",
        "_poolbench_value");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        if (!verb->arguments && !verb->takes_suites)
            continue;
        printf("    %s)\n        case $2 in\n", verb->name);
        for (const struct argument *a = verb->arguments; a && a->name; a++)
            value_print(a->name, a->syntax, a->preset, false);
        for (const struct option *option = options; option->name; option++)
            if (verb_takes(verb, option))
                value_print(option->name, option->syntax, option->preset,
                            verb->takes_suites && option->kind == OPTION_FACTOR);
        puts("        esac\n        ;;");
    }
    function_end();
}

static void verb_words(const struct verb *const *verbs)
{
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++)
        printf("%s%s", verb == verbs[0] ? "" : " ", verb->name);
}

/* By how the operands are written: [RUN], [SUITE.ini ...], [VERB], [1..5], [pools|workloads]. */
static void operand_print(const struct verb *verb, const struct verb *const *verbs)
{
    char text[256];
    int first, last;
    if (!verb->operands[0])
        return;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(verb->operands + 1, "]"), verb->operands + 1);
    printf("    %s) limit=%u kind=", verb->name, verb->takes_suites ? SUITES_OFFERED : verb->operands_max);
    if (syntax_is(text, "RUN")) {
        puts("runs ;;");
        return;
    }
    if (syntax_is(text, "SUITE")) {
        puts("suites ;;");
        return;
    }
    fputs("words words='", stdout);
    if (syntax_is(text, "VERB"))
        verb_words(verbs);
    else if (sscanf(text, "%d..%d", &first, &last) == 2)
        for (int i = first; i <= last; i++)
            printf("%s%d", i == first ? "" : " ", i);
    else
        syntax_words(text);
    puts("' ;;");
}

static void operands_print(const struct verb *const *verbs)
{
    function_begin("Says what words without dashes the verb $1 takes, and how many.", "_poolbench_operand");
    fputs("    '') limit=1 kind=words words='", stdout);
    verb_words(verbs);
    puts("' ;;");
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++)
        operand_print(verb, verbs);
    function_end();
}

static void params_print(const char *option, const char *name, const struct param *params)
{
    if (!params)
        return;
    const char *space = "";
    printf("    --%s:%s) words='", option, name);
    for (const struct param *param = params; param->name; param++) {
        const char *at = param->kind == PARAM_CHOICE ? param->choices : "";
        do {
            size_t length = strcspn(at, "|");
            printf("%s%s=%.*s", space, param->name, (int)length, at);
            space = " ";
            at += length + (at[length] == '|');
        } while (*at);
    }
    puts("' ;;");
}

static void specs_print(void)
{
    puts("\n# Sets words to the parameters of the pool or workload $2.\n_poolbench_params()\n{\n    words=\n    case "
         "$1:$2 "
         "in");
    for (size_t i = 0; pool_table[i]; i++)
        params_print("pool", pool_table[i]->name, pool_table[i]->params);
    for (size_t i = 0; floor_table[i]; i++)
        params_print("pool", floor_table[i]->name, floor_table[i]->params);
    for (size_t i = 0; workload_table[i]; i++)
        params_print("workload", workload_table[i]->name, workload_table[i]->params);
    function_end();
}

int completion_print(const struct verb *const *verbs)
{
    char path[PATH_MAX], line[256];
    FILE *script = data_path("completion.bash", path, sizeof path) ? NULL : fopen(path, "r");
    if (!script) {
        complain("help", "completion.bash, which comes with poolbench, is not there: %s", strerror(errno));
        return 1;
    }
    puts("# Completion of poolbench for bash, printed by `poolbench help --completion` from the program's own tables.");
    options_print_names(verbs);
    values_print(verbs);
    operands_print(verbs);
    specs_print();
    putchar('\n');
    while (fgets(line, sizeof line, script))
        fputs(line, stdout);
    fclose(script);
    return 0;
}
