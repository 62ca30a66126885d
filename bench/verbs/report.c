/* The verb report. */
#include "bench/show/report/report.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/report/document.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <limits.h>
#include <stdio.h>

static int report_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct analysis analysis;
    if (arguments_run("report", given, 0, directory))
        return 2;
    if (run_summed_open(directory, &run, error))
        return complain("report", "%s", error);
    run_data_gaps(stderr, &run);
    int result = analysis_make(&run, &analysis);
    result = result ? refuse(error, "out of memory") : report_write(&analysis, error);
    analysis_release(&analysis);
    run_data_close(&run);
    if (result) {
        complain("report", "%s", error);
        return 1;
    }
    run_moved_say("report", directory);
    for (size_t i = 0; document_formats[i]; i++) {
        text_show(stdout, directory);
        printf("/%s\n", document_formats[i]->file);
    }
    text_show(stdout, directory);
    puts("/" REPORT_LATEX);
    return 0;
}

const struct verb verb_report = {
    .name = "report",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "write report.html, report.md and table.tex of a run",
    .function = report_main,
    .help =
        "Writes report.html, one file to look at, print or pass on, report.md, and table.tex, the table for a paper "
        "(LaTeX with booktabs), into the directory of a run, and prints their names: the answer, the table, the "
        "charts that are drawn, method in words to quote, machine, and how to run it again. In a browser tables can "
        "be sorted and filtered, and every trial of a row looked at; nothing is loaded from anywhere. RUN is its "
        "directory, the beginning of its name, or latest (the default).",
    .operands_max = 1};
