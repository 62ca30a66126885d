/* The verbs help and version. */
#include "bench/options.h"
#include "bench/verbs.h"
#include "bench/wrap.h"
#include <gsl/gsl_version.h>
#include <hwloc.h>
#include <jansson.h>
#include <string.h>

#ifndef POOLBENCH_VERSION
#define POOLBENCH_VERSION "0"
#endif
#ifndef POOLBENCH_COMMIT
#define POOLBENCH_COMMIT "unknown"
#endif

#define HELP_COLUMN 16

static void kind_print(FILE *out, enum option_kind kind)
{
    for (const struct option *option = options; option->name; option++) {
        char label[SPEC_MAX], text[1024];
        if (option->kind != kind)
            continue;
        snprintf(label, sizeof label, "--%s%s%s", option->name, option->syntax[0] ? " " : "", option->syntax);
        snprintf(text, sizeof text, "%s%s%s%s", option->help, option->preset[0] ? " Default: " : "", option->preset,
                 option->preset[0] ? "." : "");
        fprintf(out, "  %s\n%*s", label, HELP_COLUMN, "");
        wrap_print(out, text, HELP_COLUMN);
    }
}

void options_print(FILE *out)
{
    fprintf(out, "factors (each takes a comma list and may be repeated; all of them are crossed into cells):\n");
    kind_print(out, OPTION_FACTOR);
    fprintf(out, "\nsettings:\n");
    kind_print(out, OPTION_SETTING);
    fprintf(out, "\nIn a suite the same names are keys, without dashes: workers = 1,2,4\n");
}

void verb_help_print(const struct verb *verb)
{
    char usage[512];
    if (verb->reads_itself)
        snprintf(usage, sizeof usage, "%s [options]", verb->operands);
    else
        arguments_usage(verb, usage, sizeof usage);
    printf("usage: poolbench %s%s", verb->name, usage[0] ? " " : "");
    wrap_print(stdout, usage, (unsigned)strlen("usage: poolbench ") + (unsigned)strlen(verb->name) + 1);
    putchar('\n');
    wrap_print(stdout, verb->help, 0);
    if (verb->arguments)
        putchar('\n');
    arguments_explain(verb);
    if (verb->reads_itself) {
        putchar('\n');
        options_print(stdout);
    }
}

int verb_help(const struct arguments *given)
{
    if (given->operands) {
        const struct verb *verb = verb_find(given->operand[0]);
        if (verb)
            verb_help_print(verb);
        return verb ? 0 : 2;
    }
    printf("poolbench runs the same tasks through interchangeable pools of workers and measures them.\n\n"
           "usage: poolbench VERB ...\n");
    for (const struct verb *verb = verbs; verb->name; verb++)
        printf("  %-11s %s\n", verb->name, verb->summary);
    printf("\n`poolbench help VERB` explains a verb. To begin: poolbench run quick\n");
    return 0;
}

int verb_version(const struct arguments *given)
{
    (void)given;
    unsigned hwloc = hwloc_get_api_version();
    printf("poolbench %s (commit %s; hwloc %u.%u.%u, GSL %s, jansson %s)\n", POOLBENCH_VERSION, POOLBENCH_COMMIT,
           hwloc >> 16, hwloc >> 8 & 0xff, hwloc & 0xff, gsl_version, jansson_version_str());
    return 0;
}
