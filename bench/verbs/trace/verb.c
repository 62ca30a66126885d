/* The verb trace: the timeline of a trial for Perfetto, and what is missing in it. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/profile/spans.h"
#include "bench/show/lines.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/trace/tracks.h"
#include "bench/verbs/verbs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TRACE_OUT, TRACE_TRIAL };
static const struct argument trace_arguments[] = {
    [TRACE_OUT] =
        {"out", "FILE|-", "",
         "Where it goes: a new file, or - for standard output. Without it RUN/CELL.pftrace, which is replaced.", false},
    [TRACE_TRIAL] = {"trial", "N", "", "The published trial with this trial_id in trials.csv, in CELL's place.", false},
    {.name = NULL},
};

struct asked_trace {
    const char *run, *cell;
    int64_t trial_id; /* 0: none */
};

static bool is_cell(const char *word)
{
    return *word == 'c' && word[1] && strspn(word + 1, "0123456789") == strlen(word + 1);
}

static int trace_asked(const struct arguments *given, struct asked_trace *asked)
{
    const char *number = given->value[TRACE_TRIAL];
    char *end;
    *asked = (struct asked_trace){.run = "latest"};
    for (unsigned i = 0, runs = 0; i < given->operands; i++) {
        if (is_cell(given->operand[i]) && !asked->cell)
            asked->cell = given->operand[i];
        else if (!runs++)
            asked->run = given->operand[i];
        else
            return complain("trace", "'%.200s' is one word too many: expected RUN CELL", given->operand[i]);
    }
    if (!*number)
        return 0;
    errno = 0;
    asked->trial_id = strtoll(number, &end, 10);
    if (errno || *end || end == number || asked->trial_id < 1)
        return complain("trace", "--trial: expected a trial_id of trials.csv such as 12, found '%.64s'", number);
    return asked->cell
               ? complain("trace", "--trial: stands in the place of %.32s, expected one of the two", asked->cell)
               : 0;
}

/* Without a name: the only one. */
static int cell_find(const struct run_data *run, const char *name, size_t *cell)
{
    for (*cell = 0; *cell < run->count; ++*cell)
        if (name ? !strcmp(run->rows[*cell].cell_id, name) : run->count == 1)
            return 0;
    if (!run->count)
        return complain("trace", "%.300s: no trial was committed, there is nothing to show", run->directory);
    return complain("trace", "%.64s%sexpected CELL, one of the %zu of %.300s/%s: %.32s%s%.32s", name ? name : "",
                    name ? ": there is no such cell; " : "", run->count, run->directory, trial_format.file,
                    run->rows[run->plan[0]].cell_id, run->count > 2 ? " .. " : " ",
                    run->count > 1 ? run->rows[run->plan[run->count - 1]].cell_id : "");
}

static size_t cell_of(const struct run_data *run, const struct timeline *timeline)
{
    size_t cell = 0;
    while (cell + 1 < run->count && strcmp(run->rows[cell].cell_id, timeline->trial.cell_id) != 0)
        cell++;
    return cell;
}

static char *trial_title(char *text, size_t size, const struct run_data *run, const struct timeline *timeline)
{
    const factor_set shown =
        factors_varying(run->rows, run->count, factors_all()) | FACTOR_POOL | FACTOR_WORKLOAD | FACTOR_WORKERS;
    const struct trial_row *trial = &timeline->trial;
    char label[SPEC_MAX + 256];
    factors_label(label, sizeof label, &run->rows[cell_of(run, timeline)], shown);
    snprintf(text, size, "%s %s: %s; %strial %lld, block %lld", trial->run_id, trial->cell_id, label,
             timeline->is_sibling ? "profiled " : "", (long long)trial->trial_id, (long long)trial->block);
    return text;
}

/* ---- what is missing ---- */

static const char *spans_lack(const struct run_data *run, const struct timeline *timeline)
{
    char directory[PATH_MAX];
    if (timeline->is_sibling)
        return NULL;
    return profile_is_there(run, directory)
               ? "Missing: states, switches and who was on which CPU; profile/ has no spans of this trial. They are of "
                 "the middle sibling of a cell (poolbench trace RUN CELL)."
               : "Missing: states, switches and who was on which CPU. run --profile states has them of a sibling of "
                 "each cell, where poolbench check says `ok profiling`.";
}

static void missing_say(FILE *out, const struct run_data *run, const struct timeline *timeline)
{
    const struct trial_row *trial = &timeline->trial;
    const char *lack = spans_lack(run, timeline);
    char until[32];
    if (lack)
        wrapped_print(out, 0, 0, "%s", lack);
    if (timeline->spans && timeline->spans_end_ns < trial->wall_ns)
        wrapped_print(
            out, 0, 0,
            "Missing: states and switches from %s on: spans.csv has the first %d spans of a trial. Fewer --tasks "
            "show all of it.",
            format_duration(until, sizeof until, (double)timeline->spans_end_ns), SPANS_MOST);
    if (trial->f.tasks > 0 && (int64_t)timeline->tasks < trial->f.tasks)
        wrapped_print(out, 0, 0,
                      "Missing: %lld of %lld tasks, which samples.csv does not have. run --samples all keeps all.",
                      (long long)(trial->f.tasks - (int64_t)timeline->tasks), (long long)trial->f.tasks);
    if (trial->f.timing == TIMING_TRIAL)
        wrapped_print(out, 0, 0, "Missing: when tasks started and ended, which --timing task stamps.");
}

