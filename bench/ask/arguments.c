/* Words after a verb, read by the verb's table. */
#include "bench/ask/arguments.h"
#include "bench/base/inside.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/options.h"
#include "bench/model/run_dir.h"
#include "workloads/text.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#define HELP_COLUMN 16

const struct verb *verb_find(const struct verb *const *verbs, const char *name)
{
    struct nearest nearest;
    char hint[96];
    nearest_init(&nearest, name);
    for (size_t i = 0; verbs[i]; i++) {
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
        nearest_offer(&nearest, verbs[i]->name);
    }
    complain("", "there is no verb '%.64s'%s%s", name, nearest_hint(&nearest, hint, sizeof hint),
             nearest_name(&nearest) ? "" : "; see poolbench help");
    return NULL;
}

static bool choice_has(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; length; at++) {
        size_t word = strcspn(at, "|");
        if (word == length && !strncmp(at, value, length))
            return true;
        at += word;
        if (!*at)
            break;
    }
    return false;
}

static int choice_unknown(const struct argument *argument, const char *value, char *error)
{
    struct nearest nearest;
    char hint[96], word[64];
    nearest_init(&nearest, value);
    for (const char *at = argument->syntax; *at; at += strcspn(at, "|"), at += *at == '|') {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
        nearest_offer(&nearest, word);
    }
    return refuse(error, "--%s: expected %s, found '%.64s'%s", argument->name, argument->syntax, value,
                  nearest_hint(&nearest, hint, sizeof hint));
}

static int option_unknown(const struct verb *verb, const char *word, char *error)
{
    struct nearest nearest;
    char name[64], offer[64], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    nearest_init(&nearest, name);
    for (const struct argument *own = verb->arguments; own && own->name; own++) {
        snprintf(offer, sizeof offer, "--%s", own->name);
        nearest_offer(&nearest, offer);
    }
    for (const struct option *option = options; option->name; option++) {
        snprintf(offer, sizeof offer, "--%s", option->name);
        if (verb_takes(verb, option))
            nearest_offer(&nearest, offer);
    }
    return refuse(error, "there is no option %s%s", name, nearest_advice(&nearest, hint, sizeof hint));
}

bool verb_takes(const struct verb *verb, const struct option *option)
{
    for (const struct argument *own = verb->arguments; own && own->name; own++)
        if (!strcmp(own->name, option->name))
            return false;
    for (const char *const *name = verb->all_but; name && *name; name++)
        if (!strcmp(*name, option->name))
            return false;
    return (verb->takes_suites || verb->all_but) && !(option->traits & OPTION_RECORDED);
}

/* An option of either table. */
struct known {
    const struct argument *own;
    const struct option *option;
    const char *name, *syntax; /* NULL: there is none */
};

static bool is_called(const char *word, const char *name)
{
    size_t length = strlen(name);
    return !strncmp(word, "--", 2) && !strncmp(word + 2, name, length) &&
           (!word[2 + length] || word[2 + length] == '=');
}

static struct known option_of(const struct verb *verb, const char *word)
{
    for (const struct argument *own = verb->arguments; own && own->name; own++)
        if (is_called(word, own->name))
            return (struct known){.own = own, .name = own->name, .syntax = own->syntax};
    for (const struct option *option = options; option->name; option++)
        if (is_called(word, option->name) && verb_takes(verb, option))
            return (struct known){.option = option, .name = option->name, .syntax = option->syntax};
    return (struct known){.name = NULL};
}

bool arguments_awaits(const struct verb *verb, const char *word)
{
    const struct known known = option_of(verb, word);
    return known.name && known.syntax[0] && !strchr(word, '=');
}

