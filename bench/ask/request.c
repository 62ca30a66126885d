/* From the command line and suites to experiments: defaults, then suites in order, then the command line. Their cells
 * are made in crossing.c. */
#include "bench/ask/request.h"
#include "bench/ask/crossing.h"
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
    char why[ERROR_MAX]; /* where it cannot be read, who needs it says so */
    json_t *host = host_read(run, why);
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
