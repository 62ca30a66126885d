/* The verb conformance: demand after demand, a line each. */
#include "bench/ask/request.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/words.h"
#include "bench/base/wrap.h"
#include "bench/launch/plugin.h"
#include "bench/measure/calibrate.h"
#include "bench/measure/plan.h"
#include "bench/model/options.h"
#include "bench/show/sheet.h"
#include "bench/verbs/conformance/conformance.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/clock.h"
#include <stdlib.h>
#include <string.h>

#define CLOCK_MEASURE_NS 50000000u
#define NAME_COLUMN      26
#define HANGS_MAX        3 /* then nothing further is tried */
#define FEW_TASKS        100
#define MOVES_LOOKS      16 /* looks at a trial before its limit */

enum { POOL, LIMIT, FORMAT };
static const struct argument conformance_arguments[] = {
    [POOL] = {"pool", "[LABEL=]POOL[:key=value...]", "", "The pool, as for run; several with commas.", false},
    [LIMIT] = {"trial-limit", "DURATION", "5s",
               "A trial that takes longer hangs; where its tasks were still coming back, it is too slow to tell.",
               false},
    [FORMAT] = {"format", "text|csv|json", "text", "csv, json: a row a demand, when all were tried.", true},
    {.name = NULL},
};

struct conformance {
    struct machine machine;
    struct calibrations *calibrations;
    const char *pool;
    uint64_t limit_ns;
    unsigned broken, slow; /* of all pools: demands that do not hold, and pools of which it cannot be told */
    unsigned hangs;        /* of this pool: trials at the limit */
    bool is_hopeless;      /* it does not even open */
    int interrupted;
    struct sheet sheet; /* of --format csv, json; without columns: text is printed as it comes */
};

/* What came of one demand. */
struct answer {
    unsigned trials, went_along;
    bool slow;               /* the finding is that it cannot be told */
    char finding[ERROR_MAX]; /* "": it holds */
    char note[FINDING_MAX];
    char misfit[MISFIT_MAX]; /* why there were no trials */
};

static int demand_request(const struct conformance *c, const struct demand *demand, struct request *request,
                          char *error)
{
    char seed[16];
    struct asked asked = {.suites = {0}};
    snprintf(seed, sizeof seed, "%d", CONFORMANCE_SEED);
    const char *const pairs[] = {"seed", seed, "samples", "all", "blocks", "1", "pool", c->pool, NULL};
    int rc = asked_pairs(&asked, pairs) || asked_pairs(&asked, demand->options)
                 ? refuse(error, "out of memory")
                 : request_make(&asked, &c->machine, request, error);
    asked_release(&asked);
    return rc;
}

/* A process a task: fewer tasks tell as much. */
static void cells_shrink(const struct demand *demand, struct cells *cells)
{
    for (size_t i = 0; i < cells->count && demand->traits & DEMAND_FEW_TASKS; i++)
        if (cells->cell[i].pool->traits & POOL_TASK_IS_PROCESS && cells->cell[i].f.tasks > FEW_TASKS)
            cells->cell[i].f.tasks = FEW_TASKS;
}

/* Numbers of workers that the pool refuses are no trials. why: MISFIT_MAX, of the last. */
static int cells_keep_fitting(struct cells *cells, char *why, char *error)
{
    size_t kept = 0;
    char misfit[MISFIT_MAX];
    for (size_t i = 0; i < cells->count; i++) {
        const struct cell *cell = &cells->cell[i];
        struct pool_shape shape;
        if (pool_shape_of(cell->pool, cell->f.workers, cell->pool_params, &shape, misfit, error))
            return -EINVAL;
        if (misfit[0])
            memcpy(why, misfit, sizeof misfit);
        else
            cells->cell[kept++] = *cell;
    }
    cells->count = kept;
    return 0;
}

