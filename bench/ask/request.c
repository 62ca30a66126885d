/* From the command line and suites to cells: defaults, then suites in order, then the command line; then every
 * combination of the factors of every experiment. */
#include "bench/ask/request.h"
#include "bench/ask/trust.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/launch/plugin.h"
#include "bench/launch/program.h"
#include "bench/model/csv.h"
#include "bench/model/dist.h"
#include "bench/model/factors.h"
#include "bench/model/file_sums.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>

#define CELLS_MAX        9999
#define COMBINATIONS_MAX 100000

/* The values of factors that are asked for, which override those of suites. */
struct given {
    const struct asked *asked;
    struct words values[OPTIONS_MAX]; /* of options[i], checked and expanded */
};

static void given_release(struct given *given)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        words_release(&given->values[i]);
}

static int given_read(struct given *given, const struct machine *machine, char *error)
{
    for (size_t i = 0; options[i].name; i++) {
        const struct words *texts = &given->asked->texts[i];
        const size_t last = texts->count ? texts->count - 1 : 0;
        if (!option_is_of_cell(&options[i]))
            continue;
        for (size_t t = options[i].kind == OPTION_SETTING ? last : 0; t < texts->count; t++)
            if (option_values(&options[i], texts->word[t], machine, &given->values[i], error))
                return refuse_at(error, "--%s", options[i].name);
    }
    return 0;
}

/* The setting's default, and what the command line says. */
static int settings_preset(struct settings *settings, char *error)
{
    memset(settings, 0, sizeof *settings);
    for (const struct option *option = options; option->name; option++)
        if (option->set && option->preset[0] && option->set(option->preset, settings, error))
            return refuse_at(error, "default of --%s", option->name);
    return 0;
}

/* --like and --more name a run, which is found by then. */
static int settings_override(const struct asked *asked, struct settings *settings, char *error)
{
    const factor_set found = option_bit("like") | option_bit("more");
    for (size_t i = 0; options[i].name; i++) {
        const char *text = options[i].set && !(found & OPTION_BIT(i)) ? asked_last(asked, options[i].name) : NULL;
        if (text && options[i].set(text, settings, error))
            return refuse_at(error, "--%s", options[i].name);
    }
    return 0;
}

/* What is asked for by name must have an effect. */
static int drop_check(const struct asked *asked, const struct settings *settings, char *error)
{
    const char *drop = asked_last(asked, "drop");
    if (!drop || settings->keep_all)
        return 0;
    if (settings->blocks || (settings->precision_ppm && !settings->more[0]))
        return refuse(error, "--drop: nothing is dropped with --%s, expected --budget without it",
                      settings->blocks ? "blocks" : "precision");
    if (!settings->budget_ns && !settings->more[0])
        return refuse(error, "--drop: nothing is dropped without a budget, expected --budget beside it");
    return 0;
}

static int seed_draw(struct settings *settings, char *error)
{
    if (settings->seed_given)
        return 0;
    if (getrandom(&settings->seed, sizeof settings->seed, 0) != sizeof settings->seed)
        return refuse(error, "--seed: no random number to be had (%s), expected a given one", strerror(errno));
    settings->seed_given = true; /* from here on it is fixed and recorded */
    return 0;
}

/* The suites' experiments; a suite without sections gets its file's name when there are several suites. */
static int suites_read(const struct words *suites, const struct machine *machine, struct request *request, char *error)
{
    struct experiments *experiments = &request->experiments;
    for (size_t i = 0; i < suites->count; i++) {
        size_t first = experiments->count;
        const char *path = suites->word[i];
        if (suite_read(path, machine, &request->settings, experiments, error))
            return -EINVAL;
        if (suites->count == 1 || experiments->experiment[first].name[0])
            continue;
        const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
        snprintf(experiments->experiment[first].name, NAME_MAX_LEN, "%.*s", (int)strcspn(base, "."), base);
        for (size_t e = 0; e < first; e++)
            if (!strcmp(experiments->experiment[e].name, experiments->experiment[first].name))
                return refuse(error, "%s: there is an experiment '%s' already", path,
                              experiments->experiment[first].name);
    }
    return 0;
}

/* Of the first row of a plan. */
static int schema_take(const void *row, void *schema)
{
    const struct plan_row *plan = row;
    *(int64_t *)schema = plan->schema_version;
    return 1;
}

