/* xargs and parallel: what people run a program over many files with, as pools. A pool here hands whole lists on: reap
 * writes an item for each task that waits (its file, number or seed) to a memory file, starts
 *
 *   xargs    -0 -P WORKERS -I {file} gzip -c {file}
 *   parallel -0 -j WORKERS -I {file} --plain -q --joblog FILE gzip -c {file}
 *
 * with it as stdin, and waits. What becomes of a single task they do not say while it runs, so starts and ends are not
 * known, and all tasks of a list come back when the last has ended. parallel tells afterwards how each ended; xargs
 * only that some failed, and then all of its list count as failed: with the results of those that were run where it
 * says that it has run them all, else with none. They run on the CPUs of all workers. */
#include "pools/parts/clock.h"
#include "pools/parts/process.h"
#include "pools/parts/task_run.h"
#include "pools/parts/usage.h"
#include "workloads/line.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum program_kind { XARGS, PARALLEL };
enum { NOT_TOLD = -1, XARGS_SOME_FAILED = 123 };
/* What parallel would replace in a command beside our mark, {.}, {#}, {= perl =} and the like, is called what no
 * command has in it: all pools are to run the same. */
static const char *const parallel_marks[][2] = {
    {"--extensionreplace", "\1e"}, {"--basenamereplace", "\1b"},
    {"--dirnamereplace", "\1d"},   {"--basenameextensionreplace", "\1n"},
    {"--seqreplace", "\1q"},       {"--slotreplace", "\1s"},
    {"--parens", "\1(\1)"},
};
enum { MARKS = sizeof parallel_marks / sizeof(char *), WORDS_BEFORE = 12 + MARKS }; /* of the program itself */

struct pool {
    enum program_kind kind;
    const struct pool_config *config;
    const struct job *job;
    struct listing listing;
    uint32_t *tasks; /* handed in: [0, done) returned, [done, ended) ended, [ended, listed) running, then waiting */
    uint32_t room, count, listed, ended, done;
    int *statuses; /* wait statuses of those that have ended, or NOT_TOLD */
    pid_t pid;     /* 0: nothing runs */
    int pidfd, items, log;
    char **words;
    char workers[16], log_path[64];
    struct usage used;
};

static const char *program_words(enum program_kind kind)
{
    return kind == XARGS ? "xargs" : "parallel";
}

static const char *batch_shape(enum program_kind kind, unsigned workers, struct pool_shape *shape)
{
    char *path = program_find(program_words(kind));
    *shape = (struct pool_shape){.workers = workers, .processes = workers};
    free(path);
    return path ? NULL : kind == XARGS ? "there is no xargs here" : "there is no GNU parallel here";
}

static const char *xargs_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)values;
    return batch_shape(XARGS, workers, shape);
}

static const char *parallel_shape(unsigned workers, const int64_t *values, struct pool_shape *shape)
{
    (void)values;
    return batch_shape(PARALLEL, workers, shape);
}

/* ---- open and close ---- */

static void batch_free(struct pool *pool)
{
    if (pool->items >= 0)
        close(pool->items);
    if (pool->log >= 0)
        close(pool->log);
    free(pool->tasks);
    free(pool->statuses);
    free(pool->words);
    free(pool);
}

/* parallel appends its item to a command that has no place for it. */
static bool has_mark(const struct listing *listing)
{
    for (unsigned i = 0; i < listing->count; i++)
        if (strstr(listing->words[i], listing->mark))
            return true;
    return false;
}

static void words_set(struct pool *pool)
{
    char **word = pool->words;
    *word++ = (char *)(uintptr_t)program_words(pool->kind);
    *word++ = (char *)"-0";
    *word++ = (char *)(pool->kind == XARGS ? "-P" : "-j");
    *word++ = pool->workers;
    *word++ = (char *)"-I";
    *word++ = (char *)(uintptr_t)pool->listing.mark;
    if (pool->kind == PARALLEL) {
        *word++ = (char *)"--plain"; /* nothing from $PARALLEL and the files of whoever runs this */
        *word++ = (char *)(has_mark(&pool->listing) ? "-q" : "-qN0");
        *word++ = (char *)"--will-cite";
        *word++ = (char *)"--joblog";
        *word++ = pool->log_path;
        memcpy(word, parallel_marks, sizeof parallel_marks);
        word += MARKS;
    }
    memcpy(word, pool->listing.words, pool->listing.count * sizeof *word);
}

