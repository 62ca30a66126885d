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

/* verbs: all there are; ends with NULL. */
void man_print(const struct verb *const *verbs);
void markdown_print(const struct verb *const *verbs);
void completion_print(const struct verb *const *verbs);

#endif
