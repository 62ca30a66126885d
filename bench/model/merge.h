/* One run of runs that were made elsewhere: by the jobs of an array, by CI, by the hosts of `run --hosts`. Their trials
 * are numbered anew and keep where they are from (origin_run, origin_trial); cells by host are different cells, and a
 * block of one host is no block of another. Hosts are told apart by machine-id, CPU model, name and build; a further
 * run of a host goes on with the blocks that it has. What is damaged is refused, what differs is named. One thread. */
#ifndef POOLBENCH_MODEL_MERGE_H
#define POOLBENCH_MODEL_MERGE_H
#include "bench/model/columns.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A run to be taken. */
struct merge_part {
    const char *directory; /* NULL: its host ran nothing */
    const char *name;      /* what the host is called; NULL: as its host.json says */
    const char *lost;      /* why the host did not run all of it; NULL: it did */
    double clock_ahead_s;  /* NAN: not known */
};

struct merge {
    const struct merge_part *part;
    size_t count;
    bool is_by_part;   /* each part is a host; else hosts are told apart by what they say of themselves */
    bool may_be_empty; /* no host has run anything yet */
    bool together;     /* hosts ran their blocks in the same minutes: times of a block are compared across hosts */
    const char *verb;
    char **argv;
    json_t *more; /* of "run" in host.json; NULL: nothing. The caller's */
    FILE *talk;   /* what differs, a line each */
};

/* Writes it into `directory`, which is there; its files of an earlier time are replaced, trials.csv last, and are not
 * there meanwhile. 0 or -errno with a line in error (ERROR_MAX bytes): then nothing of it is there. -EINVAL: the runs
 * cannot be one. */
int merge_make(const struct merge *merge, const char *directory, char *error);
/* Whether the hosts of a run ran at different times, so that their absolute times say nothing of each other. */
struct run_data;
bool run_hosts_apart(const struct run_data *run);

#endif