static void describe(const struct cell *cell, char *text, size_t size)
{
    char payload[64] = "", arrival[SPEC_MAX], collect[SPEC_MAX];
    if (cell->f.payload.in || cell->f.payload.out)
        snprintf(payload, sizeof payload, ", payload %lld:%lld", (long long)cell->f.payload.in,
                 (long long)cell->f.payload.out);
    snprintf(text, size, "%lld worker%s, %lld task%s, %.40s, %s%s", (long long)cell->f.workers,
             cell->f.workers == 1 ? "" : "s", (long long)cell->f.tasks, cell->f.tasks == 1 ? "" : "s",
             factor_text(&options[OPTION_ARRIVAL], &cell->f, arrival),
             factor_text(&options[OPTION_COLLECT], &cell->f, collect), payload);
}

/* When a trial has got on last: a task came back, or it came to another stage. */
struct moves {
    const struct job_file *file;
    uint64_t last_ns;
    uint32_t back, stage;
};

static void moves_see(void *data, pid_t pid)
{
    struct moves *moves = data;
    struct missing missing;
    (void)pid;
    missing_read(moves->file, &missing);
    uint32_t back = missing.handed_in - missing.count;
    if (back != moves->back || missing.stage != moves->stage)
        moves->last_ns = clock_monotonic_ns();
    moves->back = back;
    moves->stage = missing.stage;
}

static int trial(struct conformance *c, const struct demand *demand, const struct cell *cell, struct answer *answer,
                 char *error)
{
    struct launcher *launcher = calibrations_launcher(c->calibrations);
    struct job_order order = {
        .seed = CONFORMANCE_SEED, .samples = SAMPLES_ALL, .sample_seed = 1, .conformance = demand->conformance};
    struct job_parts parts;
    struct outcome outcome;
    char finding[FINDING_MAX], where[160];
    int rc = job_write_trial(launcher, cell, &order, &parts, error);
    if (rc < 0)
        return rc;
    struct moves moves = {.file = parts.file};
    const struct launch_watch watch = {moves_see, &moves, c->limit_ns / MOVES_LOOKS}, *before = launcher->watch;
    launcher->watch = &watch;
    rc = launcher_run(launcher, c->limit_ns, &outcome);
    launcher->watch = before;
    if (rc < 0)
        return refuse(error, "starting a trial: %s", strerror(-rc));
    if ((c->interrupted = outcome.interrupted))
        return 0;
    bool moved = clock_monotonic_ns() - moves.last_ns < c->limit_ns / 2;
    const struct trial_seen seen = {cell, &parts, &outcome, demand, c->limit_ns, moved};
    answer->slow = outcome.timed_out && moved;
    trial_judge(&seen, finding, answer->note);
    answer->trials++;
    answer->went_along += trial_went_along(&seen);
    c->hangs += outcome.timed_out && !(demand->traits & DEMAND_DIES);
    describe(cell, where, sizeof where);
    if (finding[0])
        snprintf(answer->finding, sizeof answer->finding, "%s (%s)", finding, where);
    return 0;
}

/* Until one is broken: the first says enough. */
static int demand_try(struct conformance *c, const struct demand *demand, struct answer *answer, char *error)
{
    struct request request;
    struct plan plan;
    *answer = (struct answer){0};
    int rc = demand_request(c, demand, &request, error);
    if (rc)
        return rc;
    cells_shrink(demand, &request.cells);
    if (demand->traits & DEMAND_WAITS && request.cells.cell[0].pool->traits & POOL_SUBMITTER_WORKS) {
        snprintf(answer->misfit, sizeof answer->misfit, "the submitter runs tasks itself");
        request_release(&request);
        return 0;
    }
    rc = cells_keep_fitting(&request.cells, answer->misfit, error);
    if (rc == 0 && !request.cells.count) {
        request_release(&request);
        return 0;
    }
    if (rc == 0)
        rc = plan_make(&request, &c->machine, c->calibrations, &plan, error);
    if (rc == 0) {
        for (size_t i = 0; i < plan.cells.count && !rc && !answer->finding[0] && !c->interrupted; i++)
            rc = trial(c, demand, &plan.cells.cell[i], answer, error);
        plan_release(&plan);
    } else {
        /* it cannot be opened: an answer too */
        snprintf(answer->finding, sizeof answer->finding, "%s", error);
        c->is_hopeless = true;
        rc = 0;
    }
    request_release(&request);
    return rc;
}

