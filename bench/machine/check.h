/* What spoils a measurement on this machine, as far as it can be seen from here. Looks, and changes nothing. One
 * thread.
 */
#ifndef POOLBENCH_MACHINE_CHECK_H
#define POOLBENCH_MACHINE_CHECK_H
#include "bench/machine/busy.h"
#include "bench/machine/machine.h"
#include <jansson.h>

enum check_state { CHECK_OK, CHECK_WARN, CHECK_UNKNOWN };

struct check {
    const char *subject;
    enum check_state state;
    bool matters;       /* as a warning, to everybody who reads a run */
    char found[320];    /* what there is, in words */
    const char *advice; /* what to do about a warning; "" */
};

#define CHECKS_MAX     25
#define WARNINGS_LINES 5 /* of a run, the most important first */
struct checks {
    struct check check[CHECKS_MAX];
    size_t count;
};

/* root: "" for this machine, or a directory that stands for / (tests). busy: what others did while somebody watched;
 * NULL: nobody did. */
void checks_look(const struct machine *machine, const char *root, const struct busy *busy, struct checks *checks);
/* Those that matter, a text each, for run.warnings of host.json. NULL: no memory. */
json_t *checks_warnings(const struct checks *checks);

#endif
