/* Kinds of failure, see failures.h. */
#include "bench/analyse/failures.h"
#include <stdlib.h>
#include <string.h>

static int kind_compare(const struct run_data *run, size_t a, size_t b)
{
    const struct trial_row *x = &run->trials[a], *y = &run->trials[b];
    if (run->cell[a] != run->cell[b])
        return run->cell[a] < run->cell[b] ? -1 : 1;
    return x->status != y->status ? (x->status < y->status ? -1 : 1) : strcmp(x->reason, y->reason);
}

static int trial_compare(const void *a, const void *b)
{
    size_t x = ((const struct failure *)a)->trial, y = ((const struct failure *)b)->trial;
    return (x > y) - (x < y);
}

static int alike_compare(const void *a, const void *b, void *run)
{
    int kind = kind_compare(run, ((const struct failure *)a)->trial, ((const struct failure *)b)->trial);
    return kind ? kind : trial_compare(a, b);
}

/* Sorted, so that those of a kind stand together: there may be as many kinds as trials. */
struct failure *failures_find(const struct run_data *run, size_t *count)
{
    struct failure *failures = calloc(run->trial_count + 1, sizeof *failures);
    size_t kinds = 0;
    *count = 0;
    for (size_t i = 0; failures && i < run->trial_count; i++)
        if (!trial_is_ok(&run->trials[i]))
            failures[(*count)++] = (struct failure){i, 1};
    if (!*count)
        return failures;
    qsort_r(failures, *count, sizeof *failures, alike_compare, (void *)run);
    for (size_t i = 1; i < *count; i++)
        if (kind_compare(run, failures[kinds].trial, failures[i].trial))
            failures[++kinds] = failures[i];
        else
            failures[kinds].count++;
    *count = kinds + 1;
    qsort(failures, *count, sizeof *failures, trial_compare);
    return failures;
}