/* Reads the option at argv[*at], and steps over its value. */
static int option_read(const struct verb *verb, int argc, char **argv, int *at, struct arguments *given, char *error)
{
    const struct known known = option_of(verb, argv[*at]);
    const char *equals = strchr(argv[*at], '='), *value = equals ? equals + 1 : "";
    if (!known.name)
        return option_unknown(verb, argv[*at], error);
    const bool is_flag = !known.syntax[0];
    if (is_flag && equals)
        return refuse(error, "--%s takes no value, found '%.64s'", known.name, value);
    if (!is_flag && !equals && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
        value = argv[++*at];
    if (!is_flag && !*value)
        return refuse(error, "--%s: a value is missing, expected %s", known.name, known.syntax);
    if (known.option)
        return asked_add(&given->asked, known.name, value) ? refuse(error, "out of memory") : 0;
    if (known.own->choice && !choice_has(known.syntax, value))
        return choice_unknown(known.own, value, error);
    given->value[known.own - verb->arguments] = is_flag ? "yes" : value;
    return 0;
}

static int operand_read(const struct verb *verb, char *word, struct arguments *given, char *error)
{
    if (verb->takes_suites && !*word)
        return refuse(error, "an empty argument, expected SUITE.ini or an option");
    if (verb->takes_suites)
        return words_add(&given->asked.suites, word, strlen(word)) ? refuse(error, "out of memory") : 0;
    if (given->operands == verb->operands_max)
        return verb->operands_max
                   ? refuse(error, "expected %s, found '%.64s' too", verb->operands, word)
                   : refuse(error, "expected nothing%s, found '%.64s'", verb->arguments ? " but options" : "", word);
    given->operand[given->operands++] = word;
    return 0;
}

int arguments_read(const struct verb *verb, int argc, char **argv, struct arguments *given, char *error)
{
    bool ended = false;
    int rc = 0;
    *given = (struct arguments){.argv = argv};
    for (size_t i = 0; verb->arguments && verb->arguments[i].name; i++)
        given->value[i] = verb->arguments[i].preset;
    for (int i = 0; i < argc && rc == 0; i++)
        if (!ended && !strcmp(argv[i], "--"))
            ended = true;
        else if (!ended && argv[i][0] == '-' && argv[i][1])
            rc = option_read(verb, argc, argv, &i, given, error);
        else
            rc = operand_read(verb, argv[i], given, error);
    return rc;
}

void arguments_release(struct arguments *given)
{
    asked_release(&given->asked);
}

char *arguments_usage(const struct verb *verb, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", verb->operands);
    for (const struct argument *a = verb->arguments; a && a->name && used < size; a++)
        used += (size_t)snprintf(text + used, size - used, "%s[--%s%s%s]", used ? " " : "", a->name,
                                 a->syntax[0] ? " " : "", a->syntax);
    if ((verb->all_but || verb->takes_suites) && used < size)
        snprintf(text + used, size - used, " [options%s]", verb->all_but ? " of run" : "");
    return text;
}

static void explain(const char *name, const char *syntax, const char *preset, const char *help)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s%s", help, preset[0] ? " Default: " : "", preset, preset[0] ? "." : "");
    printf("  --%s%s%s\n%*s", name, syntax[0] ? " " : "", syntax, HELP_COLUMN, "");
    wrap_print(stdout, text, HELP_COLUMN);
}

static void kind_explain(const struct verb *verb, enum option_kind kind)
{
    for (const struct option *option = options; option->name; option++)
        if (option->kind == kind && verb_takes(verb, option))
            explain(option->name, option->syntax, option->preset, option->help);
}

void arguments_explain(const struct verb *verb)
{
    for (const struct argument *a = verb->arguments; a && a->name; a++)
        explain(a->name, a->syntax, a->preset, a->help);
    if (verb->all_but)
        printf("\nas for run, with one value each:\n");
    if (verb->takes_suites)
        printf("factors (each takes a comma list; all values are combined into cells):\n");
    kind_explain(verb, OPTION_FACTOR);
    if (verb->takes_suites)
        printf("\nsettings:\n");
    kind_explain(verb, OPTION_SETTING);
    if (verb->takes_suites)
        printf("\nIn a suite the same names are keys, without dashes: workers = 1,2,4\n");
}

/* Finds and holds the run of that name. */
static int run_hold(const char *verb, const char *name, char *directory)
{
    char error[ERROR_MAX], other[PATH_MAX];
    int rc = run_find(name, directory, PATH_MAX, error), fd = rc ? rc : inside_hold(directory);
    if (rc == -ENOENT && !strcmp(name, RUN_LATEST) && run_unfinished("", other, sizeof other) == 0)
        refuse(error, "latest: no run in %s/ has ended yet; %.200s is unfinished: `poolbench resume` goes on with it",
               RESULTS_DIRECTORY, other);
    else if (!rc && fd < 0)
        refuse(error, "'%.200s' cannot be opened: %s", directory, strerror(-fd));
    return fd < 0 ? complain(verb, "%s", error) : 0;
}

void arguments_newer_say(const char *verb, const char *name, const char *directory)
{
    char other[PATH_MAX];
    int rc = strcmp(name, RUN_LATEST) ? -ENOENT : run_unfinished(directory, other, sizeof other);
    if (rc >= 0)
        complain(verb, "latest is %s; %s is newer and %s", directory, other,
                 rc ? "still at work" : "unfinished: `poolbench resume` goes on with it");
}

int arguments_run(const char *verb, const struct arguments *given, unsigned operand, char *directory)
{
    const char *name = operand < given->operands ? given->operand[operand] : RUN_LATEST;
    int code = run_hold(verb, name, directory);
    if (!code)
        arguments_newer_say(verb, name, directory);
    return code;
}

int arguments_run_unfinished(const char *verb, const struct arguments *given, char *directory)
{
    char unfinished[PATH_MAX];
    if (given->operands || run_unfinished("", unfinished, sizeof unfinished) != 0)
        return run_hold(verb, given->operands ? given->operand[0] : RUN_LATEST, directory);
    return run_hold(verb, unfinished, directory);
}