/* ---- the file ---- */

/* To RUN/CELL.pftrace: beside, then renamed. Its name goes to `path`. */
static int file_replace(const struct run_data *run, const struct timeline *timeline, const char *title, char *path,
                        size_t size, char *error)
{
    char name[64], draft[64];
    snprintf(name, sizeof name, "%.32s.pftrace", timeline->trial.cell_id);
    snprintf(draft, sizeof draft, ".%.32s.pftrace", timeline->trial.cell_id);
    snprintf(path, size, "%s/%s", run->directory, name);
    if (strchr(name, '/'))
        return refuse(error, "%.300s/%s: cell_id '%.32s' is no name", run->directory, trial_format.file,
                      timeline->trial.cell_id);
    FILE *out = inside_create(run->directory, draft);
    if (!out)
        return refuse_as(-errno, error, "%.300s/%s: %s", run->directory, draft, strerror(errno));
    int rc = tracks_write(out, timeline, title);
    errno = 0;
    if (ferror(out) | fclose(out))
        rc = errno ? -errno : -EIO;
    rc = inside_replace(run->directory, draft, name, rc);
    return rc ? refuse_as(rc, error, "%.300s/%s: cannot be written: %s", run->directory, name, strerror(-rc)) : 0;
}

static int file_make(const char *path, const struct timeline *timeline, const char *title, char *error)
{
    const bool is_stdout = !strcmp(path, "-");
    FILE *out = is_stdout ? stdout : fopen(path, "wxe");
    if (!out)
        return refuse_as(-errno, error, "--out: %.300s: %s", path,
                         errno == EEXIST ? "is there already, and is not overwritten" : strerror(errno));
    int rc = tracks_write(out, timeline, title);
    errno = 0;
    if (is_stdout ? fflush(out) || ferror(out) : ferror(out) | fclose(out))
        rc = errno ? -errno : -EIO;
    return rc ? refuse_as(rc, error, "%.300s: cannot be written: %s", is_stdout ? "standard output" : path,
                          strerror(-rc))
              : 0;
}

static void answer_say(FILE *out, const struct run_data *run, const struct timeline *timeline, const char *title,
                       const char *path)
{
    wrapped_print(out, 0, 0, "%s", title);
    fprintf(out, "%zu of %lld tasks, %zu spans of slots and threads\n", timeline->tasks,
            (long long)timeline->trial.f.tasks, timeline->spans);
    if (strcmp(path, "-") != 0) {
        text_show(out, path);
        fputs("\nhttps://ui.perfetto.dev opens it, in the browser, without sending it anywhere.\n", out);
    }
    missing_say(out, run, timeline);
}

static int trace_answer(const struct run_data *run, const struct asked_trace *asked, const char *path)
{
    struct timeline timeline = {0};
    char error[ERROR_MAX] = "", title[SPEC_MAX + 512], made[PATH_MAX + 64];
    size_t cell = 0;
    int code = asked->trial_id ? 0 : cell_find(run, asked->cell, &cell);
    if (code)
        return code;
    int rc = asked->trial_id ? timeline_of_trial(run, asked->trial_id, &timeline, error)
                             : timeline_open(run, cell, &timeline, error);
    if (!rc && !timeline.tasks && !timeline.spans)
        rc = refuse_as(-ENODATA, error, "%.300s: trial %lld has no task in samples.csv; run --samples all keeps all",
                       run->directory, (long long)timeline.trial.trial_id);
    if (!rc)
        trial_title(title, sizeof title, run, &timeline);
    if (!rc)
        rc = *path ? file_make(path, &timeline, title, error)
                   : file_replace(run, &timeline, title, made, sizeof made, error);
    if (rc)
        complain("trace", "%s", error);
    else
        answer_say(strcmp(path, "-") != 0 ? stdout : stderr, run, &timeline, title, *path ? path : made);
    timeline_close(&timeline);
    return !rc ? 0 : rc == -EINVAL || rc == -EBADMSG || rc == -ENODATA || rc == -EEXIST ? 2 : 1;
}

static int trace_main(const struct arguments *given)
{
    struct asked_trace asked;
    struct run_data run;
    char directory[PATH_MAX], error[ERROR_MAX];
    int code = trace_asked(given, &asked);
    if (code)
        return code;
    if (run_find(asked.run, directory, sizeof directory, error) || run_trials_open(directory, &run, error))
        return complain("trace", "%s", error);
    code = trace_answer(&run, &asked, given->value[TRACE_OUT]);
    run_data_close(&run);
    run_moved_say("trace", directory);
    return code;
}

const struct verb verb_trace = {
    .name = "trace",
    .chapter = "look",
    .operands = "[RUN] [CELL]",
    .summary = "write what happened when in a trial, for Perfetto",
    .function = trace_main,
    .help =
        "Writes the timeline of a trial in Perfetto's format, for https://ui.perfetto.dev: when tasks came due, were "
        "handed in, started, ended and were reaped, each on the track of who did it, with flows between; tasks that "
        "died. "
        "Where the run has profiled siblings (run --profile states) it is the middle one of the cell, with the states "
        "of "
        "each worker's slot and who was on each CPU; else the published trial with the median time. What is missing is "
        "said, and what would give it. RUN is a run's directory, the beginning of its name, or latest (the default); "
        "CELL "
        "is a cell as trials.csv calls it (c012), and may be left out where the run has one.",
    .operands_max = 2,
    .arguments = trace_arguments};
