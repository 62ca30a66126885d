/* Does a pool keep the contract (pools/pool.h)? What trials of `conformance` look at beside all others: how reap waits,
 * and what is left after close. Times are told apart by wide margins, since the machine may be busy. */
#include "bench/trial/trial.h"
#include "pools/clock.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MILLISECOND 1000000ull

/* ---- reap ---- */

static int violated(struct trial *trial, const char *words)
{
    snprintf(trial->report->reason, sizeof trial->report->reason, "%s", words);
    return -EPROTO;
}

/* Hands in one task, whatever it takes. */
static int hand_in(struct trial *trial, uint32_t task)
{
    for (;;) {
        int taken = trial->ops->submit(trial->pool, &task, 1);
        trial->submitted[task] = clock_ticks();
        if (taken)
            return taken < 0 ? taken : taken == 1 ? 0 : violated(trial, "submit took more tasks than it was offered");
    }
}

static int take(struct trial *trial, const struct done *done, int count, uint32_t handed_in)
{
    for (int i = 0; i < count; i++) {
        if (done[i].task >= handed_in || bit_test(trial->reaped, done[i].task))
            return violated(trial, "reap returned a task twice, or one that was not handed in");
        bit_set(trial->reaped, done[i].task);
        record_done(trial, &done[i], clock_ticks());
    }
    return 0;
}

/* Nothing is in flight: there is nothing to wait for. */
static int reap_of_nothing(struct trial *trial)
{
    struct done done[1];
    uint64_t start = clock_monotonic_ns();
    int got = trial->ops->reap(trial->pool, done, 1, 1, start + 300 * MILLISECOND);
    if (got != 0)
        return got < 0 ? got : violated(trial, "reap returned a task although none was in flight");
    if (clock_monotonic_ns() - start > 200 * MILLISECOND)
        return violated(trial, "reap waited although nothing was in flight");
    return 0;
}

/* Of one task that takes `size`: polling returns, a time is kept, and without one the task is waited for. */
static int reap_of_one(struct trial *trial, uint64_t size_ns)
{
    struct done done[1];
    uint64_t start = clock_monotonic_ns(), until;
    int rc = hand_in(trial, 0);
    int got = rc < 0 ? rc : trial->ops->reap(trial->pool, done, 1, 1, 0);
    if (got != 0)
        return got < 0 ? got : violated(trial, "reap returned a task long before it can have ended");
    if (clock_monotonic_ns() - start > size_ns * 3 / 4)
        return violated(trial, "reap with until_ns 0 waited");
    until = start + size_ns / 10;
    got = trial->ops->reap(trial->pool, done, 1, 1, until);
    if (got != 0)
        return got < 0 ? got : violated(trial, "reap returned a task long before it can have ended");
    if (clock_monotonic_ns() + MILLISECOND < until)
        return violated(trial, "reap returned before until_ns with nothing");
    if (clock_monotonic_ns() - start > size_ns * 3 / 4)
        return violated(trial, "reap went on waiting after until_ns");
    while (got == 0)
        got = trial->ops->reap(trial->pool, done, 1, 1, UINT64_MAX);
    return got < 0 ? got : take(trial, done, got, 1);
}

/* The others, all handed in at once: never more than asked for, each once, until there are none. */
static int reap_of_many(struct trial *trial, unsigned max)
{
    struct done done[16];
    uint32_t tasks = trial->file->tasks, back = 1;
    for (uint32_t task = 1; task < tasks; task++) {
        int rc = hand_in(trial, task);
        if (rc < 0)
            return rc;
    }
    while (back < tasks) {
        int got = trial->ops->reap(trial->pool, done, max, max, UINT64_MAX);
        if (got > (int)max)
            return violated(trial, "reap returned more tasks than it was asked for");
        int rc = got < 0 ? got : take(trial, done, got, tasks);
        if (rc < 0)
            return rc;
        back += (uint32_t)got;
    }
    return 0;
}

int strict_reap(struct trial *trial)
{
    trial->gate = clock_ticks();
    int rc = reap_of_nothing(trial);
    if (rc == 0)
        rc = reap_of_one(trial, trial->costs[0].size_ns);
    if (rc == 0)
        rc = reap_of_many(trial, 2);
    if (rc == 0)
        rc = reap_of_nothing(trial);
    return rc;
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

int strict_fds(void)
{
    return entries("/proc/self/fd");
}

void strict_leftovers(struct trial *trial, int fds_before)
{
    struct report *report = trial->report;
    int fds = strict_fds(), threads = 0;
    /* a thread that was joined may still be on its way out of the kernel's list */
    for (unsigned i = 0; i < 50 && (threads = entries("/proc/self/task")) > 1; i++)
        usleep(1000);
    report->left_threads = threads - 1;
    report->left_fds = fds < 0 || fds_before < 0 ? -1 : fds - fds_before;
    report->left_children = waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 1;
}
