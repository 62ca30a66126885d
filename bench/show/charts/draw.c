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
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURES_MAX 999

struct text {
    FILE *file; /* writes to `bytes` until text_end() */
    char *bytes;
    size_t size;
};

static int text_begin(struct text *text)
{
    *text = (struct text){0};
    text->file = open_memstream(&text->bytes, &text->size);
    return text->file ? 0 : -errno;
}

static int text_end(struct text *text)
{
    int result = 0;

    if (text->file && (ferror(text->file) | fclose(text->file)))
        result = -ENOMEM;
    text->file = NULL;
    return result;
}

static void text_release(struct text *text)
{
    text_end(text);
    free(text->bytes);
}

/* charts/NAME.EXTENSION, by another name first. */
static int text_save(const struct text *text, const char *charts, const char *file, char *error)
{
    char beside[PATH_MAX + 80], path[PATH_MAX + 80];
    int result = 0;

    snprintf(path, sizeof path, "%s/%s", charts, file);
    snprintf(beside, sizeof beside, "%s/.%s", charts, file);
    FILE *out = fopen(beside, "we");
    if (!out) {
        result = -errno;
    } else {
        errno = EIO;
        size_t written = fwrite(text->bytes, 1, text->size, out);
        if ((fclose(out) != 0) | (written < text->size) || rename(beside, path) < 0)
            result = -errno;
    }
    if (!result)
        return 0;
    unlink(beside);
    refuse(error, "%s: cannot be written: %s", path, strerror(-result));
    return result == -ENOENT ? -EIO : result; /* that code is gnuplot's here */
}

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
    char path[PATH_MAX], piece[4096];
    size_t n;

    if (data_path(script, path, sizeof path))
        return refuse(error, "there is no scripts/%s beside the program nor where it was installed", script), -ENODATA;
    FILE *in = fopen(path, "re");
    if (!in)
        return refuse(error, "%s: %s", path, strerror(errno)), -EIO;
    fputc('\n', out);
    while ((n = fread(piece, 1, sizeof piece, in)) > 0)
        fwrite(piece, 1, n, out);
    bool failed = ferror(in);
    fclose(in);
    return failed ? refuse(error, "%s: cannot be read", path), -EIO : 0;
}

/* Fills data and script. Returns how many pictures they make, or -errno. */
static int chart_make(const struct chart *chart, const struct drawing *drawing, const struct chart_source *source,
                      struct text *data, struct text *script, char *why)
{
    char own[80];
    int pictures, result = text_begin(data);

