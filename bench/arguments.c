/* Words after a verb, read by the verb's table. */
#include "bench/arguments.h"
#include "bench/nearest.h"
#include "bench/refuse.h"
#include "bench/run_dir.h"
#include "bench/verbs.h"
#include "bench/wrap.h"
#include <limits.h>

#define HELP_COLUMN 16

int complain(const char *verb, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "poolbench%s%s: ", *verb ? " " : "", verb);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return 2;
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
    return complain(verb->name, "there is no option %s%s", name, nearest_advice(&nearest, hint, sizeof hint));
}

/* Reads the option at argv[*at], and steps over its value. */
static int option_read(const struct verb *verb, int argc, char **argv, int *at, struct arguments *given)
{
    const char *word = argv[*at];
    size_t length = strcspn(word, "="), row = 0;
    const struct argument *argument = verb->arguments;
    for (; argument && argument->name; argument++, row++)
        if (!strncmp(word, "--", 2) && strlen(argument->name) == length - 2 &&
            !strncmp(word + 2, argument->name, length - 2))
            break;
    if (!argument || !argument->name)
        return option_unknown(verb, word, length);
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
    return code;
}

char *arguments_usage(const struct verb *verb, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "%s", verb->operands);
    for (const struct argument *a = verb->arguments; a && a->name && used < size; a++)
        used += (size_t)snprintf(text + used, size - used, "%s[--%s%s%s]", used ? " " : "", a->name,
                                 a->syntax[0] ? " " : "", a->syntax);
    return text;
}

void arguments_explain(const struct verb *verb)
{
    for (const struct argument *a = verb->arguments; a && a->name; a++) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s%s%s", a->help, a->preset[0] ? " Default: " : "", a->preset,
                 a->preset[0] ? "." : "");
        printf("  --%s%s%s\n%*s", a->name, a->syntax[0] ? " " : "", a->syntax, HELP_COLUMN, "");
        wrap_print(stdout, text, HELP_COLUMN);
    }
}

int arguments_run(const char *verb, const struct arguments *given, unsigned operand, char *directory)
{
    char error[ERROR_MAX];
    const char *name = operand < given->operands ? given->operand[operand] : "latest";
    return run_find(name, directory, PATH_MAX, error) ? complain(verb, "%s", error) : 0;
}
