/* How to run it again: the command as it was given, what it was given to, and the question it was resolved to. */
#include "bench/show/report/parts.h"
#include "workloads/text.h"
#include <stdlib.h>
#include <string.h>

#define LINE_FULL 48 /* letters of a command; the next option begins a new line */

static void word_print(FILE *out, const char *word)
{
    char *quoted = text_for_shell(word);
    if (quoted)
        fputs(quoted, out);
    free(quoted);
}

static void put_code(struct report *r, struct lines *command)
{
    const char *text = lines_close(command);
    if (*text)
        r->format->code(r->out, text);
    free(command->text);
}

static void put_command(struct report *r, const json_t *arguments)
{
    const char *version = json_string_value(report_fact(r, "build.version"));
    const char *commit = json_string_value(report_fact(r, "build.commit"));
    const char *seed = json_string_value(report_fact(r, "run.seed"));
    const char *verb = json_string_value(report_fact(r, "run.verb"));
    struct lines command;
    size_t i;
    json_t *argument;
    char line[512];
    if (lines_open(&command)) {
        long line_start = 0;
        fprintf(command.out, "poolbench %s", verb ? verb : "run");
        json_array_foreach((json_t *)arguments, i, argument)
        {
            const char *word = json_is_string(argument) ? json_string_value(argument) : "";
            if (*word == '-' && ftell(command.out) - line_start > LINE_FULL) {
                fputs(" \\\n   ", command.out);
                line_start = ftell(command.out);
            }
            fputc(' ', command.out);
            word_print(command.out, word);
        }
    }
    snprintf(line, sizeof line,
             "This was run, by poolbench %.64s of commit %.64s%s%.64s:", version ? version : "(not known)",
             commit ? commit : "(not known)", seed ? ", with the seed " : "", seed ? seed : "");
    report_paragraph(r, line);
    put_code(r, &command);
}

static void put_likewise(struct report *r)
{
    struct lines command;
    if (lines_open(&command)) {
        fputs("poolbench run --like ", command.out);
        word_print(command.out, r->run_id);
    }
    report_paragraph(r, "This asks the same again, with the same tasks, seed and calibration (in place of the "
                        "name, the directory of the run will do):");
    put_code(r, &command);
}

void report_reproduction(struct report *r)
{
    const json_t *arguments = report_fact(r, "run.argv");
    char *suite = report_file(r, "suite.ini"), *whole = NULL;
    size_t length = suite ? strlen(suite) : 0;
    if (json_is_array(arguments))
        put_command(r, arguments);
    else
        report_paragraph(r, "The command is not known: host.json does not tell it.");
    if (suite) {
        if (r->run->host)
            put_likewise(r);
        report_paragraph(r, "The question with every default filled in, suite.ini in the directory of the run:");
        if (asprintf(&whole, "%s%s", suite, length && suite[length - 1] == '\n' ? "" : "\n") >= 0)
            r->format->code(r->out, whole);
        else
            whole = NULL;
    }
    free(whole);
    free(suite);
}