/* What goes on with a run does what it did; what is like it may take a suite that somebody has changed. */
static int suite_check(const char *run, bool more, char *error)
{
    json_t *host = host_load(run);
    bool fits = file_sum_fits(run, host, "suite.ini");
    json_decref(host);
    if (!fits && more)
        return refuse(error, "%.300s/suite.ini: is not as it was written with the run; --like takes it as it is", run);
    if (!fits)
        complain("", "%.300s/suite.ini: is not as it was written with the run, and taken as it is", run);
    return 0;
}

/* The suite of an earlier run: --like, --more. */
static int earlier_suite_read(const struct asked *asked, const char *option, const char *run,
                              const struct machine *machine, struct request *request, char *error)
{
    char directory[sizeof request->settings.like];
    if (run_find(run, directory, sizeof directory, error))
        return refuse_at(error, "--%s", option);
    int64_t schema = 0;
    csv_read(directory, &plan_format, -1, schema_take, &schema, error); /* without a plan: what it means today */
    struct words commands = {0};
    int rc = trust_check(directory, asked_last(asked, "trust") != NULL, &commands, error);
    if (!rc)
        rc = suite_check(directory, !strcmp(option, "more"), error);
    if (!rc)
        rc = suite_read_of(directory, machine, &request->settings, &request->experiments, &commands, error);
    words_release(&commands);
    if (!rc)
        rc = experiments_update(&request->experiments, schema, error);
    if (rc)
        return refuse_at(error, "--%s", option);
    memcpy(request->settings.like, directory, sizeof directory);
    return 0;
}

static int more_check(const struct asked *asked, char *error)
{
    static const char *const others[] = {"like", "out", "seed", "recalibrate"};
    for (size_t i = 0; options[i].name; i++) {
        bool taken = !option_is_of_cell(&options[i]);
        for (size_t o = 0; o < sizeof others / sizeof *others; o++)
            taken = taken && strcmp(options[i].name, others[o]) != 0;
        if (asked->texts[i].count && !taken)
            return refuse(error, "--more: runs the cells of that run as they are, expected no --%s", options[i].name);
    }
    return 0;
}

/* Where the experiments come from: suites, or an earlier run. */
static int experiments_read(const struct asked *asked, const struct machine *machine, struct request *request,
                            char *error)
{
    struct settings *settings = &request->settings;
    const char *more = asked_last(asked, "more"), *like = asked_last(asked, "like");
    const char *option = more ? "more" : "like", *earlier = more ? more : like;
    if (more && more_check(asked, error))
        return -EINVAL;
    if (!earlier)
        return suites_read(&asked->suites, machine, request, error);
    if (asked->suites.count)
        return refuse(error, "--%s: takes its suite from the run, expected no '%s' beside it", option,
                      asked->suites.word[0]);
    int rc = earlier_suite_read(asked, option, earlier, machine, request, error);
    if (!rc && more) {
        memcpy(settings->more, settings->like, sizeof settings->more);
        settings->blocks = 0; /* those it had are none of ours */
    }
    return rc;
}

/* Every factor of every experiment gets values: the command line's, else its own, else the default. */
static int experiments_complete(struct experiments *experiments, const struct given *given,
                                const struct machine *machine, char *error)
{
    for (size_t e = 0; e < experiments->count; e++) {
        for (size_t i = 0; options[i].name; i++) {
            struct words *values = &experiments->experiment[e].values[i];
            if (!option_is_of_cell(&options[i]))
                continue;
            if (given->values[i].count && words_copy(values, &given->values[i]))
                return refuse(error, "out of memory");
            if (values->count)
                continue;
            experiments->experiment[e].preset |= OPTION_BIT(i);
            if (option_values(&options[i], options[i].preset, machine, values, error))
                return refuse_at(error, "default of --%s", options[i].name);
        }
    }
    return 0;
}

/* What screens and files show in the place of a pool's own name: its label, or the name of a plug-in's file; "":
 * neither. text: VALUE_MAX bytes. */
