/* The verb resume: goes on with a run that ended before its plan did: told to, killed, or for want of something. The
 * run keeps its seed, its cells and the order of its blocks; trials that are there are not run again. */
#include "bench/verbs/resume.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/columns.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/fleet/fleet.h"
#include "bench/verbs/verbs.h"
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { RESUME_TRUST, RESUME_REMOTE, RESUME_SSH };
static const struct argument resume_arguments[] = {
    [RESUME_TRUST] = {"trust", "", "",
                      "Of a run that was not made here by you: execute the commands and plug-ins of its suite without "
                      "asking. Without a terminal to ask at, such a run is refused.",
                      false},
    [RESUME_REMOTE] = {"remote", "PROGRAM", "poolbench",
                       "Of a run of several hosts: as with --hosts of run; it must be the one that it was run with.",
                       false},
    [RESUME_SSH] = {"ssh", "COMMAND", "", "Likewise: the command that reaches a host.", false},
    {.name = NULL},
};

/* Only `run` knows beforehand what it will run. */
static int verb_check_run(const char *directory, char *error)
{
    json_t *fact = host_fact_of(directory, "verb");
    const char *verb = json_string_value(fact);
    int rc = verb ? 0 : refuse(error, "%.200s/host.json: it does not say what made this run", directory);
    if (verb && !strcmp(verb, "merge"))
        rc = refuse(error, "%.200s was made of other runs: resume those, and merge again", directory);
    else if (verb && strcmp(verb, "run") != 0)
        rc = refuse(error, "%.200s was made by %.40s, which chooses what to run by what it sees; run that again",
                    directory, verb);
    json_decref(fact);
    return rc;
}

/* The plan as it was drawn, in place of the one that would come next. */
static void order_take(struct plan *plan, struct remaining *remaining)
{
    free(plan->order);
    plan->order = remaining->order;
    remaining->order = NULL;
    plan->blocks = remaining->blocks;
    plan->blocks_before = 0;
}

int resume_open(struct session *session, struct remaining *remaining, const char *directory, bool trust, char *error)
{
    int rc = session_reopen(session, directory, trust, error);
    if (rc < 0)
        return rc;
    rc = remaining_read(directory, &session->plan.cells, remaining, error);
    if (rc < 0 || (!remaining->left && remaining->has_ended))
        return rc;
    order_take(&session->plan, remaining);
    char files[RECORDED_NAMES_MAX];
    int64_t torn = recorded_torn(directory, &session->before, files);
    size_t interrupted = session->before.interrupted;
    rc = recorded_clean(directory, error);
    if (rc == 0) /* the last commit may be another one now */
        rc = recorded_read(directory, &session->before, error);
    if (rc == 0 && torn)
        complain("resume", "%s: cut off %lld bytes behind the last whole trial of %s", directory, (long long)torn,
                 files);
    if (rc == 0 && interrupted)
        fprintf(stderr, "poolbench resume: %zu interrupted trial%s %s again\n", interrupted,
                interrupted == 1 ? "" : "s", interrupted == 1 ? "runs" : "run");
    return rc;
}

/* When a file of the run was last written; 0: it is not there. */
static int64_t written_ns(const char *directory, const char *file)
{
    struct stat about;
    if (inside_stat(directory, file, &about) < 0)
        return 0;
    return (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec;
}

/* Nothing is to be run; but the run may have been ended while its charts were drawn, before the report, which is last.
 * Older ones than host.json, which notes the end, are of a part of the run: from when it was interrupted. */
static int conclude_again(struct session *session, const char *directory)
{
    int64_t ended = written_ns(directory, "host.json");
    if (written_ns(directory, summary_format.file) >= ended && written_ns(directory, "report.html") >= ended)
        return 0;
    snprintf(session->directory, sizeof session->directory, "%s", directory);
    launcher_unwatch(calibrations_launcher(session->calibrations));
    return session_conclude(session, "resume");
}

static int resume_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "";
    struct remaining remaining = {0};
    struct session session = SESSION_CLOSED;
    int code = arguments_run_unfinished("resume", given, directory);
    if (code)
        return code;
    const struct fleet_wish wish = {
        .remote = given->value[RESUME_REMOTE], .ssh = given->value[RESUME_SSH], .trust = *given->value[RESUME_TRUST]};
    if (fleet_is(directory))
        return fleet_resume(directory, &wish, given->argv);
    int rc = verb_check_run(directory, error);
    if (rc == 0)
        rc = resume_open(&session, &remaining, directory, *given->value[RESUME_TRUST], error);
    bool is_complete = rc == 0 && !remaining.left && remaining.has_ended;
    if (is_complete) {
        complain("resume", "%s is complete: %zu trials in %u blocks", directory, session.before.trials,
                 remaining.blocks);
        code = conclude_again(&session, directory);
    } else if (rc == 0) {
        complain("resume", "%s has %zu of %zu trials", directory, session.before.trials,
                 session.before.trials + remaining.left);
        rc = session_begin(&session, "resume", given->argv, error);
    }
    if (rc < 0)
        code = rc == -EINTR ? 128 + session.interrupted : complain("resume", "%s", error);
    else if (!is_complete)
        code = run_go(&session, "resume", &remaining);
    session_close(&session);
    remaining_release(&remaining);
    return code;
}

const struct verb verb_resume = {
    .name = "resume",
    .chapter = "measure",
    .operands = "[RUN]",
    .summary = "go on with a run that was interrupted or killed",
    .function = resume_main,
    .help = "Runs what is left of the plan of a run that ended early, with its seed, its cells and the order of its "
            "blocks; then the summary, charts and report, as run does. What a crash left behind the last whole trial "
            "is cut off; trials that were interrupted run again. A budget no longer counts. Refused on another machine "
            "or with another build, since blocks of one run are compared with each other. RUN is its directory or the "
            "beginning of its name; without it, the newest run in results/ that has not ended.",
    .operands_max = 1,
    .arguments = resume_arguments};
