/* What a process inherits without anybody having meant it: put right once, first thing in both programs, so that
 * nothing behind it has to ask. What whoever started it has meant stays, and is passed on to programs that tasks run:
 * which signals to stop and to end it are ignored (nohup), limits, priority, timer slack, environment. */
#ifndef POOLBENCH_SURROUNDINGS_H
#define POOLBENCH_SURROUNDINGS_H

/* Standard streams that are closed are opened, dispositions are the default ones, no signal is blocked, and the umask
 * leaves the owner his own files. 0; -1: not even that can be had. */
int surroundings_reset(void);

#endif
