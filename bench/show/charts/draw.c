/* Draws the charts of a run. For each, C writes what the script needs (charts/NAME.dat) and the script itself
 * (charts/NAME.gp: variables, style.gp, NAME.gp, so that `gnuplot NAME.gp` in that directory draws it again), and runs
 * gnuplot. What is drawn, C decides; what it looks like, the scripts do. A chart is drawn in a directory of its own and
 * then moved: every file appears whole or not at all, one that fails leaves what there was, and does not stop the rest.
 */
#include "bench/base/data_path.h"
#include "bench/base/refuse.h"
#include "bench/show/charts/captions.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/gnuplot.h"
#include "workloads/text.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURES_MAX     999
#define SCRIPT_BYTES_MAX (1u << 20)

/* The name of the picture with this number, from 1: NAME.svg, NAME-2.svg ... */
static char *picture_name(char *name, size_t size, const char *chart, int number, const char *extension)
{
    char suffix[16] = "";
    if (number > 1)
        snprintf(suffix, sizeof suffix, "-%d", number);
    snprintf(name, size, "%.64s%s%s%s", chart, suffix, *extension ? "." : "", extension);
    return name;
}

/* Whether a picture is there to its end: gnuplot does not notice a full disk. */
static bool is_whole(const char *directory, const char *picture, const char *format)
{
    static const struct {
        const char *format, *end;
    } ends[] = {{"svg", "</svg>"}, {"png", "IEND"}, {"pdf", "%%EOF"}, {"tex", "\\endgroup"}};
    char path[PATH_MAX + 160], tail[64];
    ssize_t n = -1;
    snprintf(path, sizeof path, "%s/%s", directory, picture);
    int fd = text_file_fd(path);
    if (fd < 0)
        return false;
    off_t size = lseek(fd, 0, SEEK_END), from = size > (off_t)sizeof tail ? size - (off_t)sizeof tail : 0;
    if (size > 0)
        n = pread(fd, tail, sizeof tail, from);
    close(fd);
    for (size_t i = 0; n > 0 && i < sizeof ends / sizeof *ends; i++)
        if (!strcmp(ends[i].format, format))
            return memmem(tail, (size_t)n, ends[i].end, strlen(ends[i].end)) != NULL;
    return n > 0;
}

/* The files of one picture: that of the format, and for tex its lines. The k-th, NULL behind the last. */
static const char *picture_file(char name[160], const char *chart, int number, const char *format, int k)
{
    char stem[128];
    if (k > 1 || (k && strcmp(format, "tex") != 0))
        return NULL;
    picture_name(stem, sizeof stem, chart, number, k ? "" : format);
    snprintf(name, 160, "%s%s", stem, k ? "-lines.pdf" : "");
    return name;
}

/* Removes pictures of an earlier drawing, of this format, from a number on. */
static void pictures_remove(const char *charts, const char *chart, int from, const char *format)
{
    char name[160], path[PATH_MAX + 160];
    bool some = true;
    for (int number = from; number <= PICTURES_MAX && some; number++) {
        some = false;
        for (int k = 0; picture_file(name, chart, number, format, k); k++) {
            snprintf(path, sizeof path, "%s/%s", charts, name);
            some |= unlink(path) == 0;
        }
    }
}

static int file_move(const char *from, const char *to, const char *file, char *error)
{
    char old[PATH_MAX + 160], new[PATH_MAX + 160];
    snprintf(old, sizeof old, "%s/%s", from, file);
    snprintf(new, sizeof new, "%s/%s", to, file);
    if (rename(old, new) == 0)
        return 0;
    int code = errno;
    refuse(error, "%s: cannot be replaced: %s", new, strerror(code));
    return code == ENOENT ? -EIO : -code; /* that code is gnuplot's here */
}

/* What a picture is drawn from. */
static int sources_move(const char *draft, const char *charts, const char *chart, char *error)
{
    static const char *const sources[] = {"dat", "gp"};
    char name[160];
    int result = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources && !result; i++)
        result = file_move(draft, charts, picture_name(name, sizeof name, chart, 1, sources[i]), error);
    return result;
}

/* Puts what was drawn in `draft` in the place of what there was: all of it, when all of it is whole. */
static int pictures_move(const char *draft, const char *charts, const char *chart, int pictures, const char *format,
                         char *error)
{
    char name[160];
    int result = 0;
    for (int number = 1; number <= pictures; number++)
        if (!is_whole(draft, picture_file(name, chart, number, format, 0), format)) {
            refuse(error, "gnuplot did not finish %s", name);
            return -EIO;
        }
    for (int number = 1; number <= pictures && !result; number++)
        for (int k = 0; !result && picture_file(name, chart, number, format, k); k++)
            result = file_move(draft, charts, name, error);
    if (!result)
        result = sources_move(draft, charts, chart, error);
    if (!result)
        pictures_remove(charts, chart, pictures + 1, format);
    return result;
}

