/* What the parameters of cmd say, whether they can be followed here, and the state made from them. */
#include "workloads/cmd_setup.h"
#include "workloads/text.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/bin/sh"

enum {
    CMD_LINE,
    CMD_FILES,
    CMD_SH,
    CMD_OUTPUT,
    CMD_LEFT,
    CMD_BEFORE,
    CMD_IGNORE,
    CMD_REPEATABLE,
    CMD_SUCCESS,
    CMD_TIMEOUT,
    CMD_RETRIES,
    CMD_NAME
};
const struct param cmd_params[] = {
    [CMD_LINE] = {"line", PARAM_TEXT, "", 0, 0, NULL,
                  "the command, as words; {task}, {seed} and {file} in it stand for the task's own"},
    [CMD_FILES] = {"files", PARAM_TEXT, "", 0, 0, NULL,
                   "what {file} goes through: a directory, a pattern such as '*.txt', or a file of paths (find "
                   "-print0, or lines)"},
    [CMD_SH] = {"sh", PARAM_CHOICE, "no", 0, 0, "no|yes", "run it by /bin/sh, with {file} as an argument"},
    [CMD_OUTPUT] = {"output", PARAM_TEXT, "discard", 0, 0, NULL,
                    "where it writes: discard, show, compare (pools must agree on it), or a file such as out/{task}, "
                    "read as left"},
    [CMD_LEFT] = {"left", PARAM_TEXT, "", 0, 0, NULL,
                  "a file it leaves, such as {file}.gz: pools must agree on what is in it"},
    [CMD_BEFORE] = {"before", PARAM_TEXT, "", 0, 0, NULL, "a shell command before every trial, not timed: rm -f out/*"},
    [CMD_IGNORE] = {"ignore", PARAM_CHOICE, "no", 0, 0, "no|yes", "a task whose command fails does not fail the trial"},
    [CMD_REPEATABLE] = {"repeatable", PARAM_CHOICE, "no", 0, 0, "no|yes",
                        "it may be run more often: beforehand, to find out how long it takes, and for more tasks than "
                        "there are files"},
    [CMD_SUCCESS] = {"success", PARAM_TEXT, "", 0, 0, NULL, "exit statuses that are success beside 0, such as 1/3"},
    [CMD_TIMEOUT] = {"timeout", PARAM_DURATION, "0ns", 0, 3600000000000, NULL,
                     "after which it is killed with all that it started, and has failed; 0: none"},
    [CMD_RETRIES] = {"retries", PARAM_COUNT, "0", 0, RUN_RETRIES_MAX, NULL,
                     "how often it is started again when it fails; its task takes as long as all of them"},
    [CMD_NAME] = {"name", PARAM_TEXT, "", 0, 0, NULL,
                  "what it is called in tables and charts, in the place of all this"},
    {.name = NULL},
};

/* ---- what the parameters say ---- */

bool cmd_once(const int64_t *params)
{
    return !params[CMD_REPEATABLE];
}

static enum output output_kind(const char *output)
{
    return !*output || !strcmp(output, "discard") ? OUTPUT_DISCARD
           : !strcmp(output, "show")              ? OUTPUT_SHOW
           : !strcmp(output, "compare")           ? OUTPUT_COMPARE
                                                  : OUTPUT_FILE;
}

/* sh -c LINE, and where there is a file its name as the argument $1. */
static int shell_words(const char *line, struct strings *words, char *error)
{
    char *script = NULL;
    int rc = line_for_shell(line, &script);
    if (rc == -EINVAL)
        return work_refuse(error, "line: {file} stands between quotes, where the shell could run what is in a name; "
                                  "expected it without quotes: it is one word, blanks and all");
    if (rc == 0)
        rc = strings_add(words, strdup("sh"));
    if (rc == 0)
        rc = strings_add(words, strdup("-c"));
    if (rc == 0)
        rc = strings_add(words, script);
    else
        free(script);
    for (int i = 0; i < 2 && rc == 0 && line_has(line, "{file}"); i++)
        rc = strings_add(words, strdup(i ? "{file}" : "sh"));
    return rc < 0 ? work_refuse(error, "line: out of memory") : 0;
}

static int plain_words(const char *line, struct strings *words, char *error)
{
    int rc = line_split(line, words);
    if (rc == -EINVAL)
        return work_refuse(error, "line: a \" is not closed in %s", line);
    if (rc < 0)
        return work_refuse(error, "line: out of memory");
    const char *text = line_program_text(words);
    if (text)
        return work_refuse(error,
                           "line: '%.50s' is the text of a program, which could run what is in a name; expected "
                           "{file} behind it, as an argument, or sh=yes",
                           text);
    return 0;
}

static int words_make(const int64_t *params, struct strings *words, char *error)
{
    const char *line = param_text(params[CMD_LINE]);
    if (!line[strspn(line, " \t")])
        return work_refuse(error, "line: expected a command, such as line='gzip -c {file}'");
    int rc = params[CMD_SH] ? shell_words(line, words, error) : plain_words(line, words, error);
    if (rc < 0)
        return rc;
    if (params[CMD_SH] || line_has(words->string[0], NULL))
        return 0;
    char *program = program_find(words->string[0]);
    free(program);
    if (!program)
        return work_refuse(error, "line: there is no program '%s' %s", words->string[0],
                           strchr(words->string[0], '/') ? "that can be run" : "in PATH");
    return 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Is none of the files what its own task would write over? */
static int files_keep(const char *output, const struct strings *files, char *error)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && output_kind(output) == OUTPUT_FILE && i < files->count; i++) {
        struct fill fill = {.task = i, .file = files->string[i]};
        char *path = line_fill(output, &fill);
        if (!path)
            rc = work_refuse(error, "output: out of memory");
        else if (is_same_file(path, fill.file))
            rc = work_refuse(error, "output: task %u would write over its own file, %.100s", i, fill.file);
        free(path);
    }
    return rc;
}

