/* Starting and ending trial programs, see launch.h. */
#include "bench/launch/launch.h"
#include "bench/base/refuse.h"
#include "bench/base/sysfile.h"
#include "bench/job/job_file.h"
#include "bench/machine/needs.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TRIAL_PROGRAM "poolbench-trial"

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};

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
    *launcher = (struct launcher){.memfd = -1, .signals = -1};
    still_open(&launcher->still);
    int rc = needs_check(error);
    if (rc == 0)
        rc = find_program(launcher, error);
    if (rc < 0) {
        still_close(&launcher->still);
        return rc;
    }
    const char *what = "memfd_create";
    launcher->memfd = memfd_create("poolbench-job", MFD_CLOEXEC);
    rc = launcher->memfd < 0 ? -errno : 0;
    if (rc == 0) {
        what = "starting the guard process";
        rc = guard_open(&launcher->guard, launcher->memfd);
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
    guard_close(&launcher->guard);
    launcher_unwatch(launcher);
    if (launcher->map)
        munmap(launcher->map, launcher->bytes);
    if (launcher->memfd >= 0)
        close(launcher->memfd);
    still_close(&launcher->still);
    *launcher = (struct launcher){.memfd = -1, .signals = -1, .still.group = -1};
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
        if (info.ssi_signo == SIGTSTP)
            *stopped_ns += stand_still(group);
        else if (info.ssi_signo != SIGCONT) /* which was looked for before, see vigil_sleep */
            return (int)info.ssi_signo;
    }
    return 0;
}

int launcher_interrupted(struct launcher *launcher)
{
    return signal_next(launcher, 0, &launcher->paused_ns);
}

/* Of a trial that is waited for. */
struct vigil {
    pid_t pid;
    uint64_t since_ns, limit_ns;
    uint64_t gaps_ns; /* neither we nor, for all we know, the trial ran */
    uint64_t see_ns;  /* when the watch is due */
};

/* When the trial has run for too long: its limit is wall time less the time in which its program stood still. A stop
 * that has not ended may be its own doing, and for ever: it is given as long as the limit. */
static int vigil_until(struct launcher *launcher, const struct vigil *vigil, uint64_t now, uint64_t *until)
{
    struct stops stops;
    *until = vigil->since_ns + vigil->limit_ns + vigil->gaps_ns;
    if (now < *until)
        return 0;
    int rc = guard_stops(&launcher->guard, &stops);
    if (rc < 0)
        return rc;
    if (stops.ns > vigil->gaps_ns)
        *until += stops.ns - vigil->gaps_ns;
    if (stops.standing_ns && now + vigil->limit_ns > *until + stops.standing_ns)
        *until = now + vigil->limit_ns - stops.standing_ns;
    return 0;
}

/* Sleeps until the trial has ended (1), a signal has come, the guard has died (-EPIPE) or it is that time; and notes
 * how much later that was. */
static int vigil_sleep(struct launcher *launcher, struct vigil *vigil, int pidfd, uint64_t now, uint64_t until)
{
    const struct launch_watch *watch = launcher->watch;
    struct pollfd fds[] = {{.fd = pidfd, .events = POLLIN},
                           {.fd = launcher->signals, .events = POLLIN},
                           {.fd = launcher->guard.socket}}; /* POLLHUP: it has died */
    uint64_t wake = now + STILL_BEAT_NS < until ? now + STILL_BEAT_NS : until;
    wake = watch && vigil->see_ns < wake ? vigil->see_ns : wake;
    struct timespec left = clock_timespec(wake > now ? wake - now : 0); /* 0: one more look, it may have ended */
    int rc = ppoll(fds, 3, &left, NULL);
    if (rc < 0 && errno != EINTR)
        return -errno;
    uint64_t woken = clock_monotonic_ns();
    if (woken > wake + STILL_BEAT_NS) {
        sigset_t pending; /* somebody stopped us alone, maybe: the trial may have gone on */
        sigpending(&pending);
        vigil->gaps_ns += still_late(&launcher->still, woken - wake, sigismember(&pending, SIGCONT));
    }
    if (rc > 0 && fds[2].revents)
        return -EPIPE;
    return rc > 0 && fds[0].revents;
}

