/* Where runs live and how they are found again. A directory is a run when it has a trials.csv. */
#include "bench/model/run_dir.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/run_about.h"
#include "workloads/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES_SHOWN 4

static bool is_run(const char *directory)
{
    return csv_is_there(directory, trial_format.file);
}

static int is_result(const struct dirent *entry)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", RESULTS_DIRECTORY, entry->d_name);
    return entry->d_name[0] != '.' && strcmp(entry->d_name, RUN_LATEST) && is_run(path);
}

/* Names in results/ in order, which is by date. Returns how many, 0 without results/ too; names are freed by the
 * caller. */
static int results_scan(struct dirent ***names)
{
    int count = scandir(RESULTS_DIRECTORY, names, is_result, alphasort);
    if (count >= 0)
        return count;
    *names = NULL;
    return errno == ENOENT ? 0 : -errno;
}

static void results_free(struct dirent **names, int count)
{
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* "A, B, C and 3 more", the newest first: of the names that begin with prefix. */
static void names_join(struct dirent **names, int count, const char *prefix, char *text, size_t size)
{
    size_t length = 0;
    int shown = 0, more = 0;
    *text = '\0';
    for (int i = count - 1; i >= 0; i--) {
        if (strncmp(names[i]->d_name, prefix, strlen(prefix)))
            continue;
        if (shown == NAMES_SHOWN) {
            more++;
            continue;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%.48s", shown++ ? ", " : "", names[i]->d_name);
    }
    if (more)
        snprintf(text + length, size - length, " and %d more", more);
}

static int results_find(const char *name, char *directory, size_t size, char *error)
{
    struct dirent **names;
    char known[ERROR_MAX / 2];
    int result = 0, matches = 0, count = results_scan(&names);
    const char *found = NULL;
    if (count < 0)
        return refuse_as(count, error, "%s: cannot be read: %s", RESULTS_DIRECTORY, strerror(-count));
    for (int i = 0; i < count; i++) {
        if (strncmp(names[i]->d_name, name, strlen(name)))
            continue;
        found = names[i]->d_name;
        matches++;
        if (!strcmp(found, name)) { /* the whole name is unique even where longer ones begin like it */
            matches = 1;
            break;
        }
    }
    names_join(names, count, matches > 1 ? name : "", known, sizeof known);
    if (matches == 1) {
        if ((size_t)snprintf(directory, size, "%s/%s", RESULTS_DIRECTORY, found) >= size)
            result = refuse_as(-ENAMETOOLONG, error, "'%.80s': its path is too long", name);
    } else if (matches > 1) {
        result = refuse(error, "'%.80s' could be any of %s", name, known);
    } else if (count) {
        result = refuse_as(-ENOENT, error, "no run is called '%.80s'; there are %s", name, known);
    } else {
        result = refuse_as(-ENOENT, error, "no run is called '%.80s': %s/ has none yet, 'poolbench run' makes one",
                           name, RESULTS_DIRECTORY);
    }
    results_free(names, count);
    return result;
}

static int latest_find(char *directory, size_t size, char *error)
{
    char target[NAME_MAX + 1];
    ssize_t length = readlink(RESULTS_DIRECTORY "/" RUN_LATEST, target, sizeof target - 1);
    if (length < 0)
        return refuse_as(-errno, error, "latest: %s/ has no run yet that has ended; 'poolbench run' makes one",
                         RESULTS_DIRECTORY);
    target[length] = '\0';
    if ((size_t)snprintf(directory, size, "%s/%s", RESULTS_DIRECTORY, target) >= size || !is_run(directory))
        return refuse_as(-ENOENT, error, "latest: %s/%s points at '%s', which is no run", RESULTS_DIRECTORY, RUN_LATEST,
                         target);
    return 0;
}

int run_find(const char *name, char *directory, size_t size, char *error)
{
    size_t length = strlen(name);
    if (!strcmp(name, RUN_LATEST))
        return latest_find(directory, size, error);
    if (!length || length >= size)
        return refuse(error, "expected the name of a run, found '%.80s'", name);
    if (is_run(name)) {
        memcpy(directory, name, length + 1);
        while (length > 1 && directory[length - 1] == '/')
            directory[--length] = '\0';
        return 0;
    }
    if (!strchr(name, '/'))
        return results_find(name, directory, size, error);
    if (access(name, F_OK) < 0)
        return refuse_as(-errno, error, "'%.200s': %s", name, strerror(errno));
    if (csv_is_there(name, plan_format.file))
        return refuse_as(-ENOENT, error,
                         "'%.200s' is no run: it ended before its first trial and has no %s; begin it anew", name,
                         trial_format.file);
    return refuse_as(-ENOENT, error, "'%.200s' is no run: it has no %s", name, trial_format.file);
}

const char *run_id(const char *directory)
{
    const char *slash = strrchr(directory, '/');
    return slash && slash[1] ? slash + 1 : directory;
}

char *run_for_shell(const char *directory)
{
    char *path = NULL;
    if (*directory != '-')
        return text_for_shell(directory);
    if (asprintf(&path, "./%s", directory) < 0)
        return NULL;
    char *quoted = text_for_shell(path);
    free(path);
    return quoted;
}

bool run_is_latest(const char *directory)
{
    char latest[PATH_MAX], ignored[ERROR_MAX];
    return !latest_find(latest, sizeof latest, ignored) && !strcmp(latest, directory);
}

static int latest_point(const char *name, char *error)
{
    char temporary[PATH_MAX];
    snprintf(temporary, sizeof temporary, "%s/.%s-%ld", RESULTS_DIRECTORY, RUN_LATEST, (long)getpid());
    unlink(temporary); /* of a process that is gone */
    if (symlink(name, temporary) < 0)
        return refuse_as(-errno, error, "%s/%s: cannot be linked: %s", RESULTS_DIRECTORY, RUN_LATEST, strerror(errno));
    if (rename(temporary, RESULTS_DIRECTORY "/" RUN_LATEST) < 0) {
        int code = errno;
        unlink(temporary);
        return refuse_as(-code, error, "%s/%s: cannot be replaced: %s", RESULTS_DIRECTORY, RUN_LATEST, strerror(code));
    }
    return 0;
}

static int fresh_create(char *directory, size_t size, char *error)
{
    if (mkdir(RESULTS_DIRECTORY, 0777) == 0)
        inside_sync(".", ""); /* or the run is not there, which is not half a run */
    else if (errno != EEXIST)
        return refuse_as(-errno, error, "%s: cannot be made here: %s; see --out", RESULTS_DIRECTORY, strerror(errno));
    for (int attempt = 0;; attempt++) { /* two runs may start in one second and draw the same id */
        char stamp[32];
        uint16_t id;
        struct tm utc;
        time_t now = time(NULL);
        if (getrandom(&id, sizeof id, 0) != sizeof id)
            return refuse_as(-errno, error, "no random numbers for the name of the run: %s", strerror(errno));
        gmtime_r(&now, &utc);
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%S", &utc);
        if ((size_t)snprintf(directory, size, "%s/%s-%04x", RESULTS_DIRECTORY, stamp, id) >= size)
            return refuse_as(-ENAMETOOLONG, error, "%s: the path is too long", RESULTS_DIRECTORY);
        if (mkdir(directory, 0777) == 0)
            return 0;
        if (errno != EEXIST || attempt == 100)
            return refuse_as(-errno, error, "%s: cannot be made: %s; see --out", directory, strerror(errno));
    }
}

/* Does path lie right in results/? Then it may be called the latest run. */
static bool in_results(const char *path)
{
    char parent[PATH_MAX];
    struct stat of_parent, of_results;
    const char *name = run_id(path);
    if (name == path || (size_t)(name - path) >= sizeof parent)
        return false;
    memcpy(parent, path, (size_t)(name - path));
    parent[name - path] = '\0';
    return stat(parent, &of_parent) == 0 && stat(RESULTS_DIRECTORY, &of_results) == 0 &&
           of_parent.st_dev == of_results.st_dev && of_parent.st_ino == of_results.st_ino;
}

static int out_refuse(int code, const char *out, char *error)
{
    if (code == ENOENT)
        return refuse_as(-code, error, "--out: '%.200s' would lie in a directory that does not exist", out);
    return refuse_as(-code, error, "--out: '%.200s' cannot be made: %s", out, strerror(code));
}

static int out_create(const char *out, char *directory, size_t size, char *error)
{
    size_t length = strlen(out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    if (length >= size)
        return refuse_as(-ENAMETOOLONG, error, "--out: the path is too long");
    memcpy(directory, out, length);
    directory[length] = '\0';
    if (mkdir(directory, 0777) == 0)
        return 0;
    if (errno == EEXIST)
        return refuse_as(-EEXIST, error, "--out: '%.200s' exists already; expected the name of a new directory",
                         directory);
    return out_refuse(errno, directory, error);
}

int run_check(const char *out, char *error)
{
    char parent[PATH_MAX];
    struct stat status;
    size_t length = strlen(out);
    if (!*out) {
        bool there = access(RESULTS_DIRECTORY, F_OK) == 0;
        if (there && (stat(RESULTS_DIRECTORY, &status) < 0 || !S_ISDIR(status.st_mode)))
            return refuse_as(-ENOTDIR, error, "%s: is no directory; see --out", RESULTS_DIRECTORY);
        if (access(there ? RESULTS_DIRECTORY : ".", W_OK | X_OK) < 0)
            return refuse_as(-errno, error, "%s: nothing can be made %s: %s; see --out", RESULTS_DIRECTORY,
                             there ? "there" : "here", strerror(errno));
        return 0;
    }
    if (access(out, F_OK) == 0)
        return refuse_as(-EEXIST, error, "--out: %.400s exists already; name a directory that does not", out);
    while (length > 1 && out[length - 1] == '/')
        length--;
    while (length && out[length - 1] != '/')
        length--;
    if (length >= sizeof parent)
        return refuse_as(-ENAMETOOLONG, error, "--out: the path is too long");
    snprintf(parent, sizeof parent, "%.*s", length ? (int)length : 1, length ? out : ".");
    if (access(parent, W_OK | X_OK) == 0)
        return 0;
    return out_refuse(errno, out, error);
}

int run_create(const char *out, char *directory, size_t size, char *error)
{
    return *out ? out_create(out, directory, size, error) : fresh_create(directory, size, error);
}

/* The name of the run is on the disk. One who may make names there and not look at them cannot have that. */
static int parent_sync(const char *directory, char *error)
{
    char parent[PATH_MAX];
    const size_t length = (size_t)(run_id(directory) - directory);
    if (length >= sizeof parent)
        return refuse_as(-ENAMETOOLONG, error, "'%.200s': its path is too long", directory);
    snprintf(parent, sizeof parent, "%.*s", length ? (int)length : 1, length ? directory : ".");
    int rc = inside_sync(parent, "");
    return rc && rc != -EACCES ? refuse_as(rc, error, "%.300s: cannot be synchronised: %s", parent, strerror(-rc)) : 0;
}

int run_publish(const char *directory, char *error)
{
    char other[PATH_MAX];
    return inside_follow(directory, other, sizeof other) != 0 ? 0 : parent_sync(directory, error);
}

/* Whether the first began after the second; where that is not known, too: it is the one that has just ended. */
static bool is_newer(const char *directory, const char *than)
{
    struct run_about about, other;
    run_about_read(directory, &about);
    run_about_read(than, &other);
    bool is_it = !*about.begun || strcmp(about.begun, other.begun) >= 0;
    run_about_release(&about);
    run_about_release(&other);
    return is_it;
}

int run_finish(const char *directory, char *error)
{
    char latest[PATH_MAX], ignored[ERROR_MAX];
    if (!in_results(directory) || (!latest_find(latest, sizeof latest, ignored) && !is_newer(directory, latest)))
        return 0;
    return latest_point(run_id(directory), error);
}

/* Those that began later have names further on, or names of their own. */
int run_unfinished(const char *than, char *directory, size_t size)
{
    struct dirent **names;
    int count = results_scan(&names), found = -ENOENT;
    for (int i = count - 1; i >= 0 && found == -ENOENT; i--) {
        struct run_about about;
        if (*than && strcmp(names[i]->d_name, run_id(than)) <= 0)
            continue;
        if ((size_t)snprintf(directory, size, "%s/%s", RESULTS_DIRECTORY, names[i]->d_name) >= size)
            continue;
        run_about_read(directory, &about);
        if (about.is_plan && about.state != RUN_WHOLE && (!*than || is_newer(directory, than)))
            found = about.state == RUN_AT_WORK;
        run_about_release(&about);
    }
    results_free(names, count);
    return found;
}

int runs_names(struct words *names)
{
    struct dirent **entries;
    int count = results_scan(&entries), rc = count < 0 ? count : 0;
    for (int i = 0; i < count && !rc; i++)
        rc = words_add(names, entries[i]->d_name, strlen(entries[i]->d_name));
    results_free(entries, count);
    return rc;
}

/* Whether results/latest names the run as it was called in results/. */
static bool latest_was(const char *directory)
{
    char target[NAME_MAX + 1];
    ssize_t length = readlink(RESULTS_DIRECTORY "/" RUN_LATEST, target, sizeof target - 1);
    target[length < 0 ? 0 : length] = '\0';
    return !strncmp(directory, RESULTS_DIRECTORY "/", sizeof RESULTS_DIRECTORY) && !strcmp(target, run_id(directory));
}

int run_follow(char *directory, size_t size, char *error)
{
    char path[PATH_MAX];
    int rc = inside_follow(directory, path, sizeof path);
    if (rc < 0)
        return refuse_as(rc, error, "%.300s was %s while poolbench was at work on it", directory,
                         rc == -ENOENT ? "deleted" : "moved to nobody knows where");
    if (!rc)
        return 0;
    bool is_latest = latest_was(directory) && !is_run(RESULTS_DIRECTORY "/" RUN_LATEST);
    if ((size_t)snprintf(directory, size, "%s", path) >= size)
        return refuse_as(-ENAMETOOLONG, error, "'%.200s': its path is too long", path);
    if (is_latest && in_results(directory))
        rc = latest_point(run_id(directory), error);
    return rc < 0 ? rc : 1;
}

void run_discard(const char *directory)
{
    char moved[PATH_MAX];
    for (size_t i = 0; file_formats[i]; i++)
        inside_remove(directory, file_formats[i]->file);
    for (size_t i = 0; other_files[i].name; i++)
        if (!strchr(other_files[i].name, '/'))
            inside_remove(directory, other_files[i].name);
    int rc = inside_follow(directory, moved, sizeof moved);
    if (rc >= 0)
        rmdir(rc ? moved : directory);
}

int run_lock(const char *directory, char *error)
{
    int fd = inside_hold(directory);
    if (fd < 0)
        return refuse_as(fd, error, "'%.200s' cannot be opened: %s", directory, strerror(-fd));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    int code = errno;
    inside_let_go(fd);
    if (code == EWOULDBLOCK)
        return refuse_as(-code, error, "'%.200s': another poolbench is at work on this run", directory);
    return refuse_as(-code, error, "'%.200s' cannot be locked: %s", directory, strerror(code));
}

/* 0; -EEXIST: something is in it; -errno. */
static int empty_check(const char *directory)
{
    int fd = inside_directory(directory, ""), rc = fd < 0 ? fd : 0;
    DIR *open = fd < 0 ? NULL : fdopendir(fd);
    if (fd >= 0 && !open) {
        rc = -errno;
        close(fd);
    }
    for (const struct dirent *entry; open && (entry = readdir(open));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = -EEXIST;
    if (open)
        closedir(open);
    return rc;
}

int run_lock_new(const char *directory, char *error)
{
    int fd = run_lock(directory, error), rc = fd < 0 ? fd : empty_check(directory);
    if (fd >= 0 && rc == -EEXIST)
        refuse(error, "'%.200s': another directory came in its place as it was made", directory);
    else if (fd >= 0 && rc)
        refuse(error, "'%.200s' cannot be looked at: %s", directory, strerror(-rc));
    if (!rc)
        return fd;
    run_unlock(fd);
    if (rc != -EEXIST && rc != -EWOULDBLOCK) /* else it is somebody else's */
        rmdir(directory);
    return rc;
}

void run_unlock(int lock)
{
    inside_let_go(lock);
}
