/* What is there of an earlier run: how far it has come, and what of it is not to stay. One thread. 0 or -errno with a
 * line in error. */
#ifndef POOLBENCH_MODEL_RECORDED_H
#define POOLBENCH_MODEL_RECORDED_H
#include <stddef.h>
#include <stdint.h>

/* The line in error for a file that could not be written or read. Returns rc. */
int record_failed(int rc, const char *directory, const char *file, char *error);

/* How far an earlier run has come. */
struct recorded {
    int64_t trial_id, blocks;         /* the last of each */
    int64_t samples_end, latency_end; /* bytes; 0: no trial is there */
    int64_t ended_ns;                 /* after the run began */
    size_t trials, interrupted;       /* rows; of them those that have to be run again */
};
int recorded_read(const char *directory, struct recorded *recorded, char *error);
/* Notes in host.json how many rows a run has that comes to no end by itself, so that one that goes is missed. */
int recorded_note(const char *directory, char *error);
/* Whether samples.csv and latency.csv have what the trials say of them, up to the ends behind which resume cuts. */
int recorded_check(const char *directory, const struct recorded *recorded, char *error);
/* Takes the rows of interrupted trials, which hold no times, out of trials.csv, and cuts off a torn line. The file is
 * replaced in one step. Changes nothing where its columns are others than ours. */
int recorded_clean(const char *directory, char *error);
/* Bytes at the ends of trials.csv, samples.csv and latency.csv that no commit covers; in names, of which of them. */
#define RECORDED_NAMES_MAX 64
int64_t recorded_torn(const char *directory, const struct recorded *recorded, char *names);

#endif
