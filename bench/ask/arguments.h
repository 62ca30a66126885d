/* The command line of a verb: its own arguments, a table of its own, and those of bench/model/options.h that it takes,
 * which are keys of a suite too. The tables drive parsing, --help, the manual and completion. */
#ifndef POOLBENCH_ASK_ARGUMENTS_H
#define POOLBENCH_ASK_ARGUMENTS_H
#include "bench/ask/asked.h"

struct verb;

struct argument {
    const char *name;   /* without dashes */
    const char *syntax; /* of the value; "" for a flag */
    const char *preset; /* when not given, "" for nothing */
    const char *help;
    bool choice; /* the value is one of the words of syntax, which has them as svg|png */
};

#define ARGUMENTS_MAX 16
#define OPERANDS_MAX  4096 /* runs of an array, at most */
struct arguments {
    char **argv;                       /* all words after the verb, as a run notes them */
    const char *value[ARGUMENTS_MAX];  /* by row of the table: as given, else the preset; "yes" or "" for a flag */
    const char *operand[OPERANDS_MAX]; /* words without dashes */
    unsigned operands;
    struct asked asked;              /* what was given of bench/model/options.h, and suites */
    const struct verb *const *verbs; /* all there are, for those that explain them; ends with NULL */
};

/* A verb of the command line. Its function returns the exit code: 0, 1 something ran and failed, 2 bad input (one line
 * on stderr, nothing written), 3 and EXIT_BLIND of those that judge, 5 of run --hosts; manual_exits (bench/verbs/help/)
 * has them. */
#define EXIT_BLIND 4 /* could not tell */
struct verb {
    const char *name;
    const char *chapter;  /* verbs of one stand together in the table and in `help` */
    const char *operands; /* how its words without dashes are written: "[RUN]" */
    const char *summary;
    int (*function)(const struct arguments *given);
    const char *help; /* paragraphs below the usage line */
    unsigned operands_max;
    const struct argument *arguments; /* its own options; ends with a row without a name */
    bool takes_suites;                /* as operands, as many as there are, and all of bench/model/options.h */
    /* Of bench/model/options.h it takes those that are not its own, but for these; ends with NULL. NULL: takes none. */
    const char *const *all_but;
};

/* The one of that name; NULL and a line on stderr when there is none. verbs ends with NULL. */
const struct verb *verb_find(const struct verb *const *verbs, const char *name);
/* Fills *given, to be released in any case, from the words after the verb. 0; or -EINVAL and a line in error, which
 * names the option, what was expected and the nearest valid name. An option stands as --name VALUE or --name=VALUE;
 * -- ends the options. */
int arguments_read(const struct verb *verb, int argc, char **argv, struct arguments *given, char *error);
/* Whether the word behind this one is its value: that of an option which takes one and has none yet. */
bool arguments_awaits(const struct verb *verb, const char *word);
void arguments_release(struct arguments *given);
/* Whether a verb takes this one of bench/model/options.h. */
bool verb_takes(const struct verb *verb, const struct option *option);

/* "[RUN] [--format svg|png]": how the words of a verb are written. Returns text. */
char *arguments_usage(const struct verb *verb, char *text, size_t size);
void arguments_explain(const struct verb *verb); /* a paragraph an option on stdout */

/* The directory of the run that an operand names, of the latest without one; size PATH_MAX. 0, or 2 after a line. */
int arguments_run(const char *verb, const struct arguments *given, unsigned operand, char *directory);
/* The same for who goes on with runs: without an operand the newest that has not come to the end of its plan. */
int arguments_run_unfinished(const char *verb, const struct arguments *given, char *directory);
/* Where `name` is latest, and a newer run than that has not ended: says so on stderr. */
void arguments_newer_say(const char *verb, const char *name, const char *directory);

#endif
