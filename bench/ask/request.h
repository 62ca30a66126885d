/* A request: what the user asked for on the command line and in suites, as cells and settings, before this machine has
 * answered. The option table in options.c is the only source of names, ranges, defaults and help. */
#ifndef POOLBENCH_ASK_REQUEST_H
#define POOLBENCH_ASK_REQUEST_H
#include "bench/ask/asked.h"
#include "bench/ask/suite.h"
#include "bench/machine/machine.h"
#include "bench/model/cell.h"
#include <stdio.h>

struct request {
    struct settings settings;
    struct experiments experiments; /* every factor spelled out: what the cells were crossed from */
    struct cells cells;
    struct words left_out; /* pools that have no such number of workers, with the reason */
};

/* 0, or -EINVAL with one line in error (ERROR_MAX bytes) that names the option or file:line, what was expected and the
 * nearest valid name. Duplicate cells are made once. With --like, settings.like becomes the directory of that run. */
int request_make(const struct asked *asked, const struct machine *machine, struct request *request, char *error);
void request_release(struct request *request);
/* The whole request as a suite that gives the same request again: suite.ini of the run. 0 or -EIO. */
int request_write_suite(FILE *out, const struct request *request);

#endif