static void shown_name(const char *value, char *text)
{
    size_t label = spec_label_length(value);
    char file[VALUE_MAX];
    text[0] = '\0';
    if (label)
        snprintf(text, VALUE_MAX, "%.*s", (int)label, value);
    snprintf(file, sizeof file, "%.*s", (int)spec_name_length(value), value);
    if (!label && strchr(file, '/'))
        plugin_base_name(file, text, VALUE_MAX);
}

/* Two pools that people would take for one: the same label for other pools, or files of the same name. */
static bool is_ambiguous(const char *a, const char *b)
{
    char name[VALUE_MAX], other[VALUE_MAX];
    shown_name(a, name);
    shown_name(b, other);
    if (!name[0] || strcmp(name, other) != 0 || !strcmp(a, b))
        return false;
    if (spec_label_length(a) || spec_label_length(b))
        return true;
    size_t length = spec_name_length(a); /* the same file with other options is another pool, and says so */
    return length != spec_name_length(b) || memcmp(a, b, length) != 0;
}

/* A name stands for one pool in the whole run, because that is how people read it. */
static int labels_check(const struct experiments *experiments, char *error)
{
    char name[VALUE_MAX];
    for (size_t e = 0; e < experiments->count; e++) {
        const struct words *pools = &experiments->experiment[e].values[OPTION_POOL];
        for (size_t i = 0; i < pools->count; i++)
            for (size_t f = 0; f <= e; f++) {
                const struct words *seen = &experiments->experiment[f].values[OPTION_POOL];
                for (size_t j = 0; j < (f < e ? seen->count : i); j++) {
                    const char *a = seen->word[j], *b = pools->word[i];
                    if (!is_ambiguous(a, b))
                        continue;
                    shown_name(b, name);
                    if (spec_label_length(b))
                        return refuse(error, "--pool: the label '%.20s' stands for two pools, %.200s and %.200s", name,
                                      spec_behind_label(a), spec_behind_label(b));
                    return refuse(error,
                                  "--pool: %.200s and %.200s are both called '%.40s', expected labels: NAME=FILE", a, b,
                                  name);
                }
            }
    }
    return 0;
}

/* ---- crossing ---- */

/* What makes no difference for the pool or workload must not make cells. */
static int cell_normalise(struct cell *cell, char *error)
{
    const bool is_waited_for = cell->f.arrival.kind == ARRIVAL_WINDOW || cell->f.arrival.kind == ARRIVAL_RATE;
    if (cell->f.collect == COLLECT_AUTO)
        cell->f.collect = is_waited_for ? COLLECT_COMPLETED : COLLECT_JOINED;
    if (cell->f.collect == COLLECT_JOINED && is_waited_for)
        return refuse(error,
                      "--collect: joined waits for the last of what was handed in, and under --arrival %s each "
                      "result is waited for; expected completed or ordered",
                      cell->f.arrival.kind == ARRIVAL_RATE ? "rate" : "window");
    if (!(cell->workload->traits & WORKLOAD_SIZED)) {
        cell->f.size_ns = 0;
        dist_parse("fixed", &cell->dist, cell->f.size_dist, error);
    }
    if (cell->dist == DIST_FILE)
        cell->f.size_ns = 0; /* the plan takes the file's mean */
    return 0;
}

/* A pool that has no such number of workers for such tasks is left out, by name. */
static int cell_leave_out(const struct cell *cell, int64_t workers, struct words *left_out)
{
    char text[SPEC_MAX * 3];
    int length = snprintf(text, sizeof text, "%s with --workers %lld: too few for tasks of %s", cell->f.pool,
                          (long long)workers, cell->f.workload);
    return words_have(left_out, text) ? 0 : words_add(left_out, text, (size_t)length);
}

static int place_note(struct words *left_out, const char *text, char *error)
{
    return !words_have(left_out, text) && words_add(left_out, text, strlen(text)) ? refuse(error, "out of memory") : 1;
}

/* A place with ? in front is left out, by name, where this machine has none such, or it is another of the list here. 1,
 * 0 or -EINVAL. */
