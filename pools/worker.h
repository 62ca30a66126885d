/* Between crew.c and worker.c: what a worker does for its crew. */
#ifndef POOLBENCH_WORKER_H
#define POOLBENCH_WORKER_H
#include "pools/crew.h"

/* Answers the order to report usage. */
void worker_report(struct self *self);

#endif