static int batch_open(enum program_kind kind, const struct pool_config *config, const struct job *job,
                      struct pool **result)
{
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool)
        return -ENOMEM;
    pool->kind = kind;
    pool->config = config;
    pool->job = job;
    pool->items = pool->log = pool->pidfd = -1;
    pool->room = job->tasks + 4 * config->workers + 64; /* with those for warming up */
    usage_clear(&pool->used);
    int rc = job->workload->list ? 0 : -ENOTSUP;
    if (rc == 0)
        job->workload->list(job->state, &pool->listing);
    pool->tasks = calloc(pool->room, sizeof *pool->tasks);
    pool->statuses = calloc(pool->room, sizeof *pool->statuses);
    pool->words = calloc(WORDS_BEFORE + pool->listing.count + 1, sizeof *pool->words);
    if (rc == 0 && (!pool->tasks || !pool->statuses || !pool->words))
        rc = -ENOMEM;
    if (rc == 0) {
        pool->items = memfd_create("poolbench-items", MFD_CLOEXEC);
        pool->log = memfd_create("poolbench-joblog", MFD_CLOEXEC);
        rc = pool->items < 0 || pool->log < 0 ? -errno : 0;
    }
    if (rc < 0) {
        batch_free(pool);
        return rc;
    }
    snprintf(pool->workers, sizeof pool->workers, "%u", config->workers);
    snprintf(pool->log_path, sizeof pool->log_path, "/proc/%d/fd/%d", (int)getpid(), pool->log);
    words_set(pool);
    *result = pool;
    return 0;
}

static int xargs_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    return batch_open(XARGS, config, job, pool);
}

static int parallel_open(const struct pool_config *config, const struct job *job, struct pool **pool)
{
    return batch_open(PARALLEL, config, job, pool);
}

static int batch_submit(struct pool *pool, const uint32_t *tasks, unsigned n)
{
    if (n > pool->room - pool->count)
        n = pool->room - pool->count;
    memcpy(pool->tasks + pool->count, tasks, n * sizeof *tasks);
    pool->count += n;
    return (int)n;
}

/* ---- a list ---- */

/* Items of all tasks that wait, each with its NUL. Those that run nothing (warm-up) have ended. */
static int items_write(struct pool *pool, uint32_t *written)
{
    FILE *file = ftruncate(pool->items, 0) == 0 && lseek(pool->items, 0, SEEK_SET) == 0
                     ? fdopen(fcntl(pool->items, F_DUPFD_CLOEXEC, 3), "w")
                     : NULL;
    if (!file)
        return -errno;
    int rc = 0;
    for (uint32_t i = pool->listed; rc == 0 && i < pool->count; i++) {
        if (pool->tasks[i] >= TASK_WARMUP_FIRST)
            continue;
        char *item = pool->job->workload->item(pool->job->state, pool->tasks[i]);
        rc = !item || fwrite(item, strlen(item) + 1, 1, file) != 1 ? -ENOMEM : 0;
        free(item);
        ++*written;
    }
    if (fclose(file) != 0 && rc == 0)
        rc = -errno;
    if (rc == 0 && (lseek(pool->items, 0, SEEK_SET) < 0 || ftruncate(pool->log, 0) < 0))
        rc = -errno;
    return rc;
}

/* The CPUs of all workers, for as long as the program is being started: it keeps them. */
static int spawn_there(struct pool *pool, posix_spawn_file_actions_t *actions)
{
    const struct places *places = &pool->config->places;
    cpu_set_t own[8]; /* 8192 CPUs, as many as the kernel may be built for */
    uint64_t all[sizeof own / 8] = {0};
    unsigned words = places->words < sizeof own / 8 ? places->words : sizeof own / 8;
    for (unsigned i = 0; i < pool->config->workers * places->words; i++)
        if (i % places->words < words)
            all[i % places->words] |= places->masks[i];
    struct places there = {all, words, NULL, NULL, 0};
    int code = sched_getaffinity(0, sizeof own, own) < 0 ? errno : -place_apply(&there, 0);
    if (!code) {
        code = posix_spawnp(&pool->pid, pool->words[0], actions, NULL, pool->words, environ);
        if (code)
            pool->pid = 0;
        if (sched_setaffinity(0, sizeof own, own) < 0 && !code)
            code = errno;
    }
    return -code;
}

static int list_start(struct pool *pool)
{
    posix_spawn_file_actions_t actions;
    uint32_t items = 0;
    int rc = items_write(pool, &items);
    if (rc < 0)
        return rc;
    memset(pool->statuses + pool->listed, 0, (pool->count - pool->listed) * sizeof *pool->statuses);
    pool->listed = pool->count;
    if (!items) {
        pool->ended = pool->listed;
        return 0;
    }
    rc = -posix_spawn_file_actions_init(&actions);
    if (rc < 0)
        return rc;
    int code = posix_spawn_file_actions_adddup2(&actions, pool->items, STDIN_FILENO);
    for (int fd = STDOUT_FILENO; !code && fd <= STDERR_FILENO && pool->listing.null >= 0; fd++)
        code = posix_spawn_file_actions_adddup2(&actions, pool->listing.null, fd);
    rc = code ? -code : spawn_there(pool, &actions);
    posix_spawn_file_actions_destroy(&actions);
    if (rc == 0 && (pool->pidfd = (int)syscall(SYS_pidfd_open, pool->pid, 0)) < 0)
        rc = -errno;
    return rc;
}

