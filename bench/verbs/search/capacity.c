/* The verb capacity: the highest rate of arrivals that a pool sustains within a limit on latency. */
#include "bench/verbs/search/capacity.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/factors.h"
#include "bench/model/settings.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/search/search.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_P99 = SEARCH_OWN, CAPACITY_DEADLINE, CAPACITY_MISSES, CAPACITY_BLIND_OK };
static const struct argument capacity_arguments[] = {
    [SEARCH_POOL] = {"pool", "POOL[:key=value...]", "prefork,pthread", "Whose capacity, as for run.", false},
    [SEARCH_RANGE] = {"range", "A..B", "",
                      "Tasks a second between which to search: 100..5k. Default: around what theory says of a queue "
                      "with this pool's workers.",
                      false},
    [SEARCH_BLOCKS] = {"blocks", "auto|N", "auto",
                       "Blocks, in each of which every pool has a trial at a rate that is chosen by what was found "
                       "so far; below 6 there is no interval. auto: 8 to 32, as the budget has time for.",
                       false},
    [SEARCH_BUDGET] = {"budget", "DURATION|none", "60s", search_budget_help, false},
    [CAPACITY_P99] = {"p99", "DURATION", "20ms",
                      "What 99 % of the tasks must not exceed, from due to the result in hand.", false},
    [CAPACITY_DEADLINE] = {"deadline", "DURATION", "",
                           "In the place of --p99: what all tasks but --misses must not exceed.", false},
    [CAPACITY_MISSES] = {"misses", "SHARE", "1%", "Of the tasks, that may miss the --deadline (0.01% .. 50%).", false},
    [CAPACITY_BLIND_OK] = {"blind-ok", "", "", "Exit with 0 in the place of 4, where nothing could be told of a pool.",
                           false},
    {.name = NULL},
};
static const char *const capacity_all_but[] = {"arrival", "queue-limit", SEARCH_ALL_BUT};

/* As fast as can be, until a rate is chosen: so pilots say how long tasks take when all workers are busy. */
static const char *const fixed[] = {"arrival", "rate:1000000000:poisson", "samples", "none", NULL};

static int limits_read(struct capacity *capacity, const struct arguments *given, char *error)
{
    struct settings settings = {0};
    const unsigned which = *given->value[CAPACITY_DEADLINE] ? CAPACITY_DEADLINE : CAPACITY_P99;
    int64_t limit, misses = 0;
    if (set_blocks(given->value[SEARCH_BLOCKS], &settings, error))
        return refuse_at(error, "--blocks");
    if (set_budget(given->value[SEARCH_BUDGET], &settings, error))
        return refuse_at(error, "--budget");
    if (parse_duration(given->value[which], &limit) || limit <= 0)
        return refuse(error, "--%s: '%.64s' is not a duration such as 20ms", capacity_arguments[which].name,
                      given->value[which]);
    if (parse_share(given->value[CAPACITY_MISSES], &misses) || misses < 100 || misses > 500000)
        return refuse(error, "--misses: '%.64s' is not a share from 0.01%% to 50%%", given->value[CAPACITY_MISSES]);
    if (which == CAPACITY_P99 && misses != 10000)
        return refuse(error, "--misses: goes with --deadline, which is not given");
    capacity->deadline_ns = (double)limit;
    capacity->share = 1 - (double)misses / 1e6;
    capacity->rounds_asked = (unsigned)settings.blocks;
    capacity->budget_ns = settings.budget_ns;
    return 0;
}

static int range_read(const struct arguments *given, struct search_rules *rules, char *error)
{
    *rules = (struct search_rules){0};
    if (!*given->value[SEARCH_RANGE])
        return 0;
    int rc = search_range(given->value[SEARCH_RANGE], parse_count, "100..5k", rules, error);
    if (rc == 0 && (rules->from < RATE_LEAST || rules->to > RATE_MOST))
        rc = refuse(error, "--range: expected rates of 0.001 .. 1G tasks a second, found '%.64s'",
                    given->value[SEARCH_RANGE]);
    return rc;
}

