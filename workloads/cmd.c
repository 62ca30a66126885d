/* cmd: a task runs a program. Where a worker is a process of one task it becomes the program (fork and exec); elsewhere
 * the worker starts it by vfork and exec, as posix_spawn does, and waits. Both as anybody would do it, without a shell
 * unless sh=yes. Either way the kernel kills the program when the worker dies; what a program has forked may live on
 * until the trial ends.
 *
 * A program that exits with another status than 0 or is killed has failed its task; the sample says with what. What it
 * used, CPU and memory, counts as the worker's own. Its largest memory includes that of the process that started it:
 * Linux counts from before exec. Programs are in the trial's process group and end with the trial; one whose task is
 * over its limit ends with the task.
 *
 * A task's result is a hash of its words: that it ran what it should. What it gave is seen in a file that it leaves
 * (output, left), read after the trial. Warm-up tasks run nothing: a command may not be repeatable. */
#include "workloads/children.h"
#include "workloads/cmd_setup.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- programs ---- */

/* 0, or what run() says of a program that ended with `status`. */
static int status_code(int status)
{
    if (WIFSIGNALED(status))
        return RUN_SIGNALLED | WTERMSIG(status);
    return WEXITSTATUS(status) ? RUN_EXITED | WEXITSTATUS(status) : 0;
}

static int wait_for(pid_t pid)
{
    struct rusage rusage;
    int status;
    if (TEMP_FAILURE_RETRY(wait4(pid, &status, 0, &rusage)) < 0)
        return errno;
    children_add(&rusage);
    return status_code(status);
}

/* A task's own words, its output and the hash of both. */
struct call {
    struct strings words;
    char *output;
    uint64_t result;
};

static void call_release(struct call *call)
{
    strings_release(&call->words);
    free(call->output);
}

static struct fill fill_of(const struct cmd *cmd, uint32_t task)
{
    return (struct fill){
        .task = task,
        .seed = (uint32_t)(work_start(cmd->seed, task) >> 33), /* a positive int in any language */
        .file = cmd->files.count ? cmd->files.string[task % cmd->files.count] : NULL,
    };
}

static int call_make(const struct cmd *cmd, uint32_t task, struct call *call)
{
    struct fill fill = fill_of(cmd, task);
    int rc = 0;
    *call = (struct call){.result = work_start(cmd->seed, task)};
    for (uint32_t i = 0; rc == 0 && i < cmd->words.count; i++) {
        char *word = line_fill(cmd->words.string[i], &fill);
        rc = strings_add(&call->words, word);
        for (const char *at = word; rc == 0 && *at; at++)
            call->result = mix64(call->result, (unsigned char)*at);
        call->result = mix64(call->result, 0);
    }
    if (rc == 0 && cmd->output_kind == OUTPUT_FILE && !(call->output = line_fill(cmd->output, &fill)))
        rc = -ENOMEM;
    if (rc < 0)
        call_release(call);
    return -rc;
}

/* Becomes the program, in a process of its own; it may share memory with others (vfork). Returns why it cannot. */
static int call_exec(const struct cmd *cmd, const struct call *call)
{
    int out = cmd->null;
    if (call->output)
        out = open(call->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool is_set = cmd->output_kind == OUTPUT_SHOW ||
                  (out >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(cmd->null, STDERR_FILENO) >= 0);
    if (is_set && cmd->program)
        execv(cmd->program, call->words.string);
    else if (is_set)
        execvp(call->words.string[0], call->words.string);
    return errno;
}

/* As posix_spawn(3) does, which cannot have the program die with the thread that started it. 0 or errno. */
static int call_start(const struct cmd *cmd, const struct call *call, pid_t *pid)
{
    volatile int code = 0; /* the child writes it: they have one memory until it is the program */
    pid_t worker = getpid();
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* handlers are not for the child */
    *pid = vfork();
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        if (getppid() == worker)
            code = call_exec(cmd, call);
        _exit(127);
    }
    if (*pid < 0)
        code = errno;
    else if (code)
        TEMP_FAILURE_RETRY(waitpid(*pid, NULL, 0));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return code;
}

