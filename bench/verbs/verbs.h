/* The verbs of the command line. */
#ifndef POOLBENCH_VERBS_VERBS_H
#define POOLBENCH_VERBS_VERBS_H
#include "bench/ask/arguments.h"
#include <stdio.h>

/* All of them, in the order of `help`. A verb is a word here and a file or folder beside this one that defines
 * `const struct verb verb_WORD`. */
// clang-format off
#define VERBS(VERB) \
    VERB(run) VERB(plan) VERB(resume) VERB(repair) VERB(merge) VERB(remote) VERB(metg) VERB(crossover) VERB(capacity) VERB(advise) VERB(summarise) \
    VERB(compare) VERB(hosts) VERB(explain) VERB(trace) VERB(flame) VERB(targets) VERB(charts) VERB(report) VERB(pack) VERB(scaling) \
    VERB(isolation) VERB(check) VERB(selftest) VERB(conformance) VERB(tour) VERB(list) VERB(topo) VERB(help) VERB(version)
// clang-format on
#define VERB_DECLARED(name) extern const struct verb verb_##name;
VERBS(VERB_DECLARED)

/* Of help: what --help says of any verb. */
void verb_help_print(const struct verb *verb);

#endif
