/* Starting and ending trial programs, see launch.h. */
#include "bench/launch/launch.h"
#include "bench/base/refuse.h"
#include "bench/base/sysfile.h"
#include "bench/job/job_file.h"
#include "bench/machine/needs.h"
#include "bench/machine/orphans.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIAL_PROGRAM "poolbench-trial"

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};

static int find_program(struct launcher *launcher, char *error)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return refuse_as(-errno, error, "where this program lies cannot be read in /proc/self/exe: %s%s",
                         strerror(errno), errno == ENOENT ? "; is /proc mounted?" : "");
    self[length] = '\0';
    const char *const folders[][2] = {{dirname(self), ""},
                                      {self, "/../libexec/poolbench"}, /* an installed tree, wherever it was moved to */
                                      {POOLBENCH_LIBEXECDIR, ""}};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(launcher->program, sizeof launcher->program, "%.4000s%s/" TRIAL_PROGRAM, folders[i][0], folders[i][1]);
        if (access(launcher->program, X_OK) == 0)
            return 0;
    }
    return refuse_as(-ENOENT, error,
                     "no " TRIAL_PROGRAM " beside poolbench or in " POOLBENCH_LIBEXECDIR
                     "; build it with `make` or install with `make install`");
}

/* Of all launchers that are open: children of ours that are no orphans of a trial. */
static pid_t guards[4];

static void guard_note(pid_t old, pid_t new)
{
    for (unsigned i = 0; i < sizeof guards / sizeof *guards; i++)
        if (guards[i] == old) {
            guards[i] = new;
            return;
        }
}

static bool is_guard(pid_t pid)
{
    for (unsigned i = 0; i < sizeof guards / sizeof *guards; i++)
        if (guards[i] == pid)
            return true;
    return false;
}

/* The guard knows two things: which process group to kill when the other end of its pipe closes, as `running` says by
 * then, and the mark of those who have left it. */
static _Noreturn void guard_main(int pipe_end, const _Atomic(pid_t) *running)
{
    int null = open("/dev/null", O_RDWR);
    char nothing;
    setpgid(0, 0); /* a Ctrl-C at the terminal is not for the guard */
    prctl(PR_SET_NAME, "pb-guard");
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd); /* whoever waits for our output to end waits for the harness alone */
    if (pipe_end != 3 && dup2(pipe_end, 3) == 3)
        pipe_end = 3;
    closefrom(pipe_end + 1); /* also where close_range is not to be had */
    while (read(pipe_end, &nothing, 1) < 0 && errno == EINTR)
        ;
    pid_t group = atomic_load_explicit(running, memory_order_relaxed); /* whoever wrote it is gone */
    if (group > 0) {                                                   /* a trial was running */
        kill(-group, SIGKILL);
        orphans_kill();
    }
    _exit(0);
}

static int guard_start(struct launcher *launcher)
{
    int ends[2];
    void *page = mmap(NULL, sizeof *launcher->running, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    launcher->running = page;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid < 0) {
        int rc = -errno;
        close(ends[0]);
        close(ends[1]);
        return rc;
    }
    if (pid == 0) {
        close(ends[1]);
        guard_main(ends[0], launcher->running);
    }
    close(ends[0]);
    launcher->guard = pid;
    guard_note(0, pid);
    launcher->guard_pipe = ends[1];
    return orphans_mark(pid);
}

/* A word of shared memory: to tell the guard by a message would wake it twice a trial. */
static void guard_tell(const struct launcher *launcher, pid_t group)
{
    atomic_store_explicit(launcher->running, group, memory_order_relaxed);
}