static int pools_make(struct capacity *capacity, char *error)
{
    const size_t count = capacity->session.plan.cells.count;
    capacity->pool = calloc(count + 1, sizeof *capacity->pool);
    if (!capacity->pool)
        return refuse(error, "out of memory");
    for (capacity->pools = 0; capacity->pools < count; capacity->pools++)
        capacity->pool[capacity->pools].subject = (uint32_t)capacity->pools;
    return 0;
}

/* Everything that can be refused, before anything is written. */
static int capacity_open(struct capacity *capacity, const struct arguments *given, char *error)
{
    struct asked asked = {.suites = {0}};
    struct search_rules range;
    *capacity = (struct capacity){.session = SESSION_CLOSED};
    int rc = limits_read(capacity, given, error);
    if (rc == 0)
        rc = range_read(given, &range, error);
    if (rc == 0 && (asked_copy(&asked, &given->asked) || asked_add(&asked, "pool", given->value[SEARCH_POOL]) ||
                    asked_pairs(&asked, fixed)))
        rc = refuse(error, "out of memory");
    if (rc == 0)
        rc = session_open(&capacity->session, &asked, error);
    if (rc == 0)
        rc = search_single(&capacity->session.plan.cells, error);
    if (rc == 0)
        rc = pools_make(capacity, error);
    if (rc == 0)
        rc = capacity_guess(capacity, range.from, range.to, error);
    if (rc == 0) {
        session_closes_as(&capacity->session, "capacity");
        capacity->session.budget_ns = capacity->budget_ns;
        rc = capacity_plan(capacity, error);
    }
    capacity->session.plan.blocks = 0; /* nothing is planned beforehand */
    asked_release(&asked);
    return rc;
}

/* With all files closed: the answers, into a file and on the screen. */
static int conclude(struct capacity *capacity, bool blind_ok, char *error)
{
    struct run_data run;
    int rc = run_summed_open(capacity->session.directory, &run, error);
    if (rc)
        return rc == -ENODATA && capacity->session.interrupted ? 0 : complain("capacity", "%s", error);
    rc = capacity_write(capacity);
    if (rc)
        complain("capacity", "%s/capacity.csv: %s", capacity->session.directory, strerror(-rc));
    int code = run_conclude(&capacity->session, "capacity", &run, true);
    session_follow(&capacity->session, "capacity");
    capacity_screen(capacity, &run, stdout);
    if (!rc && !code && !capacity->session.interrupted && capacity_blind(capacity) && !blind_ok)
        code = EXIT_BLIND;
    run_data_close(&run);
    return rc ? 1 : code;
}

static int capacity_main(const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct capacity capacity;
    struct session *session = &capacity.session;
    int rc = capacity_open(&capacity, given, error), code;
    if (rc == 0)
        rc = session_begin(session, "capacity", given->argv, error);
    if (rc < 0) {
        code = session_refuse(session, "capacity", rc, error);
    } else {
        rc = capacity_run(&capacity, error);
        code = session_finish(session, "capacity", rc, error);
        int shown = code == 0 || (rc == 0 && session->interrupted)
                        ? conclude(&capacity, *given->value[CAPACITY_BLIND_OK], error)
                        : 0;
        code = code ? code : shown;
    }
    capacity_close(&capacity);
    return code;
}

const struct verb verb_capacity = {
    .name = "capacity",
    .chapter = "search",
    .operands = "",
    .summary = "find the highest rate of arrivals a pool sustains",
    .function = capacity_main,
    .help = "Finds, for every pool, the highest rate of arrivals at random times at which the 99th percentile of "
            "latency, counted from when a task is due, stays within a limit. Trials at rates around what queueing "
            "theory says, then around what was found, give it an interval; luck with the draw of arrivals is taken "
            "out by a simulated queue with the same arrivals and service times. Leaves the files that run leaves, "
            "and capacity.csv.",
    .arguments = capacity_arguments,
    .all_but = capacity_all_but};
