/* Runs a command to which the kernel refuses some system calls, as an old kernel or a container's filter does.
 *
 *   refuse ERROR CALL[:ARGUMENT=VALUE][,CALL ...] COMMAND [ARGUMENT ...]
 *
 * A call by its name or number; with ARGUMENT, its place from 0 on, only where that has the value: prctl:0=36. ERROR is
 * a name: ENOSYS. Exits as the command does; with 2 after a line where it cannot be run so. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALL(name)                                                                                                     \
    {                                                                                                                  \
#name, SYS_##name                                                                                              \
    }
static const struct {
    const char *name;
    long number;
} calls[] = {
    CALL(clone),
    CALL(close_range),
    CALL(copy_file_range),
    CALL(epoll_create1),
    CALL(epoll_ctl),
    CALL(epoll_pwait),
    CALL(eventfd2),
    CALL(fadvise64),
    CALL(flock),
    CALL(ftruncate),
    CALL(futex),
    CALL(getcpu),
    CALL(getrandom),

    CALL(getrusage),
    CALL(get_mempolicy),
    CALL(madvise),
    CALL(mbind),
    CALL(membarrier),
    CALL(memfd_create),
    CALL(mlock),
    CALL(move_pages),
    CALL(newfstatat),
    CALL(perf_event_open),
    CALL(pidfd_open),
    CALL(pipe2),
    CALL(ppoll),
    CALL(prctl),
    CALL(prlimit64),
    CALL(ptrace),
    CALL(rseq),
    CALL(sched_getaffinity),
    CALL(sched_setaffinity),
    CALL(set_mempolicy),
    CALL(setpgid),
    CALL(set_robust_list),
    CALL(signalfd4),
    CALL(socketpair),
    CALL(statx),
    CALL(sysinfo),
    CALL(umask),
    CALL(wait4),
    CALL(waitid),
    CALL(clone3),
    CALL(unlinkat),
    CALL(readlinkat),
    CALL(uname),
    CALL(sched_yield),
    CALL(perf_event_open),
};

enum { RULES_MAX = 32, PER_RULE = 5 };

static struct sock_filter filter[RULES_MAX * PER_RULE + 1];
static unsigned short used;

static void add(unsigned code, unsigned k, unsigned is_true, unsigned is_false)
{
    filter[used++] = (struct sock_filter){(unsigned short)code, (unsigned char)is_true, (unsigned char)is_false, k};
}

static long call_find(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].name, name))
            return calls[i].number;
    return *name && !*end ? number : -1;
}

static int error_find(const char *name)
{
    for (int number = 1; number < 200; number++)
        if (strerrorname_np(number) && !strcmp(strerrorname_np(number), name))
            return number;
    return -1;
}

static int rule_add(char *rule, int error)
{
    unsigned argument, value;
    char *condition = strchr(rule, ':');
    if (condition)
        *condition++ = '\0';
    long call = call_find(rule);
    if (call < 0 || used + PER_RULE > RULES_MAX * PER_RULE ||
        (condition && (sscanf(condition, "%u=%u", &argument, &value) != 2 || argument > 5)))
        return -1;
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
    add(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, condition ? 3 : 1);
    if (condition) { /* its lower half */
        unsigned half = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;
        add(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, args) + 8 * argument + half, 0, 0);
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error, 0, 0);
    return 0;
}

int main(int argc, char **argv)
{
    int error = argc > 3 ? error_find(argv[1]) : -1;
    if (error < 0) {
        fprintf(stderr, "refuse: expected ERROR CALL[:ARGUMENT=VALUE][,CALL ...] COMMAND [ARGUMENT ...]\n");
        return 2;
    }
    for (char *rule = strtok(argv[2], ","); rule; rule = strtok(NULL, ",")) {
        if (rule_add(rule, error) < 0) {
            fprintf(stderr, "refuse: no call that can be refused: %s\n", rule);
            return 2;
        }
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &(struct sock_fprog){used, filter}) < 0)
        fprintf(stderr, "refuse: a filter of system calls: %s\n", strerror(errno));
    else if (execvp(argv[3], argv + 3) < 0)
        fprintf(stderr, "refuse: %s: %s\n", argv[3], strerror(errno));
    return 2;
}
