/* A request from a line of words, as the command line of `run` makes one. */
#ifndef POOLBENCH_TESTS_REQUEST_LINE_H
#define POOLBENCH_TESTS_REQUEST_LINE_H
#include "bench/ask/arguments.h"
#include "bench/ask/request.h"

static inline int request_of_words(int argc, char **argv, const struct machine *machine, struct request *request,
                                   char *error)
{
    static const struct verb run = {.name = "run", .takes_suites = true};
    struct arguments given;
    *request = (struct request){0};
    int rc = arguments_read(&run, argc, argv, &given, error);
    if (rc == 0)
        rc = request_make(&given.asked, machine, request, error);
    arguments_release(&given);
    return rc;
}

/* Split at blanks, without quoting. */
static inline int request_of_line(const char *line, const struct machine *machine, struct request *request, char *error)
{
    char copy[4096], *argv[64];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok(copy, " "); word && argc < 64; word = strtok(NULL, " "))
        argv[argc++] = word;
    return request_of_words(argc, argv, machine, request, error);
}

#endif
