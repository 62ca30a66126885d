/* Measuring, fitting and keeping calibrations, see calibrate.h. The store is one JSON file of the user's cache
 * directory; an entry's key names machine, trial program and workload, so nothing stale is ever used. */
#include "bench/measure/calibrate.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/text_file.h"
#include "bench/launch/plugin.h"
#include "bench/machine/kinds.h"
#include "bench/measure/job.h"
#include "bench/model/cell.h"
#include "bench/model/host.h"
#include "bench/stats/stats.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES_MAX = 5000 }; /* then old ones go */
#define MEASURE_LIMIT_NS (60ull * 1000000000u)
#define CHECK_EVERY_NS   250000000u /* so that checks take 2 % of a run, at most */
#define CHECK_SIZE_NS                                                                                                  \
    100000 /* of the task that tells whether labels hold: above what it takes to start one, and too                    \
            * short for timer ticks */

enum { MEASURE_TRIES = 3 };

/* A calibration that the run rests on. */
struct in_use {
    char name[SPEC_MAX + 96];
    unsigned cpu; /* where it is measured */
    const struct workload_ops *workload;
    int64_t params[PARAM_MAX];
    struct calibration calibration;
    double *took; /* what a task took, over its label: of each check */
    size_t checks;
};

struct calibrations {
    bool may_measure;
    bool is_like; /* entries come from another run: not to be kept */
    struct launcher launcher;
    json_t *entries;     /* key -> {fixed_ns, ns_per_iteration, ticks, residual} */
    json_t *used;        /* workload spec -> the same and more: what this run rests on */
    struct in_use *each; /* the same */
    size_t count;
    struct kinds kinds;  /* of cores, the fastest first; none where all are of one */
    uint64_t checked_ns; /* when they were checked last; 0: never */
    char path[4096];     /* "": not kept */
    char key[96];        /* of machine and trial program */
    bool changed;
};

/* ---- the store ---- */

static bool is_judged(const struct calibration *calibration)
{
    return calibration->residual <= CALIBRATION_RESIDUAL && calibration->ticks <= CALIBRATION_TICKS;
}

static bool is_near(double took)
{
    return fabs(took - 1) <= CALIBRATION_HOLDS;
}

static json_t *entry_make(const struct calibration *calibration)
{
    return json_pack("{s:f, s:f, s:f, s:f}", "fixed_ns", calibration->fixed_ns, "ns_per_iteration",
                     calibration->ns_per_iteration, "ticks", calibration->ticks, "residual", calibration->residual);
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3ull; /* FNV-1a */
    return hash;
}

/* All of it, or the lines that begin with a word: of a row of equal ones the first, so that their number does not
 * count. */
static uint64_t hash_file(uint64_t hash, const char *path, const char *only_line)
{
    char line[4096], last[4096] = "";
    size_t got;
    FILE *file = fopen(path, "re");
    if (!file)
        return hash;
    if (only_line) {
        while (fgets(line, sizeof line, file))
            if (!strncmp(line, only_line, strlen(only_line)) && strcmp(line, last) != 0) {
                hash = hash_bytes(hash, line, strlen(line));
                memcpy(last, line, sizeof last);
            }
    } else {
        while ((got = fread(line, 1, sizeof line, file)) > 0)
            hash = hash_bytes(hash, line, got);
    }
    fclose(file);
    return hash;
}

static void make_key(struct calibrations *store)
{
    uint64_t machine = hash_file(0xcbf29ce484222325ull, "/etc/machine-id", NULL);
    machine = hash_file(machine, "/proc/cpuinfo", "model name"); /* x86, PowerPC and others */
    machine = hash_file(machine, "/proc/cpuinfo", "CPU part");   /* Arm */
    uint64_t program = hash_file(0xcbf29ce484222325ull, store->launcher.program, NULL);
    snprintf(store->key, sizeof store->key, "%016llx/%016llx", (unsigned long long)machine,
             (unsigned long long)program);
}

static void make_path(struct calibrations *store)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char directory[4000];
    if (cache && *cache == '/') /* a relative one is invalid, and ignored, says the XDG specification */
        snprintf(directory, sizeof directory, "%s", cache);
    else if (home && *home)
        snprintf(directory, sizeof directory, "%s/.cache", home);
    else
        return;
    size_t length = strlen(directory);
    snprintf(directory + length, sizeof directory - length, "/poolbench");
    for (char *end = directory; (end = strchrnul(end + 1, '/')) && *end; *end = '/') { /* with all above it */
        *end = '\0';
        mkdir(directory, 0777); /* there already, or not to be had: then nothing is kept */
    }
    mkdir(directory, 0777);
    snprintf(store->path, sizeof store->path, "%s/calibrations.json", directory);
}

