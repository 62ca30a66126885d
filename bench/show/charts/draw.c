/* Draws the charts of a run. For each, C writes what the script needs (charts/NAME.dat) and the script itself
 * (charts/NAME.gp: variables, style.gp, NAME.gp, so that `gnuplot NAME.gp` in that directory draws it again), and runs
 * gnuplot. What is drawn, C decides; what it looks like, the scripts do. A chart is drawn in a directory of its own and
 * then moved: every file appears whole or not at all, one that fails leaves what there was, and does not stop the rest.
 */
#include "bench/base/data_path.h"
#include "bench/base/refuse.h"
#include "bench/show/charts/captions.h"
#include "bench/show/charts/chart.h"
#include "bench/show/charts/drafts.h"
#include "bench/show/charts/gnuplot.h"
#include "bench/show/markup.h"
#include "workloads/text.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
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
static bool is_whole(const struct drafts *drafts, const char *picture, const char *format)
{
    static const struct {
        const char *format, *end;
    } ends[] = {{"svg", "</svg>"}, {"png", "IEND"}, {"pdf", "%%EOF"}, {"tex", "\\endgroup"}};
    size_t i = 0;
    while (i + 1 < sizeof ends / sizeof *ends && strcmp(ends[i].format, format) != 0)
        i++;
    return draft_is_whole(drafts, picture, ends[i].end);
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
static void pictures_remove(int charts, const char *chart, int from, const char *format)
{
    char name[160];
    bool some = true;
    for (int number = from; number <= PICTURES_MAX && some; number++) {
        some = false;
        for (int k = 0; picture_file(name, chart, number, format, k); k++)
            some |= unlinkat(charts, name, 0) == 0;
    }
}

/* What a picture is drawn from. */
static int sources_move(const struct drafts *drafts, const char *chart, char *error)
{
    static const char *const sources[] = {"dat", "gp"};
    char name[160];
    int result = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources && !result; i++)
        result = draft_move(drafts, picture_name(name, sizeof name, chart, 1, sources[i]), error);
    return result;
}

/* Puts what was drawn in `draft` in the place of what there was: all of it, when all of it is whole. */
static int pictures_move(const struct drafts *drafts, const char *chart, int pictures, const char *format, char *error)
{
    char name[160];
    int result = 0;
    for (int number = 1; number <= pictures; number++)
        if (!is_whole(drafts, picture_file(name, chart, number, format, 0), format)) {
            refuse(error, "gnuplot did not finish %s; is the disk full?", name);
            return -EIO;
        }
    for (int number = 1; number <= pictures && !result; number++)
        for (int k = 0; !result && picture_file(name, chart, number, format, k); k++)
            result = draft_move(drafts, name, error);
    if (!result)
        result = sources_move(drafts, chart, error);
    if (!result)
        pictures_remove(drafts->charts, chart, pictures + 1, format);
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

/* Writes NAME.dat and NAME.gp into the directory of drafts. Returns whether they make pictures, or -errno. */
static int sources_write(struct chart_work *work, const struct drawing *drawing, const struct drafts *drafts)
{
    const struct chart *chart = work->chart;
    char data[160], script[160], drawn_by[64];
    int pictures = -EIO, result = 0;
    work->data = draft_create(drafts, picture_name(data, sizeof data, chart->name, 1, "dat"), work->why);
    work->script = draft_create(drafts, picture_name(script, sizeof script, chart->name, 1, "gp"), work->why);
    if (work->data && work->script) {
        fprintf(work->script,
                "# Drawn by `gnuplot %s` in this directory, from %s.\nchart_name = '%s'\nchart_format = '%s'\n"
                "chart_width = %.9g # of 1/96 inch; 0: what the panels need\nchart_columns = %u\nchart_bare = %d\n",
                script, data, chart->name, drawing->format, drawing->width_px, drawing->columns, drawing->bare);
        chart_text(work->script, "chart_title", 0, chart->title);
        pictures = chart->make(work);
        if (pictures < 0 && !*work->why)
            refuse(work->why, "%s", strerror(-pictures));
        if (pictures > 0)
            result = script_append(work->script, "style.gp", work->why);
        snprintf(drawn_by, sizeof drawn_by, "%s.gp", chart->drawn_by ? chart->drawn_by : chart->name);
        if (pictures > 0 && !result)
            result = script_append(work->script, drawn_by, work->why);
    }
    result = draft_end(work->data, drafts, data, result < 0 ? result : pictures, work->why);
    return draft_end(work->script, drafts, script, result, work->why);
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
        markup_print(drawing->talk, MARKUP_CODE, "did not draw @: @\n", chart->name, why);
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
            markup_print(out, MARKUP_CODE, ". @ @.\n", chart->caption, work->note);
    }
    if (pictures <= 0)
        markup_print(out, MARKUP_CODE, "@: " CAPTION_UNMADE "@\n", chart->name, work->why);
}

