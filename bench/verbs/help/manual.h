/* What man.c and markdown.c print of the program: the tables it works by, and the few that only people read. */
#ifndef POOLBENCH_VERBS_HELP_MANUAL_H
#define POOLBENCH_VERBS_HELP_MANUAL_H
#include "bench/model/options.h"
#include "bench/verbs/verbs.h"

struct manual_row {
    const char *name, *text;
};
/* Each ends with a row without a name. */
extern const struct manual_row manual_exits[], manual_environment[], manual_files[], manual_examples[];
/* What poolbench is, one paragraph a row; the last is NULL. */
extern const char *const manual_description[];

/* Those of the option table that a verb takes beside its own: "--size, --workers". Returns text. */
char *manual_options(const struct verb *verb, char *text, size_t size);

/* Pools, floors, workloads, places and suites: a section each, then an item a row; those of is_option belong to the row
 * above. The texts hold until the function returns. title: "Pools"; head: "--pool"; about: "what it is". */
typedef void manual_section(const char *title, const char *head, const char *about);
typedef void manual_item(bool is_option, const char *name, const char *text);
void manual_tables(manual_section *section, manual_item *item);

/* verbs: all there are; ends with NULL. The exit code. */
int man_print(const struct verb *const *verbs);
int markdown_print(const struct verb *const *verbs);
int completion_print(const struct verb *const *verbs, const char *shell); /* bash, zsh or fish */

#endif
