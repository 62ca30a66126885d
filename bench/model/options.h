/* The option table: the only source of names, ranges, defaults and help. It drives the command line, the suite files,
 * `help`, `list` and the resolved suite of a run. */
#ifndef POOLBENCH_MODEL_OPTIONS_H
#define POOLBENCH_MODEL_OPTIONS_H
#include "bench/base/words.h"
#include "bench/machine/machine.h"
#include "bench/model/cell.h"

enum option_kind {
    OPTION_FACTOR,  /* takes a comma list, may be repeated; all factors are crossed into cells */
    OPTION_SETTING, /* one value for the run */
};
enum {
    OPTION_FLAG = 1,         /* takes no value */
    OPTION_COMMAND_LINE = 2, /* no key of a suite */
};

/* A value is one alternative, without commas. Functions that can fail return 0 or -EINVAL, with a line in error that
 * does not name the option: the caller knows whether it stood on the command line or in a file. `text` holds VALUE_MAX.
 */
typedef int option_expand(const char *text, const struct machine *machine, struct words *values, char *error);
typedef int option_set_cell(const char *value, struct cell *cell, char *error);
typedef void option_spell_cell(const struct cell *cell, char *text);
typedef int option_set(const char *value, struct settings *settings, char *error);
typedef void option_spell(const struct settings *settings, char *text);

struct option {
    const char *name;   /* without dashes; the key in a suite */
    const char *syntax; /* of the value, "" for a flag */
    const char *preset; /* what is used when it is not given, "" for nothing */
    const char *help;   /* one or more sentences, wrapped when printed */
    enum option_kind kind;
    unsigned traits;
    /* Either it describes a cell: a value that stands for several is expanded first (NULL: never is) ... */
    option_expand *expand;
    option_set_cell *set_cell;
    option_spell_cell *spell_cell;
    /* ... or the run; spell is NULL with OPTION_COMMAND_LINE. */
    option_set *set;
    option_spell *spell;
};

#define OPTIONS_MAX 32
#define OPTION_POOL 0                 /* its position in the table */
extern const struct option options[]; /* ends with a row without a name */

/* NULL and a line in error, with the nearest name, when there is none. */
const struct option *option_find(const char *name, char *error);
/* Adds the values in text, a comma list, checked, expanded and in canonical spelling, each once. */
int option_values(const struct option *option, const char *text, const struct machine *machine, struct words *values,
                  char *error);
/* Everything that tells cells apart, spelled out (which experiment asked for one does not), without the options in the
 * mask (bit i: options[i]). */
#define CELL_KEY_MAX (OPTIONS_MAX * SPEC_MAX + 2 * VALUE_MAX)
void cell_key(const struct cell *cell, unsigned without, char *key);
/* The same as 64 bits. */
uint64_t cell_hash(const struct cell *cell, unsigned without);
/* The bit of the option that is called so. */
unsigned option_bit(const char *name);

#endif
