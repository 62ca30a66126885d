/* Making the workers of a group: threads, and processes of one or more threads. For the submitter. 0 or -errno;
 * what a worker finds out after that, it leaves in its `error`. */
#ifndef POOLBENCH_BIRTH_H
#define POOLBENCH_BIRTH_H
#include "pools/parts/group_state.h"

int group_thread(struct group *group, unsigned number); /* worker `number`, a thread of the submitter */
int group_fork(struct group *group, unsigned process);  /* a process for unit number `process` */

#endif
