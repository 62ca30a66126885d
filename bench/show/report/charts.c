/* The charts that are there, in the order of their table, each with its caption from charts/captions.txt. */
#include "bench/show/charts/captions.h"
#include "bench/show/charts/chart.h"
#include "bench/show/flame.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX    100
#define PICTURES_MAX (3500L * 1024) /* bytes of all in a page, which has at most 5 MB */

/* Whether there is such a file; counts it when it is a picture, and says in `refused` when it is none. */
static bool page_put(struct report *r, struct document_chart *chart, FILE *refused)
{
    char file[128];
    snprintf(file, sizeof file, "charts/%s.svg", chart->name);
    char *svg = report_file(r, file);
    if (!svg)
        return false;
    chart->picture = svg;
    /* As text in an attribute it grows by less than half. */
    if (r->format->is_page && ftell(r->out) + (long)strlen(svg) * 3 / 2 > PICTURES_MAX) {
        if (refused)
            fprintf(refused,
                    "%s is left out, as the page would be larger than 5 MB: it is in the directory of the run\n", file);
    } else if (strstr(svg, "<desc>Produced by GNUPLOT") && strstr(svg, "</svg>")) {
        chart->number++;
        r->format->chart(r->out, chart);
    } else if (refused) {
        fprintf(refused, "%s is left out: it was not drawn by gnuplot\n", file);
    }
    free(svg);
    return true;
}

/* The pair that is explained, where it has call chains; else the first cell that has. Returns how many. */
static unsigned flame_sides(const struct report *r, struct flame_side sides[2])
{
    const struct run_data *run = r->run;
    const struct whys *whys = &r->analysis->whys;
    const size_t first = whys_first(whys);
    char ignored[ERROR_MAX];
    bool *has = calloc(run->count + 1, sizeof *has);
    unsigned count = 0;
    if (has && !flame_cells(run, has, ignored)) {
        if (first != RUN_NOTHING && has[whys->why[first].a] && has[whys->why[first].b]) {
            sides[count++] = (struct flame_side){run, whys->why[first].a};
            sides[count++] = (struct flame_side){run, whys->why[first].b};
        }
        for (size_t i = 0; i < run->count && !count; i++)
            if (has[run->plan[i]])
                sides[count++] = (struct flame_side){run, run->plan[i]};
    }
    free(has);
    return count;
}

/* Drawn here, and in no file of the run: only where a report has its pictures in it. */
static void flame_put(struct report *r, struct document_chart *chart)
{
    struct flame_side sides[2];
    const unsigned count = r->format == &document_html ? flame_sides(r, sides) : 0;
    struct flame flame = {0};
    struct flame_words words;
    struct lines svg;
    char error[ERROR_MAX];
    int rc = 0;
    for (unsigned i = 0; i < count && !rc; i++)
        rc = flame_add(&flame, r->run, sides[i].cell, "on", error);
    if (count && !rc && !flame_sort(&flame) && lines_open(&svg)) {
        flame_words_make(&words, &flame, sides);
        flame_svg(svg.out, &flame, &words);
        chart->picture = lines_close(&svg);
        chart->name = "flame";
        chart->title = "Where CPU time goes";
        chart->caption = "Call chains of profiled siblings, 1,000 samples a second of CPU time: callees stand on their "
                         "callers, as wide as the time a task. poolbench flame draws it of other pools.";
        chart->number++;
        r->format->chart(r->out, chart);
        free(svg.text);
    }
    flame_close(&flame);
}

void report_charts(struct report *r)
{
    char *captions = report_file(r, "charts/" CAPTIONS);
    struct document_chart drawn = {0};
    struct lines refused;
    char name[96];
    size_t trials = captions_trials(captions);
    if (trials && trials != r->run->trial_count) { /* more blocks since, or files that were cut */
        char text[192];
        snprintf(
            text, sizeof text,
            "They were drawn of %zu trials, and the run has %zu: poolbench charts draws them anew, poolbench report "
            "then takes them up.",
            trials, r->run->trial_count);
        report_paragraph(r, text);
        free(captions);
        return;
    }
    lines_open(&refused);
    drawn.name = name;
    for (const struct chart *const *chart = chart_table; *chart; chart++) {
        bool found = true;
        drawn.title = (*chart)->title;
        for (unsigned page = 1; page <= PAGES_MAX && found; page++) {
            snprintf(name, sizeof name, page > 1 ? "%s-%u" : "%s", (*chart)->name, page);
            char *caption = caption_of(captions, name);
            drawn.caption = caption;
            found = (!caption || caption_is_drawn(caption)) && page_put(r, &drawn, refused.out);
            if (!found && page == 1 && caption && refused.out)
                fprintf(refused.out, "%s: %s\n", drawn.title, caption);
            free(caption);
        }
    }
    flame_put(r, &drawn);
    if (!drawn.number)
        report_paragraph(r, refused.out && ftell(refused.out) > 0
                                ? "There are none:"
                                : "There are none in the directory of this run: poolbench charts draws them, "
                                  "poolbench report then takes them up.");
    report_lines(r, &refused, LIST_LEGEND);
    free(captions);
}