/* What should stop us: not what our parent had us ignore (nohup). */
static void watched_set(sigset_t *set)
{
    sigemptyset(set);
    for (size_t i = 0; i < sizeof watched_signals / sizeof *watched_signals; i++) {
        struct sigaction action;
        if (sigaction(watched_signals[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(set, watched_signals[i]);
    }
}

static int signals_watch(struct launcher *launcher)
{
    sigset_t watched;
    watched_set(&watched);
    sigprocmask(SIG_BLOCK, &watched, &launcher->outside);
    launcher->signals = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    if (launcher->signals >= 0)
        return 0;
    int rc = -errno;
    sigprocmask(SIG_SETMASK, &launcher->outside, NULL);
    return rc;
}

int launcher_open(struct launcher *launcher, char *error)
{
    *launcher = (struct launcher){.memfd = -1, .guard_pipe = -1, .signals = -1};
    int rc = needs_check(error);
    if (rc == 0)
        rc = find_program(launcher, error);
    if (rc < 0)
        return rc;
    const char *what = "memfd_create";
    launcher->memfd = memfd_create("poolbench-job", MFD_CLOEXEC);
    rc = launcher->memfd < 0 ? -errno : 0;
    if (rc == 0) {
        what = "becoming subreaper";
        rc = prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : 0;
    }
    if (rc == 0) {
        what = "starting the guard process";
        rc = guard_start(launcher);
    }
    if (rc == 0) {
        what = "signalfd";
        rc = signals_watch(launcher);
    }
    if (rc < 0) {
        refuse(error, "%s: %s", what, strerror(-rc));
        launcher_close(launcher);
    }
    return rc;
}

void launcher_unwatch(struct launcher *launcher)
{
    if (launcher->signals < 0)
        return;
    close(launcher->signals);
    launcher->signals = -1;
    sigprocmask(SIG_SETMASK, &launcher->outside, NULL);
}

void launcher_close(struct launcher *launcher)
{
    if (launcher->guard_pipe >= 0) {
        guard_tell(launcher, 0);
        close(launcher->guard_pipe);
        while (waitpid(launcher->guard, NULL, 0) < 0 && errno == EINTR)
            ;
        guard_note(launcher->guard, 0);
    }
    launcher_unwatch(launcher);
    if (launcher->running)
        munmap(launcher->running, sizeof *launcher->running);
    if (launcher->map)
        munmap(launcher->map, launcher->bytes);
    if (launcher->memfd >= 0)
        close(launcher->memfd);
    *launcher = (struct launcher){.memfd = -1, .guard_pipe = -1, .signals = -1};
}

void *launcher_job(struct launcher *launcher, size_t bytes, char *error)
{
    if (bytes > launcher->bytes) {
        if (launcher->map)
            munmap(launcher->map, launcher->bytes);
        launcher->map = NULL;
        launcher->bytes = 0;
        /* from 0: pages of a larger trial are given back before new ones are taken */
        if (ftruncate(launcher->memfd, 0) < 0 || ftruncate(launcher->memfd, (off_t)bytes) < 0) {
            refuse(error, "a job file of %zu bytes: %s%s", bytes, strerror(errno),
                   errno == EFBIG ? " (ulimit -f)" : "");
            return NULL;
        }
        void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, launcher->memfd, 0);
        if (map == MAP_FAILED) {
            refuse(error, "mapping a job file of %zu bytes: %s", bytes, strerror(errno));
            return NULL;
        }
        launcher->map = map;
        launcher->bytes = bytes;
    }
    return launcher->map;
}

/* Between vfork and exec, in the memory of the harness, which stands still: system calls alone, and nothing written
 * that it would read. */
static _Noreturn void become_trial(const struct launcher *launcher, pid_t harness)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* until the guard knows of us */
    if (getppid() != harness)
        _exit(127);
    char *arguments[] = {(char *)TRIAL_PROGRAM, NULL};
    int null = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    bool in_place = launcher->memfd == JOB_FD && fcntl(JOB_FD, F_SETFD, 0) == 0;
    if (null < 0 || dup2(null, 0) < 0 || dup2(2, 1) < 0 || (!in_place && dup2(launcher->memfd, JOB_FD) < 0))
        _exit(127);
    if (null > JOB_FD)
        close(null); /* or programs that tasks run would have it */
    execv(launcher->other ? launcher->other : launcher->program, arguments);
    _exit(127);
}

/* By vfork: fork would copy the page tables of all our libraries, and have us fault on each page that we touch next. */
static pid_t trial_start(const struct launcher *launcher)
{
    pid_t harness = getpid(), pid = vfork();
    if (pid == 0)
        become_trial(launcher, harness);
    return pid;
}

/* Stops as Ctrl-Z would have us, and the trial's group (0: none) with us, which the terminal does not reach. Returns
 * for how long: nothing where nobody could continue us (an orphaned process group, which the kernel does not stop). */
static uint64_t stand_still(pid_t group)
{
    sigset_t stop;
    uint64_t since = clock_monotonic_ns();
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    if (group)
        kill(-group, SIGSTOP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &stop, NULL); /* here we stop */
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (group)
        kill(-group, SIGCONT);
    return clock_monotonic_ns() - since;
}

/* The next signal to end that has come; 0: none. Those to stop are obeyed meanwhile. */
static int signal_next(const struct launcher *launcher, pid_t group, uint64_t *stopped_ns)
{
    struct signalfd_siginfo info;
    while (launcher->signals >= 0 && read(launcher->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGTSTP)
            return (int)info.ssi_signo;
        *stopped_ns += stand_still(group);
    }
    return 0;
}

int launcher_interrupted(struct launcher *launcher)
{
    uint64_t stopped_ns = 0;
    return signal_next(launcher, 0, &stopped_ns);
}

/* Waits until the trial has ended, the limit is reached or a signal tells us to end. */
static int await_end(struct launcher *launcher, pid_t pid, int pidfd, uint64_t limit_ns, struct outcome *outcome)
{
    const struct launch_watch *watch = launcher->watch;
    uint64_t since = clock_monotonic_ns();
    for (;;) {
        struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN}, {.fd = launcher->signals, .events = POLLIN}};
        if ((outcome->interrupted = signal_next(launcher, pid, &outcome->stopped_ns)))
            return 0;
        uint64_t now = clock_monotonic_ns(), until = since + limit_ns + outcome->stopped_ns;
        uint64_t wait_ns = until > now ? until - now : 0; /* 0: one more look, it may have ended while we stood still */
        if (watch && wait_ns > watch->every_ns)
            wait_ns = watch->every_ns;
        struct timespec left = {.tv_sec = (time_t)(wait_ns / 1000000000u), .tv_nsec = (long)(wait_ns % 1000000000u)};
        int rc = ppoll(fds, 2, &left, NULL);
        if (rc < 0 && errno != EINTR)
            return -errno;
        if (rc > 0 && fds[0].revents)
            return 0;
        if ((outcome->timed_out = rc == 0 && now >= until))
            return 0;
        if (rc == 0 && watch)
            watch->see(watch->data, pid);
    }
}

