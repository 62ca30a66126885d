/* Words after a verb, read by the verb's table. */
#include "bench/ask/arguments.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/model/options.h"
#include "bench/model/run_dir.h"
#include "workloads/text.h"
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

static int choice_unknown(const struct verb *verb, const struct argument *argument, const char *value)
{
    struct nearest nearest;
    char hint[96], word[64];
    nearest_init(&nearest, value);
    for (const char *at = argument->syntax; *at; at += strcspn(at, "|"), at += *at == '|') {
        snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "|"), at);
        nearest_offer(&nearest, word);
    }
    return complain(verb->name, "--%s: expected %s, found '%.64s'%s", argument->name, argument->syntax, value,
                    nearest_hint(&nearest, hint, sizeof hint));
}

static int option_unknown(const struct verb *verb, const char *word, size_t length)
{
    struct nearest nearest;
    char name[64], offer[64], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    nearest_init(&nearest, name);
    for (const struct argument *argument = verb->arguments; argument && argument->name; argument++) {
        snprintf(offer, sizeof offer, "--%s", argument->name);
        nearest_offer(&nearest, offer);
    }
    for (const struct option *option = options; option->name; option++) {
        snprintf(offer, sizeof offer, "--%s", option->name);
        if (arguments_passes(verb, option))
            nearest_offer(&nearest, offer);
    }
    return complain(verb->name, "there is no option %s%s", name, nearest_advice(&nearest, hint, sizeof hint));
}

static bool is_called(const char *word, size_t length, const char *name)
{
    return length > 2 && !strncmp(word, "--", 2) && strlen(name) == length - 2 && !strncmp(word + 2, name, length - 2);
}

bool arguments_passes(const struct verb *verb, const struct option *option)
{
    for (const struct argument *own = verb->arguments; own && own->name; own++)
        if (!strcmp(own->name, option->name))
            return false;
    for (const char *const *name = verb->all_but; name && *name; name++)
        if (!strcmp(*name, option->name))
            return false;
    return verb->all_but != NULL;
}

