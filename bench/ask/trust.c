/* See trust.h. */
#include "bench/ask/trust.h"
#include "bench/ask/suite.h"
#include "bench/base/refuse.h"
#include "bench/model/run_dir.h"
#include "workloads/text.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEDGER_BYTES_MAX (16u << 20)

/* Its path, with the directories above it where `make`. */
static bool ledger_path(char path[PATH_MAX], bool make)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int length = -1;
    if (state && *state == '/') /* a relative one is invalid, says the XDG specification */
        length = snprintf(path, PATH_MAX, "%s/poolbench/runs", state);
    else if (home && *home == '/')
        length = snprintf(path, PATH_MAX, "%s/.local/state/poolbench/runs", home);
    if (length < 0 || length >= PATH_MAX)
        return false;
    for (char *end = path + 1; make && (end = strchr(end, '/')); *end++ = '/') {
        *end = '\0';
        mkdir(path, 0700); /* there already, or not to be had */
    }
    return true;
}

/* "NAME<tab>COMMAND<tab>COMMAND": what the run is in the ledger. NULL with -EINVAL's line in error, or without one:
 * there is nothing to execute. The caller's to free. */
static char *ledger_line(const char *run, struct words *commands, char *error)
{
    char *line = NULL;
    size_t size = 0;
    *error = '\0';
    if (suite_commands(run, commands, error) || !commands->count)
        return NULL;
    FILE *out = open_memstream(&line, &size);
    if (!out) {
        refuse(error, "out of memory");
        return NULL;
    }
    text_show(out, run_id(run));
    for (size_t i = 0; i < commands->count; i++) {
        fputc('\t', out);
        text_show(out, commands->word[i]);
    }
    if (fclose(out) == 0)
        return line;
    free(line);
    refuse(error, "out of memory");
    return NULL;
}

/* Nobody else has written it. */
static bool is_ours(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && about.st_uid == geteuid() && !(about.st_mode & (S_IWGRP | S_IWOTH));
}

static bool ledger_has(const char *line)
{
    char path[PATH_MAX];
    struct text_lines lines;
    bool has = false;
    int fd = ledger_path(path, false) ? text_file_fd(path) : -1;
    if (fd < 0 || !is_ours(fd)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    if (text_fd_open(fd, LEDGER_BYTES_MAX, &lines) < 0)
        return false;
    for (const char *known; !has && (known = text_next(&lines));)
        has = !strcmp(known, line);
    text_close(&lines);
    return has;
}

/* Whether somebody at a terminal says yes. */
static bool is_agreed(const char *run, const struct words *commands)
{
    char answer[8] = "";
    text_show(stderr, run);
    fputs(" was not made here by you, and it executes\n", stderr);
    for (size_t i = 0; i < commands->count; i++) {
        fputs("  ", stderr);
        text_show(stderr, commands->word[i]);
        fputc('\n', stderr);
    }
    fputs("Execute that? [y/N] ", stderr);
    return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

int trust_check(const char *run, bool given, struct words *commands, char *error)
{
    char *line = ledger_line(run, commands, error);
    int rc = *error ? -EINVAL : 0;
    if (line && !given && !ledger_has(line)) {
        bool can_ask = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
        if (!can_ask || !is_agreed(run, commands))
            rc = refuse(error, "%.128s was not made here by you, and it executes %.200s%s; %s", run, commands->word[0],
                        commands->count > 1 ? " and more (see its suite.ini)" : "",
                        can_ask ? "nothing was run" : "--trust executes it");
    }
    free(line);
    return rc;
}

/* A line whole or not at all, or it would spoil the next one. 0 or -errno. */
static int ledger_add(const char *path, char *line)
{
    struct stat before;
    const size_t length = strlen(line);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return -errno;
    int rc = fstat(fd, &before) < 0 ? -errno : 0;
    line[length] = '\n'; /* in the place of the end */
    const ssize_t written = rc ? 0 : write(fd, line, length + 1);
    line[length] = '\0';
    rc = rc ? rc : written < 0 ? -errno : (size_t)written <= length ? -ENOSPC : 0;
    if (written > 0 && rc && ftruncate(fd, before.st_size) < 0)
        rc = -errno;
    if (close(fd) < 0 && !rc)
        rc = -errno;
    return rc;
}

void trust_note(const char *run)
{
    struct words commands = {0};
    char error[ERROR_MAX], path[PATH_MAX], *line = ledger_line(run, &commands, error);
    if (line && ledger_path(path, true)) {
        const int rc = ledger_add(path, line);
        if (rc)
            complain("", "%.300s: %s: this run is not in it, so resume and run --like need --trust for it", path,
                     strerror(-rc));
    }
    free(line);
    words_release(&commands);
}