/* "BROKEN"; "not so": of what not every pool promises. */
static const char *outcome_word(const struct demand *demand, const struct answer *answer)
{
    if (answer->finding[0])
        return answer->slow ? "slow" : demand->traits & DEMAND_DIES ? "not so" : "BROKEN";
    return answer->trials ? "holds" : "-";
}

static void answer_put(struct conformance *c, const struct demand *demand, const struct answer *answer)
{
    sheet_row(&c->sheet, c->pool, demand->name, outcome_word(demand, answer));
    sheet_put(&c->sheet, "%u", answer->trials);
    sheet_put(&c->sheet, "%s", answer->finding[0] ? answer->finding : answer->trials ? "" : answer->misfit);
}

static void answer_print(struct conformance *c, const struct demand *demand, const struct answer *answer)
{
    char text[ERROR_MAX + 16];
    if (c->sheet.columns) {
        answer_put(c, demand, answer);
        return;
    }
    if (answer->finding[0])
        snprintf(text, sizeof text, "%-6s  %s", outcome_word(demand, answer), answer->finding);
    else if (!answer->trials)
        snprintf(text, sizeof text, "-       does not apply: %s", answer->misfit);
    else
        snprintf(text, sizeof text, "holds   %u trial%s%s", answer->trials, answer->trials == 1 ? "" : "s",
                 answer->went_along ? ", which end with the task: its workers are threads of the submitter" : "");
    wrap_row(stdout, 2, demand->name, NAME_COLUMN, text);
    fflush(stdout); /* the next may take seconds */
}

/* A pool that goes together with no number of workers that is asked for has nothing to be looked at. */
static int pool_fits(const struct conformance *c, char *error)
{
    static const struct demand any = {.options = {"workers", "1,2,3,4,5", "workload", "empty", "tasks", "1"}};
    struct request request;
    char misfit[MISFIT_MAX] = "";
    int rc = demand_request(c, &any, &request, error);
    if (rc)
        return rc;
    rc = cells_keep_fitting(&request.cells, misfit, error);
    if (rc == 0 && !request.cells.count)
        rc = refuse(error, "--pool: %s: %s", c->pool, misfit);
    request_release(&request);
    return rc;
}

static int pool_check(struct conformance *c, char *error)
{
    if (pool_fits(c, error))
        return -EINVAL;
    char note[FINDING_MAX] = "";
    unsigned broken = 0, slow = 0, trials = 0;
    bool mortal = false;
    if (!c->sheet.columns)
        printf("%s\n", c->pool);
    for (const struct demand *demand = demands; demand->name && !c->interrupted; demand++) {
        struct answer answer;
        if (mortal && demand->traits & DEMAND_DIES)
            continue; /* one says enough */
        if (c->hangs >= HANGS_MAX || c->is_hopeless) {
            if (!c->sheet.columns)
                wrap_row(stdout, 2, "all further", NAME_COLUMN,
                         c->is_hopeless ? "-       not tried" : "-       not tried, it reaches the limit too often");
            break;
        }
        int rc = demand_try(c, demand, &answer, error);
        if (rc)
            return rc;
        if (c->interrupted)
            break;
        answer_print(c, demand, &answer);
        trials += answer.trials;
        if (answer.slow)
            slow++;
        else if (answer.finding[0] && demand->traits & DEMAND_DIES)
            mortal = true; /* worth knowing, but nothing that every pool promises */
        else
            broken += answer.finding[0] != '\0';
        if (answer.note[0])
            memcpy(note, answer.note, sizeof note);
    }
    c->broken += broken;
    c->slow += slow > 0;
    if (c->sheet.columns)
        return 0;
    if (note[0])
        wrap_row(stdout, 2, "note", NAME_COLUMN, note);
    printf("%s: %s%s, %u trials\n", c->pool,
           broken ? "the contract is BROKEN"
           : slow ? "cannot tell, it is too slow for --trial-limit"
                  : "keeps the contract",
           mortal ? ", and does not survive a task that ends its process" : "", trials);
    return 0;
}

