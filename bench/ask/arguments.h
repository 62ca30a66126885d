/* Arguments of the verbs that take few: a table a verb drives parsing, --help, the manual and completion. What `run`
 * and `plan` take is in bench/model/options.h, because those are keys of a suite too. */
#ifndef POOLBENCH_ASK_ARGUMENTS_H
#define POOLBENCH_ASK_ARGUMENTS_H
#include <stdbool.h>
#include <stddef.h>

struct verb;

struct argument {
    const char *name;   /* without dashes */
    const char *syntax; /* of the value; "" for a flag */
    const char *preset; /* when not given, "" for nothing */
    const char *help;
    bool choice; /* the value is one of the words of syntax, which has them as svg|png */
};

#define ARGUMENTS_MAX 16
#define OPERANDS_MAX  8
struct arguments {
    int argc; /* all words after the verb, for verbs that read them in their own way */
    char **argv;
    const char *value[ARGUMENTS_MAX];  /* by row of the table: as given, else the preset; "yes" or "" for a flag */
    const char *operand[OPERANDS_MAX]; /* words without dashes */
    unsigned operands;
    char **rest; /* of verbs that take some of bench/model/options.h: those, as --name=VALUE; owned */
    int rests;
    const struct verb *const *verbs; /* all there are, for those that explain them; ends with NULL */
};

/* A verb of the command line. Its function returns the exit code: 0, 1 something ran and failed, 2 bad input (one line
 * on stderr, nothing written), 3 of compare; manual_exits (bench/verbs/help/) has them. */
struct verb {
    const char *name;
    const char *chapter;  /* verbs of one stand together in the table and in `help` */
    const char *operands; /* how its words without dashes are written: "[RUN]" */
    const char *summary;
    int (*function)(const struct arguments *given);
    const char *help; /* paragraphs below the usage line */
    unsigned operands_max;
    const struct argument *arguments; /* its own options; ends with a row without a name */
    bool reads_itself;                /* takes the table of bench/model/options.h, and argv as it is */
    /* Of bench/model/options.h it takes those that are not its own, but for these; ends with NULL. NULL: takes none. */
    const char *const *all_but;
};

/* The one of that name; NULL and a line on stderr when there is none. verbs ends with NULL. */
const struct verb *verb_find(const struct verb *const *verbs, const char *name);
/* Fills *given from the words after the verb. 0; or 2 and one line on stderr, which names the option, what was expected
 * and the nearest valid name. An option stands as --name VALUE or --name=VALUE; -- ends the options. */
int arguments_read(const struct verb *verb, int argc, char **argv, struct arguments *given);
/* Whether the word behind this one is its value: that of an option which takes one and has none yet. */
bool arguments_awaits(const struct verb *verb, const char *word);
/* One more for the rest, as if it had been given last. 0 or -ENOMEM. */
int arguments_pass(struct arguments *given, const char *name, const char *value);
void arguments_release(struct arguments *given);
struct option;
/* Whether a verb takes this one of bench/model/options.h. */
bool arguments_passes(const struct verb *verb, const struct option *option);

/* "[RUN] [--format svg|png]": how the words of a verb are written. Returns text. */
char *arguments_usage(const struct verb *verb, char *text, size_t size);
void arguments_explain(const struct verb *verb); /* a paragraph an option on stdout */

/* The directory of the run that an operand names, of the latest without one; size PATH_MAX. 0, or 2 after a line. */
int arguments_run(const char *verb, const struct arguments *given, unsigned operand, char *directory);

#endif
