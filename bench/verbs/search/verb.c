/* A verb that searches: its words, the run directory, the loop, what is said at the end. */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/model/csv.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/options.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include "bench/model/settings.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/stats/verdict.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/search/search.h"
#include "pools/parts/clock.h"
#include "workloads/text.h"
#include <math.h>
#include <stdlib.h>

#define EFFICIENT_MOST 1.05

const char search_blocks_help[] = "Blocks that measure both ends of what the search has left, which the interval is "
                                  "of (1 .. 10000); below 6 there is none.";
const char search_budget_help[] =
    "How long the whole may take, from entering the command to the prompt. No block is begun that would go over it.";

/* ---- before ---- */

int search_range(const char *text, int (*parse)(const char *text, int64_t *value), const char *expected,
                 struct search_rules *rules, char *error)
{
    const char *dots = strstr(text, "..");
    char first[64];
    int64_t from, to;
    snprintf(first, sizeof first, "%.*s", dots ? (int)(dots - text) : 0, text);
    if (!dots || parse(first, &from) || parse(dots + 2, &to))
        return refuse(error, "--range: '%.64s' is not A..B, such as %s", text, expected);
    if (from <= 0 || from >= to)
        return refuse(error, "--range: '%.64s' does not go up from above 0, expected A..B such as %s", text, expected);
    rules->from = (double)from;
    rules->to = (double)to;
    return 0;
}

int search_single(const struct cells *cells, char *error)
{
    for (const struct option *option = options; option->name; option++) {
        char first[VALUE_MAX] = "", next[VALUE_MAX];
        if (!option_is_of_cell(option) || option == &options[OPTION_POOL] || !strcmp(option->name, "tasks"))
            continue; /* tasks: not asked for, but chosen for each pool */
        for (size_t i = 0; i < cells->count; i++) {
            const struct cell *cell = &cells->cell[i];
            if (!strcmp(option->name, "workers") && cell->pool->traits & POOL_IGNORES_WORKERS)
                continue;
            cell_spell(cell, option, next);
            if (!first[0])
                memcpy(first, next, sizeof first);
            else if (strcmp(first, next) != 0)
                return refuse(error, "--%s: expected one value, found %.200s and %.200s", option->name, first, next);
        }
    }
    return 0;
}

int search_cells(struct searches *searches, const char *base, const struct search_rules *rules, char *error)
{
    const struct cells *cells = &searches->session.plan.cells;
    uint32_t base_cell = SEARCH_NONE;
    searches->each = calloc(cells->count + 1, sizeof *searches->each);
    if (!searches->each)
        return refuse(error, "out of memory");
    for (uint32_t i = 0; i < cells->count; i++)
        if (base && !strcmp(cells->cell[i].pool->name, base))
            base_cell = i;
        else
            searches->each[searches->count++].subject = i;
    for (size_t i = 0; i < searches->count; i++) {
        searches->each[i].base = base_cell;
        search_begin(&searches->each[i].search, rules);
    }
    return searches->count ? 0 : refuse(error, "--pool: expected another one beside %s", base);
}

static int limits_read(struct searches *searches, const struct arguments *given, char *error)
{
    struct settings settings = {0};
    if (set_blocks(given->value[SEARCH_BLOCKS], &settings, error))
        return refuse_at(error, "--blocks");
    if (set_budget(given->value[SEARCH_BUDGET], &settings, error))
        return refuse_at(error, "--budget");
    if (!settings.blocks)
        return refuse(error, "--blocks: expected a number, found auto");
    searches->blocks = (unsigned)settings.blocks;
    searches->budget_ns = settings.budget_ns;
    return 0;
}

