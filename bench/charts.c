/* Charts: for each, C writes what the script needs (charts/NAME.dat, one block of lines a series) and the script itself
 * (charts/NAME.gp: variables, style.gp, NAME.gp, so that `gnuplot NAME.gp` in that directory draws it again), and runs
 * gnuplot there. What is drawn, C decides; what it looks like, the scripts do. */
#include "bench/charts.h"
#include "bench/cell.h"
#include "bench/chart_data.h"
#include "bench/data_path.h"
#include "bench/refuse.h"
#include "bench/run_dir.h"
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
            refuse(error, "charts: there is no scripts/%s beside the program nor where it was installed", parts[i]);
            result = -ENODATA;
        } else if (result) {
            refuse(error, "charts: scripts/%s: %s", parts[i], strerror(-result));
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
        refuse(error, "charts: there is no gnuplot; install gnuplot-nox (Debian, Ubuntu) or gnuplot");
    else if (code)
        refuse(error, "charts: gnuplot cannot be started: %s", strerror(code));
    if (code)
        return -code;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            code = errno;
            refuse(error, "charts: gnuplot was lost: %s", strerror(code));
            return -code;
        }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    refuse(error, "charts: 'gnuplot %s' failed in %s", script, charts);
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
            refuse(error, "charts: %s", strerror(-result));
        else if (data.panels)
            result = chart_draw(charts, chart, &data, format, talk, error);
        else if (talk)
            fprintf(talk, "did not draw %s: %s\n", chart->name, chart->without);
        chart_data_release(&data);
    }
    summary_release(&summary);
    return result;
}

static const char usage[] =
    "usage: poolbench charts [RUN] [--format svg|png]\n"
    "\n"
    "Draws the charts of a run into RUN/charts with gnuplot, each beside the data and the script it is\n"
    "made from. RUN is its directory, the beginning of its name, or latest (the default).\n";

static int complain(const char *error)
{
    fprintf(stderr, "poolbench: %s\n", error);
    return 2;
}

int verb_charts(int argc, char **argv)
{
    static const char option[] = "--format";
    char directory[PATH_MAX], error[ERROR_MAX];
    const char *name = NULL, *format = "svg";

    for (int i = 0; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(usage, stdout);
            return 0;
        }
        if (!strncmp(argv[i], option, sizeof option - 1) && strchr("=", argv[i][sizeof option - 1])) {
            bool joined = argv[i][sizeof option - 1] == '=';
            format = joined ? argv[i] + sizeof option : i + 1 < argc ? argv[++i] : "";
            if (strcmp(format, "svg") && strcmp(format, "png")) {
                refuse(error, "--format: expected svg or png, found '%s'", format);
                return complain(error);
            }
        } else if (*argv[i] == '-') {
            refuse(error, "charts: there is no option %s; expected --format", argv[i]);
            return complain(error);
        } else if (name) {
            refuse(error, "charts: expected one run, found '%s' too", argv[i]);
            return complain(error);
        } else {
            name = argv[i];
        }
    }
    if (run_find(name ? name : "latest", directory, sizeof directory, error))
        return complain(error);
    int result = charts_draw(directory, format, stdout, error);
    if (result)
        complain(error);
    return result == 0 ? 0 : result == -ENODATA || result == -EBADMSG ? 2 : 1;
}
