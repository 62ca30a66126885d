/* Measuring, fitting and keeping calibrations, see calibrate.h. The store is one JSON file of the user's cache
 * directory; an entry's key names machine, trial program and workload, so nothing stale is ever used. */
#include "bench/measure/calibrate.h"
#include "bench/base/spec.h"
#include "bench/base/text_file.h"
#include "bench/launch/plugin.h"
#include "bench/measure/job.h"
#include "bench/model/cell.h"
#include "bench/model/host.h"
#include <errno.h>
#include <gsl/gsl_fit.h>
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

struct calibrations {
    bool may_measure;
    bool is_like; /* entries come from another run: not to be kept */
    struct launcher launcher;
    json_t *entries; /* key -> {fixed_ns, ns_per_iteration, residual} */
    json_t *used;    /* workload spec -> the same: what this run rests on */
    char path[4096]; /* "": not kept */
    char key[96];    /* of machine and trial program */
    bool changed;
};

/* ---- pure ---- */

uint64_t calibration_iterations(const struct calibration *calibration, int64_t size_ns)
{
    if (size_ns <= 0)
        return 0;
    double iterations = ((double)size_ns - calibration->fixed_ns) / calibration->ns_per_iteration;
    return iterations < 1 ? 1 : (uint64_t)llround(iterations);
}

int calibration_fit(const double *iterations, const double *ns, unsigned points, struct calibration *calibration)
{
    double weight[64], fixed, slope, cov00, cov01, cov11, chisq;
    if (points < 2 || points > 64)
        return -EINVAL;
    for (unsigned i = 0; i < points; i++) {
        if (!(ns[i] > 0) || !(iterations[i] > 0))
            return -EINVAL;
        weight[i] = 1 / (ns[i] * ns[i]); /* least squares of the relative error */
    }
    gsl_fit_wlinear(iterations, 1, weight, 1, ns, 1, points, &fixed, &slope, &cov00, &cov01, &cov11, &chisq);
    if (!(slope > 0))
        return -EINVAL;
    if (fixed < 0)
        fixed = 0; /* no task starts before it starts */
    *calibration = (struct calibration){.fixed_ns = fixed, .ns_per_iteration = slope};
    for (unsigned i = 0; i < points; i++) {
        double residual = fabs(fixed + slope * iterations[i] - ns[i]) / ns[i];
        calibration->residual = fmax(calibration->residual, residual);
    }
    return 0;
}

/* ---- the store ---- */

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
    /* a cache: what cannot be kept is measured again */
    if (json_dump_file(store->entries, temporary, JSON_INDENT(1) | JSON_SORT_KEYS) < 0 ||
        rename(temporary, store->path) < 0)
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

static int measure(struct calibrations *store, const struct workload_ops *workload, const int64_t *params,
                   struct calibration *calibration, char *error)
{
    struct job_parts parts;
    struct outcome outcome;
    int rc = job_write_calibration(&store->launcher, workload, params, first_cpu(), &parts, error);
    if (rc < 0)
        return rc;
    rc = launcher_run(&store->launcher, MEASURE_LIMIT_NS, &outcome);
    const struct trial_report *report = parts.report;
    if (rc < 0 || outcome.interrupted || report->stage != STAGE_DONE) {
        const char *why = rc < 0              ? strerror(-rc)
                          : outcome.timed_out ? "took longer than a minute"
                          : report->reason[0] ? report->reason
                          : report->error     ? strerror(report->error)
                                              : "the trial program ended early";
        return refuse_as(outcome.interrupted ? -EINTR : -EIO, error, "calibrating workload %s: %s", workload->name,
                         outcome.interrupted ? "interrupted" : why);
    }
    rc = calibration_fit(report->calibrate_iterations, report->calibrate_ns, CALIBRATION_POINTS, calibration);
    if (rc < 0)
        refuse(error, "calibrating workload %s: its times do not grow with its iterations", workload->name);
    return rc;
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
                                        json_number_value(json_object_get(entry, "residual"))};
    return true;
}

int calibration_get(struct calibrations *store, const struct workload_ops *workload, const int64_t *params,
                    struct calibration *calibration, char *error)
{
    struct spec spec = {.name = workload->name, .params = workload->params};
    char text[SPEC_MAX + 32];
    if (!workload->unit)
        return -ENOTSUP;
    memcpy(spec.values, params, sizeof spec.values);
    if (workload->calibrate_as) {
        workload = workload_find(workload->calibrate_as);
        spec = (struct spec){.name = workload->name, .params = workload->params};
        for (unsigned i = 0; workload->params && workload->params[i].name; i++)
            spec.values[i] = param_preset(&workload->params[i]);
    }
    spec_spell(&spec, text);
    if (workload->file) /* what it does may change from one build of it to the next */
        snprintf(text + strlen(text), sizeof text - strlen(text), "@%016llx",
                 (unsigned long long)plugin_hash(workload->file));
    if (!recall(store, text, calibration)) {
        if (!store->may_measure)
            return -ENODATA;
        int rc = measure(store, workload, spec.values, calibration, error);
        if (rc < 0)
            return rc;
        calibrations_keep(store, text,
                          json_pack("{s:f, s:f, s:f}", "fixed_ns", calibration->fixed_ns, "ns_per_iteration",
                                    calibration->ns_per_iteration, "residual", calibration->residual));
    }
    json_object_set(store->used, text, calibrations_kept(store, text));
    return 0;
}
