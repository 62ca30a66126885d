/* What failures cost, from the rows of trials.csv. */
#include "bench/analyse/fault_costs.h"
#include "bench/base/units.h"
#include "bench/model/summary_factors.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_cost_heads[FAULT_COST_COLUMNS] = {"failed",  "collateral", "lost",
                                                          "noticed", "replaced",   "time per ok task"};
const char *const fault_cost_explained[FAULT_COST_COLUMNS] = {
    "failed: tasks of a trial that failed, collateral ones included",
    "collateral: tasks that ran in a process which another task took down",
    "lost: tasks never reported, because the trial ended with the failure",
    "noticed: from the fault until the submitter had the task back as failed; of a timeout from the task's start",
    "replaced: until a new worker process stood in the place of one that died",
    "time per ok task: over that of the same tasks without faults, in the same block; or how the trials ended",
};

/* Of the number at that offset of a row, over all trials of the cell that know it. */
static struct amount amount_over(const struct run_data *run, size_t cell, size_t offset, double *room)
{
    size_t count = 0;
    for (size_t i = run->first[cell]; i != RUN_NOTHING; i = run->next[i])
        room[count++] = trial_number(&run->trials[i], offset);
    return amount_make(run, room, count);
}

/* By block; what failed tasks took is part of the price of the good ones. */
static void series_take(const struct run_data *run, size_t cell, double *series, size_t blocks)
{
    for (size_t block = 1; block <= blocks; block++) {
        size_t trial = cell == NO_CELL ? RUN_NOTHING : run_data_at(run, cell, block);
        const struct trial_row *t = trial == RUN_NOTHING ? NULL : &run->trials[trial];
        series[block - 1] = t && t->tasks_ok > 0 ? (double)t->wall_ns / (double)t->tasks_ok : NAN;
    }
}

static size_t clean_find(const struct run_data *run, size_t cell)
{
    factor_set same = factors_of(run->rows, run->count) & ~FACTOR_FAULTS;
    for (size_t i = 0; i < run->count; i++)
        if (!*run->rows[i].f.faults && factors_equal(&run->rows[i], &run->rows[cell], same))
            return i;
    return NO_CELL;
}

static int fault_cost_fill(const struct run_data *run, const struct family *family, size_t blocks,
                           struct fault_cost *fault_cost)
{
    size_t room_size = run->trial_count > 2 * blocks ? run->trial_count : 2 * blocks;
    double *room = calloc(room_size + 1, sizeof *room);
    if (!room)
        return -ENOMEM;
    for (size_t i = run->first[fault_cost->cell]; i != RUN_NOTHING; i = run->next[i])
        if (!trial_is_ok(&run->trials[i])) {
            fault_cost->status = fault_cost->status ? fault_cost->status : trial_status_word(run->trials[i].status);
            fault_cost->ended++;
        }
    fault_cost->failed = amount_over(run, fault_cost->cell, offsetof(struct trial_row, tasks_failed), room).value;
    fault_cost->collateral =
        amount_over(run, fault_cost->cell, offsetof(struct trial_row, tasks_collateral), room).value;
    fault_cost->lost = amount_over(run, fault_cost->cell, offsetof(struct trial_row, tasks_lost), room).value;
    fault_cost->detect_ns = amount_over(run, fault_cost->cell, offsetof(struct trial_row, detect_ns), room);
    fault_cost->replace_ns = amount_over(run, fault_cost->cell, offsetof(struct trial_row, replace_ns), room);
    series_take(run, fault_cost->cell, room, blocks);
    series_take(run, fault_cost->clean, room + blocks, blocks);
    int result = comparison_make(room, room + blocks, blocks, family, &fault_cost->dip);
    free(room);
    return result;
}

int fault_costs_make(const struct run_data *run, struct fault_costs *fault_costs)
{
    unsigned comparisons = 0;
    int result = 0;
    *fault_costs = (struct fault_costs){.fault_cost = calloc(run->count + 1, sizeof *fault_costs->fault_cost)};
    if (!fault_costs->fault_cost)
        return -ENOMEM;
    for (size_t i = 0; i < run->count; i++) {
        size_t cell = run->plan[i];
        if (!*run->rows[cell].f.faults)
            continue;
        struct fault_cost *fault_cost = &fault_costs->fault_cost[fault_costs->count++];
        *fault_cost = (struct fault_cost){.cell = cell, .clean = clean_find(run, cell)};
        comparisons += fault_cost->clean != NO_CELL;
    }
    fault_costs->family = family_make(comparisons, run->looks, FAMILY_MARGIN);
    for (size_t i = 0; i < fault_costs->count && !result; i++)
        result = fault_cost_fill(run, &fault_costs->family, run->blocks, &fault_costs->fault_cost[i]);
    if (result)
        fault_costs_release(fault_costs);
    return result;
}

void fault_costs_release(struct fault_costs *fault_costs)
{
    free(fault_costs->fault_cost);
    *fault_costs = (struct fault_costs){0};
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

void fault_cost_text(const struct fault_cost *fault_cost, const struct run_data *run, struct fault_cost_text *text)
{
    enum { FAILED, COLLATERAL, LOST, NOTICED, REPLACED, DIP };
    const size_t size = sizeof text->column[0], note_size = sizeof text->note[0];
    *text = (struct fault_cost_text){0};
    count_spell(text->column[FAILED], size, fault_cost->failed);
    count_spell(text->column[COLLATERAL], size, fault_cost->collateral);
    count_spell(text->column[LOST], size, fault_cost->lost);
    amount_spell(&fault_cost->detect_ns, text->column[NOTICED], size, text->note[NOTICED], note_size);
    amount_spell(&fault_cost->replace_ns, text->column[REPLACED], size, text->note[REPLACED], note_size);
    if (fault_cost->ended) {
        snprintf(text->column[DIP], size, "%zu of %lld %s", fault_cost->ended,
                 (long long)run->rows[fault_cost->cell].trials, fault_cost->status);
        return;
    }
    if (!fault_cost->dip.blocks)
        return;
    snprintf(text->column[DIP], size, fault_cost->dip.ratio < 99.5 ? "%.2fx" : "%.0fx", fault_cost->dip.ratio);
    if (!isnan(fault_cost->dip.interval.lo))
        snprintf(text->note[DIP], note_size, "[%.2f .. %.2f]", fault_cost->dip.interval.lo,
                 fault_cost->dip.interval.hi);
}

char *fault_cost_label(const struct fault_cost *fault_cost, const struct run_data *run, char *text, size_t size)
{
    const struct summary_row *rows = run->rows;
    factor_set varying = factors_varying(rows, run->count, factors_of(rows, run->count));
    /* the base pool has no workers and runs beside every number of them: that alone is no difference worth saying */
    factors_label(text, size, &rows[fault_cost->cell], FACTOR_POOL | (varying & ~(FACTOR_FAULTS | FACTOR_WORKERS)));
    size_t used = strlen(text);
    snprintf(text + used, size - used, ", %s", rows[fault_cost->cell].f.faults);
    return text;
}
