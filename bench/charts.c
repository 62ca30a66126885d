/* Charts: for each, C writes what the script needs (charts/NAME.dat, one block of lines a series) and the script itself
 * (charts/NAME.gp: variables, style.gp, NAME.gp, so that `gnuplot NAME.gp` in that directory draws it again), and runs
 * gnuplot there. What is drawn, C decides; what it looks like, the scripts do. */
#include "bench/chart_data.h"
#include "bench/data_path.h"
#include "bench/refuse.h"
#include "bench/verbs.h"
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int file_append(FILE *out, const char *script)
{
    char path[PATH_MAX], piece[4096];
    size_t n;
    int result = data_path(script, path, sizeof path);
    FILE *in;

    if (result)
        return result;
    in = fopen(path, "re");
    if (!in)
        return -errno;
    fputc('\n', out);
    while ((n = fread(piece, 1, sizeof piece, in)) > 0)
        fwrite(piece, 1, n, out);
    result = ferror(in) ? -EIO : 0;
    fclose(in);
    return result;
}

/* charts/NAME.gp; the line in error says which file was in the way. */
static int script_write(const char *charts, const struct chart *chart, const struct chart_data *data,
                        const char *format, char *error)
{
    char path[PATH_MAX + 80], own[64];
    const char *const parts[] = {"style.gp", own};
    int result = 0;

    snprintf(own, sizeof own, "%s.gp", chart->name);
    snprintf(path, sizeof path, "%s/%s", charts, own);
    FILE *out = fopen(path, "we");
    if (!out) {
        result = -errno;
        refuse(error, "%s: cannot be written: %s", path, strerror(-result));
        return result;
    }
    fprintf(out, "# Drawn by `gnuplot %s` in this directory, from %s.dat.\nchart_format = '%s'\n", own, chart->name,
            format);
    chart_data_header(out, data);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && !result; i++) {
        result = file_append(out, parts[i]);
        if (result == -ENOENT) { /* that code is gnuplot's here */
            refuse(error, "there is no scripts/%s beside the program nor where it was installed", parts[i]);
            result = -ENODATA;
        } else if (result) {
            refuse(error, "scripts/%s: %s", parts[i], strerror(-result));
        }
    }
    if ((ferror(out) | fclose(out)) && !result) {
        refuse(error, "%s: cannot be written", path);
        result = -EIO;
    }
    return result;
}

static int data_write(const char *charts, const struct chart *chart, const struct chart_data *data, char *error)
{
    char path[PATH_MAX + 80];

    snprintf(path, sizeof path, "%s/%s.dat", charts, chart->name);
    FILE *out = fopen(path, "we");
    if (out) {
        chart_data_series(out, data);
        if (!(ferror(out) | fclose(out)))
            return 0;
    }
    refuse(error, "%s: cannot be written: %s", path, strerror(errno));
    return -EIO;
}

/* Runs `gnuplot NAME.gp` in the directory of the charts, without a shell. */
static int gnuplot_run(const char *charts, const struct chart *chart, char *error)
{
    char script[64], program[] = "gnuplot";
    char *const arguments[] = {program, script, NULL};
    posix_spawn_file_actions_t actions;
    int code, status;
    pid_t pid;

    snprintf(script, sizeof script, "%s.gp", chart->name);
    code = posix_spawn_file_actions_init(&actions);
    if (!code) {
        code = posix_spawn_file_actions_addchdir_np(&actions, charts);
        if (!code)
            code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (!code)
            code = posix_spawnp(&pid, program, &actions, NULL, arguments, environ);
        posix_spawn_file_actions_destroy(&actions);
    }
    if (code == ENOENT)
        refuse(error, "there is no gnuplot; install gnuplot-nox (Debian, Ubuntu) or gnuplot");
    else if (code)
        refuse(error, "gnuplot cannot be started: %s", strerror(code));
    if (code)
        return -code;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            code = errno;
            refuse(error, "gnuplot was lost: %s", strerror(code));
            return -code;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    refuse(error, "'gnuplot %s' failed in %s", script, charts);
    return -EIO;
}

static int chart_draw(const char *charts, const struct chart *chart, const struct chart_data *data, const char *format,
                      FILE *talk, char *error)
{
    int result = data_write(charts, chart, data, error);

    if (!result)
        result = script_write(charts, chart, data, format, error);
    if (!result)
        result = gnuplot_run(charts, chart, error);
    for (size_t page = 1; page <= chart_data_pages(data) && talk && !result; page++) {
        char number[24] = "";
        if (page > 1)
            snprintf(number, sizeof number, "-%zu", page);
        fprintf(talk, "drew %s/%s%s.%s: %s\n", charts, chart->name, number, format, chart->title);
    }
    return result;
}

int charts_draw(const char *directory, const char *format, FILE *talk, char *error)
{
    char charts[PATH_MAX];
    struct summary summary;
    int result = summary_make(directory, &summary, error);

    if (result)
        return result == -ENOENT ? -ENODATA : result;
    snprintf(charts, sizeof charts, "%.*s/charts", PATH_MAX - 64, directory); /* room for names below it */
    if (mkdir(charts, 0777) < 0 && errno != EEXIST) {
        result = -errno;
        refuse(error, "%s: cannot be made: %s", charts, strerror(errno));
    }
    for (const struct chart *chart = chart_table; chart->name && !result; chart++) {
        struct chart_data data;
        result = chart_data_init(&data, chart, directory, &summary);
        if (result)
            refuse(error, "%s", strerror(-result));
        else if (data.panels)
            result = chart_draw(charts, chart, &data, format, talk, error);
        else if (talk)
            fprintf(talk, "did not draw %s: %s\n", chart->name, chart->without);
        chart_data_release(&data);
    }
    summary_release(&summary);
    return result;
}

enum { CHARTS_FORMAT };
const struct argument charts_arguments[] = {
    [CHARTS_FORMAT] = {"format", "svg|png", "svg", "Of the pictures.", true},
    {.name = NULL},
};

int verb_charts(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX];

    if (arguments_run("charts", given, 0, directory))
        return 2;
    int result = charts_draw(directory, given->value[CHARTS_FORMAT], stdout, error);
    if (result)
        complain("charts", "%s", error);
    return result == 0 ? 0 : result == -ENODATA || result == -EBADMSG ? 2 : 1;
}
