/* A stack that is large enough, whatever the limit. Once, by the first thread. */
#ifndef POOLBENCH_BASE_STACK_H
#define POOLBENCH_BASE_STACK_H

/* Calls function(argc, argv): as it is, or on a stack of its own where that of the process may not grow (ulimit -s).
 * The limit stays what it is, for the programs that are started: it is the user's. -errno: there is no memory for one.
 */
int stack_call(int (*function)(int argc, char **argv), int argc, char **argv);

#endif
