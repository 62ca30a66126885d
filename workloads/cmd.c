/* cmd: a task runs a program. Where a worker is a process of one task it becomes the program (fork and exec); elsewhere
 * the worker starts it by posix_spawn and waits. Both as anybody would do it, without a shell unless sh=yes.
 *
 * A program that exits with another status than 0 or is killed has failed its task; the sample says with what. What it
 * used, CPU and memory, counts as the worker's own. Its largest memory includes that of the process that started it:
 * Linux counts from before exec. Programs are in the trial's process group and end with the trial.
 *
 * A task's result is a hash of its words: that it ran what it should. What it gave is seen in a file that it leaves
 * (output, left), read after the trial. Warm-up tasks run nothing: a command may not be repeatable. */
#include "workloads/children.h"
#include "workloads/line.h"
#include "workloads/work.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"

enum { CMD_LINE, CMD_FILES, CMD_SH, CMD_OUTPUT, CMD_LEFT, CMD_BEFORE, CMD_IGNORE };
static const struct param cmd_params[] = {
    [CMD_LINE] = {.name = "line",
                  .kind = PARAM_TEXT,
                  .preset = "",
                  .help = "the command, as words; {task}, {seed} and {file} in it stand for the task's own"},
    [CMD_FILES] = {.name = "files",
                   .kind = PARAM_TEXT,
                   .preset = "",
                   .help = "what {file} goes through: a directory, a pattern such as '*.txt', or a file of paths"},
    [CMD_SH] = {.name = "sh", .kind = PARAM_CHOICE, .preset = "no", .choices = "no|yes", .help = "run it by /bin/sh"},
    [CMD_OUTPUT] = {.name = "output",
                    .kind = PARAM_TEXT,
                    .preset = "discard",
                    .help = "where it writes: discard, show, or a file such as out/{task}, read as left"},
    [CMD_LEFT] = {.name = "left",
                  .kind = PARAM_TEXT,
                  .preset = "",
                  .help = "a file it leaves, such as {file}.gz: pools must agree on what is in it"},
    [CMD_BEFORE] = {.name = "before",
                    .kind = PARAM_TEXT,
                    .preset = "",
                    .help = "a shell command before every trial, not timed: rm -f out/*"},
    [CMD_IGNORE] = {.name = "ignore",
                    .kind = PARAM_CHOICE,
                    .preset = "no",
                    .choices = "no|yes",
                    .help = "a task whose command fails does not fail the trial"},
    {.name = NULL},
};

enum output { OUTPUT_DISCARD, OUTPUT_SHOW, OUTPUT_FILE };

struct cmd {
    uint64_t seed;
    struct strings words, files;
    char *program; /* where it is; NULL: each task's first word is looked up */
    bool is_shell, ignores;
    enum output output_kind;
    char *output, *left; /* left NULL: nothing to read afterwards */
    int null;            /* /dev/null, for what is discarded */
};

/* ---- what the parameters say ---- */

