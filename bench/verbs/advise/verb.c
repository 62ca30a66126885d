/* The verb advise: its arguments. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/measure/forecast/prices.h"
#include "bench/model/options.h"
#include "bench/verbs/advise/service.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/clock.h"
#include <limits.h>

enum { SIZE, CPU_SHARE, RATE, P99, DEADLINE, MEMORY, BALLAST, ISOLATION, BUDGET };
static const struct argument advise_arguments[] = {
    [SIZE] = {"size", "DURATION", "1ms", "How long a task takes.", false},
    [CPU_SHARE] =
        {"cpu-share", "SHARE", "",
         "How many of the tasks compute; the others sleep. All, where nothing is said; not beside --workload.", false},
    [RATE] = {"rate", "R", "",
              "Tasks arrive at random times at this rate, so many a second, and latency counts (--arrival names other "
              "rates). Without it all are there at once, and throughput counts.",
              false},
    [P99] = {"p99", "DURATION", "",
             "The latency that 99 of 100 tasks must keep to, under --rate: the simplest pool "
             "that does is advised.",
             false},
    [DEADLINE] = {"deadline", "DURATION", "", "Another name for --p99.", false},
    [MEMORY] = {"memory", "BYTES", "",
                "What pool and submitter may take, private and their share of what is shared, under --rate; what would "
                "take more is left out, by name.",
                false},
    [BALLAST] = {"ballast", "BYTES", "0", "How much memory the submitter has.", false},
    [ISOLATION] = {"isolation", "", "", "Only pools whose workers are all processes.", false},
    [BUDGET] = {"budget", "DURATION", "60s",
                "How long it may take, without RUN, from entering the command to the prompt (1s or more).", false},
    {.name = NULL},
};
/* Chosen here; or there is nothing to advise by, without them. */
static const char *const advise_all_but[] = {"tasks",   "blocks", "precision",   "drop",    "timing", "like", "more",
                                             "measure", "faults", "queue-limit", "profile", "wrap",   NULL};

static int duration_read(const struct arguments *given, unsigned at, int64_t *ns)
{
    if (!*given->value[at] || (parse_duration(given->value[at], ns) == 0 && *ns >= 1))
        return 0;
    return complain("advise", "--%s: expected a duration such as 200us or 5ms, found '%.64s'",
                    advise_arguments[at].name, given->value[at]);
}

static int rate_read(const struct arguments *given, struct wish *wish)
{
    const char *text = given->value[RATE];
    if (*text && asked_last(&given->asked, "arrival"))
        return complain("advise", "--arrival: says what --rate says, expected one of them");
    if (*text && (parse_rate(text, &wish->rate) || wish->rate < 0.001 || wish->rate > 1e9))
        return complain("advise", "--rate: expected tasks a second such as 5000 or 10k, found '%.64s'", text);
    if (duration_read(given, P99, &wish->p99_ns))
        return 2;
    if (*given->value[DEADLINE] && wish->p99_ns)
        return complain("advise", "--deadline: says what --p99 says, expected one of them");
    if (!wish->p99_ns && duration_read(given, DEADLINE, &wish->p99_ns))
        return 2;
    if (wish->p99_ns && !wish_has_rate(wish))
        return complain("advise", "--p99: latency is that of tasks that arrive at a rate, expected --rate beside it");
    if (*given->value[MEMORY] && (parse_bytes(given->value[MEMORY], &wish->memory_bytes) || wish->memory_bytes < 1))
        return complain("advise", "--memory: expected bytes such as 2GiB, found '%.64s'", given->value[MEMORY]);
    if (wish->memory_bytes && !wish_has_rate(wish))
        return complain("advise", "--memory: is asked under a rate, expected --rate beside it");
    return 0;
}

/* Of what run takes, a run that is there takes nothing. */
static int operands_check(const struct arguments *given)
{
    for (const struct option *option = options; option->name && given->operands; option++)
        if (asked_last(&given->asked, option->name))
            return complain("advise", "--%s: is for measuring, expected it without RUN", option->name);
    if (given->operands && *given->value[MEMORY])
        return complain("advise", "--memory: is for measuring, expected it without RUN");
    return 0;
}

