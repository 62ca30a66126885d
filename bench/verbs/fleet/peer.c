/* See peer.h. */
#include "bench/verbs/fleet/peer.h"
#include "bench/base/inside.h"
#include "pools/parts/clock.h"
#include "workloads/text.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define BANNER_MAX 65536 /* bytes that a shell may print before we are heard */
#define WORDS_MAX  64

void peer_turn(struct peer *p, enum peer_state state)
{
    p->state = state;
    p->since_ns = clock_monotonic_ns();
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Nothing is said or heard any more; what reaches it is waited for when all hosts have ended (peer_end). */
static void peer_close(struct peer *p)
{
    close_one(&p->in);
    close_one(&p->out);
    close_one(&p->err);
    close_one(&p->fd);
    p->file = -1;
    free(p->input.bytes);
    free(p->errors.bytes);
    free(p->queue);
    p->input = p->errors = (struct wire_in){0};
    p->queue = NULL;
    p->queued = 0;
}

static bool is_gone(struct peer *p)
{
    if (p->pid > 0 && waitpid(p->pid, NULL, WNOHANG) != 0)
        p->pid = 0;
    return p->pid <= 0;
}

void peer_end(struct peer *p, int wait_ms)
{
    peer_close(p);
    for (int at = 0; !is_gone(p) && at < wait_ms; at += 10)
        poll(NULL, 0, 10);
    if (!is_gone(p) && !kill(p->pid, SIGKILL))
        waitpid(p->pid, NULL, 0);
    p->pid = 0;
}

void peer_lose(struct peer *p, const char *format, ...)
{
    char raw[sizeof p->why];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(raw, sizeof raw, format, arguments);
    va_end(arguments);
    if (!peer_is_there(p))
        return;
    text_put(p->why, sizeof p->why, raw, true);
    peer_turn(p, PEER_LOST);
    peer_close(p);
}

/* ---- calling ---- */

/* The words of the command, and the text that they stand in; false: there is no room. */
static bool words_fill(const struct peer *p, char *ssh, const char *command, char *words[WORDS_MAX])
{
    static const char *const own[] = {
        "-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=5", "-o", "ConnectTimeout=15"};
    const size_t owns = sizeof own / sizeof *own;
    size_t count = 0;
    for (char *word = strtok(ssh, " "); word && count < WORDS_MAX - owns - 3; word = strtok(NULL, " "))
        words[count++] = word;
    const bool has_any = count > 0;
    for (size_t i = 0; i < owns; i++)
        words[count++] = (char *)(uintptr_t)own[i];
    words[count++] = (char *)(uintptr_t)p->name;
    words[count++] = (char *)(uintptr_t)command;
    words[count] = NULL;
    return has_any;
}

static int spawn(struct peer *p, char *const words[], int in, int out, int err)
{
    extern char **environ;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID); /* Ctrl-C is for us */
    posix_spawn_file_actions_adddup2(&actions, in, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    rc = posix_spawnp(&p->pid, words[0], &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    p->pid = rc ? 0 : p->pid;
    return rc;
}

void peer_call(struct peer *p, const char *ssh, const char *remote)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, rc = 0;
    char *text = strdup(ssh), *words[WORDS_MAX], command[PATH_MAX + 32];
    p->in = p->out = p->err = p->fd = p->file = -1;
    p->ahead_s = NAN;
    peer_turn(p, PEER_CALLED);
    p->heard_ns = p->said_ns = p->since_ns;
    snprintf(command, sizeof command, "exec %s remote", remote);
    if (!text || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        rc = errno ? errno : ENOMEM;
    if (!rc)
        rc = words_fill(p, text, command, words) ? spawn(p, words, in[0], out[1], err[1]) : EINVAL;
    close_one(&in[0]);
    close_one(&out[1]);
    close_one(&err[1]);
    p->in = in[1];
    p->out = out[0];
    p->err = err[0];
    for (int i = 0; i < 3 && !rc; i++)
        if (fcntl(i == 0 ? p->in : i == 1 ? p->out : p->err, F_SETFL, O_NONBLOCK) < 0)
            rc = errno;
    free(text);
    if (rc)
        peer_lose(p, "'%.60s' cannot be started: %s", ssh, strerror(rc));
}

/* ---- saying ---- */

static void queue_add(struct peer *p, const char *bytes, size_t length)
{
    char *more = realloc(p->queue, p->queued + length + 1);
    if (!more) {
        peer_lose(p, "out of memory here");
        return;
    }
    memcpy(more + p->queued, bytes, length);
    p->queue = more;
    p->queued += length;
    p->said_ns = clock_monotonic_ns();
}

void peer_say(struct peer *p, const char *format, ...)
{
    char line[WIRE_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line - 1 || !peer_is_there(p))
        return;
    line[length] = '\n';
    queue_add(p, line, (size_t)length + 1);
}

void peer_file(struct peer *p, const char *directory, const char *name)
{
    struct stat status;
    int fd = inside_fd(directory, name);
    if (fd < 0)
        return;
    char *bytes = fstat(fd, &status) < 0 ? NULL : malloc((size_t)status.st_size + 1);
    size_t count = 0;
    while (bytes && count < (size_t)status.st_size) {
        ssize_t n = read(fd, bytes + count, (size_t)status.st_size - count);
        if (n <= 0)
            break;
        count += (size_t)n;
    }
    close(fd);
    if (!bytes || count < (size_t)status.st_size)
        peer_lose(p, "its %s here cannot be read", name);
    peer_say(p, "file %s %zu", name, count);
    if (peer_is_there(p) && count)
        queue_add(p, bytes, count);
    free(bytes);
}

static void queue_flush(struct peer *p)
{
    ssize_t n = write(p->in, p->queue, p->queued);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        close_one(&p->in); /* why is seen when its output ends */
    if (n <= 0)
        return;
    p->queued -= (size_t)n;
    memmove(p->queue, p->queue + n, p->queued);
}

/* ---- hearing ---- */

/* Its file begins to come: what is here is kept up to `at`, from 0 on it is written anew under another name. */
static void file_begin(struct peer *p, const char *line)
{
    char name[32] = "", draft[40], rest;
    long long at = -1, length = -1;
    if (sscanf(line, "file %31s %lld %lld%c", name, &at, &length, &rest) != 3 || (p->file = wire_file(name)) < 0 ||
        at < 0 || length < 0 || at > WIRE_FILE_MAX || length > WIRE_FILE_MAX - at) {
        peer_lose(p, "it sent what is no file of a run: '%.60s'", line);
        return;
    }
    snprintf(draft, sizeof draft, ".%s", name);
    if (at) {
        struct stat status;
        p->fd = inside_open(p->directory, name, O_WRONLY);
        if (p->fd >= 0 && (fstat(p->fd, &status) < 0 || status.st_size < at || ftruncate(p->fd, at) < 0 ||
                           lseek(p->fd, at, SEEK_SET) < 0))
            close_one(&p->fd);
    } else {
        p->fd = inside_create_fd(p->directory, draft);
    }
    p->left = at ? length : -1 - length; /* below 0: a draft */
    if (p->fd < 0)
        peer_lose(p, "%s cannot be written here", name);
}

/* As much of the file as is there. False: more has to come. */
static bool file_go_on(struct peer *p)
{
    const bool is_draft = p->left < 0;
    int64_t left = is_draft ? -1 - p->left : p->left;
    const size_t most = p->input.count < (uint64_t)left ? p->input.count : (size_t)left;
    const int written = wire_write(p->fd, p->input.bytes, most);
    if (written) {
        peer_lose(p, "%s cannot be written here: %s", wire_files[p->file], strerror(-written));
        return false;
    }
    if (most)
        wire_take(&p->input, most);
    left -= (int64_t)most;
    p->left = is_draft ? -1 - left : left;
    if (left)
        return false;
    char draft[40];
    snprintf(draft, sizeof draft, ".%s", wire_files[p->file]);
    close_one(&p->fd);
    const int rc = is_draft ? inside_replace(p->directory, draft, wire_files[p->file], 0) : 0;
    if (rc)
        peer_lose(p, "%s cannot be written here: %s", wire_files[p->file], strerror(-rc));
    p->file = -1;
    return !rc;
}

/* What a shell prints first is skipped. */
static void greeting_take(struct peer *p, const char *line)
{
    const char *at = strstr(line, WIRE_MAGIC);
    long long theirs_ns;
    char arch[32];
    struct timespec now;
    if (!at) {
        p->skipped += strlen(line) + 1;
        if (p->skipped > BANNER_MAX)
            peer_lose(p, "it is no poolbench: it says '%.60s' and more", line);
        return;
    }
    if (sscanf(at + strlen(WIRE_MAGIC), "%63s %63s %63s %31s %lld", p->version, p->commit, p->boot, arch, &theirs_ns) !=
        5) {
        peer_lose(p, "it is another poolbench: it says '%.80s'", at);
        return;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    p->ahead_s = (double)theirs_ns / 1e9 - (double)now.tv_sec - (double)now.tv_nsec / 1e9;
    peer_turn(p, PEER_GREETED);
}

/* What it says once it is known. False: that was not asked. */
static bool answer_take(struct peer *p, const char *line)
{
    int64_t numbers[2];
    if (p->state == PEER_OPENING && wire_numbers(line, "ready", numbers, 2) && numbers[0] <= 10000 && numbers[1] >= 1 &&
        numbers[1] <= numbers[0] + 1) {
        p->blocks = numbers[0];
        p->next = numbers[1];
        peer_turn(p, PEER_READY);
    } else if (p->state == PEER_RUNNING && wire_numbers(line, "done", numbers, 1) && numbers[0] == p->next) {
        p->next++;
        peer_turn(p, PEER_READY);
    } else if (p->state == PEER_RUNNING && wire_numbers(line, "enough", numbers, 1)) {
        p->blocks = p->next - 1;
        peer_turn(p, PEER_READY);
    } else if (p->state == PEER_ENDING && !strcmp(line, "ended")) {
        peer_turn(p, PEER_ENDED);
        peer_close(p);
    } else {
        return false;
    }
    return true;
}

static void line_take(struct peer *p, const char *line)
{
    if (p->state == PEER_CALLED) {
        greeting_take(p, line);
    } else if (!strcmp(line, "busy") || !*line) {
        return;
    } else if (!strncmp(line, "file ", 5)) {
        file_begin(p, line);
    } else if (!strncmp(line, "say ", 4)) {
        fprintf(stderr, "poolbench run: %s: ", p->label);
        text_show(stderr, line + 4);
        fputc('\n', stderr);
    } else if (!strncmp(line, "failed ", 7)) {
        peer_lose(p, "%.180s", line + 7);
    } else if (!answer_take(p, line)) {
        peer_lose(p, "it said what was not asked: '%.80s'", line);
    }
}

static void errors_take(struct peer *p)
{
    char line[WIRE_LINE_MAX];
    int rc = 0;
    const int64_t n = wire_read(&p->errors, p->err);
    if (n == 0 || (n < 0 && n != -EAGAIN))
        close_one(&p->err);
    while (wire_line(&p->errors, line, &rc))
        if (*line)
            text_put(p->last, sizeof p->last, line, true);
    if (rc)
        p->errors.count = 0;
}

/* Its output has ended: why, as far as that is known. */
static void end_take(struct peer *p)
{
    int status = 0;
    const char *what = p->state == PEER_CALLED ? "it did not answer" : "it was cut off";
    if (p->err >= 0)
        errors_take(p);
    for (int i = 0; i < 100 && p->pid > 0; i++) {
        if (waitpid(p->pid, &status, WNOHANG) == p->pid)
            p->pid = 0;
        else
            poll(NULL, 0, 10);
    }
    if (p->last[0])
        peer_lose(p, "%s: %.150s", what, p->last);
    else if (!p->pid && WIFEXITED(status))
        peer_lose(p, "%s: what reaches it ended with %d", what, WEXITSTATUS(status));
    else
        peer_lose(p, "%s: what reaches it was killed", what);
}

/* A line that is too long: of a banner, or of nobody that we know. */
static void endless_take(struct peer *p)
{
    if (p->state != PEER_CALLED) {
        peer_lose(p, "it said a line that does not end");
        return;
    }
    p->skipped += p->input.count;
    p->input.count = 0;
    if (p->skipped > BANNER_MAX)
        peer_lose(p, "it is no poolbench: it says %zu bytes that are none", p->skipped);
}

static void output_take(struct peer *p)
{
    char line[WIRE_LINE_MAX];
    int rc = 0;
    const int64_t n = wire_read(&p->input, p->out);
    if (n == -EAGAIN)
        return;
    if (n > 0)
        p->heard_ns = clock_monotonic_ns();
    while (peer_is_there(p) && !rc) {
        if (p->file >= 0) {
            if (!file_go_on(p))
                break;
        } else if (wire_line(&p->input, line, &rc)) {
            line_take(p, line);
        } else {
            break;
        }
    }
    if (rc && peer_is_there(p))
        endless_take(p);
    if (n <= 0 && peer_is_there(p))
        end_take(p);
}

void peer_poll(const struct peer *p, struct pollfd poller[3])
{
    const bool is = peer_is_there(p);
    poller[0] = (struct pollfd){.fd = is && p->queued ? p->in : -1, .events = POLLOUT};
    poller[1] = (struct pollfd){.fd = is ? p->out : -1, .events = POLLIN};
    poller[2] = (struct pollfd){.fd = is ? p->err : -1, .events = POLLIN};
}

void peer_move(struct peer *p, const struct pollfd poller[3])
{
    if (peer_is_there(p) && poller[2].revents && p->err >= 0)
        errors_take(p);
    if (peer_is_there(p) && poller[0].revents && p->in >= 0)
        queue_flush(p);
    if (peer_is_there(p) && poller[1].revents)
        output_take(p);
}