/* "Seq Host Starttime JobRuntime Send Receive Exitval Signal Command": how each ended, in any order. */
static void log_read(struct pool *pool)
{
    char *line = NULL;
    size_t size = 0;
    int fd = fcntl(pool->log, F_DUPFD_CLOEXEC, 3);
    FILE *file = fd >= 0 && lseek(fd, 0, SEEK_SET) == 0 ? fdopen(fd, "r") : NULL;
    for (uint32_t i = pool->ended; i < pool->listed; i++)
        pool->statuses[i] = NOT_TOLD;
    while (file && getline(&line, &size, file) >= 0) {
        unsigned number, exit_value, signal_number;
        if (sscanf(line, "%u %*s %*s %*s %*s %*s %u %u", &number, &exit_value, &signal_number) != 3 || number < 1 ||
            number > pool->listed - pool->ended)
            continue;
        pool->statuses[pool->ended + number - 1] =
            signal_number ? W_EXITCODE(0, signal_number & 0x7f) : W_EXITCODE(exit_value & 0xff, 0);
    }
    free(line);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
}

/* Waits for the program until then. 1: it has ended. */
static int list_wait(struct pool *pool, uint64_t until_ns)
{
    struct rusage rusage;
    int status;
    if (until_ns != UINT64_MAX) {
        uint64_t now = clock_monotonic_ns(), left = until_ns > now ? until_ns - now : 0;
        struct timespec time = clock_timespec(left);
        struct pollfd poll_fd = {.fd = pool->pidfd, .events = POLLIN};
        int ready = ppoll(&poll_fd, 1, &time, NULL);
        if (ready <= 0)
            return ready == 0 || errno == EINTR ? 0 : -errno;
    }
    if (TEMP_FAILURE_RETRY(wait4(pool->pid, &status, 0, &rusage)) < 0)
        return -errno;
    close(pool->pidfd);
    pool->pidfd = -1;
    pool->pid = 0;
    usage_add_ended(&pool->used, &rusage);
    if (pool->kind == PARALLEL)
        log_read(pool);
    else
        for (uint32_t i = pool->ended; i < pool->listed; i++)
            pool->statuses[i] = status;
    pool->ended = pool->listed;
    return 1;
}

static int batch_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns)
{
    (void)min;
    unsigned count = 0;
    int rc = 0;
    if (pool->done == pool->ended && !pool->pid && pool->listed < pool->count)
        rc = list_start(pool);
    if (rc == 0 && pool->done == pool->ended && pool->pid)
        rc = list_wait(pool, until_ns);
    for (; rc >= 0 && count < max && pool->done < pool->ended; count++, pool->done++) {
        uint32_t task = pool->tasks[pool->done];
        int status = pool->statuses[pool->done];
        struct task described = task_describe(pool->job, task);
        done[count] = (struct done){.task = task, .pid = getpid()};
        if (status == NOT_TOLD)
            done[count].status = TASK_LOST;
        else if (status)
            task_ended(status, &done[count]);
        bool has_run = pool->kind == PARALLEL || !status || WEXITSTATUS(status) == XARGS_SOME_FAILED;
        if (task < TASK_WARMUP_FIRST && has_run)
            pool->job->workload->expect(pool->job->state, &described, &done[count].result);
    }
    return rc < 0 ? rc : (int)count;
}

static int batch_usage(struct pool *pool, bool with_memory, struct usage *usage)
{
    usage_read_own(usage, with_memory);
    usage_add(usage, &pool->used);
    return 0;
}

static int batch_close(struct pool *pool)
{
    if (pool->pid) {
        kill(pool->pid, SIGKILL); /* what it has started goes with the trial's process group */
        child_await(pool->pid);
        close(pool->pidfd);
    }
    batch_free(pool);
    return 0;
}

#define BATCH_OPS                                                                                                      \
    .traits = POOL_RUNS_PROGRAMS, .submit = batch_submit, .reap = batch_reap, .usage = batch_usage, .close = batch_close

const struct pool_ops pool_xargs = {
    BATCH_OPS,
    .name = "xargs",
    .summary = "xargs -P over all that has arrived; programs only (--workload cmd)",
    .handover_ns = 1000000,
    .shape = xargs_shape,
    .open = xargs_open,
};

const struct pool_ops pool_parallel = {
    BATCH_OPS,
    .name = "parallel",
    .summary = "GNU parallel over all that has arrived; programs only (--workload cmd)",
    .handover_ns = 3000000,
    .shape = parallel_shape,
    .open = parallel_open,
};
