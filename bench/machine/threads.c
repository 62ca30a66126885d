/* Threads of a running trial, see threads.h. */
#include "bench/machine/threads.h"
#include <stdio.h>
#include <stdlib.h>

static unsigned process_see(pid_t pid, struct thread_seen *threads, unsigned max)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return 0; /* it has ended */
    for (pid_t tid; count < max && (tid = process_next(directory));) {
        threads[count] = (struct thread_seen){.pid = pid, .tid = tid};
        count += process_stat_read(&threads[count].stat, "/proc/%d/task/%d/stat", (int)pid, (int)tid) == 0;
    }
    closedir(directory);
    return count;
}

int threads_see(pid_t program, struct thread_seen *threads, unsigned max)
{
    char children[4096];
    unsigned count = process_see(program, threads, max);
    /* all of them: pools fork from the program's first thread alone */
    int rc = sysfile_read(children, sizeof children, "/proc/%d/task/%d/children", (int)program, (int)program);
    char *end;
    for (char *at = children; rc > 0 && count < max; at = end) {
        pid_t pid = (pid_t)strtol(at, &end, 10);
        if (end == at)
            break;
        count += process_see(pid, threads + count, max - count);
    }
    return rc < 0 ? rc : (int)count;
}