    if (!result)
        result = text_begin(script);
    if (result)
        goto fail;
    picture_name(own, sizeof own, chart->name, 1, "gp");
    fprintf(script->file,
            "# Drawn by `gnuplot %s` in this directory, from %s.dat.\nchart_name = '%s'\nchart_format = '%s'\n"
            "chart_width = %.9g # of 1/96 inch; 0: what the panels need\nchart_title = ",
            own, chart->name, chart->name, drawing->format, drawing->width_px);
    chart_quoted(script->file, chart->title);
    fputc('\n', script->file);
    pictures = chart->make(chart, source, data->file, script->file, why);
    if (pictures <= 0)
        return pictures;
    result = script_append(script->file, "style.gp", why);
    if (!result)
        result = script_append(script->file, own, why);
    if (result)
        return result;
    result = text_end(data);
    if (!result)
        result = text_end(script);
    if (!result)
        return pictures;
fail:
    refuse(why, "%s", strerror(-result));
    return result;
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
static void caption_print(FILE *out, const struct chart *chart, int pictures, const struct chart_source *source,
                          const char *why)
{
    char name[128];

    for (int number = 1; number <= pictures; number++) {
        fprintf(out, "%s: %s", picture_name(name, sizeof name, chart->name, number, ""), chart->title);
        if (pictures > 1)
            fprintf(out, " (%d of %d)", number, pictures);
        if (number > 1)
            fprintf(out, ". Read as %s.\n", chart->name);
        else
            fprintf(out, ". %s %s.\n", chart->caption, source->note);
    }
    if (pictures <= 0)
        fprintf(out, "%s: " CAPTION_UNMADE "%s\n", chart->name, why);
}

static bool was_drawn(const char *charts, const char *chart, const char *format)
{
    char name[160], path[PATH_MAX + 160];

    snprintf(path, sizeof path, "%s/%s", charts, picture_file(name, chart, 1, format, 0));
    return access(path, F_OK) == 0;
}

/* Returns how many pictures were drawn, 0 with the reason in why, or -errno likewise: then what there was stays. Drawn
 * in the directory `draft`, which is empty afterwards but for what gnuplot left. */
static int chart_draw(const struct chart *chart, const struct drawing *drawing, const struct chart_source *source,
                      const char *charts, const char *draft, uint64_t limit_ns, char *why)
{
    struct text data = {0}, script = {0};
    char file[80];
    int pictures = chart_make(chart, drawing, source, &data, &script, why), result = pictures < 0 ? pictures : 0;

    if (pictures == 0)
        pictures_remove(charts, chart->name, 1, drawing->format); /* the run has no such chart any more */
    if (pictures > 0) {
        result = text_save(&data, draft, picture_name(file, sizeof file, chart->name, 1, "dat"), why);
        if (!result)
            result = text_save(&script, draft, picture_name(file, sizeof file, chart->name, 1, "gp"), why);
        if (!result)
            result = gnuplot_run(draft, file, limit_ns, why);
        if (!result)
            result = pictures_move(draft, charts, chart->name, pictures, drawing->format, why);
        else if (result == -ENOENT && !was_drawn(charts, chart->name, drawing->format)) /* for whoever has a gnuplot */
            sources_move(draft, charts, chart->name, (char[ERROR_MAX]){0});
    }
    text_release(&data);
    text_release(&script);
    return result ? result : pictures;
}

/* With what a drawing that failed has left in it. */
static void draft_remove(const char *draft)
{
    char path[PATH_MAX + 300];
    DIR *directory = opendir(draft);

    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        snprintf(path, sizeof path, "%s/%s", draft, entry->d_name);
        unlink(path); /* fails for . and .. */
    }
    if (directory)
        closedir(directory);
    rmdir(draft);
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

/* Returns `result`, or, where that is 0, what went wrong here. */
static int captions_keep(struct text *captions, const char *charts, int result, char *error)
{
    char why[ERROR_MAX];
    int saved = text_end(captions) ? 0 : text_save(captions, charts, CAPTIONS, why);

    if (!saved || result)
        return result;
    memcpy(error, why, sizeof why);
    return saved;
}

int drawing_make(const struct drawing *drawing, char *error)
{
    char charts[PATH_MAX], draft[PATH_MAX], note[CHART_NOTE_MAX], why[ERROR_MAX];
    struct text captions = {0};
    const char *first = NULL; /* that failed */
    size_t failed = 0;
    uint64_t limit_ns = drawing->limit_ns ? drawing->limit_ns : CHART_LIMIT_NS;
    const struct chart_source source = {.analysis = drawing->analysis, .run = drawing->analysis->run, .note = note};
    int result = directories_make(drawing->analysis->run->directory, charts, draft, error);

    if (result)
        goto done;
    result = text_begin(&captions);
    if (result) {
        refuse(error, "%s", strerror(-result));
        goto done;
    }
    fprintf(captions.file, "all: %s.\n", chart_origin(note, sizeof note, &source));
    for (size_t i = 0; chart_table[i]; i++) {
        *note = *why = '\0';
        int pictures = chart_draw(chart_table[i], drawing, &source, charts, draft, limit_ns, why);
        if (pictures == -ETIMEDOUT)
            limit_ns /= 4;
        say(drawing, charts, chart_table[i], pictures, why);
        caption_print(captions.file, chart_table[i], pictures, &source, why);
        failed += pictures < 0;
        if (pictures < 0 && !result) {
            result = pictures;
            first = chart_table[i]->name;
            memcpy(error, why, sizeof why);
        }
    }
    if (first && result != -ENOENT)
        refuse_at(error, failed > 1 ? "chart %s, and %zu more" : "chart %s", first, failed - 1);
    result = captions_keep(&captions, charts, result, error);
done:
    draft_remove(draft);
    text_release(&captions);
    return result;
}
