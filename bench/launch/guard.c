/* The guard and how the harness talks to it, see guard.h: it sends a letter and has an answer, twice a trial. */
#include "bench/launch/guard.h"
#include "bench/job/job_file.h"
#include "bench/machine/own.h"
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIAL_NAME "poolbench-trial"
enum {
    FDS_MOST = 4096,     /* descriptors looked at */
    ANSWER_LIMIT_S = 60, /* a guard that says nothing for so long is taken for dead */
    BURY_LOOKS = 100,    /* at a group that was killed, 10 ms apart */
    WARDEN_LIMIT_S = 10, /* to end what a dead guard has left */
};
enum what { START, STOPS, END, WHO };

struct letter {
    enum what what;
    unsigned words;               /* START: so many, */
    char text[2 * PATH_MAX + 64]; /* each with its end */
};

struct answer {
    int error; /* START: of making a process; 0: pid */
    pid_t pid;
    struct stops stops; /* STOPS, END: of the trial so far */
    int wait_status;    /* END */
    bool left;
    int64_t cpu_ns; /* END: of the guard and of all that it has waited for, ever */
};

/* ---- the guard ---- */

/* Between vfork and exec, in the memory of the guard, which stands still: system calls alone, and nothing written that
 * it would read. */
static _Noreturn void become_trial(const char *program, char *const *arguments, pid_t guard)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* the program does so too */
    setpgid(0, 0);
    if (getppid() == guard && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        execvp(program, arguments);
    _exit(127);
}

/* Where processes are short there may be room again soon, as for those of pools. */
static pid_t start(const struct letter *letter)
{
    const struct timespec pause = clock_timespec(FORK_RETRY_NS);
    const uint64_t until = clock_monotonic_ns() + FORK_GIVE_UP_NS;
    const pid_t guard = getpid();
    char *arguments[GUARD_WORDS + 1] = {NULL};
    const char *at = letter->text;
    for (unsigned i = 0; i < letter->words && i < GUARD_WORDS; i++, at += strlen(at) + 1)
        arguments[i] = (char *)(uintptr_t)at;
    if (letter->words == 1)
        arguments[0] = (char *)(uintptr_t)TRIAL_NAME;
    for (;;) {
        pid_t pid = vfork();
        if (pid == 0)
            become_trial(letter->text, arguments, guard);
        pid = pid < 0 ? -errno : pid;
        if (pid != -EAGAIN || clock_is_past(until))
            return pid;
        nanosleep(&pause, NULL);
    }
}

/* The trial that is running, as the kernel tells its parent. */
struct ward {
    pid_t pid;         /* 0: there is none */
    uint64_t since_ns; /* it stands still since; 0: it does not */
    struct stops stops;
};

/* Takes what there is to know of its stops; of two that come before one look only the last is told. */
static void stops_note(struct ward *ward)
{
    siginfo_t info = {0};
    while (ward->pid && waitid(P_PID, (id_t)ward->pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 && info.si_pid) {
        uint64_t now = clock_monotonic_ns();
        ward->stops.count += info.si_code == CLD_CONTINUED;
        if (info.si_code == CLD_CONTINUED && ward->since_ns)
            ward->stops.ns += now - ward->since_ns;
        ward->since_ns = info.si_code == CLD_CONTINUED ? 0 : now;
        info.si_pid = 0;
    }
}

static struct stops stops_now(const struct ward *ward)
{
    struct stops stops = ward->stops;
    if (ward->since_ns)
        stops.standing_ns = clock_monotonic_ns() - ward->since_ns + 1;
    return stops;
}

/* All there are, and those who become so meanwhile. */
static bool end_children(void)
{
    bool were_some = false;
    for (pid_t pid; (pid = orphans_child()); were_some = true) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return were_some;
}

/* Whoever is left of the trial: its group, then those who have left it. All are our children by then. What has ended by
 * itself, such as the child of a worker that was killed, is nothing left. */
static bool end_rest(pid_t group)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    bool were_some = kill(-group, SIGKILL) == 0;
    while (waitpid(-group, NULL, 0) > 0 || errno == EINTR)
        ;
    return end_children() || were_some;
}

static void end(pid_t trial, struct answer *answer)
{
    while (waitpid(trial, &answer->wait_status, 0) < 0 && errno == EINTR)
        ;
    answer->left = end_rest(trial);
}

