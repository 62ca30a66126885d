/* The toll of failures, from the rows of trials.csv. */
#include "bench/analyse/toll.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/looks.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const toll_heads[TOLL_COLUMNS] = {"failed",  "collateral", "lost",
                                              "noticed", "replaced",   "time per ok task"};
const char *const toll_explained[TOLL_COLUMNS] = {
    "failed: tasks of a trial that failed, collateral ones included",
    "collateral: tasks that ran in a process which another task took down",
    "lost: tasks never reported, because the trial ended with the failure",
    "noticed: from the fault until the submitter had the task back as failed; of a timeout from the task's start",
    "replaced: until a new worker process stood in the place of one that died",
    "time per ok task: over that of the same tasks without faults, in the same block; or how the trials ended",
};

static bool is_ok(const struct trial_row *trial)
{
    return !strcmp(trial->status, "ok");
}

static bool is_of(const struct trial_row *trial, const struct summary *summary, size_t cell)
{
    return cell != NO_CELL && !strcmp(trial->cell_id, summary->rows[cell].cell_id);
}

static double count_of(int64_t value)
{
    return value == MISSING ? NAN : (double)value;
}

static double failed_of(const struct trial_row *trial)
{
    return count_of(trial->tasks_failed);
}

static double collateral_of(const struct trial_row *trial)
{
    return count_of(trial->tasks_collateral);
}

static double lost_of(const struct trial_row *trial)
{
    return count_of(trial->tasks_lost);
}

static double workers_of(const struct trial_row *trial)
{
    return count_of(trial->workers_lost);
}

static double detect_of(const struct trial_row *trial)
{
    return count_of(trial->detect_ns);
}

static double replace_of(const struct trial_row *trial)
{
    return count_of(trial->replace_ns);
}

/* Over all trials of the cell that know it. */
static struct amount amount_over(const struct summary *summary, size_t cell, double (*value)(const struct trial_row *),
                                 double *room)
{
    struct amount amount;
    size_t count = 0;

    for (size_t i = 0; i < summary->trial_count; i++)
        if (is_of(&summary->trials[i], summary, cell))
            room[count++] = value(&summary->trials[i]);
    amount.trials = stats_sort(room, count);
    amount.value = stats_median(room, amount.trials);
    stats_median_interval(room, amount.trials, looks_level_alone(summary->looks), &amount.interval);
    return amount;
}

/* By block; what failed tasks took is part of the price of the good ones. */
static void series_take(const struct summary *summary, size_t cell, double *series, size_t blocks)
{
    for (size_t b = 0; b < blocks; b++)
        series[b] = NAN;
    for (size_t i = 0; i < summary->trial_count; i++) {
        const struct trial_row *t = &summary->trials[i];
        if (is_of(t, summary, cell) && is_ok(t) && t->block > 0 && t->tasks_ok > 0)
            series[t->block - 1] = (double)t->wall_ns / (double)t->tasks_ok;
    }
}

static size_t clean_find(const struct summary *summary, size_t cell)
{
    unsigned same = factors_of(summary->rows, summary->count) & ~FACTOR_FAULTS;

    for (size_t i = 0; i < summary->count; i++)
        if (!*summary->rows[i].faults && factors_equal(&summary->rows[i], &summary->rows[cell], same))
            return i;
    return NO_CELL;
}

static int toll_fill(const struct summary *summary, const struct claim *claim, size_t blocks, struct toll *toll)
{
    size_t room_size = summary->trial_count > 2 * blocks ? summary->trial_count : 2 * blocks;
    double *room = calloc(room_size + 1, sizeof *room);

    if (!room)
        return -ENOMEM;
    for (size_t i = 0; i < summary->trial_count; i++)
        if (is_of(&summary->trials[i], summary, toll->cell) && !is_ok(&summary->trials[i])) {
            toll->status = toll->status ? toll->status : summary->trials[i].status;
            toll->ended++;
        }
    toll->failed = amount_over(summary, toll->cell, failed_of, room).value;
    toll->collateral = amount_over(summary, toll->cell, collateral_of, room).value;
    toll->lost = amount_over(summary, toll->cell, lost_of, room).value;
    toll->workers = amount_over(summary, toll->cell, workers_of, room).value;
    toll->detect_ns = amount_over(summary, toll->cell, detect_of, room);
    toll->replace_ns = amount_over(summary, toll->cell, replace_of, room);
    series_take(summary, toll->cell, room, blocks);
    series_take(summary, toll->clean, room + blocks, blocks);
    int result = comparison_make(room, room + blocks, blocks, claim, &toll->dip);
    free(room);
    return result;
}

