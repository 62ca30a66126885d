/* The verb summarise: summary.csv of a run anew from its other files, and the closing screen. */
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/show/screen.h"
#include "bench/verbs/verbs.h"
#include <limits.h>

static int summarise_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct analysis analysis = {.run = &run};
    bool all_failed;
    if (arguments_run("summarise", given, 0, directory))
        return 2;
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
    return result ? 2 : all_failed;
}

const struct verb verb_summarise = {
    .name = "summarise",
    .chapter = "look",
    .operands = "[RUN]",
    .summary = "make summary.csv of a run anew and print it",
    .function = summarise_main,
    .help = "Makes summary.csv of a run anew from its trials.csv and latency.csv, and prints the screen. RUN is its "
            "directory, the beginning of its name, or latest (the default). Exits with 1 where not one trial ended "
            "well.",
    .operands_max = 1};