/* What the harness has opened for itself, but for one. What it was started with stays: commands are to find that. */
static void descriptors_close(int but)
{
    DIR *all = opendir("/proc/self/fd");
    const int most = all ? 0 : (int)sysconf(_SC_OPEN_MAX);
    int own[FDS_MOST];
    unsigned count = 0;
    for (struct dirent *entry; all && (entry = readdir(all)) && count < FDS_MOST;) {
        int fd = atoi(entry->d_name);
        if (fd > STDERR_FILENO && fd != but && fd != dirfd(all))
            own[count++] = fd;
    }
    if (all)
        closedir(all);
    for (int fd = STDERR_FILENO + 1; fd < most && count < FDS_MOST; fd++)
        if (fd != but)
            own[count++] = fd;
    for (unsigned i = 0; i < count; i++)
        if (fcntl(own[i], F_GETFD) == FD_CLOEXEC)
            close(own[i]);
}

/* Descriptors of the guard: the job file, which trials find at JOB_FD, the socket, stderr, and what is inherited.
 * Whoever waits for our output to end waits for the harness alone. Returns the socket, or -1. */
static int descriptors_keep(int socket, int memfd)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int socket_copy = fcntl(socket, F_DUPFD_CLOEXEC, JOB_FD + 1);
    int memfd_copy = fcntl(memfd, F_DUPFD_CLOEXEC, JOB_FD + 1);
    if (null < 0 || socket_copy < 0 || memfd_copy < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(memfd_copy, JOB_FD) < 0)
        return -1;
    descriptors_close(socket_copy);
    return socket_copy;
}

static void obey(const struct letter *letter, struct ward *ward, struct answer *answer)
{
    if (letter->what == START) {
        pid_t pid = start(letter);
        answer->error = pid < 0 ? -pid : 0;
        answer->pid = pid < 0 ? 0 : pid;
        *ward = (struct ward){.pid = answer->pid};
        return;
    }
    if (letter->what == WHO) {
        answer->pid = getpid();
        return;
    }
    stops_note(ward);
    answer->stops = stops_now(ward);
    if (letter->what == END && ward->pid) {
        end(ward->pid, answer);
        ward->pid = 0;
    }
}

/* Sleeps until there is a letter; children that have been stopped, continued or ended are looked at meanwhile. False:
 * the warden has died, or somebody tells us to end. */
static bool letter_await(int socket, int signals, struct ward *ward)
{
    struct signalfd_siginfo info;
    struct pollfd fds[] = {{.fd = socket, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
    do {
        if (poll(fds, 2, -1) <= 0)
            continue;
        while (read(signals, &info, sizeof info) == (ssize_t)sizeof info)
            if (info.ssi_signo == SIGTERM)
                return false;
        stops_note(ward);
    } while (!fds[0].revents);
    return true;
}

/* Of guard and warden; they are blocked and read. Were SIGCHLD ignored, nobody could be waited for. Trials unblock all
 * signals (surroundings.h). */
static sigset_t signals_block(void)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGCHLD);
    sigaddset(&ours, SIGTERM);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_BLOCK, &ours, NULL);
    return ours;
}