static int place_leave_out(const struct cell *cell, const struct words *places, size_t at,
                           const struct machine *machine, struct words *left_out, char *error)
{
    char text[SPEC_MAX * 3 + ERROR_MAX];
    struct placement placement;
    int is_same = 0;
    if (cell->place_explicit)
        return 0;
    int rc = place_plan(machine, cell->f.place, cell->place_main, (unsigned)cell->f.workers, &placement, error);
    if (rc == -ENODEV) {
        snprintf(text, sizeof text, "place %s", error + strlen("--place: "));
        return place_note(left_out, text, error);
    }
    if (rc)
        return rc;
    placement_release(&placement);
    for (size_t i = 0; i < at && !is_same; i++) {
        struct cell other = *cell;
        is_same = set_place(places->word[i], &other, error);
        if (is_same == 0)
            is_same =
                place_same(machine, other.f.place, cell->f.place, cell->place_main, (unsigned)cell->f.workers, error);
        if (is_same == -ENODEV) /* of one that was left out itself */
            is_same = 0;
        snprintf(text, sizeof text, "place %s: with %lld worker%s it is %s here", cell->f.place,
                 (long long)cell->f.workers, cell->f.workers == 1 ? "" : "s", other.f.place);
        if (is_same == 1)
            is_same = place_note(left_out, text, error);
    }
    return is_same;
}

/* Cells being made, with a hash of what tells each from the others. */
struct crossing {
    const struct machine *machine;
    struct cells *cells;
    struct words *left_out;
    uint64_t *hashes; /* one a cell */
    size_t room;      /* in both */
    char *error;
};

static int crossing_grow(struct crossing *crossing)
{
    size_t room = crossing->room ? 2 * crossing->room : 64;
    struct cell *cells = realloc(crossing->cells->cell, room * sizeof *cells);
    if (cells)
        crossing->cells->cell = cells;
    uint64_t *hashes = realloc(crossing->hashes, room * sizeof *hashes);
    if (hashes)
        crossing->hashes = hashes;
    if (!cells || !hashes)
        return refuse(crossing->error, "out of memory");
    crossing->room = room;
    return 0;
}

/* A cell that several experiments ask for is run once and stands in all of them. */
static int experiment_join(struct cell *cell, const char *experiment, char *error)
{
    size_t used = strlen(cell->experiments), length = strlen(experiment);
    const char *last = strrchr(cell->experiments, ';');
    if (!length || !strcmp(last ? last + 1 : cell->experiments, experiment))
        return 0;
    if (used + length + 2 > sizeof cell->experiments)
        return refuse(error, "experiment '%s': too many experiments ask for one cell (%.40s...)", experiment,
                      cell->experiments);
    snprintf(cell->experiments + used, sizeof cell->experiments - used, "%s%s", used ? ";" : "", experiment);
    return 0;
}

static int cell_add(struct crossing *crossing, const struct cell *cell)
{
    struct cells *cells = crossing->cells;
    uint64_t hash = cell_hash(cell, 0);
    for (size_t i = 0; i < cells->count; i++)
        if (crossing->hashes[i] == hash)
            return experiment_join(&cells->cell[i], cell->experiment, crossing->error);
    if (cells->count == CELLS_MAX)
        return refuse(crossing->error, "more than %d cells: cross fewer values", CELLS_MAX);
    if (cells->count == crossing->room && crossing_grow(crossing))
        return -EINVAL;
    crossing->hashes[cells->count] = hash;
    struct cell *added = &cells->cell[cells->count];
    *added = *cell;
    added->number = (unsigned)cells->count++;
    snprintf(added->id, sizeof added->id, "c%03u", (unsigned)cells->count);
    snprintf(added->experiments, sizeof added->experiments, "%s", cell->experiment);
    return 0;
}

/* An odometer over the values of all factors: the pool turns fastest, so that cells to be compared stand together; then
 * the last option of the table, and the first of them slowest. False when it has gone round. */
static bool odometer_step(size_t *at, const struct experiment *experiment, size_t count)
{
    for (size_t step = 0; step < count; step++) {
        size_t i = step == 0 ? OPTION_POOL : count - step;
        if (!option_is_of_cell(&options[i]))
            continue;
        if (++at[i] < experiment->values[i].count)
            return true;
        at[i] = 0;
    }
    return false;
}

/* Many combinations can come to few cells, where pools ignore workers and tasks have no size; but each is looked at. */
static int combinations_check(const struct experiment *experiment, char *error)
{
    size_t combinations = 1;
    for (size_t i = 0; options[i].name; i++)
        if (option_is_of_cell(&options[i]) && (combinations *= experiment->values[i].count) > COMBINATIONS_MAX)
            return refuse(error, "more than %d combinations of values: cross fewer of them", COMBINATIONS_MAX);
    return 0;
}

