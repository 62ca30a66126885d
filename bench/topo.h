/* The verb topo: a machine, and where workers would go on it. */
#ifndef POOLBENCH_TOPO_H
#define POOLBENCH_TOPO_H

/* argv: after the verb. The exit code: 0, or 2 with one line on stderr and nothing on stdout. */
int verb_topo(int argc, char **argv);

#endif
