/* cmd: a task runs a program. Where a worker is a process of one task it becomes the program (fork and exec);
 * elsewhere, and where somebody has to wait for it (timeout, retries, output=compare), the worker starts it by vfork
 * and exec, as posix_spawn does, and waits. Both as anybody would do it, without a shell unless sh=yes. Either way the
 * kernel kills the program when the worker dies; what a program has forked may live on until the trial ends.
 *
 * A program that exits with another status than 0 and those of `success`, or is killed, has failed its task; the sample
 * says with what. It is started again as often as `retries` says, within its task. What it used, CPU and memory, counts
 * as the worker's own. Its largest memory includes that of the process that started it: Linux counts from before exec.
 * Programs are in the trial's process group, but for those with a timeout, and end with the trial; one whose task is
 * over its limit ends with the task.
 *
 * A task's result is a hash of its words: that it ran what it should. What it gave is seen in a file that it leaves
 * (output, left), read after the trial, or with output=compare in what it wrote, which its worker reads. Warm-up tasks
 * run nothing: a command may not be repeatable. */
#include "workloads/cmd_setup.h"
#include "workloads/program.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- programs ---- */

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

/* What a program wrote, in `fd`, as a number. 0 or a positive code. */
static int output_hash(int fd, uint64_t *hash)
{
    uint64_t block[1024] = {0};
    ssize_t got;
    off_t at = 0;
    for (; (got = TEMP_FAILURE_RETRY(pread(fd, block, sizeof block, at))) > 0; at += got) {
        for (size_t i = 0; i * sizeof *block < (size_t)got; i++)
            *hash = mix64(*hash, block[i]);
        memset(block, 0, sizeof block);
    }
    *hash = mix64(*hash, (uint64_t)at);
    return got < 0 ? errno : 0;
}

static bool cmd_accepts(const void *state, int exit_status)
{
    const struct cmd *cmd = state;
    return cmd->accepted[exit_status & 0xff];
}

static struct program program_of(const struct cmd *cmd, const struct call *call)
{
    bool is_shown = cmd->output_kind == OUTPUT_SHOW;
    return (struct program){
        .path = cmd->program,
        .words = call->words.string,
        .out = is_shown ? -1 : cmd->null,
        .err = is_shown ? -1 : cmd->null,
        .out_path = call->output,
        .timeout_ns = cmd->timeout_ns,
    };
}

/* Once, and again as often as it fails and there are retries left. */
static int call_run(const struct cmd *cmd, const struct program *program)
{
    bool is_kept = cmd->output_kind == OUTPUT_COMPARE;
    for (uint32_t again = 0;; again++) {
        bool is_empty = !is_kept || (ftruncate(program->out, 0) == 0 && lseek(program->out, 0, SEEK_SET) == 0);
        int code = is_empty ? program_run(program) : errno;
        if (code & RUN_EXITED && cmd_accepts(cmd, code & RUN_CODE))
            code = RUN_ACCEPTED | (code & RUN_CODE);
        if (!code || code & RUN_ACCEPTED || again == cmd->retries)
            return code + (int)again * RUN_RETRY;
    }
}

static int cmd_run(void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    *result = work_start(cmd->seed, task->index);
    if (task->index >= TASK_WARMUP_FIRST)
        return 0;
    int code = call_make(cmd, task->index, &call);
    if (code)
        return code;
    struct program program = program_of(cmd, &call);
    bool is_kept = cmd->output_kind == OUTPUT_COMPARE;
    *result = call.result;
    if (is_kept && (program.out = memfd_create("poolbench-output", MFD_CLOEXEC)) < 0)
        code = errno;
    if (!code)
        code = call_run(cmd, &program);
    if (is_kept && program.out >= 0) {
        int failed = output_hash(program.out, result);
        code = failed ? failed : code;
        close(program.out);
    }
    call_release(&call);
    return code;
}

static int cmd_become(void *state, const struct task *task)
{
    const struct cmd *cmd = state;
    struct call call;
    if (cmd->timeout_ns || cmd->retries)
        return 0; /* somebody has to wait for it */
    int code = call_make(cmd, task->index, &call);
    if (code)
        return code;
    struct program program = program_of(cmd, &call);
    return program_become(&program);
}

static bool cmd_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    if (cmd->output_kind == OUTPUT_COMPARE || call_make(cmd, task->index, &call))
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
    .accepts = cmd_accepts,
    .expect = cmd_expect,
    .unlistable = cmd_unlistable,
    .list = cmd_list,
    .item = cmd_item,
    .may_fail = cmd_may_fail,
    .left = cmd_left,
    .release = cmd_release,
};