int calibrations_open(struct calibrations **result, bool may_measure, char *error)
{
    struct calibrations *store = calloc(1, sizeof *store);
    if (!store)
        return refuse_as(-ENOMEM, error, "out of memory");
    int rc = launcher_open(&store->launcher, error);
    if (rc < 0) {
        free(store);
        return rc;
    }
    store->may_measure = may_measure;
    if (!may_measure)
        launcher_unwatch(&store->launcher); /* nothing will run that a signal must not leave behind */
    make_key(store);
    make_path(store);
    if (store->path[0])
        store->entries = json_file_read(store->path, NULL);
    if (!json_is_object(store->entries) || json_object_size(store->entries) > ENTRIES_MAX) {
        json_decref(store->entries);
        store->entries = json_object();
    }
    store->used = json_object();
    *result = store;
    return 0;
}

bool calibrations_may_measure(const struct calibrations *store)
{
    return store->may_measure;
}

struct launcher *calibrations_launcher(struct calibrations *store)
{
    return &store->launcher;
}

const char *calibrations_key(const struct calibrations *store)
{
    return store->key;
}

json_t *calibrations_used(struct calibrations *store)
{
    json_object_clear(store->used);
    for (size_t i = 0; i < store->count; i++) {
        struct in_use *use = &store->each[i];
        json_t *entry = entry_make(&use->calibration);
        double *took = malloc((use->checks + 1) * sizeof *took);
        size_t held = 0;
        json_object_set_new(entry, "judged", json_boolean(is_judged(&use->calibration)));
        if (took && use->checks) {
            memcpy(took, use->took, use->checks * sizeof *took);
            stats_sort(took, use->checks);
            for (size_t c = 0; c < use->checks; c++)
                held += is_near(took[c]);
            json_object_set_new(entry, "checks",
                                json_pack("{s:i, s:i, s:f, s:f, s:f}", "count", (int)use->checks, "held", (int)held,
                                          "took", stats_median(took, use->checks), "least", took[0], "most",
                                          took[use->checks - 1]));
        }
        free(took);
        json_object_set_new(store->used, use->name, entry);
    }
    return store->used;
}

void calibrations_forget(struct calibrations *store)
{
    json_object_clear(store->entries);
}

int calibrations_like(struct calibrations *store, const char *directory, const char *asked, char *error)
{
    char why[ERROR_MAX] = "not a run's";
    json_t *host = host_read(directory, why), *entry;
    json_t *earlier = json_object_get(json_object_get(host, "run"), "calibrations");
    if (!json_is_object(earlier)) {
        json_decref(host);
        return refuse(error, "%s%.200s has no calibrations: %.250s", asked, directory, why);
    }
    const char *spec;
    char key[300];
    json_object_foreach(earlier, spec, entry)
    {
        snprintf(key, sizeof key, "%s/%s", store->key, spec);
        json_object_set(store->entries, key, entry);
    }
    store->is_like = true;
    json_decref(host);
    return 0;
}

