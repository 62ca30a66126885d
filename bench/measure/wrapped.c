/* See wrapped.h. */
#include "bench/measure/wrapped.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/words.h"
#include "bench/job/job_file.h"
#include "bench/measure/forecast/forecast.h"
#include "bench/measure/job.h"
#include "bench/measure/siblings.h"
#include "bench/stats/stats.h"
#include "workloads/mix.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MARK "{file}"

/* A word with the name of the file in the place of {file}; NULL: no memory. */
static char *word_fill(const char *word, const char *file)
{
    const char *at = strstr(word, FILE_MARK);
    char *text = NULL;
    if (!at)
        return strdup(word);
    return asprintf(&text, "%.*s%s%s", (int)(at - word), word, file, at + strlen(FILE_MARK)) < 0 ? NULL : text;
}

/* Those of the command, for a cell; NULL-terminated behind the last. */
static int words_fill(const char *wrap, const char *file, struct words *filled)
{
    struct words words = {0};
    int rc = words_split(&words, wrap, ' ');
    for (size_t i = 0; i < words.count && !rc; i++) {
        char *word = word_fill(words.word[i], file);
        rc = word ? words_add(filled, word, strlen(word)) : -ENOMEM;
        free(word);
    }
    words_release(&words);
    return rc;
}

/* What a published trial of the cell took a task, by the last ones; NAN: none went well. */
static double published_ns(const struct cell *cell)
{
    const struct forecast *forecast = &cell->forecast;
    const unsigned count = forecast->well < FORECAST_LAST ? forecast->well : FORECAST_LAST;
    double walls[FORECAST_LAST];
    for (unsigned i = 0; i < count; i++)
        walls[i] = forecast->last[i].wall_ns;
    return stats_median(walls, stats_sort(walls, count));
}

static void wrapped_say(const struct session *session, const struct cell *cell, const struct trial_facts *facts,
                        const char *name, FILE *talk)
{
    const struct trial_report *report = facts->parts.report;
    struct stat status;
    char label[SPEC_MAX], path[64];
    cell_label(cell, label, sizeof label);
    snprintf(path, sizeof path, "profile/%s", name);
    fprintf(talk, "poolbench run: --wrap: %s: ", label);
    if (report->stage != STAGE_DONE)
        fprintf(talk, "the trial did not come to its end%s%s%s", report->reason[0] ? ": " : "", report->reason,
                facts->outcome.timed_out ? ": it took longer than --trial-limit" : "");
    else
        fprintf(talk, "%.1fx the time of its published trials", (double)report->wall_ns / published_ns(cell));
    if (inside_stat(session->directory, path, &status) == 0)
        fprintf(talk, "; %.300s/%s", session->directory, path);
    fputc('\n', talk);
}

static int cell_run(struct session *session, const struct cell *cell, const char *directory, FILE *talk, char *error)
{
    const struct settings *settings = &session->request.settings;
    struct launcher *launcher = calibrations_launcher(session->calibrations);
    const struct job_order order = {settings->seed, 0, mix64(settings->seed, 1), CONFORMANCE_NOT, 1};
    struct trial_facts facts = {.cell = cell};
    struct words words = {0};
    char name[32], file[PATH_MAX + sizeof name];
    snprintf(name, sizeof name, "wrap-%s", cell->id);
    snprintf(file, sizeof file, "%s/%s", directory, name);
    int rc = words_fill(settings->wrap, file, &words);
    const char **list = rc ? NULL : calloc(words.count + 1, sizeof *list);
    if (!list)
        rc = refuse_as(-ENOMEM, error, "out of memory");
    for (size_t i = 0; i < words.count && !rc; i++)
        list[i] = words.word[i];
    if (!rc)
        rc = job_write_trial(launcher, cell, &order, &facts.parts, error);
    launcher->wrap = list;
    if (!rc)
        rc = session_watch(session, &facts, error);
    launcher->wrap = NULL;
    if (!rc && !(session->interrupted = facts.outcome.interrupted))
        wrapped_say(session, cell, &facts, name, talk);
    free(list);
    words_release(&words);
    return rc;
}

int wrapped_run(struct session *session, FILE *talk, char *error)
{
    char directory[PATH_MAX];
    if (!session->request.settings.wrap[0])
        return 0;
    int rc = siblings_directory(session, directory, error);
    for (size_t i = 0; i < session->plan.cells.count && !rc && !session->interrupted; i++) {
        const struct cell *cell = &session->plan.cells.cell[i];
        if (!cell->forecast.well)
            continue;
        if (session_left_ns(session, session->budget_ns) < forecast_trial_ns(cell)) {
            fprintf(talk, "poolbench run: --wrap: %s and what follows: the budget has no time left for it\n", cell->id);
            break;
        }
        rc = cell_run(session, cell, directory, talk, error);
    }
    return rc;
}
