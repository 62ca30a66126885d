/* From the files of a run to its summary, screen, charts and report, see conclude.h. */
#include "bench/verbs/conclude.h"
#include "bench/analyse/summary.h"
#include "bench/base/refuse.h"
#include "bench/measure/forecast/prices.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/show/charts/chart.h"
#include "bench/show/report/report.h"
#include "bench/show/screen.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#define CHART_LEAST_NS 5e9

int session_refuse(struct session *session, const char *verb, int rc, const char *error)
{
    int signal = session->interrupted ? session->interrupted : SIGINT;
    int code = rc == -EINTR ? 128 + signal : complain(verb, "%s", error);
    session_close(session);
    return code;
}

/* What came to its end may be the latest run. 0, or 1 where the link cannot be made. */
static int latest_note(const struct session *session, const char *verb)
{
    char error[ERROR_MAX];
    if (!run_finish(session->directory, error))
        return 0;
    complain(verb, "%s", error);
    return 1;
}

int session_finish(struct session *session, const char *verb, int rc, const char *error)
{
    char closing[ERROR_MAX], ignored[ERROR_MAX];
    int closed = session_end(session, closing);
    if (rc != -ESTALE)
        session_follow(session, verb);
    if (rc >= 0 && closed >= 0 && !session->interrupted)
        return latest_note(session, verb);
    if (rc != -ESTALE && session->interrupted) /* how far it came is in no other file */
        host_note(session->directory, "interrupted", json_true(), ignored);
    if (rc == -ESTALE)
        complain(verb, "%s", error);
    else if (rc < 0 || closed < 0)
        complain(verb, "%s; %zu trials are in %s", rc < 0 ? error : closing, session->trials, session->directory);
    else if (session->interrupted)
        complain(verb, "interrupted; %zu trials are in %s", session->trials, session->directory);
    return rc < 0 || closed < 0 ? 1 : session->interrupted ? 128 + session->interrupted : 0;
}

/* How long the run took, from entering its command until now, and how much of that its trials measured: for screen and
 * report. A run that was gone on with adds up; of a part that was killed is known when its last trial ended. */
static int took_note(const struct session *session, struct run_data *run, char *error)
{
    double took_ns = (double)(clock_monotonic_ns() - session->request.settings.began_ns), measured_ns = 0;
    if (session->before.trials)
        took_ns += fmax(json_number_value(host_fact(run->host, "took_ns")), (double)session->before.ended_ns);
    for (size_t i = 0; i < run->trial_count; i++)
        if (trial_is_ok(&run->trials[i]))
            measured_ns += (double)run->trials[i].wall_ns;
    int rc = run_data_note(run, "took_ns", json_integer((json_int_t)took_ns), error);
    return rc ? rc
              : run_data_note(run, "measured_ns", json_integer((json_int_t)fmin(measured_ns, CSV_INTEGER_MOST)), error);
}

/* For a chart, of which each takes a small part of what is left; where a budget has nothing left, still what a slow
 * machine takes. 0: as without a budget. */
static uint64_t chart_limit_ns(const struct session *session)
{
    const struct settings *settings = &session->request.settings;
    if (!settings->budget_ns)
        return 0;
    double left_ns = session_left_ns(session, settings->budget_ns) + session->closing_ns;
    return (uint64_t)fmin(fmax(left_ns, CHART_LEAST_NS), (double)CHART_LIMIT_NS);
}

int run_conclude(const struct session *session, const char *verb, struct run_data *run, bool quiet)
{
    char error[ERROR_MAX];
    const uint64_t since_ns = clock_monotonic_ns();
    struct analysis analysis;
    const struct drawing drawing = {.analysis = &analysis, .format = "svg", .limit_ns = chart_limit_ns(session)};
    const bool shown = analysis_make(run, &analysis) == 0;
    const int drawn = shown && !session->interrupted ? drawing_make(&drawing, error) : 0;
    bool is_made = shown && (!drawn || drawing_wants_gnuplot(drawn)); /* all that a run should have */
    int rc;
    if (!shown)
        complain(verb, "no memory for charts, report and screen");
    if (drawn)
        complain(verb, "charts: %s", error);
    /* the last change of host.json: what is older is of a part of the run (resume.c) */
    if (took_note(session, run, error) < 0) {
        complain(verb, "%s", error);
        is_made = false;
    }
    if ((rc = summary_write(run, error)) < 0)
        complain(verb, "%s", error);
    if (shown && report_write(&analysis, error) < 0) {
        complain(verb, "no report: %s", error);
        is_made = false;
    }
    if (!session->interrupted)
        closing_keep(session->calibrations, session->closing_as, session->closing_cells,
                     (double)(clock_monotonic_ns() - since_ns));
    if (shown && !quiet)
        screen_print(stdout, &analysis);
    analysis_release(&analysis);
    const bool is_empty = session->stopped && session->stopped == session->trials; /* each is to be run again */
    return rc < 0 ? 2 : !is_made || is_empty || session->failures != 0;
}

void run_moved_say(const char *verb, char directory[PATH_MAX])
{
    char before[PATH_MAX], ignored[ERROR_MAX];
    snprintf(before, sizeof before, "%s", directory);
    if (run_follow(directory, PATH_MAX, ignored) > 0)
        complain(verb, "%s was moved to %s", before, directory);
}

int session_conclude(const struct session *session, const char *verb)
{
    char error[ERROR_MAX];
    struct run_data run;
    int rc = run_summed_open(session->directory, &run, error);
    if (rc < 0)
        return rc == -ENODATA && session->interrupted ? 0 : complain(verb, "%s", error);
    int code = run_conclude(session, verb, &run, false);
    run_data_close(&run);
    return code;
}

int made_conclude(const char *directory, const char *verb)
{
    char error[ERROR_MAX] = "";
    struct run_data run;
    struct analysis analysis;
    int rc = run_summed_open(directory, &run, error);
    if (rc)
        return complain(verb, "%s", error);
    run_data_gaps(stderr, &run);
    rc = analysis_make(&run, &analysis) ? refuse(error, "out of memory") : summary_write(&run, error);
    if (!rc)
        rc = report_write(&analysis, error);
    if (rc)
        complain(verb, "%s", error);
    else
        screen_print(stdout, &analysis);
    analysis_release(&analysis);
    run_data_close(&run);
    return rc ? 1 : 0;
}

int run_go(struct session *session, const char *verb, struct remaining *before)
{
    int code = run_blocks(session, verb, before);
    if (code)
        return code;
    if (!session->interrupted)
        code = latest_note(session, verb);
    const int concluded = session_conclude(session, verb);
    session_follow(session, verb);
    return session->interrupted ? 128 + session->interrupted : concluded ? concluded : code;
}