/* Everything that can be refused, before anything is written. */
static int search_open(struct searches *searches, const struct search_kind *kind, const struct arguments *given,
                       char *error)
{
    struct asked asked = {.suites = {0}};
    *searches = (struct searches){.kind = kind, .session = SESSION_CLOSED};
    int rc = limits_read(searches, given, error);
    if (rc == 0 && (asked_copy(&asked, &given->asked) || asked_add(&asked, "pool", given->value[SEARCH_POOL]) ||
                    asked_pairs(&asked, kind->fixed)))
        rc = refuse(error, "out of memory");
    if (rc == 0)
        rc = session_open(&searches->session, &asked, error);
    if (rc == 0)
        rc = search_single(&searches->session.plan.cells, error);
    if (rc == 0)
        rc = kind->prepare(searches, given, error);
    if (rc == 0) {
        session_closes_as(&searches->session, kind->verb);
        searches->session.budget_ns = searches->budget_ns;
        rc = search_fits(searches, error);
    }
    searches->session.plan.blocks = 0; /* nothing is planned beforehand */
    asked_release(&asked);
    return rc;
}

static void search_close(struct searches *searches)
{
    session_close(&searches->session);
    free(searches->each);
    free(searches->trial);
    free(searches->cell);
}

/* ---- what was found ---- */

unsigned search_workers(const struct searches *searches)
{
    unsigned workers = 0;
    for (size_t i = 0; i < searches->session.plan.cells.count; i++)
        if (searches->session.plan.cells.cell[i].f.workers > workers)
            workers = searches->session.plan.cells.cell[i].f.workers;
    return workers;
}

const struct summary_row *search_row(const struct searches *searches, const struct cell_search *one, double x,
                                     const struct run_data *run)
{
    for (size_t c = 0; c < searches->cells; c++) {
        if (searches->cell[c].from != one->subject || searches->cell[c].x != x)
            continue;
        for (size_t i = 0; i < run->count; i++)
            if (!strcmp(run->rows[i].cell_id, searches->session.plan.cells.cell[searches->cell[c].number].id))
                return &run->rows[i];
    }
    return NULL;
}

int64_t search_whole(double value)
{
    return number_whole(value);
}

void search_name(const struct searches *searches, char name[40])
{
    text_put(name, 40, run_id(searches->session.directory), true);
}

/* Why there is no bracket to speak of. */
static void missing_say(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                        char *reason)
{
    const struct search *search = &one->search;
    bool beyond = search->state == SEARCH_BEYOND_LO || search->state == SEARCH_BEYOND_HI;
    const struct search_point *at = search->state == SEARCH_BEYOND_HI ? &search->hi : &search->lo;
    char x[64], there[96] = "the last blocks contradict those before";
    if (beyond) {
        if (searches->kind->there)
            searches->kind->there(searches, one, at, run, there, sizeof there);
        snprintf(reason, SEARCH_ANSWER_MAX, "%s %s: %s", at == &search->lo ? "below" : "above",
                 searches->kind->spell(searches, at->x, x, sizeof x), there);
    } else if (search->state == SEARCH_FAILED) {
        snprintf(reason, SEARCH_ANSWER_MAX, "%s", one->failure);
    } else if (searches->session.interrupted) {
        snprintf(reason, SEARCH_ANSWER_MAX, "interrupted");
    } else {
        snprintf(reason, SEARCH_ANSWER_MAX, "%s", searches->over_budget ? "the budget ended the search" : "");
    }
}

bool search_found(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                  char *reason)
{
    const struct crossing *crossing = &one->crossing;
    char lo[64], hi[64];
    reason[0] = '\0';
    if (one->search.state != SEARCH_BRACKETED || !crossing->blocks) {
        missing_say(searches, one, run, reason);
        if (one->search.state == SEARCH_BRACKETED && !reason[0])
            snprintf(reason, SEARCH_ANSWER_MAX, "no block measured both ends; %.150s", one->failure);
        return false;
    }
    searches->kind->spell(searches, one->search.lo.x, lo, sizeof lo);
    searches->kind->spell(searches, one->search.hi.x, hi, sizeof hi);
    if (isnan(crossing->x))
        snprintf(reason, SEARCH_ANSWER_MAX, "found between %s and %s, but in the last blocks it lies %s", lo, hi,
                 crossing->beyond < 0 ? "below" : "above");
    else if (!crossing->bounded)
        snprintf(reason, SEARCH_ANSWER_MAX, "%s%zu block%s too few for an interval",
                 searches->over_budget ? "the budget ended the search: " : "", crossing->blocks,
                 crossing->blocks == 1 ? " is" : "s are");
    else if (isnan(crossing->interval.lo) || isnan(crossing->interval.hi))
        snprintf(reason, SEARCH_ANSWER_MAX, "too noisy to be bounded %s: more blocks",
                 isnan(crossing->interval.hi) ? isnan(crossing->interval.lo) ? "at all" : "above" : "below");
    return !isnan(crossing->x);
}