__attribute__((format(printf, 2, 3))) static int refuse(char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, WORKLOAD_ERROR_MAX, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

static bool can_run(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Where a program is, as execvp(3) would find it; NULL: nowhere. */
static char *program_find(const char *name)
{
    if (strchr(name, '/'))
        return can_run(name) ? strdup(name) : NULL;
    const char *path = getenv("PATH");
    for (path = path ? path : "/bin:/usr/bin"; *name; path++) {
        char *candidate;
        int length = (int)strcspn(path, ":");
        if (asprintf(&candidate, "%.*s%s%s", length, path, length ? "/" : "./", name) < 0)
            return NULL;
        if (can_run(candidate))
            return candidate;
        free(candidate);
        path += length;
        if (!*path)
            break;
    }
    return NULL;
}

static enum output output_kind(const char *output)
{
    return !*output || !strcmp(output, "discard") ? OUTPUT_DISCARD
           : !strcmp(output, "show")              ? OUTPUT_SHOW
                                                  : OUTPUT_FILE;
}

/* With a shell, three words of which the last is the line. */
static int shell_words(const char *line, struct strings *words)
{
    char **three = calloc(3, sizeof *three);
    if (!three)
        return -ENOMEM;
    *words = (struct strings){three, 3};
    three[0] = strdup("sh");
    three[1] = strdup("-c");
    three[2] = strdup(line);
    return three[0] && three[1] && three[2] ? 0 : -ENOMEM;
}

static int words_make(const int64_t *params, struct strings *words, char *error)
{
    const char *line = param_text(params[CMD_LINE]);
    int rc = params[CMD_SH] ? shell_words(line, words) : line_split(line, words);
    if (rc == -EINVAL)
        return refuse(error, "line: a \" is not closed in %s", line);
    if (rc < 0)
        return refuse(error, "line: out of memory");
    if (!line[strspn(line, " \t")])
        return refuse(error, "line: expected a command, such as line='gzip -c {file}'");
    if (params[CMD_SH] || line_has(words->string[0], NULL))
        return 0;
    char *program = program_find(words->string[0]);
    free(program);
    if (!program)
        return refuse(error, "line: there is no program '%s' %s", words->string[0],
                      strchr(words->string[0], '/') ? "that can be run" : "in PATH");
    return 0;
}

static int files_check(const int64_t *params, uint32_t *tasks, char *error)
{
    static const int with_file[] = {CMD_LINE, CMD_OUTPUT, CMD_LEFT};
    const char *where = param_text(params[CMD_FILES]);
    const char *user = NULL;
    for (unsigned i = 0; i < sizeof with_file / sizeof *with_file; i++)
        if (line_has(param_text(params[with_file[i]]), "{file}"))
            user = cmd_params[with_file[i]].name;
    if (user && !*where)
        return refuse(error, "files: {file} in %s needs them, expected a directory, a pattern or a file of paths",
                      user);
    if (!*where)
        return 0;
    if (!user)
        return refuse(error, "files: given, but there is no {file} in line");
    struct strings files = {0};
    int rc = files_list(where, &files);
    uint32_t count = files.count;
    strings_release(&files);
    if (rc < 0)
        return refuse(error, "files: %s: %s", where, strerror(-rc));
    if (!count)
        return refuse(error, "files: %s: no file there", where);
    *tasks = count;
    return 0;
}

static int output_check(const char *output, char *error)
{
    const char *slash = strrchr(output, '/');
    if (output_kind(output) != OUTPUT_FILE)
        return 0;
    if (!line_has(output, NULL))
        return refuse(error, "output: all tasks would write %s, expected discard, show, or {task} or {file} in it",
                      output);
    char *directory = slash ? strndup(output, (size_t)(slash - output) + 1) : strdup(".");
    int rc = !directory ? refuse(error, "output: out of memory")
             : !line_has(directory, NULL) && access(directory, W_OK) < 0
                 ? refuse(error, "output: %s: %s", directory, strerror(errno))
                 : 0;
    free(directory);
    return rc;
}

static int cmd_check(const int64_t *params, uint32_t *tasks, char *error)
{
    struct strings words = {0};
    int rc = words_make(params, &words, error);
    strings_release(&words);
    if (rc == 0)
        rc = files_check(params, tasks, error);
    return rc < 0 ? rc : output_check(param_text(params[CMD_OUTPUT]), error);
}

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
    while (wait4(pid, &status, 0, &rusage) < 0)
        if (errno != EINTR)
            return errno;
    children_add(&rusage);
    return status_code(status);
}

/* A task's own words, its output and the hash of both. */
struct call {
    char **words, *output;
    uint64_t result;
};

static void call_release(const struct cmd *cmd, struct call *call)
{
    for (uint32_t i = 0; call->words && i < cmd->words.count; i++)
        free(call->words[i]);
    free(call->words);
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
    bool has_all = true;
    *call = (struct call){.words = calloc(cmd->words.count + 1, sizeof *call->words)};
    call->result = work_start(cmd->seed, task);
    for (uint32_t i = 0; call->words && has_all && i < cmd->words.count; i++) {
        call->words[i] = line_fill(cmd->words.string[i], &fill, cmd->is_shell);
        has_all = call->words[i] != NULL;
        for (const char *at = call->words[i]; has_all && *at; at++)
            call->result = mix64(call->result, (unsigned char)*at);
        call->result = mix64(call->result, 0);
    }
    if (cmd->output_kind == OUTPUT_FILE) {
        call->output = line_fill(cmd->output, &fill, false);
        has_all = has_all && call->output;
    }
    if (call->words && has_all)
        return 0;
    call_release(cmd, call);
    return ENOMEM;
}

static int actions_add(const struct cmd *cmd, const struct call *call, posix_spawn_file_actions_t *actions)
{
    int code = 0;
    if (cmd->output_kind == OUTPUT_SHOW)
        return 0;
    if (call->output)
        code =
            posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, call->output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    else
        code = posix_spawn_file_actions_adddup2(actions, cmd->null, STDOUT_FILENO);
    return code ? code : posix_spawn_file_actions_adddup2(actions, cmd->null, STDERR_FILENO);
}

static int cmd_run(void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    posix_spawn_file_actions_t actions;
    pid_t pid;
    *result = work_start(cmd->seed, task->index);
    if (task->index >= TASK_WARMUP_FIRST)
        return 0;
    int code = call_make(cmd, task->index, &call);
    if (code)
        return code;
    *result = call.result;
    code = posix_spawn_file_actions_init(&actions);
    if (!code) {
        code = actions_add(cmd, &call, &actions);
        if (!code && cmd->program)
            code = posix_spawn(&pid, cmd->program, &actions, NULL, call.words, environ);
        else if (!code)
            code = posix_spawnp(&pid, call.words[0], &actions, NULL, call.words, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    call_release(cmd, &call);
    return code ? code : wait_for(pid);
}

static int cmd_become(void *state, const struct task *task)
{
    const struct cmd *cmd = state;
    struct call call;
    int code = call_make(cmd, task->index, &call), out = cmd->null;
    if (code)
        return code;
    if (call.output)
        out = open(call.output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    bool is_set = cmd->output_kind == OUTPUT_SHOW ||
                  (out >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(cmd->null, STDERR_FILENO) >= 0);
    if (is_set && cmd->program)
        execv(cmd->program, call.words);
    else if (is_set)
        execvp(call.words[0], call.words);
    return errno;
}

static bool cmd_expect(const void *state, const struct task *task, uint64_t *result)
{
    const struct cmd *cmd = state;
    struct call call;
    if (call_make(cmd, task->index, &call))
        return false;
    *result = call.result;
    call_release(cmd, &call);
    return true;
}

/* ---- what is left ---- */

static int file_hash(const char *path, uint64_t *hash)
{
    uint64_t block[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = fd < 0 ? -errno : 0;
    *hash = 0;
    while (rc == 0) {
        memset(block, 0, sizeof block);
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        rc = got < 0 ? -errno : 0;
        if (got <= 0)
            break;
        for (size_t i = 0; i * sizeof *block < (size_t)got; i++)
            *hash = mix64(*hash, block[i]);
        *hash = mix64(*hash, (uint64_t)got);
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

static int cmd_left(const void *state, const struct task *task, uint64_t *what, char *error)
{
    const struct cmd *cmd = state;
    struct fill fill = fill_of(cmd, task->index);
    *what = 0;
    if (!cmd->left)
        return 0;
    char *path = line_fill(cmd->left, &fill, false);
    int rc = path ? file_hash(path, what) : -ENOMEM;
    bool is_missing = rc == -ENOENT && cmd->ignores;
    if (rc < 0 && !is_missing)
        refuse(error, "task %u left no %s: %s", task->index, path ? path : cmd->left, strerror(-rc));
    free(path);
    return is_missing ? 0 : rc < 0 ? rc : 1;
}

static bool cmd_may_fail(const void *state)
{
    const struct cmd *cmd = state;
    return cmd->ignores;
}

/* ---- state ---- */

static void cmd_release(void *state)
{
    struct cmd *cmd = state;
    strings_release(&cmd->words);
    strings_release(&cmd->files);
    free(cmd->program);
    free(cmd->output);
    free(cmd->left);
    if (cmd->null >= 0)
        close(cmd->null);
    free(cmd);
}

static int run_before(const char *line, char *error)
{
    char *words[] = {(char *)"sh", (char *)"-c", (char *)(uintptr_t)line, NULL};
    pid_t pid;
    int code = posix_spawn(&pid, SHELL, NULL, NULL, words, environ), status = 0;
    while (!code && waitpid(pid, &status, 0) < 0)
        code = errno == EINTR ? 0 : errno;
    if (code)
        return refuse(error, "before: " SHELL ": %s", strerror(code));
    if (status)
        return refuse(error, "before: '%.80s' %s %d", line,
                      WIFSIGNALED(status) ? "was killed by signal" : "exited with", status_code(status) & RUN_CODE);
    return 0;
}

static int copy_text(const char *text, char **copy)
{
    *copy = *text ? strdup(text) : NULL;
    return *text && !*copy ? -ENOMEM : 0;
}

static int cmd_fill(struct cmd *cmd, const struct workload_config *config, char *error)
{
    const int64_t *params = config->params;
    const char *before = param_text(params[CMD_BEFORE]);
    const char *output = param_text(params[CMD_OUTPUT]), *left = param_text(params[CMD_LEFT]);
    cmd->seed = config->seed;
    cmd->is_shell = params[CMD_SH];
    cmd->ignores = params[CMD_IGNORE];
    cmd->output_kind = output_kind(output);
    if (cmd->output_kind == OUTPUT_FILE && !*left)
        left = output;
    int rc = *before ? run_before(before, error) : 0;
    if (rc == 0)
        rc = words_make(params, &cmd->words, error);
    if (rc == 0 && *param_text(params[CMD_FILES]))
        rc = files_list(param_text(params[CMD_FILES]), &cmd->files);
    if (rc == 0 && *param_text(params[CMD_FILES]) && !cmd->files.count)
        rc = refuse(error, "files: %s: no file there", param_text(params[CMD_FILES]));
    if (rc == 0 && (rc = copy_text(output, &cmd->output)) == 0)
        rc = copy_text(left, &cmd->left);
    if (rc == 0 && !cmd->is_shell && !line_has(cmd->words.string[0], NULL))
        cmd->program = program_find(cmd->words.string[0]);
    else if (rc == 0 && cmd->is_shell)
        rc = copy_text(SHELL, &cmd->program);
    if (rc == 0 && (cmd->null = open("/dev/null", O_WRONLY | O_CLOEXEC)) < 0)
        rc = -errno;
    return rc;
}

static int cmd_prepare(const struct workload_config *config, void **state)
{
    char unused[WORKLOAD_ERROR_MAX];
    struct cmd *cmd = calloc(1, sizeof *cmd);
    if (!cmd)
        return -ENOMEM;
    cmd->null = -1;
    int rc = cmd_fill(cmd, config, config->error ? config->error : unused);
    if (rc < 0)
        cmd_release(cmd);
    else
        *state = cmd;
    return rc;
}

const struct workload_ops workload_cmd = {
    .name = "cmd",
    .summary = "a program of yours: its exit status, what it used, what it left",
    .params = cmd_params,
    .class = TASK_CPU,
    .about_ns = 2000000,
    .check = cmd_check,
    .prepare = cmd_prepare,
    .run = cmd_run,
    .become = cmd_become,
    .expect = cmd_expect,
    .may_fail = cmd_may_fail,
    .left = cmd_left,
    .release = cmd_release,
};
