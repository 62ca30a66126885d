/* The verb remote: the end of `run --hosts` that runs trials, in a directory of its own that goes when it ends. Orders
 * come on standard input; when that ends, so do the trial that runs and this program. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/session.h"
#include "bench/model/host.h"
#include "bench/verbs/fleet/wire.h"
#include "bench/verbs/resume.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/clock.h"
#include "workloads/text.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MOST = 8 };

/* How far a file was sent. */
struct sent {
    ino_t inode;
    off_t bytes;
    struct timespec changed;
};

struct remote {
    int in, out;
    struct wire_in input;
    bool has_ended; /* nobody is there any more */
    uint64_t heard_ns, beat_ns;
    char scratch[PATH_MAX], directory[PATH_MAX + 16];
    struct session session;
    struct remaining remaining;
    bool is_open, goes_on;
    struct sent sent[FILES_MOST];
    struct launch_watch watch;
    char **argv;
    char error[ERROR_MAX];
};

/* ---- saying ---- */

static int bytes_say(struct remote *r, const char *bytes, size_t length)
{
    if (wire_write(r->out, bytes, length)) {
        r->has_ended = true;
        return -EPIPE;
    }
    r->beat_ns = clock_monotonic_ns();
    return 0;
}

__attribute__((format(printf, 2, 3))) static int say(struct remote *r, const char *format, ...)
{
    char raw[WIRE_LINE_MAX / 2], line[WIRE_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    const size_t length = text_put(line, sizeof line - 1, raw, true);
    line[length] = '\n';
    return bytes_say(r, line, length + 1);
}

/* Rows go on from where they were sent last, unless their file was replaced, which it is once a block at most, so that
 * it has another inode then. Other files are sent whole whenever they changed. */
static off_t send_from(const struct sent *sent, const struct stat *status, const char *name)
{
    const bool is_same = status->st_ino == sent->inode && status->st_size >= sent->bytes;
    const bool is_unchanged = status->st_size == sent->bytes && status->st_mtim.tv_sec == sent->changed.tv_sec &&
                              status->st_mtim.tv_nsec == sent->changed.tv_nsec;
    return is_same && (is_unchanged || strstr(name, ".csv")) ? sent->bytes : 0;
}

static int file_send(struct remote *r, unsigned file)
{
    struct stat status;
    char piece[1 << 16];
    int fd = inside_fd(r->session.directory, wire_files[file]), rc = 0;
    if (fd < 0)
        return fd == -ENOENT ? 0 : fd;
    if (fstat(fd, &status) < 0) {
        rc = -errno;
        close(fd);
        return rc;
    }
    const off_t from = send_from(&r->sent[file], &status, wire_files[file]);
    if (from < status.st_size || !from)
        rc = say(r, "file %s %lld %lld", wire_files[file], (long long)from, (long long)(status.st_size - from));
    for (off_t at = from; at < status.st_size && !rc;) {
        const size_t left = (size_t)(status.st_size - at), most = left < sizeof piece ? left : sizeof piece;
        ssize_t n = pread(fd, piece, most, at);
        rc = n > 0 ? bytes_say(r, piece, (size_t)n) : -EIO;
        at += n > 0 ? n : 0;
    }
    r->sent[file] = (struct sent){status.st_ino, status.st_size, status.st_mtim};
    close(fd);
    return rc;
}

static int files_send(struct remote *r)
{
    int rc = 0;
    for (unsigned file = 0; wire_files[file] && !rc; file++)
        rc = file_send(r, file);
    return rc;
}

/* ---- hearing ---- */

/* Reads what is there, waits up to timeout_ms for it. */
static void hear(struct remote *r, int timeout_ms)
{
    struct pollfd poller = {.fd = r->in, .events = POLLIN};
    if (r->has_ended || poll(&poller, 1, timeout_ms) <= 0)
        return;
    const int64_t n = wire_read(&r->input, r->in);
    if (n > 0)
        r->heard_ns = clock_monotonic_ns();
    else if (n != -EAGAIN)
        r->has_ended = true;
}

static void beat(struct remote *r)
{
    const uint64_t now_ns = clock_monotonic_ns();
    if (now_ns - r->beat_ns > WIRE_BEAT_NS)
        say(r, "busy");
    if (now_ns - r->heard_ns > WIRE_QUIET_NS)
        r->has_ended = true;
}

/* While a trial runs. Nobody is there: it is told to end, as by a signal from outside. */
static void trial_see(void *data, pid_t pid)
{
    struct remote *r = data;
    (void)pid;
    hear(r, 0);
    beat(r);
    if (r->has_ended)
        kill(getpid(), SIGTERM);
}

static bool next_line(struct remote *r, char line[WIRE_LINE_MAX])
{
    int rc = 0;
    while (!wire_line(&r->input, line, &rc)) {
        hear(r, 1000);
        beat(r);
        if (r->has_ended || rc)
            return false;
    }
    return true;
}

/* A file for the run that is to be opened. */
static int file_take(struct remote *r, const char *line)
{
    char name[64] = "";
    long long length = -1;
    if (sscanf(line, "file %63s %lld", name, &length) != 2 || wire_file(name) < 0 || length < 0 ||
        length > WIRE_FILE_MAX || r->is_open)
        return refuse(r->error, "'%.80s': expected a file of a run and its length", line);
    int fd = inside_create_fd(r->directory, name), rc = fd < 0 ? fd : 0;
    while (length > 0 && !rc) {
        const size_t most = r->input.count < (size_t)length ? r->input.count : (size_t)length;
        rc = wire_write(fd, r->input.bytes, most);
        if (most)
            wire_take(&r->input, most);
        length -= (long long)most;
        if (length)
            hear(r, 1000);
        if (length && r->has_ended)
            rc = -EPIPE;
    }
    if (fd >= 0 && close(fd) < 0 && !rc)
        rc = -errno;
    return rc ? refuse_as(rc, r->error, "%s: cannot be written: %s", name, strerror(-rc)) : 0;
}

/* ---- the run ---- */

static int new_open(struct remote *r, const char *label)
{
    char suite[sizeof r->directory + 16], out[sizeof r->scratch + 32];
    struct asked asked = {.suites = {0}};
    snprintf(suite, sizeof suite, "%s/suite.ini", r->directory);
    snprintf(out, sizeof out, "%s/%s", r->scratch, label);
    int rc = words_add(&asked.suites, suite, strlen(suite)) || asked_add(&asked, "out", out)
                 ? refuse(r->error, "out of memory")
                 : session_open(&r->session, &asked, r->error);
    asked_release(&asked);
    return rc ? rc : session_begin(&r->session, "run", r->argv, r->error);
}

/* The files that came are the run. */
static int again_open(struct remote *r, const char *label)
{
    char directory[sizeof r->scratch + 32];
    snprintf(directory, sizeof directory, "%s/%s", r->scratch, label);
    if (rename(r->directory, directory) < 0)
        return refuse_as(-errno, r->error, "%s: cannot be renamed: %s", r->directory, strerror(errno));
    r->goes_on = true;
    int rc = resume_open(&r->session, &r->remaining, directory, true, r->error);
    if (!rc && r->remaining.left)
        rc = session_begin(&r->session, "resume", r->argv, r->error);
    return rc;
}

static unsigned blocks_of(const struct remote *r)
{
    return r->goes_on ? r->remaining.blocks : r->session.plan.blocks;
}

static unsigned first_block(const struct remote *r)
{
    const size_t cells = r->session.plan.cells.count;
    for (size_t i = 0; r->goes_on && i < r->remaining.blocks * cells; i++)
        if (!r->remaining.done[i])
            return (unsigned)(i / cells) + 1;
    return r->goes_on ? r->remaining.blocks + 1 : 1;
}

static int run_open(struct remote *r, const char *line)
{
    char how[8] = "", label[16] = "";
    if (sscanf(line, "open %7s %15s", how, label) != 2 || !isalnum((unsigned char)*label) ||
        strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen(label) || r->is_open)
        return refuse(r->error, "'%.80s': expected open NEW|AGAIN LABEL", line);
    int rc = !strcmp(how, "AGAIN") ? again_open(r, label) : new_open(r, label);
    r->is_open = true;
    if (rc == -EINTR)
        return refuse_as(rc, r->error, "interrupted");
    if (rc)
        return rc;
    r->watch = (struct launch_watch){trial_see, r, 250000000};
    calibrations_launcher(r->session.calibrations)->watch = &r->watch;
    for (size_t i = 0; i < r->session.request.left_out.count; i++)
        say(r, "say left out: %s", r->session.request.left_out.word[i]);
    rc = files_send(r);
    return rc ? rc : say(r, "ready %u %u", blocks_of(r), first_block(r));
}

/* Half of a block more than there is time for is begun. */
static bool is_affordable(const struct remote *r, unsigned block)
{
    const int64_t budget_ns = r->session.request.settings.budget_ns;
    const struct cells *cells = &r->session.plan.cells;
    return !budget_ns || r->goes_on || block == 1 ||
           session_left_ns(&r->session, budget_ns) >= forecast_block_ns(cells, cells->count) / 2;
}

static int block_run(struct remote *r, unsigned block)
{
    const struct plan *plan = &r->session.plan;
    const size_t cells = plan->cells.count;
    uint32_t *order = calloc(2 * cells + 1, sizeof *order), *positions = order ? order + cells : NULL;
    size_t count = 0;
    if (!order)
        return refuse(r->error, "out of memory");
    for (size_t i = 0; i < cells; i++) {
        const size_t at = (block - 1) * cells + i;
        if (r->goes_on && r->remaining.done[at])
            continue;
        order[count] = plan->order[at];
        positions[count++] = (uint32_t)i + 1;
    }
    r->session.positions = positions;
    int rc = count ? session_block(&r->session, block, order, count, NULL, NULL, r->error) : 0;
    r->session.positions = NULL;
    free(order);
    if (!rc && r->session.interrupted)
        rc = refuse_as(-EINTR, r->error, "interrupted by signal %d", r->session.interrupted);
    return rc;
}

static int block_order(struct remote *r, const char *line)
{
    int64_t block;
    if (!r->is_open || !wire_numbers(line, "block", &block, 1) || block < 1 || block > blocks_of(r))
        return refuse(r->error, "'%.80s': expected block 1 .. %u", line, blocks_of(r));
    if (!is_affordable(r, (unsigned)block))
        return say(r, "enough %u", (unsigned)block);
    int rc = block_run(r, (unsigned)block);
    int sent = r->has_ended ? -EPIPE : files_send(r);
    rc = rc ? rc : sent;
    return rc ? rc : say(r, "done %u", (unsigned)block);
}

static int run_end(struct remote *r)
{
    struct recorded recorded;
    int rc = r->goes_on && !r->remaining.left ? 0 : session_end(&r->session, r->error);
    rc = rc ? rc : recorded_read(r->session.directory, &recorded, r->error);
    if (!rc)
        rc = host_note(r->session.directory, "ended",
                       json_pack("{s:s, s:I, s:I}", "because",
                                 recorded.blocks < (int64_t)blocks_of(r) ? "budget" : "blocks", "blocks",
                                 (json_int_t)recorded.blocks, "trials", (json_int_t)recorded.trials),
                       r->error);
    rc = rc ? rc : files_send(r);
    return rc ? rc : say(r, "ended");
}

static int orders_take(struct remote *r)
{
    char line[WIRE_LINE_MAX];
    int rc = 0;
    while (!rc && next_line(r, line)) {
        if (!strcmp(line, "end"))
            return run_end(r);
        if (!strncmp(line, "file ", 5))
            rc = file_take(r, line);
        else if (!strncmp(line, "open ", 5))
            rc = run_open(r, line);
        else if (*line)
            rc = block_order(r, line);
    }
    return rc ? rc : -EPIPE;
}

/* ---- all of it ---- */

static int greet(struct remote *r)
{
    char boot[64] = "-", line[80];
    struct utsname kernel;
    struct timespec now;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file && fgets(line, sizeof line, file))
        snprintf(boot, sizeof boot, "%.*s", (int)strcspn(line, "\n"), line);
    if (file)
        fclose(file);
    clock_gettime(CLOCK_REALTIME, &now);
    return say(r, WIRE_MAGIC "%s %s %s %s %lld", POOLBENCH_VERSION, POOLBENCH_COMMIT, boot,
               uname(&kernel) ? "-" : kernel.machine, (long long)now.tv_sec * 1000000000 + now.tv_nsec);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

static void on_pipe(int number) /* not ignored: programs would be begun so */
{
    (void)number;
}

static int remote_main(const struct arguments *given)
{
    static struct remote remote;
    struct remote *r = &remote;
    const char *temporary = getenv("TMPDIR");
    int rc;
    *r = (struct remote){.in = 0, .argv = given->argv, .session = SESSION_CLOSED};
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = on_pipe}, NULL);
    r->out = fcntl(1, F_DUPFD_CLOEXEC, 3); /* whatever else is printed is not said */
    if (r->out < 0 || dup2(2, 1) < 0)
        return complain("remote", "standard output: %s", strerror(errno));
    r->heard_ns = r->beat_ns = clock_monotonic_ns();
    if (snprintf(r->scratch, sizeof r->scratch, "%s/poolbench-XXXXXX", temporary && *temporary ? temporary : "/tmp") >=
        (int)sizeof r->scratch)
        return complain("remote", "TMPDIR: expected fewer than %zu bytes", sizeof r->scratch);
    if (!mkdtemp(r->scratch))
        return complain("remote", "%s: cannot be made: %s", r->scratch, strerror(errno));
    snprintf(r->directory, sizeof r->directory, "%.*s/came", PATH_MAX, r->scratch);
    rc =
        mkdir(r->directory, 0777) < 0 ? refuse_as(-errno, r->error, "%s: %s", r->directory, strerror(errno)) : greet(r);
    if (!rc)
        rc = orders_take(r);
    if (rc && !r->has_ended)
        say(r, "failed %s", r->error[0] ? r->error : strerror(-rc));
    session_close(&r->session);
    remaining_release(&r->remaining);
    free(r->input.bytes);
    nftw(r->scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return rc ? 1 : 0;
}

const struct verb verb_remote = {
    .name = "remote",
    .chapter = "measure",
    .operands = "",
    .summary = "be the other end of run --hosts",
    .function = remote_main,
    .help = "What `run --hosts` starts on a host: it reads orders on standard input, runs trials, writes the files of "
            "the run on standard output, and ends when its input does. Nothing of it stays there, unless it is killed. "
            "People have no use for "
            "it but to see that it is there: it says which poolbench it is."};
