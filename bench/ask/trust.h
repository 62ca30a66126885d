/* Whether what the suite of an earlier run executes may be executed: its commands (workloads that become programs) and
 * its plug-ins. It may where the run was made here, which the user's ledger says, $XDG_STATE_HOME/poolbench/runs: a
 * line for each run that executes anything, its name and what that is. Else a person is shown it and asked. One thread.
 */
#ifndef POOLBENCH_ASK_TRUST_H
#define POOLBENCH_ASK_TRUST_H
#include "bench/base/words.h"
#include <stdbool.h>

/* 0 with what may be executed in `commands`; or -EINVAL with a line in error (ERROR_MAX bytes): nobody said yes, or
 * there is no terminal to ask at. Executes nothing. given: --trust. A ledger that is not the user's own file, or that
 * others may write, says nothing. */
int trust_check(const char *run, bool given, struct words *commands, char *error);
/* Adds a run that has just been made to the ledger. Where that cannot be, which is said on stderr, it will be asked
 * about. */
void trust_note(const char *run);

#endif
