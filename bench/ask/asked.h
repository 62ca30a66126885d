/* What is asked for, before anything is checked: suites, and texts of options by row of bench/model/options.h. The
 * command line fills it, and so do verbs that ask for a run themselves. Zeroed is empty. 0 or -ENOMEM. */
#ifndef POOLBENCH_ASK_ASKED_H
#define POOLBENCH_ASK_ASKED_H
#include "bench/model/options.h"

struct asked {
    struct words suites;
    struct words texts[OPTIONS_MAX]; /* of options[i] in the order given; "" for a flag */
};

/* option: one of the table. */
int asked_add(struct asked *asked, const char *option, const char *text);
/* Names of options and texts in turn, ends with NULL; a text that is "" asks for nothing. */
int asked_pairs(struct asked *asked, const char *const *pairs);
int asked_copy(struct asked *to, const struct asked *from); /* to: empty; to be released in any case */
/* What was asked for last by that name; NULL: nothing, or there is no such option. */
const char *asked_last(const struct asked *asked, const char *option);
void asked_release(struct asked *asked);

#endif