static bool was_drawn(int directory, const char *chart, int number, const char *format)
{
    char name[160];
    return faccessat(directory, picture_file(name, chart, number, format, 0), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Returns how many pictures were drawn, 0 with the reason in work->why, or -errno likewise: then what there was stays.
 * The draft may keep something of it. */
static int chart_draw(struct chart_work *work, const struct drawing *drawing, const struct drafts *drafts,
                      uint64_t limit_ns)
{
    const char *name = work->chart->name;
    char script[80];
    int pictures = sources_write(work, drawing, drafts);
    if (pictures == 0)
        pictures_remove(drafts->charts, name, 1, drawing->format); /* the run has no such chart any more */
    if (pictures <= 0)
        return pictures;
    int result = gnuplot_run(drafts->draft, picture_name(script, sizeof script, name, 1, "gp"), limit_ns, work->why);
    for (pictures = 1;
         !result && pictures < PICTURES_MAX && was_drawn(drafts->draft, name, pictures + 1, drawing->format);)
        pictures++;
    if (!result)
        result = pictures_move(drafts, name, pictures, drawing->format, work->why);
    else if (result == -ENOENT && !was_drawn(drafts->charts, name, 1, drawing->format)) /* for whoever has a gnuplot */
        sources_move(drafts, name, (char[ERROR_MAX]){0});
    return result ? result : pictures;
}

bool drawing_wants_gnuplot(int result)
{
    return result == -ENOENT || result == -ECHILD || result == -ETIMEDOUT;
}

int drawing_make(const struct drawing *drawing, char *error)
{
    const struct run_data *run = drawing->analysis->run;
    char note[CHART_NOTE_MAX], why[ERROR_MAX];
    struct drafts drafts;
    struct chart_work work = {.analysis = drawing->analysis, .run = run, .why = why, .note = note};
    const char *first = NULL; /* that failed */
    size_t failed = 0;
    uint64_t limit_ns = drawing->limit_ns ? drawing->limit_ns : CHART_LIMIT_NS;
    int result = drafts_open(&drafts, run->directory, error);
    FILE *captions = result ? NULL : draft_create(&drafts, CAPTIONS, error);
    if (!captions) {
        drafts_close(&drafts);
        return result ? result : -EIO;
    }
    markup_print(captions, MARKUP_CODE, "all: @.\n", chart_origin(note, sizeof note, run));
    for (size_t i = 0; chart_table[i]; i++) {
        *note = *why = '\0';
        work.chart = chart_table[i];
        int pictures = chart_draw(&work, drawing, &drafts, limit_ns);
        if (pictures == -ETIMEDOUT)
            limit_ns /= 4;
        say(drawing, drafts.path, work.chart, pictures, why);
        caption_print(captions, &work, pictures);
        failed += pictures < 0;
        if (pictures < 0 && (!result || (drawing_wants_gnuplot(result) && !drawing_wants_gnuplot(pictures)))) {
            result = pictures;
            first = work.chart->name;
            memcpy(error, why, sizeof why);
        }
    }
    if (first && result != -ENOENT)
        refuse_at(error, failed > 1 ? "chart %s, and %zu more" : "chart %s", first, failed - 1);
    int saved = draft_end(captions, &drafts, CAPTIONS, 0, why);
    if (!saved)
        saved = draft_move(&drafts, CAPTIONS, why);
    if (saved && (!result || drawing_wants_gnuplot(result))) {
        result = saved;
        memcpy(error, why, sizeof why);
    }
    drafts_close(&drafts);
    return result;
}
