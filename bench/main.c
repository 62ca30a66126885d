/* poolbench: the same tasks through interchangeable pools of workers. This file finds the verb. */
#include "bench/base/refuse.h"
#include "bench/base/stack.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/surroundings.h"
#include "workloads/text.h"
#include <signal.h>
#include <unistd.h>

#define VERB_LISTED(name) &verb_##name,
static const struct verb *const verbs[] = {VERBS(VERB_LISTED) NULL};

static int is_help(const char *word)
{
    return !strcmp(word, "--help") || !strcmp(word, "-h");
}

static int verb_call(const struct verb *verb, int argc, char **argv)
{
    struct arguments given;
    char error[ERROR_MAX] = "";
    for (int i = 0; i < argc && strcmp(argv[i], "--"); i++)
        if (is_help(argv[i]) && !(i && argv[i][1] != '-' && arguments_awaits(verb, argv[i - 1]))) {
            verb_help_print(verb);
            return 0;
        }
    int code = arguments_read(verb, argc, argv, &given, error);
    given.verbs = verbs;
    code = code ? complain(verb->name, "%s", error) : verb->function(&given);
    arguments_release(&given);
    return code;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2)
        return complain("", "a verb is missing; see poolbench help");
    const char *name = is_help(argv[1]) ? "help" : !strcmp(argv[1], "--version") ? "version" : argv[1];
    const struct verb *verb = verb_find(verbs, name);
    return !verb ? 2 : *argv[1] == '-' ? verb_call(verb, 0, NULL) : verb_call(verb, argc - 2, argv + 2);
}

/* What is written down is text, so every word must be: else it would be missing where the command is told. */
static int words_check(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *wrong = text_wrong(argv[i]);
        if (wrong)
            return complain(i > 1 ? argv[1] : "",
                            "'%.200s' %s, and all words are written down as text; a link with such a name, or a "
                            "pattern, stands for it",
                            argv[i], wrong);
    }
    return 0;
}

/* What could not be printed was not done: a full disk behind a redirection must not look like success. Which error it
 * was is known no longer where it came early; then one more byte finds out. A reader who has seen enough is no error,
 * and ends us as any other program: by SIGPIPE. Returns the exit code. */
static int output_end(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    if (!errno && write(STDOUT_FILENO, "\n", 1) == 1)
        errno = EIO;
    if (errno == EPIPE && !code) {
        signal(SIGPIPE, SIG_DFL);
        raise(SIGPIPE);
    }
    if (errno != EPIPE)
        fprintf(stderr, "poolbench: standard output: %s\n", strerror(errno));
    return code ? code : 1;
}

int main(int argc, char **argv)
{
    if (surroundings_reset() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone must not end a run ... */
    signal(SIGXFSZ, SIG_IGN); /* ... nor a limit on files (ulimit -f), without a word */
    int code = words_check(argc, argv);
    if (!code && (code = stack_call(dispatch, argc, argv)) < 0) {
        complain("", "a stack of its own, as the limit on it is small (ulimit -s): %s", strerror(-code));
        code = 1;
    }
    return output_end(code);
}