/* In the order of the plan, where pools that do the same stand together; trials are in an order drawn by the seed. */
static int planned_before(const void *a, const void *b, void *arg)
{
    const struct summary *summary = arg;
    const char *x = summary->rows[((const struct toll *)a)->cell].cell_id;
    const char *y = summary->rows[((const struct toll *)b)->cell].cell_id;
    size_t length_x = strlen(x), length_y = strlen(y);

    return length_x == length_y ? strcmp(x, y) : length_x < length_y ? -1 : 1;
}

int tolls_make(const struct summary *summary, struct tolls *tolls)
{
    unsigned comparisons = 0;
    size_t blocks = 0;
    int result = 0;

    *tolls = (struct tolls){.toll = calloc(summary->count + 1, sizeof *tolls->toll)};
    if (!tolls->toll)
        return -ENOMEM;
    for (size_t i = 0; i < summary->count; i++) {
        if (!*summary->rows[i].faults)
            continue;
        struct toll *toll = &tolls->toll[tolls->count++];
        *toll = (struct toll){.cell = i, .clean = clean_find(summary, i)};
        comparisons += toll->clean != NO_CELL;
    }
    qsort_r(tolls->toll, tolls->count, sizeof *tolls->toll, planned_before, (void *)(uintptr_t)summary);
    for (size_t i = 0; i < summary->trial_count; i++)
        if (summary->trials[i].block > (int64_t)blocks)
            blocks = (size_t)summary->trials[i].block;
    tolls->claim = claim_make(comparisons, summary->looks, CLAIM_MARGIN);
    for (size_t i = 0; i < tolls->count && !result; i++)
        result = toll_fill(summary, &tolls->claim, blocks, &tolls->toll[i]);
    if (result)
        tolls_release(tolls);
    return result;
}

void tolls_release(struct tolls *tolls)
{
    free(tolls->toll);
    *tolls = (struct tolls){0};
}

/* ---- as people read it ---- */

static void count_spell(char *text, size_t size, double count)
{
    if (!isnan(count))
        snprintf(text, size, "%.0f", count);
}

static void amount_spell(const struct amount *amount, char *text, size_t size, char *note, size_t note_size)
{
    char lo[32], hi[32];

    if (isnan(amount->value))
        return;
    format_duration(text, size, amount->value);
    if (!isnan(amount->interval.lo))
        snprintf(note, note_size, "[%s .. %s]", format_duration(lo, sizeof lo, amount->interval.lo),
                 format_duration(hi, sizeof hi, amount->interval.hi));
}

void toll_text(const struct toll *toll, const struct summary *summary, struct toll_text *text)
{
    enum { FAILED, COLLATERAL, LOST, NOTICED, REPLACED, DIP };
    const size_t size = sizeof text->column[0], note_size = sizeof text->note[0];

    *text = (struct toll_text){0};
    count_spell(text->column[FAILED], size, toll->failed);
    count_spell(text->column[COLLATERAL], size, toll->collateral);
    count_spell(text->column[LOST], size, toll->lost);
    amount_spell(&toll->detect_ns, text->column[NOTICED], size, text->note[NOTICED], note_size);
    amount_spell(&toll->replace_ns, text->column[REPLACED], size, text->note[REPLACED], note_size);
    if (toll->ended) {
        snprintf(text->column[DIP], size, "%zu of %lld %s", toll->ended, (long long)summary->rows[toll->cell].trials,
                 toll->status);
        return;
    }
    if (!toll->dip.blocks)
        return;
    snprintf(text->column[DIP], size, toll->dip.ratio < 99.5 ? "%.2fx" : "%.0fx", toll->dip.ratio);
    if (!isnan(toll->dip.interval.lo))
        snprintf(text->note[DIP], note_size, "[%.2f .. %.2f]", toll->dip.interval.lo, toll->dip.interval.hi);
}

char *toll_label(const struct toll *toll, const struct summary *summary, char *text, size_t size)
{
    const struct summary_row *rows = summary->rows;
    unsigned varying = factors_varying(rows, summary->count, factors_of(rows, summary->count));

    /* the base pool has no workers and runs beside every number of them: that alone is no difference worth saying */
    factors_label(text, size, &rows[toll->cell], FACTOR_POOL | (varying & ~(FACTOR_FAULTS | FACTOR_WORKERS)));
    size_t used = strlen(text);
    snprintf(text + used, size - used, ", %s", rows[toll->cell].faults);
    return text;
}