static int script_append(FILE *out, const char *script, char *error)
{
    char path[PATH_MAX];
    struct text_lines text;
    if (data_path(script, path, sizeof path))
        return refuse(error, "there is no scripts/%s beside the program nor where it was installed", script), -ENODATA;
    int code = text_open(path, SCRIPT_BYTES_MAX, &text);
    if (code)
        return refuse(error, "%s: %s", path, text_file_why(code)), -EIO;
    fprintf(out, "\n%s", text.text);
    text_close(&text);
    return 0;
}

/* A file to write to in the directory of drafts; NULL with the reason. */
static FILE *draft_open(const char *draft, const char *file, char *error)
{
    char path[PATH_MAX + 160];
    snprintf(path, sizeof path, "%s/%s", draft, file);
    FILE *out = fopen(path, "we");
    if (!out)
        refuse(error, "%s: cannot be written: %s", path, strerror(errno));
    return out;
}

/* Returns `result`, or, where that is no error, what went wrong here. */
static int draft_close(FILE *out, const char *draft, const char *file, int result, char *error)
{
    errno = EIO;
    if (!out || !(ferror(out) | fclose(out)) || result < 0)
        return result;
    int code = errno;
    refuse(error, "%s/%s: cannot be written: %s", draft, file, strerror(code));
    return -code;
}

/* Writes NAME.dat and NAME.gp into the directory of drafts. Returns how many pictures they make, or -errno. */
static int sources_write(struct chart_work *work, const struct drawing *drawing, const char *draft)
{
    const struct chart *chart = work->chart;
    char data[160], script[160];
    int pictures = -EIO, result = 0;
    work->data = draft_open(draft, picture_name(data, sizeof data, chart->name, 1, "dat"), work->why);
    work->script = draft_open(draft, picture_name(script, sizeof script, chart->name, 1, "gp"), work->why);
    if (work->data && work->script) {
        fprintf(work->script,
                "# Drawn by `gnuplot %s` in this directory, from %s.\nchart_name = '%s'\nchart_format = '%s'\n"
                "chart_width = %.9g # of 1/96 inch; 0: what the panels need\n",
                script, data, chart->name, drawing->format, drawing->width_px);
        chart_text(work->script, "chart_title", 0, chart->title);
        pictures = chart->make(work);
        if (pictures < 0 && !*work->why)
            refuse(work->why, "%s", strerror(-pictures));
        if (pictures > 0)
            result = script_append(work->script, "style.gp", work->why);
        if (pictures > 0 && !result)
            result = script_append(work->script, script, work->why);
    }
    result = draft_close(work->data, draft, data, result < 0 ? result : pictures, work->why);
    return draft_close(work->script, draft, script, result, work->why);
}

static void say(const struct drawing *drawing, const char *charts, const struct chart *chart, int pictures,
                const char *why)
{
    char name[128];
    if (!drawing->talk)
        return;
    for (int number = 1; number <= pictures; number++) {
        fputs("drew ", drawing->talk);
        text_show(drawing->talk, charts);
        fprintf(drawing->talk, "/%s: %s\n", picture_name(name, sizeof name, chart->name, number, drawing->format),
                chart->title);
    }
    if (pictures <= 0)
        fprintf(drawing->talk, "did not draw %s: %s\n", chart->name, why);
}

/* A line for every picture, what is said of all pages on the first one. */
static void caption_print(FILE *out, const struct chart_work *work, int pictures)
{
    const struct chart *chart = work->chart;
    char name[128];
    for (int number = 1; number <= pictures; number++) {
        fprintf(out, "%s: %s", picture_name(name, sizeof name, chart->name, number, ""), chart->title);
        if (pictures > 1)
            fprintf(out, " (%d of %d)", number, pictures);
        if (number > 1)
            fprintf(out, ". Read as %s.\n", chart->name);
        else
            fprintf(out, ". %s %s.\n", chart->caption, work->note);
    }
    if (pictures <= 0)
        fprintf(out, "%s: " CAPTION_UNMADE "%s\n", chart->name, work->why);
}

static bool was_drawn(const char *charts, const char *chart, const char *format)
{
    char name[160], path[PATH_MAX + 160];
    snprintf(path, sizeof path, "%s/%s", charts, picture_file(name, chart, 1, format, 0));
    return access(path, F_OK) == 0;
}

/* Returns how many pictures were drawn, 0 with the reason in work->why, or -errno likewise: then what there was stays.
 * Drawn in the directory `draft`, which may keep something of it. */
