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
#include <unistd.h>

enum {
    ENVIRON_MOST = 256 * 1024,
    ROUNDS_MOST = 100, /* one that forks as fast as it is killed is not to keep the guard for ever */
};

pid_t orphans_child(bool (*is_other)(pid_t pid))
{
    DIR *processes = opendir("/proc");
    pid_t found = 0;
    for (pid_t pid; processes && !found && (pid = process_next(processes));) {
        struct process_stat stat;
        if (!process_stat_read(&stat, "/proc/%d/stat", (int)pid) && stat.parent == getpid() && !is_other(pid))
            found = pid;
    }
    if (processes)
        closedir(processes);
    return found;
}

int orphans_mark(pid_t guard)
{
    char value[32];
    snprintf(value, sizeof value, "%d", (int)guard);
    return setenv(STRAYS_MARK, value, 1) < 0 ? -errno : 0;
}

/* Does the environment that process was started with hold the word, between two zero bytes? */
static bool is_marked(pid_t pid, const char *word, char *room)
{
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
    return memmem(room, (size_t)length, word, strlen(word + 1) + 2) != NULL;
}

static unsigned kill_marked(const char *word, char *room)
{
    DIR *processes = opendir("/proc");
    unsigned killed = 0;
    for (pid_t pid; processes && (pid = process_next(processes));)
        if (pid > 1 && pid != getpid() && is_marked(pid, word, room))
            killed += kill(pid, SIGKILL) == 0;
    if (processes)
        closedir(processes);
    return killed;
}

void orphans_kill(void)
{
    char word[64] = "", *room = malloc(ENVIRON_MOST);
    /* a zero byte before it, and the one that ends it */
    snprintf(word + 1, sizeof word - 1, STRAYS_MARK "=%d", (int)getpid());
    for (unsigned i = 0; room && i < ROUNDS_MOST && kill_marked(word, room); i++)
        usleep(1000); /* the killed are still there for a moment */
    free(room);
}
