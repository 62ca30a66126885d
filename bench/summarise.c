/* The verb summarise: summary.csv of a run anew from its other files, and the closing screen. */
#include "bench/summarise.h"
#include "bench/cell.h"
#include "bench/refuse.h"
#include "bench/run_dir.h"
#include "bench/summary.h"
#include <limits.h>

static const char usage[] =
    "usage: poolbench summarise [RUN]\n"
    "\n"
    "Makes summary.csv of a run anew from its trials.csv and latency.csv, and prints the screen.\n"
    "RUN is its directory, the beginning of its name, or latest (the default).\n";

int verb_summarise(int argc, char **argv)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct summary summary;
    const char *name = "latest";
    bool all_failed;

    for (int i = 0; i < argc; i++)
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
            fputs(usage, stdout);
            return 0;
        }
    if (argc > 0)
        name = argv[0];
    if (argc > 1)
        refuse(error, "summarise: expected one run, found '%s' too", argv[1]);
    else if (*name == '-')
        refuse(error, "summarise: there is no option %s", name);
    if (*error || run_find(name, directory, sizeof directory, error) || summary_make(directory, &summary, error)) {
        fprintf(stderr, "poolbench: %s\n", error);
        return 2;
    }
    all_failed = summary.trial_count > 0;
    for (size_t i = 0; i < summary.trial_count; i++)
        all_failed = all_failed && strcmp(summary.trials[i].status, "ok") != 0;
    int result = summary_write(directory, &summary, error);
    if (result)
        fprintf(stderr, "poolbench: %s\n", error);
    else
        screen_print(stdout, directory, &summary);
    summary_release(&summary);
    return result ? 2 : all_failed;
}