/* Waits until the trial has ended, the limit is reached or a signal tells us to end. -EPIPE: the guard has died. */
static int await_end(struct launcher *launcher, struct vigil *vigil, int pidfd, struct outcome *outcome)
{
    const struct launch_watch *watch = launcher->watch;
    vigil->see_ns = vigil->since_ns + (watch ? watch->every_ns : 0);
    for (;;) {
        uint64_t stopped_ns = 0, until;
        if ((outcome->interrupted = signal_next(launcher, vigil->pid, &stopped_ns)))
            return 0;
        outcome->stopped_ns += stopped_ns;
        vigil->gaps_ns += stopped_ns;
        uint64_t now = clock_monotonic_ns();
        int rc = vigil_until(launcher, vigil, now, &until);
        if (rc == 0)
            rc = vigil_sleep(launcher, vigil, pidfd, now, until);
        if (rc)
            return rc < 0 ? rc : 0;
        if ((outcome->timed_out = now >= until))
            return 0;
        if (watch && now >= vigil->see_ns) {
            watch->see(watch->data, vigil->pid);
            vigil->see_ns = now + watch->every_ns;
        }
    }
}

static int trial_start(struct launcher *launcher, pid_t *pid)
{
    const char *words[GUARD_WORDS + 1];
    size_t count = 0;
    while (launcher->wrap && launcher->wrap[count]) {
        words[count] = launcher->wrap[count];
        if (++count == GUARD_WORDS)
            return -E2BIG;
    }
    words[count++] = launcher->other ? launcher->other : launcher->program;
    words[count] = NULL;
    int rc = guard_start_trial(&launcher->guard, words, pid);
    if (rc == -EPIPE && (rc = guard_replace(&launcher->guard, 0)) == 0) /* it has died since the last trial */
        rc = guard_start_trial(&launcher->guard, words, pid);
    return rc;
}

/* How long it stood still, by the signs of it: which may be of one and the same time, but for the machine's sleep. */
static uint64_t stood_ns(const struct launcher *launcher, const struct outcome *outcome, const struct stops *stops)
{
    uint64_t machine_ns = still_ns(&launcher->still), ns = outcome->stopped_ns;
    ns = stops->ns + stops->standing_ns > ns ? stops->ns + stops->standing_ns : ns;
    return machine_ns > ns ? machine_ns : ns;
}

/* A guard that has died took the trial with it. */
static int trial_end(struct launcher *launcher, pid_t pid, bool guard_lives, struct outcome *outcome)
{
    bool left = false;
    struct stops stops;
    if (guard_lives && guard_end_trial(&launcher->guard, &outcome->wait_status, &left, &stops) == 0) {
        outcome->left_processes = left && !outcome->timed_out && !outcome->interrupted;
        outcome->stopped_ns = stood_ns(launcher, outcome, &stops);
        outcome->was_stopped = outcome->stopped_ns || stops.count;
        return 0;
    }
    outcome->wait_status = SIGKILL; /* as wait4 tells it */
    return guard_replace(&launcher->guard, pid);
}

int launcher_run(struct launcher *launcher, uint64_t limit_ns, struct outcome *outcome)
{
    *outcome = (struct outcome){0};
    struct vigil vigil = {.since_ns = clock_monotonic_ns(), .limit_ns = limit_ns};
    still_begin(&launcher->still);
    int rc = trial_start(launcher, &vigil.pid);
    if (rc < 0)
        return rc;
    const pid_t pid = outcome->pid = vigil.pid;
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    rc = pidfd < 0 ? -errno : await_end(launcher, &vigil, pidfd, outcome);
    launcher->paused_ns += vigil.gaps_ns;
    bool guard_lives = rc != -EPIPE;
    if (pidfd >= 0)
        close(pidfd);
    if (rc < 0 || outcome->timed_out || outcome->interrupted)
        kill(-pid, SIGKILL);
    int ended = trial_end(launcher, pid, guard_lives, outcome);
    if (outcome->timed_out)
        missing_read(launcher->map, &outcome->missing);
    outcome->elapsed_ns = clock_monotonic_ns() - vigil.since_ns;
    launcher->interrupted = outcome->interrupted ? outcome->interrupted : launcher->interrupted;
    return ended < 0 ? ended : guard_lives ? rc : 0;
}
