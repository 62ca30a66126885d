/* What the samples of an experiment say: a row a task, and how many ran at once. */
#include "bench/base/units.h"
#include "bench/verbs/tour/tour.h"
#include <stdio.h>
#include <string.h>

enum { BAR = 28 };

char *tour_size_spell(const struct tour *tour, unsigned units, char *text, size_t size)
{
    int64_t ms = units * tour->unit_ns / 1000000;
    if (ms < 1000)
        snprintf(text, size, "%lldms", (long long)ms);
    else
        spell_duration(text, size, ms * 1000000);
    return text;
}

void tour_task_name(const struct tour_trial *trial, uint32_t task, char *text, size_t size)
{
    if (task >= TASK_WARMUP_FIRST)
        snprintf(text, size, "warm-up");
    else if (task < TOUR_TASKS_MAX && trial->names[task][0])
        snprintf(text, size, "%u %s", task, trial->names[task]);
    else
        snprintf(text, size, "%u", task);
}

const struct sample *tour_sample(const struct happened *happened, uint32_t task)
{
    for (unsigned i = 0; i < happened->count; i++)
        if (happened->samples[i].task == task)
            return &happened->samples[i];
    return NULL;
}

unsigned tour_peak(const struct happened *happened, uint32_t first, uint32_t end)
{
    unsigned peak = 0;
    for (uint32_t i = first; i < end; i++) {
        const struct sample *at = tour_sample(happened, i);
        unsigned alive = 0;
        /* the number alive is largest at some task's start */
        for (uint32_t j = first; at && j < end; j++) {
            const struct sample *other = tour_sample(happened, j);
            alive += other && other->start_ns <= at->start_ns && at->start_ns < other->end_ns;
        }
        peak = alive > peak ? alive : peak;
    }
    return peak;
}

static void bar_draw(char bar[BAR + 1], int64_t from, int64_t to, int64_t span, char mark)
{
    int64_t first = from * BAR / span, end = (to * BAR + span - 1) / span;
    for (int64_t i = first; i < end && i < BAR; i++)
        bar[i] = mark;
}

void tour_timeline(const struct tour *tour, const struct happened *happened, tour_note *note)
{
    const struct tour_trial *trial = happened->trial;
    int64_t span = 1;
    char text[64];
    for (unsigned i = 0; i < happened->count; i++)
        span = happened->samples[i].reap_ns > span ? happened->samples[i].reap_ns : span;
    printf("\n     task    size  worker      pid  |0%*s|       at\n", BAR - 1,
           format_duration(text, sizeof text, (double)span));
    for (unsigned i = 0; i < happened->count; i++) {
        const struct sample *sample = &happened->samples[i];
        unsigned units = trial->sizes[0] ? trial->sizes[sample->task] : trial->size;
        char name[32], size[32], at[32], bar[BAR + 1];
        memset(bar, ' ', BAR);
        bar[BAR] = '\0';
        bar_draw(bar, sample->submit_ns, sample->start_ns, span, '.');
        if (sample->reap_ns - sample->end_ns > span / BAR)
            bar_draw(bar, sample->end_ns, sample->reap_ns, span, '-');
        bar_draw(bar, sample->start_ns, sample->end_ns, span, '=');
        text[0] = '\0';
        if (note)
            note(happened, sample, text, sizeof text);
        tour_task_name(trial, sample->task, name, sizeof name);
        printf("  %7s  %6s  %6u  %7d  |%s|  %7s%s%s\n", name, tour_size_spell(tour, units, size, sizeof size),
               sample->worker, sample->pid, bar, format_duration(at, sizeof at, (double)sample->reap_ns),
               text[0] ? "  " : "", text);
    }
    putchar('\n');
}
