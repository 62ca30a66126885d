/* A program as a task: started by vfork and exec, waited for, and ended with its group where it takes too long. The
 * kernel kills it when the thread that started it ends. Thread-
 * and fork-safe. */
#ifndef POOLBENCH_PROGRAM_H
#define POOLBENCH_PROGRAM_H
#include <stdint.h>

/* One program. Nothing of it is kept. */
struct program {
    const char *path;     /* NULL: the first word is looked up in PATH */
    char *const *words;   /* NULL behind the last */
    int out, err;         /* descriptors that become its own; -1: it has those of the caller */
    const char *out_path; /* a file made or emptied for its stdout, instead of out; NULL: none */
    uint64_t timeout_ns;  /* after which it is killed with all of its process group; 0: none, and no group of its own */
};

/* Becomes it: its timeout is nobody's then. Returns why it cannot, a positive errno. */
int program_become(const struct program *program);
/* Runs it, and adds what it used to children_waited. What run() of the workload contract returns: 0, a positive errno,
 * or how it ended (RUN_EXITED and its like). */
int program_run(const struct program *program);

#endif