static int cmd_run(void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    pid_t pid;
    *result = work_start(cmd->seed, task->index);
    if (task->index >= TASK_WARMUP_FIRST)
        return 0;
    int code = call_make(cmd, task->index, &call);
    if (code)
        return code;
    *result = call.result;
    code = call_start(cmd, &call, &pid);
    call_release(&call);
    return code ? code : wait_for(pid);
}

static int cmd_become(void *state, const struct task *task)
{
    const struct cmd *cmd = state;
    struct call call;
    int code = call_make(cmd, task->index, &call);
    return code ? code : call_exec(cmd, &call);
}

static bool cmd_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    if (call_make(cmd, task->index, &call))
        return false;
    *result = call.result;
    call_release(&call);
    return true;
}

/* ---- what is left ---- */

static int file_hash(const char *path, uint64_t *hash)
{
    uint64_t block[1024] = {0};
    FILE *file = fopen(path, "re");
    *hash = 0;
    for (size_t got; file && (got = fread(block, 1, sizeof block, file)) > 0; memset(block, 0, sizeof block)) {
        for (size_t i = 0; i * sizeof *block < got; i++)
            *hash = mix64(*hash, block[i]);
        *hash = mix64(*hash, got);
    }
    int rc = !file || ferror(file) ? -errno : 0;
    if (file)
        fclose(file);
    return rc;
}

static int cmd_left(const void *state, const struct task *task, uint64_t *what, char *error)
{
    const struct cmd *cmd = state;
    struct fill fill = fill_of(cmd, task->index);
    *what = 0;
    if (!cmd->left)
        return 0;
    char *path = line_fill(cmd->left, &fill);
    int rc = path ? file_hash(path, what) : -ENOMEM;
    bool is_missing = rc == -ENOENT && cmd->ignores;
    if (rc < 0 && !is_missing)
        work_refuse(error, "task %u left no %s: %s", task->index, path ? path : cmd->left, strerror(-rc));
    free(path);
    return is_missing ? 0 : rc < 0 ? rc : 1;
}

/* ---- for those who run lists ---- */

/* The one placeholder there is in the words; "{task}" where there is none. */
static const char *cmd_mark(const struct cmd *cmd)
{
    static const char *const marks[] = {"{file}", "{seed}", "{task}"};
    unsigned k = 0;
    for (; k < 2; k++)
        for (uint32_t i = 0; i < cmd->words.count; i++)
            if (line_has(cmd->words.string[i], marks[k]))
                return marks[k];
    return marks[k];
}

static void cmd_list(const void *state, struct listing *listing)
{
    const struct cmd *cmd = state;
    *listing = (struct listing){
        .words = cmd->words.string,
        .count = cmd->words.count,
        .mark = cmd_mark(cmd),
        .null = cmd->output_kind == OUTPUT_SHOW ? -1 : cmd->null,
    };
}

static char *cmd_item(const void *state, uint32_t index)
{
    const struct cmd *cmd = state;
    struct fill fill = fill_of(cmd, index);
    return line_fill(cmd_mark(cmd), &fill);
}

static bool cmd_may_fail(const void *state)
{
    const struct cmd *cmd = state;
    return cmd->ignores;
}

const struct workload_ops workload_cmd = {
    .name = "cmd",
    .summary = "a program of yours: its exit status, what it used, what it left",
    .params = cmd_params,
    .about_ns = 2000000,
    .check = cmd_check,
    .once = cmd_once,
    .prepare = cmd_prepare,
    .run = cmd_run,
    .become = cmd_become,
    .expect = cmd_expect,
    .unlistable = cmd_unlistable,
    .list = cmd_list,
    .item = cmd_item,
    .may_fail = cmd_may_fail,
    .left = cmd_left,
    .release = cmd_release,
};
