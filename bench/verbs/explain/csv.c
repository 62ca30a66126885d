/* States of trials in the columns of profile/states.csv, with source rusage: what every run has. */
#include "bench/model/csv.h"
#include "bench/model/summary_factors.h"
#include "bench/show/sheet.h"
#include "bench/verbs/explain/explain.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* Whole numbers that sum up to the slots: what rounding leaves is unknown, too. None where that is more than a whole
 * number can be. */
static size_t trial_put(const struct trial_row *trial, const struct states *s, struct state_row *rows)
{
    const double scale = s->slots * (double)trial->f.tasks;
    size_t count = 0;
    if (!(s->slots * (double)trial->wall_ns <= CSV_INTEGER_MOST))
        return 0;
    int64_t left = (int64_t)s->slots * trial->wall_ns;
    for (int i = 0; i < STATES; i++) {
        struct state_row row = {.trial_id = trial->trial_id,
                                .ns = i == STATE_UNKNOWN ? left : number_whole(s->ns[s->detail][i] * scale),
                                .ns_error = MISSING,
                                .count = MISSING};
        if (!row.ns || row.ns == MISSING)
            continue;
        if (__builtin_sub_overflow(left, row.ns, &left))
            return 0;
        snprintf(row.role, sizeof row.role, "worker");
        snprintf(row.phase, sizeof row.phase, "run");
        snprintf(row.state, sizeof row.state, "%s", state_words[i].name);
        snprintf(row.by, sizeof row.by, "%s", state_words[i].by);
        snprintf(row.source, sizeof row.source, "rusage");
        rows[count++] = row;
    }
    return count;
}

int states_write(const struct run_data *run, const struct states *states, const char *how)
{
    struct state_row *rows = calloc(run->trial_count * STATES + 1, sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; i < run->trial_count && rows; i++)
        if (!isnan(states[i].whole_ns))
            count += trial_put(&run->trials[i], &states[i], rows + count);
    int rc = rows ? rows_write(how, "states", &state_format, rows, count) : -ENOMEM;
    free(rows);
    return rc;
}
