/* The verb summarise: summary.csv of a run anew from its other files, and the closing screen. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/google.h"
#include "bench/show/hyperfine.h"
#include "bench/show/screen.h"
#include "bench/show/tables.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include <limits.h>
#include <string.h>

enum { FORMAT };
static const struct argument arguments[] = {
    [FORMAT] = {"format", "screen|csv|json|latex|hyperfine|google-benchmark", "screen",
                "csv, json: the rows of summary.csv. latex: the table of the screen, for a document that uses "
                "booktabs. hyperfine: the times inside tasks that samples.csv has, as its "
                "--export-json writes them. google-benchmark: the trials, as its --benchmark_format=json does. All on "
                "standard output; nothing else is made or printed.",
                true},
    {.name = NULL},
};

static int latex_print(const struct run_data *run)
{
    struct analysis analysis;
    int rc = analysis_make(run, &analysis);
    for (int speedup = 1; speedup >= 0 && !rc && run->count; speedup--) {
        struct sheet sheet = answer_sheet(&analysis.table, speedup, DETAIL_REPORT);
        if (sheet_rows(&sheet) > 1)
            sheet_latex(stdout, &sheet);
        sheet_release(&sheet);
    }
    analysis_release(&analysis);
    return rc;
}

/* As in summary.csv. */
static int rows_print(struct run_data *run, const char *how)
{
    int rc = summary_verdicts(run);
    return rc ? rc : rows_write(how, "summary", &summary_format, run->rows, run->count);
}

/* For other people's scripts and documents. */
static int export_main(const char *directory, const char *format)
{
    char error[ERROR_MAX] = "";
    struct run_data run;
    const bool tasks = !strcmp(format, "hyperfine");
    if (tasks ? run_data_open(directory, &run, error) : run_summed_open(directory, &run, error))
        return complain("summarise", "%s", error);
    run_data_gaps(stderr, &run);
    int rc = tasks                                 ? hyperfine_print(stdout, stderr, &run, error)
             : !strcmp(format, "google-benchmark") ? google_print(stdout, stderr, &run)
             : !strcmp(format, "latex")            ? latex_print(&run)
                                                   : rows_print(&run, format);
    if (rc && !*error)
        refuse_as(rc, error, "standard output: %s", strerror(-rc));
    run_data_close(&run);
    return rc < 0 ? complain("summarise", "%s", error) : 0;
}

static int summarise_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct analysis analysis = {.run = &run};
    bool all_failed;
    if (arguments_run("summarise", given, 0, directory))
        return 2;
    if (strcmp(given->value[FORMAT], "screen") != 0)
        return export_main(directory, given->value[FORMAT]);
    if (run_summed_open(directory, &run, error))
        return complain("summarise", "%s", error);
    if (!run.trial_count) {
        run_data_close(&run);
        return complain("summarise", "%s: no trial was committed, there is nothing to sum up", directory);
    }
    run_data_gaps(stderr, &run);
    all_failed = true;
    for (size_t i = 0; i < run.trial_count; i++)
        all_failed = all_failed && !trial_is_ok(&run.trials[i]);
    int result = summary_write(&run, error);
    if (!result && analysis_make(&run, &analysis))
        result = refuse(error, "out of memory");
    if (result)
        complain("summarise", "%s", error);
    else
        screen_print(stdout, &analysis);
    analysis_release(&analysis);
    if (!result && all_failed)
        complain("summarise", "not one trial ended well; why is said under Failed trials");
    if (!result && run.partial)
        complain("summarise",
                 "there is no latency.csv: no percentiles, and a summary.csv that is there is left as it is");
    run_data_close(&run);
    run_moved_say("summarise", directory);
    return result ? 2 : all_failed;
}

const struct verb verb_summarise = {
    .name = "summarise",
    .chapter = "look",
    .operands = "[RUN]",
    .arguments = arguments,
    .summary = "print the answer and the tables of a run",
    .function = summarise_main,
    .help = "Makes summary.csv of a run anew from its trials.csv and latency.csv, and prints the screen. RUN is its "
            "directory, the beginning of its name, or latest (the default). Exits with 1 where not one trial ended "
            "well.",
    .operands_max = 1};
