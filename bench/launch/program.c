/* Finding, asking and remembering trial programs of other builds, see program.h. */
#include "bench/launch/program.h"
#include "bench/base/refuse.h"
#include "bench/launch/job_begin.h"
#include "bench/launch/plugin_probe.h"
#include "workloads/text.h"
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRIAL_PROGRAM "poolbench-trial"
#define HARNESS       "poolbench"
#define BEHIND        "-trial" /* the one, to become the other */
#define LABEL_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static struct trial_program *programs; /* all that were named, until the program ends */

/* What a user may know of another build: its folder, or the program that is called. full: PATH_MAX. */
static int file_find(const char *given, char *full, char *error)
{
    struct stat about;
    if (!realpath(given, full) || stat(full, &about) < 0)
        return refuse(error, "%.200s: %s", given, strerror(errno));
    size_t length = strlen(full);
    const char *name = strrchr(full, '/') + 1;
    if (S_ISDIR(about.st_mode))
        snprintf(full + length, PATH_MAX - length, "/" TRIAL_PROGRAM);
    else if (!strcmp(name, HARNESS))
        snprintf(full + length, PATH_MAX - length, BEHIND);
    if (stat(full, &about) < 0)
        return refuse(error, "%.200s: %s", full, strerror(errno));
    if (!S_ISREG(about.st_mode) || access(full, X_OK) < 0)
        return refuse(error, "%.200s: is no program, expected the " TRIAL_PROGRAM " of another build", full);
    if (strlen(full) >= PLUGIN_PATH_MAX || strpbrk(full, ":,="))
        return refuse(error, "%.200s: expected a path of up to %d letters without : , =", full, PLUGIN_PATH_MAX - 1);
    if (text_wrong(full))
        return refuse(error, "%.200s: its path %s", full, text_wrong(full));
    return 0;
}

/* "LABEL=FILE" into its parts; label: POOL_LABEL_MAX + 1. Returns the file, NULL with a line in error. */
static const char *label_take(const char *value, char *label, char *error)
{
    size_t length = strcspn(value, "=/");
    if (value[length] != '=') {
        snprintf(label, POOL_LABEL_MAX + 1, PROGRAM_OTHER);
        return value;
    }
    if (!length || length > POOL_LABEL_MAX || strspn(value, LABEL_LETTERS) < length ||
        (length == strlen(PROGRAM_OWN) && !strncmp(value, PROGRAM_OWN, length))) {
        refuse(error, "'%.*s' is no label, expected 1 .. %d letters, digits, - _ . before the =, other than %s",
               length > 40 ? 40 : (int)length, value, POOL_LABEL_MAX, PROGRAM_OWN);
        return NULL;
    }
    snprintf(label, POOL_LABEL_MAX + 1, "%.*s", (int)length, value);
    return value + length + 1;
}

int trial_program_took(const struct trial_program *program, const struct job_parts *parts,
                       const struct outcome *outcome, char *error)
{
    if (outcome->interrupted)
        return refuse_as(-EINTR, error, "interrupted");
    if (parts->report->epoch == parts->file->epoch)
        return 0;
    if (outcome->timed_out)
        return refuse(error, "%.300s: does nothing with a job, and does not end", program->file);
    return refuse(
        error,
        "%.300s: does not take jobs of this build (layout %08x, %s, %s): it is no " TRIAL_PROGRAM
        ", or lacks what is asked for, or its jobs are laid out otherwise. Two such builds are compared as two "
        "runs, libraries as two plug-ins",
        program->file, (unsigned)JOB_VERSION, parts->file->pool[0] ? parts->file->pool : "any pool",
        parts->file->workload);
}

/* A job that asks for nothing: is it read? */
static int program_ask(const struct trial_program *program, char *error)
{
    struct launcher launcher;
    struct job_parts parts;
    struct outcome outcome;
    struct cost cost = {0};
    int rc = launcher_open(&launcher, error);
    if (rc < 0)
        return -EINVAL;
    struct job_file *file = job_begin(&launcher, &(struct job_counts){.workers = 1, .costs = 1}, &parts, error);
    rc = file ? 0 : -EINVAL;
    if (rc == 0) {
        file->kind = JOB_PROBE;
        job_workload_set(file, workload_table[0]);
        file->workers = file->tasks = file->cpus = 1;
        file->shape = (struct pool_shape){.workers = 1};
        memcpy((char *)file + file->at.costs, &cost, sizeof cost);
        launcher.other = program->file;
        rc = launcher_run(&launcher, PROGRAM_ASK_NS, &outcome);
        rc = rc < 0 ? refuse(error, "starting %.300s: %s", program->file, strerror(-rc))
                    : trial_program_took(program, &parts, &outcome, error);
    }
    launcher_close(&launcher);
    return rc < 0 ? -EINVAL : 0;
}

const struct trial_program *trial_program_named(const char *value, char *error)
{
    char full[PATH_MAX + sizeof TRIAL_PROGRAM], label[POOL_LABEL_MAX + 1];
    const char *given = label_take(value, label, error);
    if (!given || file_find(given, full, error))
        return NULL;
    for (struct trial_program *known = programs; known; known = known->next)
        if (!strcmp(known->label, label) && !strcmp(known->file, full))
            return known;
    struct trial_program *program = calloc(1, sizeof *program);
    if (!program) {
        refuse(error, "out of memory");
        return NULL;
    }
    snprintf(program->label, sizeof program->label, "%s", label);
    memcpy(program->file, full, strlen(full) + 1); /* file_find() knows the limit */
    int rc = plugin_file_hash(full, &program->hash, &program->bytes);
    if (rc < 0)
        refuse(error, "%.300s: %s", full, strerror(-rc));
    else
        rc = program_ask(program, error);
    if (rc < 0) {
        free(program);
        return NULL;
    }
    program->next = programs;
    return programs = program;
}

json_t *trial_program_json(const char *label, const char *file)
{
    uint64_t hash;
    int64_t bytes;
    char text[32];
    if (plugin_file_hash(file, &hash, &bytes) < 0)
        return NULL;
    snprintf(text, sizeof text, "fnv1a64:%016llx", (unsigned long long)hash);
    return json_pack("{s:s, s:s, s:I, s:s}", "label", label, "file", file, "bytes", (json_int_t)bytes, "hash", text);
}
