/* A workload that comes from a plug-in (include/poolbench/workload.h), as a workload like any other. One a process. */
#ifndef POOLBENCH_WORKLOADS_PLUGGED_H
#define POOLBENCH_WORKLOADS_PLUGGED_H
#include "include/poolbench/workload.h"
#include "workloads/workload.h"

/* Takes over a plug-in that was checked (its abi and size are known): a copy. Names are those of the plug-in, which
 * stays loaded. */
const struct workload_ops *adapter_workload(const struct poolbench_workload *plugin);
/* What it said about its last failure; "" when nothing. */
const char *adapter_workload_reason(void);

#endif