static int pools_check(const struct arguments *given, struct conformance *c, char *error)
{
    struct words pools = {0};
    int rc = words_split(&pools, given->value[POOL], ',');
    if (rc)
        refuse(error, "--pool: expected the name of a pool or the file of a plug-in");
    for (size_t i = 0; i < pools.count && !rc && !c->interrupted; i++) {
        c->pool = pools.word[i];
        c->hangs = 0;
        c->is_hopeless = false;
        if (i && !c->sheet.columns)
            putchar('\n');
        rc = pool_check(c, error);
    }
    words_release(&pools);
    return rc;
}

/* What is no pool at all is bad input, before a line is printed. */
static int pools_known(const char *list, const struct machine *machine, char *error)
{
    struct words values = {0};
    int rc = option_values(&options[OPTION_POOL], list, machine, &values, error);
    words_release(&values);
    return rc ? refuse_at(error, "--pool") : 0;
}

static int conformance_main(const struct arguments *given)
{
    struct conformance c = {0};
    char error[ERROR_MAX];
    int64_t limit_ns;
    if (!*given->value[POOL])
        return complain("conformance", "--pool is missing, expected the name of a pool or the file of a plug-in");
    if (parse_duration(given->value[LIMIT], &limit_ns) || limit_ns < 100000000)
        return complain("conformance", "--trial-limit: expected a duration of 100ms or more, found '%.64s'",
                        given->value[LIMIT]);
    c.limit_ns = (uint64_t)limit_ns;
    if (machine_open(&c.machine, NULL, error))
        return complain("conformance", "%s", error);
    int code = 0;
    if (strcmp(given->value[FORMAT], "text") != 0) {
        c.sheet = (struct sheet){.columns = 5, .align = "lllrl"};
        sheet_row(&c.sheet, "pool", "demand", "outcome", "trials", "finding");
    }
    clock_choose(CLOCK_MEASURE_NS);
    if (pools_known(given->value[POOL], &c.machine, error) || calibrations_open(&c.calibrations, true, error) < 0)
        code = complain("conformance", "%s", error);
    else if (pools_check(given, &c, error) < 0)
        code = complain("conformance", "%s", error);
    else
        code = c.broken || c.interrupted ? 1 : c.slow ? EXIT_BLIND : 0;
    if (c.sheet.columns && code != 2 && sheet_write(stdout, given->value[FORMAT], "conformance", &c.sheet))
        code = (complain("conformance", "out of memory"), 1);
    sheet_release(&c.sheet);
    calibrations_close(c.calibrations);
    machine_close(&c.machine);
    return code;
}

const struct verb verb_conformance = {
    .name = "conformance",
    .chapter = "trust",
    .operands = "",
    .summary = "say whether a pool keeps the contract of pools",
    .function = conformance_main,
    .help = "Runs a pool, one of a plug-in or one that is built in, through what a run may ask of it: numbers of "
            "workers and tasks, ways of arriving and collecting, payloads, sleeping tasks, places, tasks that fail on "
            "purpose. Every task must come back once with the right result; what is lost, doubled or made up is "
            "named. Each trial has a process of its own and a limit of a few seconds. Exits with 1 when the contract "
            "is broken, with 4 when the pool is too slow for the limit. Writes no files.",
    .arguments = conformance_arguments};
