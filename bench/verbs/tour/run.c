/* One experiment of the tour: from the words of a command to samples. */
#include "bench/base/refuse.h"
#include "bench/base/words.h"
#include "bench/base/wrap.h"
#include "bench/launch/launch.h"
#include "bench/measure/plan.h"
#include "bench/verbs/tour/live.h"
#include "bench/verbs/tour/tour.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LABEL_COLUMN = 7 };
#define SIZES_FILE "sizes.txt" /* what the command shown calls the file of sizes */

void tour_text(const char *label, const char *text)
{
    wrap_row(stdout, 0, label, LABEL_COLUMN, text);
}

/* ---- from words to a cell ---- */

/* The sizes as a file, a line each, which --size-dist file reads; its descriptor, or -errno. */
static int sizes_write(const struct tour *tour, const struct tour_trial *trial)
{
    int fd = memfd_create(SIZES_FILE, MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (unsigned i = 0; trial->sizes[i]; i++) {
        if (dprintf(fd, "%lld\n", (long long)(trial->sizes[i] * tour->unit_ns)) < 0) {
            int rc = -errno;
            close(fd);
            return rc;
        }
    }
    return fd;
}

/* The command's options; sizes: the name of the file of sizes. */
static void line_write(const struct tour *tour, const struct tour_trial *trial, const char *sizes, char *text,
                       size_t size)
{
    char option[64] = "", number[32], seed[32] = "";
    if (trial->size)
        snprintf(option, sizeof option, " --size %s", tour_size_spell(tour, trial->size, number, sizeof number));
    else if (trial->sizes[0])
        snprintf(option, sizeof option, " --size-dist file:%s", sizes);
    if (trial->seed)
        snprintf(seed, sizeof seed, " --seed %llu", (unsigned long long)trial->seed);
    snprintf(text, size, "%s%s%s --blocks 1 --samples all", trial->options, option, seed);
}

static void command_print(const struct tour *tour, const struct tour_trial *trial)
{
    char line[512], text[640], sizes[256] = SIZES_FILE " holds";
    line_write(tour, trial, SIZES_FILE, line, sizeof line);
    snprintf(text, sizeof text, "poolbench run %s", line);
    tour_text("run", text);
    for (unsigned i = 0; trial->sizes[i]; i++) {
        char number[32];
        size_t used = strlen(sizes);
        snprintf(sizes + used, sizeof sizes - used, " %s",
                 tour_size_spell(tour, trial->sizes[i], number, sizeof number));
    }
    if (trial->sizes[0])
        tour_text("", sizes);
    fflush(stdout);
}

static int plan_words(struct tour *tour, char *line, struct plan *plan, struct request *request, char *error)
{
    struct words words = {0};
    int rc = words_split(&words, line, ' ');
    if (rc == 0)
        rc = request_parse((int)words.count, words.word, &tour->machine, request, error);
    else
        snprintf(error, ERROR_MAX, "%s", strerror(-rc));
    if (rc == 0)
        rc = plan_make(request, &tour->machine, tour->calibrations, plan, error);
    words_release(&words);
    return rc;
}

static int plan_trial(struct tour *tour, const struct tour_trial *trial, struct plan *plan, struct request *request,
                      char *error)
{
    char line[512], path[64];
    int fd = sizes_write(tour, trial);
    if (fd < 0) {
        snprintf(error, ERROR_MAX, "a file of sizes in memory: %s", strerror(-fd));
        return fd;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    line_write(tour, trial, path, line, sizeof line);
    int rc = plan_words(tour, line, plan, request, error);
    close(fd);
    return rc;
}

/* ---- a trial ---- */

static int ended_badly(const struct outcome *outcome, const struct trial_report *report)
{
    if (outcome->interrupted) {
        fprintf(stderr, "poolbench tour: interrupted\n");
        return 128 + outcome->interrupted;
    }
    if (!outcome->timed_out && !outcome->left_processes && outcome->wait_status == 0 && report->stage == STAGE_DONE)
        return 0;
    const char *reason = report->reason;
    if (outcome->timed_out)
        reason = "it took longer than a minute";
    else if (WIFSIGNALED(outcome->wait_status))
        reason = strsignal(WTERMSIG(outcome->wait_status));
    else if (!reason[0])
        reason = outcome->left_processes ? "it left processes behind" : "its program could not run";
    fprintf(stderr, "poolbench tour: the trial failed: %s\n", reason);
    return 1;
}

static int run_cell(struct tour *tour, const struct cell *cell, const struct settings *settings,
                    struct happened *happened, char *error)
{
    struct launcher *launcher = calibrations_launcher(tour->calibrations);
    struct job_order order = {settings->seed, settings->samples, settings->seed, CONFORMANCE_NOT};
    struct job_parts parts;
    struct outcome outcome;
    int rc = job_write_trial(launcher, cell, &order, &parts, error);
    if (rc < 0)
        return rc;
    struct tour_live live;
    if (tour->live)
        tour_live_begin(&live, launcher, happened->trial, &parts);
    rc = launcher_run(launcher, (uint64_t)settings->trial_limit_ns, &outcome);
    if (tour->live)
        tour_live_end(&live, rc == 0 && !outcome.interrupted);
    if (rc < 0) {
        snprintf(error, ERROR_MAX, "starting a trial: %s", strerror(-rc));
        return rc;
    }
    happened->report = parts.report;
    happened->samples = parts.samples;
    happened->count = (unsigned)parts.report->samples_count;
    return ended_badly(&outcome, parts.report);
}

int tour_run(struct tour *tour, const struct tour_trial *trial, struct happened *happened)
{
    char error[ERROR_MAX] = "";
    struct request request = {0};
    struct plan plan = {0};
    *happened = (struct happened){.trial = trial};
    command_print(tour, trial);
    int code = plan_trial(tour, trial, &plan, &request, error);
    if (code == 0)
        code = run_cell(tour, &plan.cells.cell[0], &request.settings, happened, error);
    if (code < 0) {
        fprintf(stderr, "poolbench tour: %s\n", error);
        code = code == -EINTR ? 130 : 1;
    }
    plan_release(&plan);
    request_release(&request);
    return code;
}
