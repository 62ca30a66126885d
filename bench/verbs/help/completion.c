/* Completion for bash, zsh and fish. Words that the tables know are written into the script; runs and files are looked
 * up when they are asked for.
 *
 * The script (scripts/completion.bash and its like) finds the verb and the option before the cursor, asks the functions
 * generated here what may stand there (kind, words, many, limit), and offers that. They are the same for each shell,
 * but for how it writes a case and an assignment. */
#include "bench/base/data_path.h"
#include "bench/base/refuse.h"
#include "bench/machine/place.h"
#include "bench/model/metrics.h"
#include "bench/verbs/help/manual.h"
#include <ctype.h>
#include <limits.h>
#include <string.h>

#define SUITES_OFFERED 8

/* How a shell writes a function that sets variables of its caller by its arguments. Each but `arguments` is a format.
 */
struct syntax {
    const char *function, *function_end;
    const char *arguments[3]; /* the first, the second, both with a colon between */
    const char *cases, *cases_end, *branch, *branch_end;
    const char *otherwise; /* the branch for all else */
    const char *assign;    /* of a word; more follows */
    const char *text;      /* of a text up to a single quote */
};
static const struct syntax posix = {.function = "\n%s()\n{\n",
                                    .function_end = "}\n",
                                    .arguments = {"$1", "$2", "$1:$2"},
                                    .cases = "case %s in\n",
                                    .cases_end = "esac\n",
                                    .branch = "%s)\n",
                                    .branch_end = ";;\n",
                                    .otherwise = "*",
                                    .assign = "%s=%s\n",
                                    .text = "%s='"};
static const struct syntax fish = {.function = "\nfunction %s --no-scope-shadowing\n",
                                   .function_end = "end\n",
                                   .arguments = {"\"$argv[1]\"", "\"$argv[2]\"", "\"$argv[1]:$argv[2]\""},
                                   .cases = "switch %s\n",
                                   .cases_end = "end\n",
                                   .branch = "case %s\n",
                                   .branch_end = "",
                                   .otherwise = "'*'",
                                   .assign = "set %s %s\n",
                                   .text = "set %s '"};
static const struct shell {
    const char *name, *script;
    const struct syntax *syntax;
} shells[] = {
    {"bash", "completion.bash", &posix}, {"zsh", "completion.zsh", &posix}, {"fish", "completion.fish", &fish}};

static const struct syntax *writes; /* of the shell that is written for */
enum argument_number { FIRST, SECOND, BOTH };

static void function_begin(const char *about, const char *name, enum argument_number argument)
{
    printf("\n# %s", about);
    printf(writes->function, name);
    printf(writes->cases, writes->arguments[argument]);
}

static void function_end(void)
{
    fputs(writes->cases_end, stdout);
    fputs(writes->function_end, stdout);
}

static void branch_begin(const char *before, const char *name)
{
    char label[96];
    snprintf(label, sizeof label, "%s%s", before, name);
    printf(writes->branch, label);
}

static void branch_end(void)
{
    fputs(writes->branch_end, stdout);
}

static void text_begin(const char *variable)
{
    printf(writes->text, variable);
}

static void text_end(void)
{
    puts("'");
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

/* A branch of _poolbench_value: what an option takes. Flags have none. */
static void value_print(const char *name, const char *takes, const char *preset, bool many)
{
    static const char label[] = "[LABEL=]"; /* anybody's word */
    const char *kind = "words";
    if (!strncmp(takes, label, strlen(label)))
        takes += strlen(label);
    if (!*takes)
        return;
    if (syntax_is(takes, "POOL") || syntax_is(takes, "WORKLOAD"))
        kind = "spec";
    else if (syntax_is(takes, "RUN"))
        kind = "runs";
    else if (syntax_is(takes, "DIRECTORY"))
        kind = "directories";
    else if (strstr(takes, "FILE"))
        kind = "files";
    branch_begin("--", name);
    printf(writes->assign, "kind", kind);
    if (many)
        printf(writes->assign, "many", "yes");
    text_begin("words");
    if (syntax_is(takes, "POOL"))
        pool_words();
    else if (syntax_is(takes, "WORKLOAD"))
        workload_words();
    else if (syntax_is(takes, "none|KIND"))
        fault_words();
    else if (syntax_is(takes, "PLACE"))
        place_words(preset);
    else if (syntax_is(takes, "METRIC"))
        metric_words();
    else
        syntax_words(takes);
    text_end();
    branch_end();
}

static void options_print_names(const struct verb *const *verbs)
{
    function_begin("Sets words to the options of the verb $1.", "_poolbench_options", FIRST);
    branch_begin("", "''");
    text_begin("words");
    printf("--help --version");
    text_end();
    branch_end();
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        branch_begin("", verb->name);
        text_begin("words");
        printf("--help");
        for (const struct argument *a = verb->arguments; a && a->name; a++)
            printf(" --%s", a->name);
        for (const struct option *option = options; option->name; option++)
            if (verb_takes(verb, option))
                printf(" --%s", option->name);
        text_end();
        branch_end();
    }
    branch_begin("", writes->otherwise);
    text_begin("words");
    printf("--help");
    text_end();
    branch_end();
    function_end();
}

