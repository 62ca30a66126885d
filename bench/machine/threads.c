/* Threads of a running trial, see threads.h. */
#include "bench/machine/threads.h"
#include "bench/base/sysfile.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields of /proc/PID/task/TID/stat, numbered from 1 as in proc(5); 2 is the name, which may hold anything. */
enum { FIELD_STATE = 3, FIELD_CPU = 39 };

static int thread_see(pid_t pid, pid_t tid, struct thread_seen *seen)
{
    char text[1024];
    int rc = sysfile_read(text, sizeof text, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    if (rc < 0)
        return rc;
    const char *name = strchr(text, '('), *end = strrchr(text, ')');
    if (!name || !end || end < name)
        return -EPROTO;
    *seen = (struct thread_seen){.pid = pid, .tid = tid};
    snprintf(seen->name, sizeof seen->name, "%.*s", (int)(end - name - 1), name + 1);
    const char *at = end + 1;
    for (int field = FIELD_STATE; *at == ' '; field++, at += strcspn(at, " ")) {
        at++;
        if (field == FIELD_STATE)
            seen->state = *at;
        if (field == FIELD_CPU) {
            seen->cpu = (unsigned)strtoul(at, NULL, 10);
            return 0;
        }
    }
    return -EPROTO;
}

static unsigned process_see(pid_t pid, struct thread_seen *threads, unsigned max)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return 0; /* it has ended */
    for (const struct dirent *entry; count < max && (entry = readdir(directory));) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (tid > 0 && thread_see(pid, tid, &threads[count]) == 0)
            count++;
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