static int experiment_cross(const struct experiment *experiment, struct crossing *crossing)
{
    size_t at[OPTIONS_MAX] = {0}, count = 0;
    int rc = combinations_check(experiment, crossing->error);
    while (options[count].name)
        count++;
    if (rc)
        return rc;
    do {
        struct cell cell = {0};
        snprintf(cell.experiment, sizeof cell.experiment, "%s", experiment->name);
        for (size_t i = 0; i < count && !rc; i++)
            if (option_is_of_cell(&options[i]) &&
                cell_set(&cell, &options[i], experiment->values[i].word[at[i]], crossing->error))
                rc = refuse_at(crossing->error, "--%s", options[i].name);
        if (!rc)
            rc = cell_normalise(&cell, crossing->error);
        const int64_t workers = cell.f.workers;
        int is_left_out = rc ? 0
                             : place_leave_out(&cell, &experiment->values[OPTION_PLACE], at[OPTION_PLACE],
                                               crossing->machine, crossing->left_out, crossing->error);
        rc = is_left_out < 0 ? is_left_out : rc;
        if (!rc && !is_left_out)
            rc = cell_staff(&cell)                                        ? cell_add(crossing, &cell)
                 : cell_leave_out(&cell, workers, crossing->left_out) < 0 ? refuse(crossing->error, "out of memory")
                                                                          : 0;
    } while (!rc && odometer_step(at, experiment, count));
    return rc;
}

/* A label stands for one trial program. */
static int programs_check(const struct cells *cells, char *error)
{
    for (size_t i = 0; i < cells->count; i++)
        for (size_t j = 0; j < i && cells->cell[i].program; j++) {
            const struct trial_program *a = cells->cell[j].program, *b = cells->cell[i].program;
            if (a && a != b && !strcmp(a->label, b->label))
                return refuse(error,
                              "--trial-program: the label '%s' stands for two, %.300s and %.300s, expected LABEL=PATH",
                              a->label, a->file, b->file);
        }
    return 0;
}

static int experiments_cross(struct request *request, const struct machine *machine, char *error)
{
    struct crossing crossing = {
        .machine = machine, .cells = &request->cells, .left_out = &request->left_out, .error = error};
    int rc = 0;
    for (size_t e = 0; e < request->experiments.count && !rc; e++)
        rc = experiment_cross(&request->experiments.experiment[e], &crossing);
    free(crossing.hashes);
    if (!rc && !request->cells.count)
        rc = refuse(error, "--%s%s", strncmp(request->left_out.word[0], "place ", 6) ? "pool: " : "",
                    request->left_out.word[0]);
    return rc ? rc : programs_check(&request->cells, error);
}

int request_make(const struct asked *asked, const struct machine *machine, struct request *request, char *error)
{
    struct given given = {.asked = asked};
    *request = (struct request){0};
    error[0] = '\0';
    int rc = settings_preset(&request->settings, error);
    if (!rc)
        rc = given_read(&given, machine, error);
    if (!rc)
        rc = experiments_read(asked, machine, request, error);
    if (!rc && !request->experiments.count && !experiment_add(&request->experiments, ""))
        rc = refuse(error, "out of memory");
    if (!rc)
        rc = settings_override(asked, &request->settings, error);
    if (!rc)
        rc = drop_check(asked, &request->settings, error);
    if (!rc)
        rc = seed_draw(&request->settings, error);
    if (!rc)
        rc = experiments_complete(&request->experiments, &given, machine, error);
    if (!rc)
        rc = labels_check(&request->experiments, error);
    if (!rc)
        rc = experiments_cross(request, machine, error);
    given_release(&given);
    if (rc)
        request_release(request);
    return rc;
}

void request_release(struct request *request)
{
    free(request->cells.cell);
    request->cells = (struct cells){0};
    experiments_release(&request->experiments);
    words_release(&request->left_out);
}

int request_write_suite(FILE *out, const struct request *request)
{
    fprintf(out, "# The run, with every default filled in. `poolbench run` with this file asks for the same again.\n");
    return suite_write(out, &request->settings, &request->experiments);
}
