/* Suites: INI files of experiments. Keys are the names of options; keys above the first section count for the whole
 * file: settings, and factors that every [experiment NAME] has unless it sets its own. A file without sections is one
 * experiment. 0 or -EINVAL with a line in error that begins with file:line. */
#ifndef POOLBENCH_ASK_SUITE_H
#define POOLBENCH_ASK_SUITE_H
#include "bench/model/options.h"
#include <stdio.h>

#define SUITE_BYTES_MAX (1u << 20) /* of one file */

/* Factors that are crossed with each other. */
struct experiment {
    char name[NAME_MAX_LEN];          /* "" outside of a suite's sections */
    struct words values[OPTIONS_MAX]; /* of options[i]; empty: the default */
    factor_set preset;                /* bit i: the default was filled in */
};

struct experiments {
    struct experiment *experiment;
    size_t count;
};

/* Adds the file's experiments and changes what it sets. name: a path, or a suite that comes with the program ("quick").
 */
int suite_read(const char *name, const struct machine *machine, struct settings *settings,
               struct experiments *experiments, char *error);
/* The same of the suite.ini of a run, which is refused where it would execute anything but these commands: somebody may
 * have changed it since they were told. */
int suite_read_of(const char *run, const struct machine *machine, struct settings *settings,
                  struct experiments *experiments, const struct words *commands, char *error);
/* Adds what the suite.ini of a run would execute: its pools, workloads and trial programs as they stand there, but for
 * built-in ones that become no program. Nothing is looked for or opened. */
int suite_commands(const char *run, struct words *commands, char *error);
/* Those of a run of that schema (0: not known), in the words of today. 0, or -EINVAL with a line in error. */
int experiments_update(struct experiments *experiments, int64_t schema, char *error);
/* Prints a suite that reads back as the same settings and experiments. 0 or -EIO. */
int suite_write(FILE *out, const struct settings *settings, const struct experiments *experiments);

/* A new empty experiment at the end; NULL: out of memory. */
struct experiment *experiment_add(struct experiments *experiments, const char *name);
void experiments_release(struct experiments *experiments);

/* The path of the suite called so: -EINVAL with a line in error when there is none. */
int suite_find(const char *name, char *path, size_t size, char *error);

#endif