/* One of our children beside the guards, 0: there is none. Orphans of a trial come to us; programs that tasks run may
 * have made process groups of their own. */
static pid_t find_orphan(void)
{
    char children[256], *rest = children; /* the guards and one more */
    pid_t pid;
    if (sysfile_read(children, sizeof children, "/proc/self/task/%d/children", (int)getpid()) < 0)
        return orphans_child(is_guard); /* a kernel without CONFIG_PROC_CHILDREN */
    do
        pid = (pid_t)strtol(rest, &rest, 10);
    while (pid && is_guard(pid));
    return pid;
}

/* Whoever is left of the trial: its group, then those who have left it. All have become our children by then, so all
 * can be waited for. */
static bool end_rest(pid_t group)
{
    bool were_some = kill(-group, SIGKILL) == 0;
    while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
        ;
    for (pid_t pid; (pid = find_orphan()); were_some = true) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return were_some;
}

int launcher_run(struct launcher *launcher, uint64_t limit_ns, struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    uint64_t since = clock_monotonic_ns();
    pid_t pid = trial_start(launcher);
    if (pid < 0)
        return -errno;
    guard_tell(launcher, pid);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    int rc = pidfd < 0 ? -errno : await_end(launcher, pid, pidfd, limit_ns, outcome);
    if (pidfd >= 0)
        close(pidfd);
    if (rc < 0 || outcome->timed_out || outcome->interrupted)
        kill(-pid, SIGKILL);
    while (waitpid(pid, &outcome->wait_status, 0) < 0 && errno == EINTR)
        ;
    bool were_some = end_rest(pid);
    if (outcome->timed_out)
        missing_read(launcher->map, &outcome->missing);
    outcome->elapsed_ns = clock_monotonic_ns() - since;
    launcher->interrupted = outcome->interrupted ? outcome->interrupted : launcher->interrupted;
    outcome->left_processes = were_some && !outcome->timed_out && !outcome->interrupted;
    guard_tell(launcher, 0);
    return rc;
}
