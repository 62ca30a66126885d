/* The verb summarise: summary.csv of a run anew from its other files, and the closing screen. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/hyperfine.h"
#include "bench/show/screen.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include <limits.h>
#include <string.h>

enum { FORMAT };
static const struct argument arguments[] = {
    [FORMAT] = {"format", "screen|hyperfine", "screen",
                "hyperfine: the times inside tasks that samples.csv has, as its --export-json writes them, on standard "
                "output; nothing else is made or printed.",
                true},
    {.name = NULL},
};

/* The tasks for other people's scripts. */
static int export_main(const char *directory)
{
    char error[ERROR_MAX] = "";
    struct run_data run;
    if (run_data_open(directory, &run, error))
        return complain("summarise", "%s", error);
    run_data_gaps(stderr, &run);
    int rc = hyperfine_print(stdout, stderr, &run, error);
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
    if (!strcmp(given->value[FORMAT], "hyperfine"))
        return export_main(directory);
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
    .summary = "make summary.csv of a run anew and print it",
    .function = summarise_main,
    .help = "Makes summary.csv of a run anew from its trials.csv and latency.csv, and prints the screen. RUN is its "
            "directory, the beginning of its name, or latest (the default). Exits with 1 where not one trial ended "
            "well.",
    .operands_max = 1};
