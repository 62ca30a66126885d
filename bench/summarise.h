/* The verb summarise. */
#ifndef POOLBENCH_SUMMARISE_H
#define POOLBENCH_SUMMARISE_H

/* argv: after the verb. The exit code: 0, 1 when every trial of the run failed, or 2 with one line on stderr. */
int verb_summarise(int argc, char **argv);

#endif
