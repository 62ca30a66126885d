/* The verb charts. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/charts/chart.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH_MIN_MM 60
#define WIDTH_MAX_MM 600

enum { CHARTS_FORMAT, CHARTS_WIDTH, CHARTS_COLUMNS, CHARTS_BARE };
static const struct argument charts_arguments[] = {
    [CHARTS_FORMAT] =
        {"format", "svg|png|pdf|tex", "svg",
         "Of the pictures. tex: \\input{NAME} in a LaTeX document that uses graphicx and color; the lines "
         "are in NAME-lines.pdf beside it, the words are LaTeX's.",
         true},
    [CHARTS_WIDTH] = {"width", "LENGTH", "",
                      "Of the pictures, 60mm to 600mm, in mm, cm, in, pt or px (1/96 in): 84mm for a column of a "
                      "journal. Letters keep their size, panels go below one another. Default: what the panels need.",
                      false},
    [CHARTS_COLUMNS] = {"columns", "N", "", "Panels beside one another, 1 to 6. Default: as many as can be read.",
                        false},
    [CHARTS_BARE] = {"bare", "", "",
                     "Nothing above the panels, for papers and slides that have a caption: no title, "
                     "machine, run and note. captions.txt has them.",
                     false},
    {.name = NULL},
};

/* In px. */
static bool width_parse(const char *text, double *width_px)
{
    static const struct {
        const char *name;
        double px;
    } units[] = {{"mm", 96 / 25.4}, {"cm", 96 / 2.54}, {"in", 96}, {"pt", 96 / 72.0}, {"px", 1}};
    char *end;
    double number = strtod(text, &end);
    if (end == text || !isfinite(number) || strspn(text, "0123456789.") != (size_t)(end - text))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (!strcmp(end, units[i].name)) {
            *width_px = number * units[i].px;
            return *width_px >= WIDTH_MIN_MM * 96 / 25.4 && *width_px <= WIDTH_MAX_MM * 96 / 25.4;
        }
    return false;
}

static int charts_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX];
    const char *width = given->value[CHARTS_WIDTH];
    struct run_data run;
    struct analysis analysis;
    const char *columns = given->value[CHARTS_COLUMNS];
    struct drawing drawing = {.analysis = &analysis,
                              .format = given->value[CHARTS_FORMAT],
                              .bare = *given->value[CHARTS_BARE],
                              .talk = stdout};
    if (*columns && (strlen(columns) != 1 || *columns < '1' || *columns > '6'))
        return complain("charts", "--columns: expected a number from 1 to 6, found '%.64s'", columns);
    drawing.columns = *columns ? (unsigned)(*columns - '0') : 0;
    if (*width && !width_parse(width, &drawing.width_px))
        return complain("charts",
                        "--width: expected a length of %dmm to %dmm such as 84mm, 17cm, 3.3in, 240pt or 640px, "
                        "found '%.64s'",
                        WIDTH_MIN_MM, WIDTH_MAX_MM, width);
    if (arguments_run("charts", given, 0, directory))
        return 2;
    if (run_summed_open(directory, &run, error))
        return complain("charts", "%s", error);
    run_data_gaps(stderr, &run);
    int result = analysis_make(&run, &analysis);
    result = result ? refuse(error, "out of memory") : drawing_make(&drawing, error);
    analysis_release(&analysis);
    run_data_close(&run);
    if (result)
        complain("charts", "%s", error);
    run_moved_say("charts", directory);
    return result == 0 ? 0 : result == -ENODATA || result == -EBADMSG ? 2 : 1;
}

const struct verb verb_charts = {
    .name = "charts",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "draw the charts of a run",
    .function = charts_main,
    .help = "Draws the charts of a run into RUN/charts with gnuplot, each beside the data and the script it is made "
            "from. RUN is its directory, the beginning of its name, or latest (the default).",
    .operands_max = 1,
    .arguments = charts_arguments};
