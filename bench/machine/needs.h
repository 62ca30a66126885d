/* What the two programs ask of the kernel that an old one or a container may not give: looked at before anything is
 * made. One thread. */
#ifndef POOLBENCH_MACHINE_NEEDS_H
#define POOLBENCH_MACHINE_NEEDS_H

/* 0, or -errno of the first that is refused, with a line in error (ERROR_MAX bytes) that names it, what it is for and
 * which kernels have it. */
int needs_check(char *error);
/* The same for what reading this machine takes. */
int needs_check_machine(char *error);

#endif