static _Noreturn void guard_main(int socket, pid_t warden)
{
    static struct letter letter;
    struct ward ward = {.pid = 0};
    const int64_t before_ns = own_cpu_ns(); /* what the harness had added */
    const sigset_t ours = signals_block();
    const int signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
    setpgid(0, 0);
    prctl(PR_SET_NAME, "pb-guard");
    if (signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 ||
        getppid() != warden)
        _exit(1);
    while (letter_await(socket, signals, &ward)) {
        struct answer answer = {0};
        ssize_t got = recv(socket, &letter, sizeof letter, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        obey(&letter, &ward, &answer);
        answer.cpu_ns = own_cpu_ns() - before_ns;
        send(socket, &answer, sizeof answer, MSG_NOSIGNAL); /* who does not hear it is gone: see above */
    }
    if (ward.pid) { /* one was running */
        kill(-ward.pid, SIGKILL);
        end_rest(ward.pid);
    }
    _exit(0);
}

/* ---- the warden ---- */

/* Told to end, it ends the guard, which may be stopped. */
static _Noreturn void warden_main(int socket, int memfd)
{
    const sigset_t ours = signals_block();
    const pid_t warden = getpid();
    setpgid(0, 0); /* a Ctrl-C at the terminal is not for us */
    prctl(PR_SET_NAME, "pb-warden");
    if (orphans_mark() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || (socket = descriptors_keep(socket, memfd)) < 0)
        _exit(1);
    pid_t guard = fork();
    if (guard < 0)
        _exit(1);
    if (guard == 0)
        guard_main(socket, warden);
    close(socket); /* the guard's alone: it hangs up when that dies */
    while (waitpid(guard, NULL, WNOHANG) == 0)
        if (sigwaitinfo(&ours, NULL) == SIGTERM)
            kill(guard, SIGKILL);
    end_children();
    _exit(0);
}

/* ---- the harness ---- */

static int ask(const struct guard *guard, const struct letter *letter, size_t bytes, struct answer *answer)
{
    ssize_t got = send(guard->socket, letter, bytes, MSG_NOSIGNAL);
    if (got >= 0)
        do
            got = recv(guard->socket, answer, sizeof *answer, 0);
        while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof *answer ? 0 : -EPIPE;
}

int guard_start_trial(struct guard *guard, const char *const *words, pid_t *pid)
{
    struct letter letter = {.what = START};
    struct answer answer;
    size_t used = 0;
    for (; words[letter.words]; letter.words++) {
        const size_t length = strlen(words[letter.words]) + 1;
        if (used + length > sizeof letter.text || letter.words == GUARD_WORDS)
            return -ENAMETOOLONG;
        memcpy(letter.text + used, words[letter.words], length);
        used += length;
    }
    int rc = ask(guard, &letter, offsetof(struct letter, text) + used, &answer);
    if (rc == 0 && answer.error)
        rc = -answer.error;
    if (rc == 0)
        *pid = answer.pid;
    return rc;
}

int guard_stops(struct guard *guard, struct stops *stops)
{
    struct letter letter = {.what = STOPS};
    struct answer answer;
    int rc = ask(guard, &letter, sizeof letter.what, &answer);
    if (rc == 0)
        *stops = answer.stops;
    return rc;
}

int guard_number(struct guard *guard, pid_t *pid)
{
    struct letter letter = {.what = WHO};
    struct answer answer;
    int rc = ask(guard, &letter, sizeof letter.what, &answer);
    if (rc == 0)
        *pid = answer.pid;
    return rc;
}

int guard_end_trial(struct guard *guard, int *wait_status, bool *left, struct stops *stops)
{
    struct letter letter = {.what = END};
    struct answer answer;
    int rc = ask(guard, &letter, sizeof letter.what, &answer);
    if (rc < 0)
        return rc;
    own_cpu_add(answer.cpu_ns - guard->cpu_ns);
    guard->cpu_ns = answer.cpu_ns;
    *wait_status = answer.wait_status;
    *left = answer.left;
    *stops = answer.stops;
    return 0;
}

/* It has ended, or is about to. Returns whether it did what it had to. */
static bool await_warden(struct guard *guard)
{
    int status = 0;
    while (waitpid(guard->pid, &status, 0) < 0 && errno == EINTR)
        ;
    own_cpu_add(-guard->cpu_ns); /* it is among that of our children now */
    close(guard->socket);
    guard->pid = 0;
    guard->cpu_ns = 0;
    return status == 0;
}

static int guard_make(struct guard *guard, int memfd)
{
    const struct timeval limit = {.tv_sec = ANSWER_LIMIT_S};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return -errno;
    setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit); /* without it a stopped guard is waited for */
    pid_t pid = fork();
    int rc = pid < 0 ? -errno : 0;
    if (pid == 0) {
        close(ends[1]);
        warden_main(ends[0], memfd);
    }
    close(ends[0]);
    if (rc < 0) {
        close(ends[1]);
        return rc;
    }
    *guard = (struct guard){.pid = pid, .socket = ends[1], .memfd = memfd};
    orphans_mark_of(pid, guard->mark);
    return 0;
}

int guard_open(struct guard *guard, int memfd)
{
    static bool is_swept; /* once a process */
    if (!is_swept)
        orphans_kill_old();
    is_swept = true;
    return guard_make(guard, memfd);
}

void guard_close(struct guard *guard)
{
    if (!guard->pid)
        return;
    shutdown(guard->socket, SHUT_RDWR);
    await_warden(guard);
}

int guard_replace(struct guard *guard, pid_t group)
{
    char mark[MARK_MAX];
    int memfd = guard->memfd;
    memcpy(mark, guard->mark, sizeof mark);
    kill(guard->pid, SIGTERM); /* guard and warden may be stopped only */
    kill(guard->pid, SIGCONT);
    if (!process_has_ended(guard->pid, WARDEN_LIMIT_S * 1000000000ull))
        kill(guard->pid, SIGKILL);
    bool all_ended = await_warden(guard);
    if (group && !all_ended) {
        kill(-group, SIGKILL);
        orphans_kill(mark);
    }
    /* nobody of ours waits for them any more; whoever does may take a moment, or never do it */
    for (unsigned i = 0; group && !all_ended && i < BURY_LOOKS && kill(-group, 0) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return guard_make(guard, memfd);
}
