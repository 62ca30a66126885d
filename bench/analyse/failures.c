/* Kinds of failure, see failures.h. */
#include "bench/analyse/failures.h"
#include <stdlib.h>
#include <string.h>

static bool is_alike(const struct run_data *run, size_t a, size_t b)
{
    return run->cell[a] == run->cell[b] && run->trials[a].status == run->trials[b].status &&
           !strcmp(run->trials[a].reason, run->trials[b].reason);
}

struct failure *failures_find(const struct run_data *run, size_t *count)
{
    struct failure *failures = calloc(run->trial_count + 1, sizeof *failures);

    *count = 0;
    for (size_t i = 0; failures && i < run->trial_count; i++) {
        size_t k = 0;
        if (trial_is_ok(&run->trials[i]))
            continue;
        while (k < *count && !is_alike(run, failures[k].trial, i))
            k++;
        failures[k].trial = k == *count ? i : failures[k].trial;
        failures[k].count++;
        *count += k == *count;
    }
    return failures;
}
