/* See states.h: of each pool the middle sibling, from profile/spans.csv, all of them for the same time. */
#include "bench/show/charts/states.h"
#include "bench/analyse/timeline.h"
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BARS_MAX 1800 /* of the picture: about 200 KB of SVG */
#define ROWS_MAX 64   /* workers of a trial */

/* As scripts/workers.gp colours them: those of tasks, and these. */
enum { KIND_NONE = 0, KIND_BODY = 1, KIND_SLEEP = 4, KIND_HAND = 6, KIND_WAITS = 7, KIND_PROCESS = 8 };

struct panel {
    const struct chart_work *work;
    struct groups *groups;
    size_t number, pools; /* which it is, and how many of its pools have spans */
    bool *has;            /* a cell has spans */
    struct timeline *of;  /* those pools; */
    size_t *pool;
    int64_t end_ns; /* of what is drawn, in all of them */
};

static int kind_of(const struct span_row *span)
{
    static const struct {
        const char *state;
        int kind;
    } kinds[] = {{"body", KIND_BODY},          {"handing-over", KIND_HAND},   {"waiting", KIND_WAITS},
                 {"sleep", KIND_SLEEP},        {"process-off", KIND_PROCESS}, {"being-made", KIND_PROCESS},
                 {"no-process", KIND_PROCESS}, {"ended", KIND_PROCESS}};
    if (span->thread != MISSING || span->worker < 0 || span->worker >= ROWS_MAX)
        return KIND_NONE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i].state, span->state))
            return kinds[i].kind;
    return KIND_NONE;
}

/* RUN_NOTHING: it has no trial there, or no spans. */
static size_t cell_of(const struct panel *panel, size_t number, size_t pool)
{
    const struct run_data *run = panel->work->run;
    const size_t count = groups_trials(panel->groups, number, pool);
    const size_t cell = count ? run->cell[panel->groups->trial[0]] : RUN_NOTHING;
    return cell != RUN_NOTHING && panel->has[cell] ? cell : RUN_NOTHING;
}

static void panel_choose(struct panel *panel)
{
    for (size_t p = 0; p < panel->groups->panels; p++) {
        size_t pools = 0;
        for (size_t k = 0; k < panel->groups->pools; k++)
            pools += cell_of(panel, p, k) != RUN_NOTHING;
        if (pools > panel->pools) {
            panel->pools = pools;
            panel->number = p;
        }
    }
}

static int panel_read(struct panel *panel)
{
    size_t count = 0;
    int rc = 0;
    panel->of = calloc(panel->pools + 1, sizeof *panel->of);
    panel->pool = calloc(panel->pools + 1, sizeof *panel->pool);
    if (!panel->of || !panel->pool)
        return -ENOMEM;
    for (size_t k = 0; k < panel->groups->pools && !rc; k++) {
        const size_t cell = cell_of(panel, panel->number, k);
        if (cell == RUN_NOTHING)
            continue;
        panel->pool[count] = k;
        rc = timeline_open(panel->work->run, cell, &panel->of[count++], panel->work->why);
    }
    return rc;
}

/* As long as there are not too many bars of any of them. */
static void end_choose(struct panel *panel)
{
    int64_t least = INT64_MAX, most = 1;
    for (size_t i = 0; i < panel->pools; i++) {
        const struct timeline *t = &panel->of[i];
        size_t bars = 0;
        most = t->spans_end_ns > most ? t->spans_end_ns : most;
        if (t->spans_end_ns < t->trial.wall_ns)
            least = t->spans_end_ns < least ? t->spans_end_ns : least;
        for (size_t k = 0; k < t->spans; k++) {
            bars += kind_of(&t->span[k]) != KIND_NONE;
            if (bars > BARS_MAX / panel->pools && t->span[k].from_ns < least && t->span[k].from_ns > 0)
                least = t->span[k].from_ns;
        }
    }
    panel->end_ns = least < most ? least : most;
}