static void save(struct calibrations *store)
{
    char temporary[4200];
    if (!store->changed || !store->path[0] || store->is_like)
        return;
    snprintf(temporary, sizeof temporary, "%.4000s.%d", store->path, (int)getpid());
    errno = 0;
    if (json_dump_file(store->entries, temporary, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 &&
        rename(temporary, store->path) == 0)
        return;
    complain("", "%.300s: %s: what was measured for it is not kept, and will be measured again", store->path,
             errno ? strerror(errno) : "cannot be written");
    unlink(temporary);
}

void calibrations_close(struct calibrations *store)
{
    if (!store)
        return;
    save(store);
    launcher_close(&store->launcher);
    json_decref(store->entries);
    json_decref(store->used);
    for (size_t i = 0; i < store->count; i++)
        free(store->each[i].took);
    free(store->each);
    kinds_release(&store->kinds);
    free(store);
}

/* ---- one calibration ---- */

static unsigned first_cpu(void)
{
    cpu_set_t set[8]; /* the kernel refuses to tell into less than it was built for */
    CPU_ZERO_S(sizeof set, set);
    if (sched_getaffinity(0, sizeof set, set) < 0)
        return 0;
    for (unsigned cpu = 0; cpu < 8 * sizeof set; cpu++)
        if (CPU_ISSET_S(cpu, sizeof set, set))
            return cpu;
    return 0;
}

/* Has the workload measured: so many iterations, or for 0 several numbers of them. */
static int trial_run(struct calibrations *store, const struct in_use *use, uint64_t iterations, struct job_parts *parts,
                     char *error)
{
    struct outcome outcome;
    int rc = job_write_calibration(&store->launcher, use->workload, use->params, use->cpu, iterations, parts, error);
    if (rc < 0)
        return rc;
    rc = launcher_run(&store->launcher, MEASURE_LIMIT_NS, &outcome);
    const struct trial_report *report = parts->report;
    if (rc < 0 || outcome.interrupted || report->stage != STAGE_DONE) {
        const char *why = rc < 0              ? strerror(-rc)
                          : outcome.timed_out ? "took longer than a minute"
                          : report->reason[0] ? report->reason
                          : report->error     ? strerror(report->error)
                                              : "the trial program ended early";
        return refuse_as(outcome.interrupted ? -EINTR : -EIO, error, "calibrating workload %s: %s", use->workload->name,
                         outcome.interrupted ? "interrupted" : why);
    }
    store->checked_ns = clock_monotonic_ns();
    return 0;
}

/* Until one is judged good; else the best. */
static int measure(struct calibrations *store, struct in_use *use, char *error)
{
    struct job_parts parts;
    bool any = false;
    int rc = 0;
    for (unsigned i = 0; i < MEASURE_TRIES && !(any && is_judged(&use->calibration)); i++) {
        struct calibration now;
        if ((rc = trial_run(store, use, 0, &parts, error)))
            return rc;
        rc = calibration_fit(parts.report->calibrate_iterations, parts.report->calibrate_ns, CALIBRATION_POINTS, &now);
        if (rc == 0 && (!any || now.residual < use->calibration.residual))
            use->calibration = now;
        any |= rc == 0;
    }
    return any ? 0
               : refuse_as(rc, error, "calibrating workload %s: its times do not grow with its iterations",
                           use->workload->name);
}

/* What a task takes now, over what its label says. NAN: it cannot be told. */
static double took(struct calibrations *store, const struct in_use *use)
{
    struct job_parts parts;
    char ignored[ERROR_MAX];
    uint64_t iterations = calibration_iterations(&use->calibration, CHECK_SIZE_NS);
    if (trial_run(store, use, iterations, &parts, ignored))
        return NAN;
    return parts.report->calibrate_ns[0] / calibration_ns(&use->calibration, (double)iterations);
}

json_t *calibrations_kept(const struct calibrations *store, const char *name)
{
    char key[SPEC_MAX + 300];
    snprintf(key, sizeof key, "%s/%s", store->key, name);
    return json_object_get(store->entries, key);
}

void calibrations_keep(struct calibrations *store, const char *name, json_t *value)
{
    char key[SPEC_MAX + 300];
    snprintf(key, sizeof key, "%s/%s", store->key, name);
    if (json_object_set_new(store->entries, key, value) == 0)
        store->changed = true;
}

static bool recall(const struct calibrations *store, const char *name, struct calibration *calibration)
{
    json_t *entry = calibrations_kept(store, name);
    json_t *fixed = json_object_get(entry, "fixed_ns"), *slope = json_object_get(entry, "ns_per_iteration");
    if (!json_is_number(fixed) || !json_is_number(slope) || !(json_number_value(slope) > 0))
        return false;
    *calibration = (struct calibration){json_number_value(fixed), json_number_value(slope),
                                        json_number_value(json_object_get(entry, "ticks")),
                                        json_number_value(json_object_get(entry, "residual"))};
    return true;
}

/* What a workload is calibrated as on a kind of core: all but the calibration. -ENOTSUP: it has nothing to calibrate.
 */
static int use_name(const struct calibrations *store, const struct workload_ops *workload, const int64_t *params,
                    size_t kind, struct in_use *use)
{
    if (!workload->unit)
        return -ENOTSUP;
    *use = (struct in_use){.workload = workload};
    memcpy(use->params, params, sizeof use->params);
    if (workload->calibrate_as) {
        use->workload = workload = workload_find(workload->calibrate_as);
        memset(use->params, 0, sizeof use->params);
        for (unsigned i = 0; workload->params && workload->params[i].name; i++)
            use->params[i] = param_preset(&workload->params[i]);
    }
    struct spec spec = {.name = workload->name, .params = workload->params};
    memcpy(spec.values, use->params, sizeof spec.values);
    spec_spell(&spec, use->name);
    size_t length = strlen(use->name);
    if (workload->file) /* what it does may change from one build of it to the next */
        snprintf(use->name + length, sizeof use->name - length, "@%016llx",
                 (unsigned long long)plugin_hash(workload->file));
    length = strlen(use->name);
    if (kind)
        snprintf(use->name + length, sizeof use->name - length, " on %s", store->kinds.kind[kind].value);
    use->cpu = store->kinds.count ? (unsigned)hwloc_bitmap_first(store->kinds.kind[kind].cpus) : first_cpu();
    return 0;
}

static struct in_use *use_find(const struct calibrations *store, const char *name)
{
    for (size_t i = 0; i < store->count; i++)
        if (!strcmp(store->each[i].name, name))
            return &store->each[i];
    return NULL;
}

/* Kept and as true as it was, or measured. */
static int use_calibrate(struct calibrations *store, struct in_use *use, char *error)
{
    const bool kept = recall(store, use->name, &use->calibration);
    if (kept && (!store->may_measure || store->is_like))
        return 0;
    if (!store->may_measure)
        return -ENODATA;
    if (kept && is_judged(&use->calibration) && fabs(took(store, use) - 1) <= CALIBRATION_OFF)
        return 0;
    int rc = measure(store, use, error);
    if (rc == 0)
        calibrations_keep(store, use->name, entry_make(&use->calibration));
    return rc;
}

static int kind_get(struct calibrations *store, const struct workload_ops *workload, const int64_t *params, size_t kind,
                    struct calibration *calibration, char *error)
{
    struct in_use use;
    int rc = use_name(store, workload, params, kind, &use);
    const struct in_use *found = rc ? NULL : use_find(store, use.name);
    if (!rc && !found) {
        struct in_use *grown = realloc(store->each, (store->count + 1) * sizeof *grown);
        if (!grown)
            return refuse_as(-ENOMEM, error, "out of memory");
        store->each = grown;
        rc = use_calibrate(store, &use, error);
        if (!rc)
            found = memcpy(&store->each[store->count++], &use, sizeof use);
    }
    if (found)
        *calibration = found->calibration;
    return rc;
}

int calibration_get(struct calibrations *store, const struct workload_ops *workload, const int64_t *params,
                    struct calibration *calibration, char *error)
{
    return kind_get(store, workload, params, 0, calibration, error);
}

int calibrations_machine(struct calibrations *store, const struct machine *machine)
{
    kinds_release(&store->kinds);
    int rc = kinds_of_cores(machine, &store->kinds);
    if (rc || store->kinds.count < 2)
        kinds_release(&store->kinds);
    return rc;
}

int calibration_speed(struct calibrations *store, const struct workload_ops *workload, const int64_t *params,
                      unsigned cpu, double *speed, char *error)
{
    struct calibration fast, slow;
    size_t kind = 0;
    while (kind < store->kinds.count && !hwloc_bitmap_isset(store->kinds.kind[kind].cpus, cpu))
        kind++;
    *speed = 1;
    if (kind == 0 || kind >= store->kinds.count || !workload->unit)
        return 0;
    int rc = kind_get(store, workload, params, 0, &fast, error);
    if (!rc)
        rc = kind_get(store, workload, params, kind, &slow, error);
    *speed = rc || !is_judged(&slow) ? NAN : fast.ns_per_iteration / slow.ns_per_iteration;
    return rc == -ENODATA ? 0 : rc;
}

/* ---- while it is in use ---- */

void calibrations_check(struct calibrations *store)
{
    if (store->checked_ns && clock_monotonic_ns() - store->checked_ns < CHECK_EVERY_NS)
        return;
    for (size_t i = 0; i < store->count; i++) {
        struct in_use *use = &store->each[i];
        double *grown = realloc(use->took, (use->checks + 1) * sizeof *grown);
        if (!grown)
            continue;
        use->took = grown;
        double now = took(store, use);
        if (!isnan(now))
            use->took[use->checks++] = now;
    }
}

bool calibration_holds(const struct calibrations *store, const struct workload_ops *workload, const int64_t *params)
{
    struct in_use named;
    if (use_name(store, workload, params, 0, &named))
        return true;
    const struct in_use *use = use_find(store, named.name);
    double last = use && use->checks ? use->took[use->checks - 1] : 1;
    return use && is_judged(&use->calibration) && is_near(last);
}
