/* The option table: the only source of names, ranges, defaults and help. It drives the command line, the suite files,
 * `help`, `list` and the resolved suite of a run. */
#ifndef POOLBENCH_MODEL_OPTIONS_H
#define POOLBENCH_MODEL_OPTIONS_H
#include "bench/base/words.h"
#include "bench/machine/machine.h"
#include "bench/model/cell.h"
#include "bench/model/column.h"

enum option_kind {
    OPTION_FACTOR,  /* takes a comma list, may be repeated; all factors are crossed into cells */
    OPTION_SETTING, /* one value for the run */
};
enum {
    OPTION_FLAG = 1,         /* takes no value */
    OPTION_COMMAND_LINE = 2, /* no key of a suite */
    OPTION_WORK = 4,         /* what tasks do, and with it their results, depends on it */
    OPTION_RARE = 8,         /* its columns are in files only where a value is not the preset (rare.h) */
    OPTION_RECORDED = 16,    /* stands in files alone: nobody asks for it, as an option or as the key of a suite */
};

/* A value is one alternative, without commas. Functions that can fail return 0 or -EINVAL, with a line in error that
 * does not name the option: the caller knows whether it stood on the command line or in a file. `text` holds VALUE_MAX.
 */
typedef int option_expand(const char *text, const struct machine *machine, struct words *values, char *error);
typedef int option_set_cell(const char *value, struct cell *cell, char *error);
typedef void option_spell_cell(const struct cell *cell, char *text);
typedef int option_set(const char *value, struct settings *settings, char *error);
typedef void option_spell(const struct settings *settings, char *text);

#define FACTOR_COLUMNS_MAX 3

/* What a value of a factor meant in files up to a schema: read as what is called so now. */
struct meaning {
    int64_t schema;                              /* the last one that meant it */
    const char *was, *means;                     /* in a row; means NULL: no row has it */
    bool (*when)(const struct factors *factors); /* where others have these values; NULL: always */
    const char *asks;                            /* what a suite asked for by it; NULL: none could */
};

struct option {
    const char *name;   /* without dashes; the key in a suite */
    const char *syntax; /* of the value, "" for a flag */
    const char *preset; /* what is used when it is not given, "" for nothing */
    const char *help;   /* one or more sentences, wrapped when printed */
    enum option_kind kind;
    unsigned traits;
    /* Of the run: it has `set`, and with it `spell` unless it is OPTION_COMMAND_LINE. */
    option_set *set;
    option_spell *spell;
    /* Else it is of a cell. A value that stands for several is expanded first; NULL: none does. */
    option_expand *expand;
    /* Where in struct factors it is: a number by `param`, a struct by `spelling`, else a text. Where a cell keeps more
     * of it than that, these two do it all. */
    size_t offset, size;
    const struct param *param;
    const struct spelling *spelling;
    option_set_cell *set_cell;
    option_spell_cell *spell_cell;
    /* The columns of plan.csv, trials.csv and summary.csv that are its, and what the plan made of it; offsets in struct
     * factors. */
    struct column columns[FACTOR_COLUMNS_MAX];
    const char *before, *after; /* in a label: words around the value, `after` with s unless it is 1; NULL: none */
    const char *nothing;        /* the value of which a label says nothing; NULL: none is */
    bool added; /* after the first release: a file without its column was written before, when it was as the preset */
    void (*update)(int64_t schema, struct factors *factors); /* what a row meant that no table of words can say */
    const struct meaning *meant_before;                      /* ends with schema 0; NULL: what it means now */
    const char *preset_before; /* of a setting: what runs did whose suite does not have it; NULL: the preset */
};

#define OPTION_BIT(position) ((factor_set)1 << (position)) /* in a factor_set */
#define OPTIONS_MAX          64
/* Positions in the table, of those that the code knows by name; others stand behind them. */
enum {
    OPTION_POOL,
    OPTION_WORKLOAD,
    OPTION_SIZE,
    OPTION_SIZE_DIST,
    OPTION_TASKS,
    OPTION_WORKERS,
    OPTION_PLACE,
    OPTION_ARRIVAL,
    OPTION_COLLECT,
    OPTION_PAYLOAD,
    OPTION_BALLAST,
    OPTION_FAULTS,
    OPTION_TIMING,
    OPTION_TRIAL_PROGRAM,
    OPTION_QUEUE_LIMIT,
    OPTION_NUMA,
    OPTION_HOST,
};
extern const struct option options[]; /* ends with a row without a name */

/* What a cell is asked for: a factor, or a setting that a cell keeps. */
static inline bool option_is_of_cell(const struct option *option)
{
    return !option->set && !(option->traits & OPTION_RECORDED);
}
/* Text to the cell and back, in canonical spelling; text holds VALUE_MAX bytes. */
int cell_set(struct cell *cell, const struct option *option, const char *text, char *error);
void cell_spell(const struct cell *cell, const struct option *option, char *text);
/* The same of the value in `factors` alone: what was recorded of it. Returns text, SPEC_MAX bytes. */
char *factor_text(const struct option *option, const struct factors *factors, char *text);
/* Text to the value in `factors` alone. */
int factor_parse(const struct option *option, const char *text, struct factors *factors, char *error);
/* Factors that were read from a file of that schema, as `table` (options[]) means them today. absent: those without a
 * column there. 0, or -EINVAL with a line in error. */
int factors_update(const struct option *table, int64_t schema, factor_set absent, struct factors *factors, char *error);
/* Its texts as they may stand in a file or on a screen (text_put, workloads/text.h). */
void factors_escape(struct factors *factors);

/* NULL and a line in error, with the nearest name, when there is none. */
const struct option *option_find(const char *name, char *error);
/* Adds the values in text, a comma list, checked, expanded and in canonical spelling, each once. */
int option_values(const struct option *option, const char *text, const struct machine *machine, struct words *values,
                  char *error);
/* Everything that tells cells apart, spelled out (which experiment asked for one does not), without the options in the
 * set. */
#define CELL_KEY_MAX (OPTIONS_MAX * SPEC_MAX + 3 * VALUE_MAX)
void cell_key(const struct cell *cell, factor_set without, char *key);
/* The same as 64 bits. */
uint64_t cell_hash(const struct cell *cell, factor_set without);
/* The bit of the option that is called so. */
factor_set option_bit(const char *name);

#endif
