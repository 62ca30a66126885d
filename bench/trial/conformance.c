/* Does a pool keep the contract (pools/pool.h)? What trials of `conformance` look at beside all others: how reap waits,
 * and what is left after close. Times are told apart by wide margins, since the machine may be busy. */
#include "bench/trial/trial.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MILLISECOND 1000000ull
#define EXITING     0x4u /* PF_EXITING of the kernel, which the flags of /proc/PID/stat have (proc(5)) */

/* ---- reap ---- */

/* Hands in one task, whatever it takes. */
static int hand_in(struct trial *trial, uint32_t task)
{
    for (;;) {
        int taken = trial->ops->submit(trial->pool, &task, 1);
        trial->submitted[task] = clock_ticks();
        if (taken)
            return taken < 0    ? taken
                   : taken == 1 ? 0
                                : trial_say(trial, -EPROTO, "submit took more tasks than it was offered");
    }
}

static int take(struct trial *trial, const struct done *done, int count, uint32_t handed_in)
{
    for (int i = 0; i < count; i++) {
        if (done[i].task >= handed_in || bit_test(trial->reaped, done[i].task))
            return trial_say(trial, -EPROTO, "reap returned a task twice, or one that was not handed in");
        bit_set(trial->reaped, done[i].task);
        record_done(trial, &done[i], clock_ticks());
    }
    return 0;
}

/* Nothing is in flight: there is nothing to wait for. */
static int reap_of_nothing(struct trial *trial)
{
    struct done done[1];
    for (unsigned attempt = 0; attempt < 5; attempt++) {
        uint64_t start = clock_monotonic_ns();
        int got = trial->ops->reap(trial->pool, done, 1, 1, start + 100 * MILLISECOND);
        if (got != 0)
            return got < 0 ? got : trial_say(trial, -EPROTO, "reap returned a task although none was in flight");
        if (clock_monotonic_ns() - start < 80 * MILLISECOND)
            return 0;
    }
    return trial_say(trial, -EPROTO, "reap waited although nothing was in flight");
}

/* Of one task that takes size_ns: polling returns, a time is kept, and without one the task is waited for. -EAGAIN:
 * what took too long may have been the machine. */
static int reap_of_one(struct trial *trial, uint32_t task, uint64_t size_ns, const char **late)
{
    struct done done[1];
    uint64_t start = clock_monotonic_ns(), until = start + size_ns / 10, polled = 0, waited = 0;
    int got = hand_in(trial, task);
    if (got == 0) {
        got = trial->ops->reap(trial->pool, done, 1, 1, 0);
        polled = clock_monotonic_ns() - start;
    }
    if (got == 0) {
        got = trial->ops->reap(trial->pool, done, 1, 1, until);
        waited = clock_monotonic_ns() - start;
        if (got == 0 && start + waited + MILLISECOND < until)
            return trial_say(trial, -EPROTO, "reap returned before until_ns with nothing");
    }
    if (got > 0 && clock_monotonic_ns() - start < size_ns * 9 / 10)
        return trial_say(trial, -EPROTO, "reap returned a task before it can have ended");
    while (got == 0)
        got = trial->ops->reap(trial->pool, done, 1, 1, UINT64_MAX);
    int rc = got < 0 ? got : take(trial, done, got, task + 1);
    if (rc < 0)
        return rc;
    *late = polled > size_ns * 3 / 4   ? "reap with until_ns 0 waited"
            : waited > size_ns * 3 / 4 ? "reap went on waiting after until_ns"
                                       : NULL;
    return !polled || !waited || *late ? -EAGAIN : 0;
}

/* The others, all handed in at once: never more than asked for, each once, until there are none. */
static int reap_of_many(struct trial *trial, uint32_t first, unsigned max)
{
    struct done done[16];
    uint32_t tasks = trial->file->tasks, back = first;
    for (uint32_t task = first; task < tasks; task++) {
        int rc = hand_in(trial, task);
        if (rc < 0)
            return rc;
    }
    while (back < tasks) {
        int got = trial->ops->reap(trial->pool, done, max, max, UINT64_MAX);
        if (got > (int)max)
            return trial_say(trial, -EPROTO, "reap returned more tasks than it was asked for");
        int rc = got < 0 ? got : take(trial, done, got, tasks);
        if (rc < 0)
            return rc;
        back += (uint32_t)got;
    }
    return 0;
}

int conformance_reap(struct trial *trial)
{
    const char *late = NULL;
    uint32_t task = 0, attempts = trial->file->tasks / 2;
    trial->gate = clock_ticks();
    int rc = reap_of_nothing(trial);
    if (rc == 0)
        do
            rc = reap_of_one(trial, task++, trial->costs[0].size_ns, &late);
        while (rc == -EAGAIN && task < attempts);
    if (rc == -EAGAIN)
        rc = late ? trial_say(trial, -EPROTO, "%s", late)
                  : 0; /* each time: it is not the machine. Or nothing could be seen */
    if (rc == 0)
        rc = reap_of_many(trial, task, 2);
    return rc < 0 ? rc : reap_of_nothing(trial);
}

/* ---- what is left ---- */

static int entries(const char *folder)
{
    DIR *list = opendir(folder);
    int count = 0;
    if (!list)
        return -1;
    for (const struct dirent *entry; (entry = readdir(list));)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

/* A thread that was joined may stay in the kernel's list for a while; it has been marked long before. */
static bool thread_is_exiting(const char *tid)
{
    char path[64], text[512];
    unsigned long flags = 0;
    snprintf(path, sizeof path, "/proc/self/task/%.20s/stat", tid);
    FILE *file = fopen(path, "re");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *behind_name = strrchr(text, ')');
    return !behind_name || sscanf(behind_name, ") %*c %*d %*d %*d %*d %*d %lu", &flags) != 1 || flags & EXITING;
}

int conformance_threads(void)
{
    DIR *list = opendir("/proc/self/task");
    int count = 0;
    if (!list)
        return -1;
    for (const struct dirent *entry; (entry = readdir(list));)
        count += entry->d_name[0] != '.' && !thread_is_exiting(entry->d_name);
    closedir(list);
    return count;
}

int conformance_fds(void)
{
    return entries("/proc/self/fd");
}

void conformance_leftovers(struct trial *trial, int fds_before)
{
    struct trial_report *report = trial->report;
    int fds = conformance_fds();
    report->left_threads = conformance_threads() - 1;
    report->left_fds = fds < 0 || fds_before < 0 ? -1 : fds - fds_before;
    report->left_children = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 1;
}
