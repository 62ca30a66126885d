/* Laws of scaling over what was measured: a panel for each pool and workload that bears a law. */
#include "bench/analyse/study.h"
#include "bench/base/refuse.h"
#include "bench/model/summary_factors.h"
#include "bench/show/charts/chart.h"
#include <math.h>
#include <stdlib.h>

#define STEPS     80
#define LOG_X_MAX 40 /* of the most workers to the fewest: beyond it, both axes are logarithmic */

static bool is_drawn(const struct study *study)
{
    return (study->fits > 0 && study->fit[0].made) || (study->fits > 1 && study->fit[1].made);
}

static const struct fit *fit_of(const struct study *study, size_t which)
{
    return which < study->fits && study->fit[which].made ? &study->fit[which].fit : NULL;
}

/* As if no worker ever waited for another. */
static double ideal(const struct study *study, double workers)
{
    const struct fit *fit = fit_of(study, 1) ? fit_of(study, 1) : fit_of(study, 0);
    return workers * (fit->law == FIT_SLEEP ? 1e9 / fit->size_ns : fit->value[FIT_ONE_PER_S]);
}

static void curve_point(FILE *data, const struct study *study, double workers)
{
    fprintf(data, "%.9g", workers);
    for (size_t i = 0; i < 2; i++) {
        const struct fit *fit = fit_of(study, i);
        fprintf(data, " %.9g", fit ? 1e9 / fit_ns(fit, workers) : NAN);
    }
    fprintf(data, " %.9g\n", ideal(study, workers));
}

static void study_data(FILE *data, const struct studies *studies, const struct study *study)
{
    double first = (double)study_row(studies, study, 0)->f.workers;
    double last = (double)study_row(studies, study, study->used - 1)->f.workers;
    chart_comment(data, "%s, measured: workers, tasks per second, its 95 %% interval",
                  study_row(studies, study, 0)->f.pool);
    for (size_t p = 0; p < study->count; p++) {
        struct interval ends;
        double per_s = study_per_s(studies, study, p, &ends);
        fprintf(data, "%lld %.9g %.9g %.9g\n", (long long)study_row(studies, study, p)->f.workers, per_s, ends.lo,
                ends.hi);
    }
    fputs("\n\n# fitted: workers, the two laws (or that of sleeping tasks), ideal\n", data);
    for (size_t p = 0; p < study->used; p++)
        curve_point(data, study, (double)study_row(studies, study, p)->f.workers);
    fputs("\n\n# the same, as curves\n", data);
    for (size_t i = 0; i <= STEPS; i++)
        curve_point(data, study, first * pow(last / first, (double)i / STEPS));
    fputs("\n\n", data);
}

static void study_script(FILE *script, const struct studies *studies, const struct study *study, size_t panel)
{
    double first = (double)study_row(studies, study, 0)->f.workers;
    double last = (double)study_row(studies, study, study->count - 1)->f.workers;
    char label[160], text[320];
    bool sleep = study->fit[0].law == FIT_SLEEP;
    snprintf(text, sizeof text, "%.128s: %s", POOL_SHOWN(study_row(studies, study, 0)->f.pool),
             study_label(studies, study, label, sizeof label));
    chart_text(script, "panel_title", panel, text);
    fprintf(script,
            "panel_amdahl[%zu] = %d; panel_usl[%zu] = %d; panel_sleep[%zu] = %d; panel_log[%zu] = %d; "
            "panel_from[%zu] = %.1f; panel_to[%zu] = %.1f\n",
            panel, !sleep && fit_of(study, 0), panel, !sleep && fit_of(study, 1), panel, sleep, panel,
            last > LOG_X_MAX * first, panel, first, panel, last);
    fprintf(script, "panel_tics[%zu] = \"", panel);
    for (size_t p = 0; p < study->count; p++)
        fprintf(script, "%s%lld", p ? ", " : "", (long long)study_row(studies, study, p)->f.workers);
    fputs("\"\n", script);
}

static int scaling_make(const struct chart_work *work)
{
    struct studies studies;
    size_t panels = 0, panel = 0;
    int result = work->run->count ? studies_make(work->run, "", &studies) : -ENODATA;
    if (result == -ENODATA)
        return refuse(work->why, "no trial was committed"), 0;
    if (result)
        return result;
    for (size_t i = 0; i < studies.count; i++)
        panels += is_drawn(&studies.study[i]);
    if (!panels)
        refuse(work->why, "no pool ran with enough numbers of workers and blocks for a law of scaling: see poolbench "
                          "scaling");
    else
        fprintf(work->script,
                "x_text = 'workers'\ny_text = 'tasks per second'\npage_panels = %d; panels = %zu\n"
                "array panel_title[panels]; array panel_tics[panels]; array panel_log[panels]\n"
                "array panel_from[panels]; array panel_to[panels]\n"
                "array panel_amdahl[panels]; array panel_usl[panels]; array panel_sleep[panels]\n",
                CHART_PANELS_MAX, panels);
    for (size_t i = 0; i < studies.count; i++) {
        if (!is_drawn(&studies.study[i]))
            continue;
        study_data(work->data, &studies, &studies.study[i]);
        study_script(work->script, &studies, &studies.study[i], ++panel);
    }
    if (panels)
        chart_notes(
            work,
            "Medians over blocks; bars: 95 % order-statistic interval of this run's median; curves end at the CPUs in "
            "effect for tasks that compute");
    studies_release(&studies);
    return panels > 0;
}

const struct chart chart_scaling = {
    .name = "scaling",
    .title = "Laws of scaling",
    .caption = "Tasks per second against workers, and what was fitted to them: Amdahl's law and the Universal "
               "Scalability Law, for sleeping tasks their own. The dashed line is one worker times their number.",
    .make = scaling_make,
};
