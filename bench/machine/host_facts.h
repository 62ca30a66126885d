/* What can be known about this machine before a run, as JSON objects for host.json. Used by host.c alone. Each
 * returns a new reference, or NULL: no memory. One thread. */
#ifndef POOLBENCH_MACHINE_HOST_FACTS_H
#define POOLBENCH_MACHINE_HOST_FACTS_H
#include "bench/machine/machine.h"
#include <jansson.h>

json_t *facts_machine(const struct machine *machine);
json_t *facts_cpu(const struct machine *machine);
json_t *facts_kernel(void);
json_t *facts_clock(void);
json_t *facts_cgroup(const struct machine *machine);
json_t *facts_limits(void);
json_t *facts_virtualisation(const struct machine *machine);
json_t *facts_build(void);

#endif