static char *pool_title(char *text, size_t size, const struct panel *panel, const struct timeline *t, int64_t rows)
{
    char end[32], wall[32];
    size_t length = (size_t)snprintf(text, size, "%s", POOL_SHOWN(t->trial.f.pool));
    if (length < size && rows >= ROWS_MAX)
        length += (size_t)snprintf(text + length, size - length, ", workers 0 .. %d", ROWS_MAX - 1);
    if (length < size && panel->end_ns < t->trial.wall_ns)
        snprintf(text + length, size - length, ", the first %s of %s",
                 format_duration(end, sizeof end, (double)panel->end_ns),
                 format_duration(wall, sizeof wall, (double)t->trial.wall_ns));
    return text;
}

/* A block of lines "from to worker kind"; returns the kinds as bits, and how many rows there are. */
static unsigned bars_print(const struct panel *panel, const struct timeline *t, int64_t *rows)
{
    unsigned kinds = 0;
    FILE *data = panel->work->data;
    chart_comment(
        data,
        "%s, profiled trial %lld: from and to (ns from the gate), worker, kind (1: on a CPU in a task, 4: off a "
        "CPU in a task, 6: on a CPU between tasks, 7: waits for a CPU, 8: no process runs)",
        t->trial.f.pool, (long long)t->trial.trial_id);
    *rows = 1;
    for (size_t i = 0; i < t->spans; i++) {
        const struct span_row *span = &t->span[i];
        const int kind = kind_of(span);
        if (span->thread == MISSING && span->worker < ROWS_MAX && span->worker >= *rows)
            *rows = span->worker + 1;
        if (kind == KIND_NONE || span->from_ns >= panel->end_ns)
            continue;
        kinds |= 1u << kind;
        fprintf(data, "%lld %lld %lld %d\n", (long long)span->from_ns,
                (long long)(span->to_ns < panel->end_ns ? span->to_ns : panel->end_ns), (long long)span->worker, kind);
    }
    fputs("\n\n", data);
    return kinds;
}

static void panel_print(const struct panel *panel)
{
    FILE *script = panel->work->script;
    unsigned kinds = 0;
    int64_t most = 1;
    char text[256];
    fprintf(script, "panels = %zu; array panel_title[panels]; array panel_kinds[panels]; array panel_rows[panels]\n",
            panel->pools);
    for (size_t i = 0; i < panel->pools; i++) {
        int64_t rows;
        const unsigned own = bars_print(panel, &panel->of[i], &rows);
        kinds |= own;
        most = rows > most ? rows : most;
        fprintf(script, "panel_kinds[%zu] = %u; panel_rows[%zu] = %lld; ", i + 1, own, i + 1, (long long)rows);
        chart_text(script, "panel_title", i + 1, pool_title(text, sizeof text, panel, &panel->of[i], rows));
    }
    fprintf(script, "rows_most = %lld; x_end = %lld; kinds = %u; has_states = 1\n", (long long)most,
            (long long)panel->end_ns, kinds);
}

int states_draw(const struct chart_work *work, struct groups *groups)
{
    struct panel panel = {.work = work, .groups = groups};
    char title[256], text[CHART_NOTE_MAX];
    panel.has = calloc(work->run->count + 1, sizeof *panel.has);
    int rc = panel.has ? timeline_cells(work->run, panel.has, work->why) : -ENOMEM;
    if (!rc)
        panel_choose(&panel);
    if (!rc && panel.pools)
        rc = panel_read(&panel);
    if (!rc && panel.pools) {
        end_choose(&panel);
        panel_print(&panel);
        snprintf(
            text, sizeof text,
            "Of each pool a profiled sibling of %s, the one with the middle time; a row a worker's slot, a bar what it "
            "did; white is idle",
            groups_title(title, sizeof title, groups, panel.number));
        chart_notes(work, text);
        rc = 1;
    }
    for (size_t i = 0; panel.of && i < panel.pools; i++)
        timeline_close(&panel.of[i]);
    free(panel.of);
    free(panel.pool);
    free(panel.has);
    return rc;
}