static int chart_draw(struct chart_work *work, const struct drawing *drawing, const char *charts, const char *draft,
                      uint64_t limit_ns)
{
    const char *name = work->chart->name;
    char script[80];
    int pictures = sources_write(work, drawing, draft);
    if (pictures == 0)
        pictures_remove(charts, name, 1, drawing->format); /* the run has no such chart any more */
    if (pictures <= 0)
        return pictures;
    int result = gnuplot_run(draft, picture_name(script, sizeof script, name, 1, "gp"), limit_ns, work->why);
    if (!result)
        result = pictures_move(draft, charts, name, pictures, drawing->format, work->why);
    else if (result == -ENOENT && !was_drawn(charts, name, drawing->format)) /* for whoever has a gnuplot */
        sources_move(draft, charts, name, (char[ERROR_MAX]){0});
    return result ? result : pictures;
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    remove(path);
    return 0;
}

/* With what is left in it. */
static void draft_remove(const char *draft)
{
    nftw(draft, entry_remove, 4, FTW_DEPTH | FTW_PHYS);
}

#define DRAFT_PREFIX ".drawing."

/* Of drawings that were ended before they could take them away; not of one that is at work. */
static void drafts_remove(const char *charts)
{
    DIR *directory = opendir(charts);
    char path[PATH_MAX + 300];
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        long pid = strncmp(entry->d_name, DRAFT_PREFIX, strlen(DRAFT_PREFIX)) != 0
                       ? 0
                       : strtol(entry->d_name + strlen(DRAFT_PREFIX), NULL, 10);
        if (pid <= 0 || (pid != getpid() && (kill((pid_t)pid, 0) == 0 || errno != ESRCH)))
            continue;
        snprintf(path, sizeof path, "%s/%s", charts, entry->d_name);
        draft_remove(path);
    }
    if (directory)
        closedir(directory);
}

/* DIRECTORY/charts, and in it the directory where they are drawn first. */
static int directories_make(const char *directory, char charts[PATH_MAX], char draft[PATH_MAX], char *error)
{
    const char *failed = NULL;
    snprintf(charts, PATH_MAX, "%.*s/charts", PATH_MAX - 64, directory); /* room for names below it */
    snprintf(draft, PATH_MAX, "%.*s/" DRAFT_PREFIX "%ld", PATH_MAX - 40, charts, (long)getpid());
    if (mkdir(charts, 0777) < 0 && errno != EEXIST)
        failed = charts;
    else
        drafts_remove(charts);
    if (!failed && mkdir(draft, 0777) < 0 && errno != EEXIST)
        failed = draft;
    if (!failed)
        return 0;
    int code = errno;
    refuse(error, "%s: cannot be made: %s", failed, strerror(code));
    return code == ENOENT ? -EIO : -code;
}

int drawing_make(const struct drawing *drawing, char *error)
{
    const struct run_data *run = drawing->analysis->run;
    char charts[PATH_MAX], draft[PATH_MAX], note[CHART_NOTE_MAX], why[ERROR_MAX];
    struct chart_work work = {.analysis = drawing->analysis, .run = run, .why = why, .note = note};
    const char *first = NULL; /* that failed */
    size_t failed = 0;
    uint64_t limit_ns = drawing->limit_ns ? drawing->limit_ns : CHART_LIMIT_NS;
    int result = directories_make(run->directory, charts, draft, error);
    FILE *captions = result ? NULL : draft_open(draft, CAPTIONS, error);
    if (!captions) {
        draft_remove(draft);
        return result ? result : -EIO;
    }
    fprintf(captions, "all: %s.\n", chart_origin(note, sizeof note, run));
    for (size_t i = 0; chart_table[i]; i++) {
        *note = *why = '\0';
        work.chart = chart_table[i];
        int pictures = chart_draw(&work, drawing, charts, draft, limit_ns);
        if (pictures == -ETIMEDOUT)
            limit_ns /= 4;
        say(drawing, charts, work.chart, pictures, why);
        caption_print(captions, &work, pictures);
        failed += pictures < 0;
        if (pictures < 0 && !result) {
            result = pictures;
            first = work.chart->name;
            memcpy(error, why, sizeof why);
        }
    }
    if (first && result != -ENOENT)
        refuse_at(error, failed > 1 ? "chart %s, and %zu more" : "chart %s", first, failed - 1);
    int saved = draft_close(captions, draft, CAPTIONS, 0, why);
    if (!saved)
        saved = file_move(draft, charts, CAPTIONS, why);
    if (saved && !result) {
        result = saved;
        memcpy(error, why, sizeof why);
    }
    draft_remove(draft);
    return result;
}