static int files_check(const int64_t *params, struct supply *supply, char *error)
{
    static const int with_file[] = {CMD_LINE, CMD_OUTPUT, CMD_LEFT};
    const char *where = param_text(params[CMD_FILES]);
    const char *user = NULL;
    for (unsigned i = 0; i < sizeof with_file / sizeof *with_file; i++)
        if (line_has(param_text(params[with_file[i]]), "{file}"))
            user = cmd_params[with_file[i]].name;
    if (user && !*where)
        return work_refuse(error, "files: {file} in %s needs them, expected a directory, a pattern or a file of paths",
                           user);
    if (!*where)
        return 0;
    if (!user)
        return work_refuse(error, "files: given, but there is no {file} in line");
    struct strings files = {0};
    int rc = files_list(where, &files);
    if (rc < 0)
        return work_refuse(error, "files: %s: %s", where, text_file_why(rc));
    supply->tasks = files.count;
    rc = files.count ? files_keep(param_text(params[CMD_OUTPUT]), &files, error)
                     : work_refuse(error, "files: %s: no file there", where);
    strings_release(&files);
    if (rc < 0)
        return rc;
    if (cmd_once(params))
        supply->once = "repeatable=yes, which runs them again";
    return 0;
}

static int output_check(const int64_t *params, char *error)
{
    const char *output = param_text(params[CMD_OUTPUT]), *slash = strrchr(output, '/');
    if (output_kind(output) != OUTPUT_FILE)
        return 0;
    if (!cmd_once(params) && line_has(output, "{file}") && !line_has(output, "{task}") && !line_has(output, "{seed}"))
        return work_refuse(error,
                           "output: with repeatable=yes tasks of one file would write over each other's %s, expected "
                           "{task} in it, too",
                           output);
    if (!line_has(output, NULL))
        return work_refuse(
            error, "output: all tasks would write %s, expected discard, show, compare, or {task} or {file} in it",
            output);
    char *directory = slash ? strndup(output, (size_t)(slash - output) + 1) : strdup(".");
    int rc = !directory ? work_refuse(error, "output: out of memory")
             : !line_has(directory, NULL) && access(directory, W_OK) < 0
                 ? work_refuse(error, "output: %s: %s", directory, strerror(errno))
                 : 0;
    free(directory);
    return rc;
}

/* Numbers from 0 to 255 with / between them; accepted has room for 256. */
static int success_read(const char *text, bool *accepted, char *error)
{
    for (const char *at = text; *at; at += *at == '/') {
        char *end;
        unsigned long status = strtoul(at, &end, 10);
        if (end == at || strchr("+- ", *at) || status > 255 || (*end && (*end != '/' || !end[1])))
            return work_refuse(
                error, "success: '%.60s' is not exit statuses, expected numbers from 0 to 255 such as 1/3", text);
        accepted[status] = true;
        at = end;
    }
    return 0;
}

int cmd_check(const int64_t *params, struct supply *supply, char *error)
{
    struct strings words = {0};
    if (line_has(param_text(params[CMD_BEFORE]), NULL))
        return work_refuse(error,
                           "before: it is run once a trial, for no task: expected no {task}, {seed} or {file} in it");
    int rc = words_make(params, &words, error);
    strings_release(&words);
    if (rc == 0)
        rc = success_read(param_text(params[CMD_SUCCESS]), (bool[256]){0}, error);
    if (rc == 0)
        rc = files_check(params, supply, error);
    return rc < 0 ? rc : output_check(params, error);
}

const char *cmd_unlistable(const int64_t *params)
{
    const char *line = param_text(params[CMD_LINE]);
    int marks = line_has(line, "{file}") + line_has(line, "{task}") + line_has(line, "{seed}");
    if (marks > 1)
        return "its tasks differ in one thing, expected one of {file}, {task} and {seed} in line";
    if (*param_text(params[CMD_SUCCESS]) || params[CMD_TIMEOUT] || params[CMD_RETRIES])
        return "it knows no success, timeout and retries, expected sh=yes and a line that does it, such as timeout 1 "
               "gzip {file}";
    if (output_kind(param_text(params[CMD_OUTPUT])) >= OUTPUT_COMPARE)
        return "it gives no task an output of its own, expected output=discard or show; with sh=yes a line may write "
               "to "
               "a file";
    return NULL;
}

/* ---- state ---- */

void cmd_release(void *state)
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
    if (!code && TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)) < 0)
        code = errno;
    if (code)
        return work_refuse(error, "before: " SHELL ": %s", strerror(code));
    if (status)
        return work_refuse(error, "before: '%.80s' %s %d", line,
                           WIFSIGNALED(status) ? "was killed by signal" : "exited with",
                           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
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
    cmd->timeout_ns = (uint64_t)params[CMD_TIMEOUT];
    cmd->retries = (uint32_t)params[CMD_RETRIES];
    if (cmd->output_kind == OUTPUT_FILE && !*left)
        left = output;
    int rc = success_read(param_text(params[CMD_SUCCESS]), cmd->accepted, error);
    if (rc == 0 && *before)
        rc = run_before(before, error);
    if (rc == 0)
        rc = words_make(params, &cmd->words, error);
    if (rc == 0 && *param_text(params[CMD_FILES]))
        rc = files_list(param_text(params[CMD_FILES]), &cmd->files);
    if (rc == 0 && *param_text(params[CMD_FILES]) && !cmd->files.count)
        rc = work_refuse(error, "files: %s: no file there", param_text(params[CMD_FILES]));
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

int cmd_prepare(const struct workload_config *config, void **state)
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
