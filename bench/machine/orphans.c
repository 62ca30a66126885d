/* Finding what carries a mark, by /proc/PID/environ, and children; see orphans.h. */
#include "bench/machine/orphans.h"
#include "bench/base/sysfile.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ENVIRON_MOST = 256 * 1024,
    ROUNDS_MOST = 100, /* one that forks as fast as it is killed is not to keep us for ever */
};

static pid_t child_by_parent(void)
{
    DIR *processes = opendir("/proc");
    pid_t found = 0;
    for (pid_t pid; processes && !found && (pid = process_next(processes));) {
        struct process_stat stat;
        if (!process_stat_read(&stat, "/proc/%d/stat", (int)pid) && stat.parent == getpid())
            found = pid;
    }
    if (processes)
        closedir(processes);
    return found;
}

pid_t orphans_child(void)
{
    char children[64];
    if (sysfile_read(children, sizeof children, "/proc/self/task/%d/children", (int)getpid()) < 0)
        return child_by_parent(); /* a kernel without CONFIG_PROC_CHILDREN */
    return (pid_t)strtol(children, NULL, 10);
}

/* 0: not known. */
static unsigned long long namespace_of(const char *process)
{
    struct stat stat_buffer;
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/ns/pid", process);
    return stat(path, &stat_buffer) == 0 ? (unsigned long long)stat_buffer.st_ino : 0;
}

char *orphans_mark_of(pid_t guard, char mark[MARK_MAX])
{
    struct process_stat stat = {.started = 0};
    if (process_stat_read(&stat, "/proc/%d/stat", (int)guard) < 0)
        stat.started = 0;
    snprintf(mark, MARK_MAX, "%d.%lld.%llu", (int)guard, stat.started, namespace_of("self"));
    return mark;
}

int orphans_mark(void)
{
    char mark[MARK_MAX];
    return setenv(ORPHANS_MARK, orphans_mark_of(getpid(), mark), 1) < 0 ? -errno : 0;
}

/* The mark in the environment that process was started with; false: it has none. */
static bool mark_read(pid_t pid, char *room, char mark[MARK_MAX])
{
    static const char word[] = "\0" ORPHANS_MARK "=";
    char path[32];
    ssize_t length = 1, got = 1;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    room[0] = '\0';
    while (length < ENVIRON_MOST && (got = read(fd, room + length, (size_t)(ENVIRON_MOST - length))) > 0)
        length += got;
    close(fd);
    room[length] = '\0';
    const char *found = memmem(room, (size_t)length, word, sizeof word - 1);
    if (found)
        snprintf(mark, MARK_MAX, "%s", found + sizeof word - 1);
    return found != NULL;
}

/* Of a guard with our namespace of numbers that does not live: its number is nobody's, or somebody else's. */
static bool is_old(const char *mark)
{
    struct process_stat stat;
    int guard;
    long long started;
    unsigned long long numbers;
    if (sscanf(mark, "%d.%lld.%llu", &guard, &started, &numbers) != 3 || !started || !numbers ||
        numbers != namespace_of("self"))
        return false;
    return process_stat_read(&stat, "/proc/%d/stat", guard) < 0 || stat.started != started || stat.state == 'Z';
}

/* mark NULL: all that are old. */
static unsigned kill_marked(const char *mark, char *room)
{
    DIR *processes = opendir("/proc");
    unsigned killed = 0;
    for (pid_t pid; processes && (pid = process_next(processes));) {
        char its[MARK_MAX];
        if (pid > 1 && pid != getpid() && mark_read(pid, room, its) && (mark ? !strcmp(its, mark) : is_old(its)))
            killed += kill(pid, SIGKILL) == 0;
    }
    if (processes)
        closedir(processes);
    return killed;
}

void orphans_kill(const char *mark)
{
    char *room = malloc(ENVIRON_MOST + 1);
    for (unsigned i = 0; room && i < ROUNDS_MOST && kill_marked(mark, room); i++)
        usleep(1000); /* the killed are still there for a moment */
    free(room);
}

void orphans_kill_old(void)
{
    orphans_kill(NULL);
}
