/* One experiment of the tour: from the words of a command to samples. */
#include "bench/base/refuse.h"
#include "bench/base/wrap.h"
#include "bench/launch/launch.h"
#include "bench/measure/plan.h"
#include "bench/verbs/tour/live.h"
#include "bench/verbs/tour/tour.h"
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

#define PAIRS_MAX 24
/* The command's options and values in turn, ends with NULL. */
struct command {
    const char *pair[PAIRS_MAX];
    char size[256], seed[32];
};

/* sizes: the name of the file of sizes. */
static void command_make(const struct tour *tour, const struct tour_trial *trial, const char *sizes,
                         struct command *command)
{
    size_t used = 0;
    *command = (struct command){.size = ""};
    while (trial->options[used])
        command->pair[used] = trial->options[used], used++;
    if (trial->size)
        tour_size_spell(tour, trial->size, command->size, sizeof command->size);
    else
        snprintf(command->size, sizeof command->size, "file:%s", sizes);
    if (trial->seed)
        snprintf(command->seed, sizeof command->seed, "%llu", (unsigned long long)trial->seed);
    const char *const more[] = {trial->size ? "size" : "size-dist",
                                trial->size || trial->sizes[0] ? command->size : "",
                                "seed",
                                command->seed,
                                "blocks",
                                "1",
                                "samples",
                                "all"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i += 2)
        if (*more[i + 1]) {
            command->pair[used++] = more[i];
            command->pair[used++] = more[i + 1];
        }
}

static void command_print(const struct tour *tour, const struct tour_trial *trial)
{
    char text[640] = "poolbench run", sizes[256] = SIZES_FILE " holds";
    struct command command;
    command_make(tour, trial, SIZES_FILE, &command);
    for (const char *const *pair = command.pair; *pair; pair += 2) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, " --%s %s", pair[0], pair[1]);
    }
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

static int plan_trial(struct tour *tour, const struct tour_trial *trial, struct plan *plan, struct request *request,
                      char *error)
{
    char path[64];
    struct command command;
    struct asked asked = {.suites = {0}};
    int fd = sizes_write(tour, trial);
    if (fd < 0)
        return refuse_as(fd, error, "a file of sizes in memory: %s", strerror(-fd));
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    command_make(tour, trial, path, &command);
    int rc = asked_pairs(&asked, command.pair) ? refuse(error, "out of memory")
                                               : request_make(&asked, &tour->machine, request, error);
    if (rc == 0)
        rc = plan_make(request, &tour->machine, tour->calibrations, plan, error);
    asked_release(&asked);
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
    struct job_order order = {settings->seed, settings->samples, settings->seed, CONFORMANCE_NOT, 0};
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
    if (rc < 0)
        return refuse_as(rc, error, "starting a trial: %s", strerror(-rc));
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
