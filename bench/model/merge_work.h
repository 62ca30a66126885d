/* What the files of merge.h share: none of others'. */
#ifndef POOLBENCH_MODEL_MERGE_WORK_H
#define POOLBENCH_MODEL_MERGE_WORK_H
#include "bench/model/csv.h"
#include "bench/model/merge.h"
#include <jansson.h>

/* A host of a part: a part that was merged itself has several. */
struct origin {
    char label[SPEC_MAX];          /* as its rows call it; "" */
    size_t host;                   /* of all */
    int64_t blocks_before, blocks; /* of that host in parts before; in this one, the number of the last */
};

struct part_cell {
    char id[16];
    size_t kind, origin;
};

struct part {
    const struct merge_part *of;
    json_t *about; /* host.json */
    struct origin *origin;
    size_t origins;
    struct part_cell *cell;
    size_t cells;
    int64_t trials, last; /* rows; the highest number */
};

/* A cell, wherever it ran. */
struct cell_kind {
    struct factors f; /* of the first that was met */
    unsigned again;   /* the part has so many before it that differ in the number of tasks alone */
};

struct merge_host {
    struct host_row row;
    int64_t blocks, cpus;
};

struct merging {
    const struct merge *merge;
    const char *directory;
    struct part *part; /* merge->count */
    struct merge_host *host;
    size_t hosts;
    struct cell_kind *kind;
    size_t kinds;
    int64_t trials; /* rows that were written */
    char *error;
};

/* What host.json says of the machine. */
void host_row_read(const json_t *about, struct host_row *row);
/* What differs, on merge->talk. */
void merging_differences(const struct merging *m);
/* host.json and hosts.csv. */
int merging_about(const struct merging *m);
/* In host.json: how it ended, and the sums of the files that are there. */
int merging_note(const struct merging *m);
/* The rows of all parts: trials.csv as a draft, which becomes the file when all else is there. */
int merging_rows(struct merging *m);

#endif