int arguments_pass(struct arguments *given, const char *name, const char *value)
{
    char **grown = realloc(given->rest, ((size_t)given->rests + 2) * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    given->rest = grown;
    if (asprintf(&grown[given->rests], "--%s%s%s", name, *value ? "=" : "", value) < 0)
        return -ENOMEM;
    grown[++given->rests] = NULL;
    return 0;
}

void arguments_release(struct arguments *given)
{
    for (int i = 0; i < given->rests; i++)
        free(given->rest[i]);
    free(given->rest);
    given->rest = NULL;
    given->rests = 0;
}

/* An option of bench/model/options.h, which is read there: only where it ends is to be known here. */
static int option_pass(const struct verb *verb, const struct option *option, int argc, char **argv, int *at,
                       struct arguments *given)
{
    const char *equals = strchr(argv[*at], '=');
    const char *value = equals ? equals + 1 : "";
    if (option->traits & OPTION_FLAG && equals)
        return complain(verb->name, "--%s takes no value, found '%.64s'", option->name, value);
    if (!(option->traits & OPTION_FLAG) && !equals && *at + 1 < argc && strncmp(argv[*at + 1], "--", 2) != 0)
        value = argv[++*at];
    if (!(option->traits & OPTION_FLAG) && !*value)
        return complain(verb->name, "--%s: a value is missing, expected %s", option->name, option->syntax);
    return arguments_pass(given, option->name, value) ? complain(verb->name, "out of memory") : 0;
}

/* Reads the option at argv[*at], and steps over its value. */
static int option_read(const struct verb *verb, int argc, char **argv, int *at, struct arguments *given)
{
    const char *word = argv[*at];
    size_t length = strcspn(word, "="), row = 0;
    const struct argument *argument = verb->arguments;
    for (; argument && argument->name; argument++, row++)
        if (is_called(word, length, argument->name))
            break;
    if (!argument || !argument->name) {
        for (const struct option *option = options; option->name; option++)
            if (is_called(word, length, option->name) && arguments_passes(verb, option))
                return option_pass(verb, option, argc, argv, at, given);
        return option_unknown(verb, word, length);
    }
    const char *value = word[length] ? word + length + 1 : NULL;
    if (!argument->syntax[0]) {
        if (value)
            return complain(verb->name, "--%s takes no value, found '%.64s'", argument->name, value);
        value = "yes";
    } else if (!value) {
        value = *at + 1 < argc ? argv[++*at] : "";
    }
    if (!*value)
        return complain(verb->name, "--%s: a value is missing, expected %s", argument->name, argument->syntax);
    if (argument->choice && !choice_has(argument->syntax, value))
        return choice_unknown(verb, argument, value);
    given->value[row] = value;
    return 0;
}

bool arguments_awaits(const struct verb *verb, const char *word)
{
    const size_t length = strlen(word);
    for (const struct argument *argument = verb->arguments; argument && argument->name; argument++)
        if (is_called(word, length, argument->name))
            return argument->syntax[0] != '\0';
    for (const struct option *option = options; option->name; option++)
        if (is_called(word, length, option->name) && (verb->reads_itself || arguments_passes(verb, option)))
            return !(option->traits & OPTION_FLAG);
    return false;
}

int arguments_read(const struct verb *verb, int argc, char **argv, struct arguments *given)
{
    bool ended = false;
    int code = 0;
    *given = (struct arguments){.argc = argc, .argv = argv};
    if (verb->reads_itself)
        return 0;
    for (size_t i = 0; verb->arguments && verb->arguments[i].name; i++)
        given->value[i] = verb->arguments[i].preset;
    for (int i = 0; i < argc && !code; i++) {
        if (!ended && !strcmp(argv[i], "--"))
            ended = true;
        else if (!ended && argv[i][0] == '-' && argv[i][1])
            code = option_read(verb, argc, argv, &i, given);
        else if (given->operands < verb->operands_max)
            given->operand[given->operands++] = argv[i];
        else if (verb->operands_max)
            code = complain(verb->name, "expected %s, found '%.64s' too", verb->operands, argv[i]);
        else
            code = complain(verb->name, "expected nothing%s, found '%.64s'", verb->arguments ? " but options" : "",
                            argv[i]);
    }
    if (code)
        arguments_release(given);
    return code;
}

char *arguments_usage(const struct verb *verb, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", verb->operands);
    for (const struct argument *a = verb->arguments; a && a->name && used < size; a++)
        used += (size_t)snprintf(text + used, size - used, "%s[--%s%s%s]", used ? " " : "", a->name,
                                 a->syntax[0] ? " " : "", a->syntax);
    if (verb->all_but && used < size)
        snprintf(text + used, size - used, " [options of run]");
    return text;
}

static void explain(const char *name, const char *syntax, const char *preset, const char *help)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s%s%s", help, preset[0] ? " Default: " : "", preset, preset[0] ? "." : "");
    printf("  --%s%s%s\n%*s", name, syntax[0] ? " " : "", syntax, HELP_COLUMN, "");
    wrap_print(stdout, text, HELP_COLUMN);
}

void arguments_explain(const struct verb *verb)
{
    for (const struct argument *a = verb->arguments; a && a->name; a++)
        explain(a->name, a->syntax, a->preset, a->help);
    if (verb->all_but)
        printf("\nas for run, with one value each:\n");
    for (const struct option *option = options; option->name; option++)
        if (arguments_passes(verb, option))
            explain(option->name, option->syntax, option->preset, option->help);
}

int arguments_run(const char *verb, const struct arguments *given, unsigned operand, char *directory)
{
    char error[ERROR_MAX];
    const char *name = operand < given->operands ? given->operand[operand] : "latest";
    return run_find(name, directory, PATH_MAX, error) ? complain(verb, "%s", error) : 0;
}