static double answer_at(const struct searches *searches, const struct cell_search *one, const struct run_data *run,
                        double x)
{
    return searches->kind->answer_at ? searches->kind->answer_at(searches, one, run, x) : x;
}

void search_line(const struct searches *searches, const struct cell_search *one, const struct run_data *run, FILE *out)
{
    const struct search_kind *kind = searches->kind;
    const struct crossing *crossing = &one->crossing;
    char reason[SEARCH_ANSWER_MAX], x[64], lo[64] = "..", hi[64] = "..", interval[160] = "", label[96] = "";
    if (!search_found(searches, one, run, reason)) {
        fprintf(out, "%s\n", reason);
        return;
    }
    if (kind->answer_at)
        snprintf(label, sizeof label, "  size %s", kind->spell(searches, crossing->x, x, sizeof x));
    if (!isnan(crossing->interval.lo))
        kind->spell(searches, answer_at(searches, one, run, crossing->interval.lo), lo, sizeof lo);
    if (!isnan(crossing->interval.hi))
        kind->spell(searches, answer_at(searches, one, run, crossing->interval.hi), hi, sizeof hi);
    if (!isnan(crossing->interval.lo) || !isnan(crossing->interval.hi))
        snprintf(interval, sizeof interval, "  [%s%s%s]", lo,
                 isnan(crossing->interval.lo) || isnan(crossing->interval.hi) ? " " : " .. ", hi);
    fprintf(out, "%-10s%s%s%s%s\n", kind->spell(searches, answer_at(searches, one, run, crossing->x), x, sizeof x),
            interval, label, reason[0] ? "  " : "", reason);
}

void search_lines(const struct searches *searches, const struct run_data *run, FILE *out)
{
    for (size_t i = 0; i < searches->count; i++) {
        fprintf(out, "  %-24s  ", search_subject(searches, &searches->each[i])->f.pool);
        search_line(searches, &searches->each[i], run, out);
    }
}

/* ---- after ---- */

static int answers_write(const struct searches *searches, const struct run_data *run)
{
    const struct file_format *format = searches->kind->format;
    struct csv_writer *writer;
    char ignored[ERROR_MAX];
    void *row = malloc(format->row_size);
    int rc = row ? csv_create(searches->session.directory, format, &writer) : -ENOMEM;
    bool is_open = rc == 0;
    for (size_t i = 0; i < searches->count && rc == 0; i++) {
        row_clear(format, row);
        searches->kind->answer(searches, &searches->each[i], run, row);
        rc = csv_put(writer, row);
    }
    int closed = is_open ? csv_close(writer) : 0;
    free(row);
    rc = rc ? rc : closed;
    rc = rc ? rc : recorded_note(searches->session.directory, ignored);
    return rc ? rc : file_sums_note(searches->session.directory, format->file, ignored);
}

/* Nobody is faster than the ideal: then the iterations are wrong, and with them every size. */
static void calibration_check(const struct run_data *run, FILE *out)
{
    const struct summary_row *worst = NULL;
    char size[32];
    for (size_t i = 0; i < run->count; i++)
        if (run->rows[i].efficiency > EFFICIENT_MOST && (!worst || run->rows[i].efficiency > worst->efficiency))
            worst = &run->rows[i];
    if (worst)
        fprintf(out, "! calibration error: %s does %s tasks at %.0f %% of the ideal; --recalibrate\n", worst->f.pool,
                format_duration(size, sizeof size, (double)worst->f.size_ns), 100 * worst->efficiency);
}

