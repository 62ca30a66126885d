/* The verb advise: its arguments. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/verbs/advise/advise.h"
#include "bench/verbs/verbs.h"
#include <limits.h>

enum { SIZE, CPU_SHARE, RATE, P99, BALLAST, ISOLATION, BUDGET };
static const struct argument advise_arguments[] = {
    [SIZE] = {"size", "DURATION", "1ms", "How long a task takes.", false},
    [CPU_SHARE] = {"cpu-share", "SHARE", "100%", "How many of the tasks compute; the others sleep.", false},
    [RATE] = {"rate", "R", "",
              "Tasks arrive at this rate, so many a second, and latency counts. Without it all are "
              "there at once, and throughput counts.",
              false},
    [P99] = {"p99", "DURATION", "",
             "The latency that 99 of 100 tasks must keep to, under --rate: the simplest pool "
             "that does is advised.",
             false},
    [BALLAST] = {"ballast", "BYTES", "0", "How much memory the submitter has.", false},
    [ISOLATION] = {"isolation", "", "", "Only pools whose workers are all processes.", false},
    [BUDGET] = {"budget", "DURATION", "30s", "How long measuring may take, without RUN (1s or more).", false},
    {.name = NULL},
};

static int wish_read(const struct arguments *given, struct wish *wish)
{
    int64_t ppm;
    *wish = (struct wish){.isolation = *given->value[ISOLATION]};
    if (parse_duration(given->value[SIZE], &wish->size_ns) || wish->size_ns < 1)
        return complain("advise", "--size: expected a duration such as 200us or 5ms, found '%.64s'",
                        given->value[SIZE]);
    if (parse_share(given->value[CPU_SHARE], &ppm) || ppm < 0 || ppm > 1000000)
        return complain("advise", "--cpu-share: expected a share from 0%% to 100%%, found '%.64s'",
                        given->value[CPU_SHARE]);
    wish->cpu_share = (double)ppm / 1e6;
    if (*given->value[RATE] && (parse_rate(given->value[RATE], &wish->rate) || wish->rate < 0.001 || wish->rate > 1e9))
        return complain("advise", "--rate: expected tasks a second such as 5000 or 10k, found '%.64s'",
                        given->value[RATE]);
    if (*given->value[P99] && (parse_duration(given->value[P99], &wish->p99_ns) || wish->p99_ns < 1))
        return complain("advise", "--p99: expected a duration such as 20ms, found '%.64s'", given->value[P99]);
    if (wish->p99_ns && !*given->value[RATE])
        return complain("advise", "--p99: latency is that of tasks that arrive at a rate, expected --rate beside it");
    if (parse_bytes(given->value[BALLAST], &wish->ballast_bytes) || wish->ballast_bytes < 0)
        return complain("advise", "--ballast: expected bytes such as 64MiB, found '%.64s'", given->value[BALLAST]);
    if (parse_duration(given->value[BUDGET], &wish->budget_ns) || wish->budget_ns < 1000000000)
        return complain("advise", "--budget: expected a duration of 1s or more, found '%.64s'", given->value[BUDGET]);
    return 0;
}

static int advise_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct run_data run;
    struct advice advice;
    struct wish wish;
    int code = wish_read(given, &wish);
    if (!code)
        code = given->operands ? arguments_run("advise", given, 0, directory)
                               : advise_measure(&wish, given->argv, directory, sizeof directory);
    if (code)
        return code;
    if (run_summed_open(directory, &run, error))
        return complain("advise", "%s", error);
    run_data_gaps(stderr, &run);
    if (!given->operands && summary_write(&run, error))
        complain("advise", "%s", error);
    if (advice_init(&advice, &run, &wish)) {
        complain("advise", "out of memory");
        code = 1;
    } else {
        code = advise_print(&advice, directory);
        advice_release(&advice);
    }
    run_data_close(&run);
    return code;
}

const struct verb verb_advise = {
    .name = "advise",
    .chapter = "search",
    .operands = "[RUN]",
    .summary = "say which pool to take for given tasks, with how many workers",
    .function = advise_main,
    .help = "Names a pool, its workers and their place, how sure that is, what to expect, the cells it rests on, and "
            "where the answer would be another. With RUN it takes the nearest cells of the same kind that were "
            "measured, and says how far they are; it interpolates nothing. Without RUN it measures candidates, as "
            "long as --budget says.",
    .operands_max = 1,
    .arguments = advise_arguments};