static void values_print(const struct verb *const *verbs)
{
    function_begin(
        "Says what the option $2 of the verb $1 takes: kind, empty for a flag; words; many, for comma lists.",
        "_poolbench_value", FIRST);
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++) {
        if (!verb->arguments && !verb->takes_suites)
            continue;
        branch_begin("", verb->name);
        printf(writes->cases, writes->arguments[SECOND]);
        for (const struct argument *a = verb->arguments; a && a->name; a++)
            value_print(a->name, a->syntax, a->preset, false);
        for (const struct option *option = options; option->name; option++)
            if (verb_takes(verb, option))
                value_print(option->name, option->syntax, option->preset,
                            verb->takes_suites && option->kind == OPTION_FACTOR);
        fputs(writes->cases_end, stdout);
        branch_end();
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
    char text[256], limit[16];
    int first, last;
    if (!verb->operands[0])
        return;
    snprintf(text, sizeof text, "%.*s", (int)strcspn(verb->operands + 1, "]"), verb->operands + 1);
    snprintf(limit, sizeof limit, "%u", verb->takes_suites ? SUITES_OFFERED : verb->operands_max);
    bool is_run = syntax_is(text, "RUN"), is_suite = syntax_is(text, "SUITE");
    branch_begin("", verb->name);
    printf(writes->assign, "limit", limit);
    printf(writes->assign, "kind", is_run ? "runs" : is_suite ? "suites" : "words");
    if (!is_run && !is_suite) {
        text_begin("words");
        if (syntax_is(text, "VERB"))
            verb_words(verbs);
        else if (sscanf(text, "%d..%d", &first, &last) == 2)
            for (int i = first; i <= last; i++)
                printf("%s%d", i == first ? "" : " ", i);
        else
            syntax_words(text);
        text_end();
    }
    branch_end();
}

static void operands_print(const struct verb *const *verbs)
{
    function_begin("Says what words without dashes the verb $1 takes, and how many.", "_poolbench_operand", FIRST);
    branch_begin("", "''");
    printf(writes->assign, "limit", "1");
    printf(writes->assign, "kind", "words");
    text_begin("words");
    verb_words(verbs);
    text_end();
    branch_end();
    for (const struct verb *const *at = verbs, *verb; (verb = *at); at++)
        operand_print(verb, verbs);
    function_end();
}

static void params_print(const char *option, const char *name, const struct param *params)
{
    char label[64];
    if (!params)
        return;
    const char *space = "";
    snprintf(label, sizeof label, "%s:%s", option, name);
    branch_begin("--", label);
    text_begin("words");
    for (const struct param *param = params; param->name; param++) {
        const char *at = param->kind == PARAM_CHOICE ? param->choices : "";
        do {
            size_t length = strcspn(at, "|");
            printf("%s%s=%.*s", space, param->name, (int)length, at);
            space = " ";
            at += length + (at[length] == '|');
        } while (*at);
    }
    text_end();
    branch_end();
}

static void specs_print(void)
{
    function_begin("Sets words to the parameters of the pool or workload $2.", "_poolbench_params", BOTH);
    for (size_t i = 0; pool_table[i]; i++)
        params_print("pool", pool_table[i]->name, pool_table[i]->params);
    for (size_t i = 0; floor_table[i]; i++)
        params_print("pool", floor_table[i]->name, floor_table[i]->params);
    for (size_t i = 0; workload_table[i]; i++)
        params_print("workload", workload_table[i]->name, workload_table[i]->params);
    function_end();
}

int completion_print(const struct verb *const *verbs, const char *name)
{
    char path[PATH_MAX], line[256];
    const struct shell *shell = shells;
    while (strcmp(shell->name, name) != 0) /* help_arguments has their names */
        shell++;
    FILE *script = data_path(shell->script, path, sizeof path) ? NULL : fopen(path, "r");
    if (!script) {
        complain("help", "%s, which comes with poolbench, is not there: %s", shell->script, strerror(errno));
        return 1;
    }
    writes = shell->syntax;
    if (!strcmp(shell->name, "zsh"))
        puts("#compdef poolbench");
    printf("# Completion of poolbench for %s, printed by `poolbench help --completion --shell %s` from the "
           "program's own tables.\n",
           shell->name, shell->name);
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
