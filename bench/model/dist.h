/* Size distributions: from a word to a table of equally likely costs (workloads/sequence.h). Thread-safe. */
#ifndef POOLBENCH_MODEL_DIST_H
#define POOLBENCH_MODEL_DIST_H
#include "bench/model/cell.h"
#include "workloads/param.h"

struct dist {
    const char *name;
    enum dist_kind kind;
    const char *summary;
    const struct param *params; /* NULL: none */
    uint32_t quantiles;         /* equally likely sizes; 0: as many as the file has */
};

extern const struct dist dist_table[]; /* ends with a row without a name */

/* The size below which a share u of the tasks lie, in any scale. */
double dist_quantile(const struct dist *dist, double u, const int64_t *params);
/* By the name in front of text. NULL with a line in error. */
const struct dist *dist_find(const char *text, char *error);
/* text: "lognormal:sigma=1.5", "file:PATH"; spec (SPEC_MAX bytes): canonical. -EINVAL with a line in error. */
int dist_parse(const char *text, enum dist_kind *kind, char *spec, char *error);

#endif
