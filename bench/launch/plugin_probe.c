/* Asking a trial program what a plug-in is, and making a line of how it failed. Also where plug-ins lie. */
#include "bench/launch/plugin_probe.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/launch/job_begin.h"
#include "bench/launch/launch.h"
#include "bench/launch/plugin.h"
#include "workloads/text.h"
#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_LIMIT_NS 10000000000ull /* a pool may start interpreters when it opens */

enum task_class plugin_classify_elsewhere(const void *state, uint32_t index)
{
    (void)state, (void)index;
    abort(); /* the harness runs no task */
}

int plugin_file_hash(const char *path, uint64_t *hash, int64_t *bytes)
{
    unsigned char part[4096];
    size_t got;
    int fd = text_file_fd(path);
    if (fd < 0)
        return fd;
    FILE *file = fdopen(fd, "r");
    if (!file) {
        close(fd);
        return -ENOMEM;
    }
    *hash = 0xcbf29ce484222325ull;
    *bytes = 0;
    while ((got = fread(part, 1, sizeof part, file)) > 0) {
        *bytes += (int64_t)got;
        for (size_t i = 0; i < got; i++)
            *hash = (*hash ^ part[i]) * 0x100000001b3ull;
    }
    int rc = ferror(file) ? -errno : 0;
    fclose(file);
    return rc;
}

/* ---- probing ---- */

static const char *const doing[] = {
    [PROBE_NOTHING] = "before it was loaded",
    [PROBE_LOAD] = "while it was loaded",
    [PROBE_DESCRIBE] = "while its table was read",
    [PROBE_SHAPE] = "in shape",
    [PROBE_OPEN] = "in open",
    [PROBE_WARMUP] = "while it ran its first tasks",
    [PROBE_CLOSE] = "in close",
    [PROBE_DONE] = "after close",
};

static int outcome_check(const struct outcome *outcome, const struct job_parts *parts, char *error)
{
    const struct probe *probe = parts->probe;
    const struct trial_report *report = parts->report;
    const char *when = doing[probe->step <= PROBE_DONE ? probe->step : PROBE_NOTHING];
    char limit[32];
    if (outcome->interrupted)
        return refuse(error, "interrupted");
    if (outcome->timed_out)
        return refuse(error, "hangs %s: nothing came of it in %s", when,
                      spell_duration(limit, sizeof limit, (int64_t)PROBE_LIMIT_NS));
    if (WIFSIGNALED(outcome->wait_status))
        return refuse(error, "crashes %s: killed by signal %d (%s)", when, WTERMSIG(outcome->wait_status),
                      strsignal(WTERMSIG(outcome->wait_status)));
    if (report->error && probe->step <= PROBE_DESCRIBE)
        return refuse(error, "%s", report->reason[0] ? report->reason : strerror(report->error));
    if (report->error)
        return refuse(error, "fails %s: %s", when, report->reason[0] ? report->reason : strerror(report->error));
    if (probe->step != PROBE_DONE)
        return refuse(error, "ends the process %s, with exit status %d", when, WEXITSTATUS(outcome->wait_status));
    if (outcome->left_processes)
        return refuse(error, "leaves processes behind");
    return 0;
}

/* The job that asks what a plug-in is. */
static int job_write_probe(struct launcher *launcher, const struct probe_order *order, struct job_parts *parts,
                           char *error)
{
    unsigned workers = order->shape_workers ? order->shape_workers : 1;
    struct cost cost = {0};
    struct job_file *file =
        job_begin(launcher, &(struct job_counts){.workers = workers, .costs = 1}, parts, error); /* nothing is pinned */
    if (!file)
        return -ENOMEM;
    memset(parts->probe, 0, sizeof *parts->probe);
    file->kind = JOB_PROBE;
    file->probe_depth = order->depth;
    snprintf(order->is_pool ? file->pool_file : file->workload_file, PLUGIN_PATH_MAX, "%s", order->file);
    if (order->is_pool)
        job_workload_set(file, workload_table[0]);
    if (order->params)
        memcpy(file->pool_params, order->params, sizeof file->pool_params);
    file->workers = order->workers ? order->workers : 1;
    file->tasks = file->cpus = 1;
    file->shape = (struct pool_shape){.workers = workers};
    memcpy((char *)file + file->at.costs, &cost, sizeof cost);
    return 0;
}

int plugin_probe(const struct probe_order *order, struct probe *probe, char *error)
{
    struct launcher launcher;
    struct job_parts parts;
    struct outcome outcome;
    int rc = launcher_open(&launcher, error);
    if (rc < 0)
        return -EINVAL;
    rc = job_write_probe(&launcher, order, &parts, error);
    if (rc == 0) {
        rc = launcher_run(&launcher, PROBE_LIMIT_NS, &outcome);
        if (rc < 0)
            refuse(error, "starting a trial program: %s", strerror(-rc));
        else
            rc = outcome_check(&outcome, &parts, error);
        *probe = *parts.probe;
    }
    launcher_close(&launcher);
    return rc < 0 ? -EINVAL : 0;
}

/* ---- where plug-ins lie ---- */

struct found {
    char (*path)[PATH_MAX];
    size_t count;
};

static bool is_new(const struct found *found, const char *name)
{
    for (size_t i = 0; i < found->count; i++)
        if (!strcmp(strrchr(found->path[i], '/') + 1, name))
            return false;
    return true;
}

static int is_plugin(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return entry->d_name[0] != '.' && length > 3 && !strcmp(entry->d_name + length - 3, ".so");
}

static void folder_read(const char *folder, struct found *found)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_plugin, alphasort);
    for (int i = 0; i < count; i++) {
        char(*grown)[PATH_MAX] =
            is_new(found, entries[i]->d_name) ? realloc(found->path, (found->count + 1) * sizeof *found->path) : NULL;
        if (grown) {
            found->path = grown;
            snprintf(found->path[found->count++], PATH_MAX, "%.3000s/%.255s", folder, entries[i]->d_name);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

void plugin_files(void (*visit)(const char *path, void *arg), void *arg)
{
    struct found found = {0};
    char folder[PATH_MAX], self[PATH_MAX];
    const char *list = getenv("POOLBENCH_PLUGINS");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        snprintf(folder, sizeof folder, "%.*s", (int)length, list);
        if (length)
            folder_read(folder, &found);
        list += length + (list[length] == ':');
    }
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        const char *home = dirname(self);
        snprintf(folder, sizeof folder, "%.3000s/plugins", home);
        folder_read(folder, &found);
        snprintf(folder, sizeof folder, "%.3000s/../libexec/poolbench/plugins", home);
        folder_read(folder, &found);
    }
    folder_read(POOLBENCH_LIBEXECDIR "/plugins", &found);
    for (size_t i = 0; i < found.count; i++)
        visit(found.path[i], arg);
    free(found.path);
}