static int wish_read(const struct arguments *given, struct wish *wish)
{
    int64_t ppm = 1000000;
    *wish = (struct wish){.isolation = *given->value[ISOLATION],
                          .asked = &given->asked,
                          .workload = asked_last(&given->asked, "workload")};
    if (operands_check(given) || duration_read(given, SIZE, &wish->size_ns))
        return 2;
    if (*given->value[CPU_SHARE] && wish->workload)
        return complain("advise", "--cpu-share: says what --workload says, expected one of them");
    if (*given->value[CPU_SHARE] && (parse_share(given->value[CPU_SHARE], &ppm) || ppm < 0 || ppm > 1000000))
        return complain("advise", "--cpu-share: expected a share from 0%% to 100%%, found '%.64s'",
                        given->value[CPU_SHARE]);
    wish->cpu_share = (double)ppm / 1e6;
    if (wish->isolation && asked_last(&given->asked, "pool"))
        return complain("advise", "--isolation: says what --pool says, expected one of them");
    if (parse_bytes(given->value[BALLAST], &wish->ballast_bytes) || wish->ballast_bytes < 0)
        return complain("advise", "--ballast: expected bytes such as 64MiB, found '%.64s'", given->value[BALLAST]);
    if (parse_duration(given->value[BUDGET], &wish->budget_ns) || wish->budget_ns < 1000000000)
        return complain("advise", "--budget: expected a duration of 1s or more, found '%.64s'", given->value[BUDGET]);
    return rate_read(given, wish);
}

/* What was measured, judged. */
static int answer(const struct service *service, const struct wish *wish, const char *directory, bool is_new)
{
    char error[ERROR_MAX] = "";
    struct run_data run;
    struct advice advice;
    int code;
    if (run_summed_open(directory, &run, error))
        return complain("advise", "%s", error);
    run_data_gaps(stderr, &run);
    if (is_new && summary_write(&run, error))
        complain("advise", "%s", error);
    if (service) {
        code = service_print(service, &run);
    } else if (advice_init(&advice, &run, wish)) {
        complain("advise", "out of memory");
        code = 1;
    } else {
        code = advise_print(&advice, directory);
        advice_release(&advice);
    }
    run_data_close(&run);
    return code;
}

static int advise_main(const struct arguments *given)
{
    char directory[PATH_MAX];
    struct wish wish;
    struct service service = {.wish = &wish, .argv = given->argv, .session = SESSION_CLOSED, .status.verb = "advise"};
    int code = wish_read(given, &wish);
    if (code)
        return code;
    if (given->operands)
        code = arguments_run("advise", given, 0, directory);
    else if (wish_has_rate(&wish))
        code = service_measure(&service, directory, sizeof directory);
    else
        code = advise_measure(&wish, given->argv, directory, sizeof directory);
    const uint64_t since_ns = clock_monotonic_ns();
    if (!code)
        code = answer(!given->operands && wish_has_rate(&wish) ? &service : NULL, &wish, directory, !given->operands);
    if (service.offers) /* the next one knows how long this takes */
        closing_keep(service.session.calibrations, service.session.closing_as, service.session.closing_cells,
                     (double)(clock_monotonic_ns() - since_ns));
    service_close(&service);
    return code;
}

const struct verb verb_advise = {
    .name = "advise",
    .chapter = "search",
    .operands = "[RUN]",
    .summary = "say which pool and how many workers your tasks need",
    .function = advise_main,
    .help = "Names a pool, its workers and their place, how sure that is, what to expect, the cells it rests on, and "
            "where the answer would be another. With RUN it takes the nearest cells of the same kind that were "
            "measured, and says how far they are; it interpolates nothing. Without RUN it measures candidates, as "
            "long as --budget says. Under a rate it measures how long tasks take and what handing them over costs, "
            "predicts all candidates by a queue in simulated time, and measures those that are left at that rate.",
    .operands_max = 1,
    .arguments = advise_arguments,
    .all_but = advise_all_but};