void search_head(const struct session *session, const char *verb, unsigned blocks, const struct run_data *run,
                 FILE *out)
{
    const struct cell *cell = &session->plan.cells.cell[0];
    char host[256], took[32], text[400];
    host_line(host, sizeof host, run->host);
    snprintf(text, sizeof text, "poolbench %s | %s | %zu trials in %u blocks, %zu failed, %s", verb, host,
             session->trials, blocks, session->failures,
             format_duration(took, sizeof took, (double)(clock_monotonic_ns() - session->request.settings.began_ns)));
    wrap_print(out, text, 0);
    if (cell->placement.reason[0])
        fprintf(out, "! not pinned: %s\n", cell->placement.reason);
    calibration_check(run, out);
}

void search_foot(const struct session *session, const char *verb, FILE *out)
{
    fputc('\n', out);
    wrapped_print(out, 0, 0, "%s: %s.csv, report.html, summary.csv, trials.csv, latency.csv, host.json",
                  session->directory, verb);
}

static void screen(const struct searches *searches, const struct run_data *run, FILE *out)
{
    search_head(&searches->session, searches->kind->verb, searches->block, run, out);
    if (searches->over_budget)
        fprintf(out, "! the budget ended the search before it was done\n");
    fputc('\n', out);
    searches->kind->print(searches, run, out);
    search_foot(&searches->session, searches->kind->verb, out);
}

/* A number, or the side of the range on which it lies. The searches without either, by name. */
static size_t blind_say(const struct searches *searches, const struct run_data *run)
{
    size_t blind = 0;
    for (size_t i = 0; i < searches->count; i++) {
        const struct cell_search *one = &searches->each[i];
        const enum search_state state = one->search.state;
        char reason[SEARCH_ANSWER_MAX];
        if (state == SEARCH_BEYOND_LO || state == SEARCH_BEYOND_HI || state == SEARCH_ONE_SIDE ||
            search_found(searches, one, run, reason))
            continue;
        if (!blind++)
            fprintf(stderr, "poolbench %s: ", searches->kind->verb);
        else
            fputs(", ", stderr);
        fputs(POOL_SHOWN(search_subject(searches, one)->f.pool), stderr);
    }
    if (blind)
        fputs(": could not tell; more --blocks or a longer --budget may\n", stderr);
    return blind;
}

/* With all files closed: the answers, into a file and on the screen. */
static int conclude(struct searches *searches, char *error)
{
    const char *verb = searches->kind->verb;
    struct run_data run;
    int rc = run_summed_open(searches->session.directory, &run, error);
    if (rc)
        return rc == -ENODATA && searches->session.interrupted ? 0 : complain(verb, "%s", error);
    rc = answers_write(searches, &run);
    if (rc)
        complain(verb, "%s/%s.csv: %s", searches->session.directory, verb, strerror(-rc));
    int code = run_conclude(&searches->session, verb, &run, true);
    session_follow(&searches->session, verb);
    screen(searches, &run, stdout);
    if (!rc && !code && !searches->session.interrupted && blind_say(searches, &run))
        code = EXIT_BLIND;
    run_data_close(&run);
    return rc ? 1 : code;
}

int search_verb(const struct search_kind *kind, const struct arguments *given)
{
    char error[ERROR_MAX] = "";
    struct searches searches;
    struct session *session = &searches.session;
    int rc = search_open(&searches, kind, given, error);
    if (rc == 0)
        rc = session_begin(session, kind->verb, given->argv, error);
    int code;
    if (rc < 0) {
        code = session_refuse(session, kind->verb, rc, error);
    } else {
        rc = search_run(&searches, error);
        code = session_finish(session, kind->verb, rc, error);
        int shown = code == 0 || (rc == 0 && session->interrupted) ? conclude(&searches, error) : 0;
        code = code ? code : shown;
    }
    search_close(&searches);
    return code;
}
