/* Rows of samples.csv and latency.csv, trial by trial, whatever their order in the file. They are streamed; where the
 * rows of a trial do not stand together, as after a sort, all are held at a time and told once more. Rows of trials
 * that are not asked for are left out: of such that were not committed, or are set aside. One thread. */
#ifndef POOLBENCH_MODEL_BY_TRIAL_H
#define POOLBENCH_MODEL_BY_TRIAL_H
#include "bench/model/columns.h"

struct by_trial {
    const struct file_format *format; /* sample_format or latency_format */
    const struct trial_row *trials;   /* whose rows */
    size_t count;
    int64_t end; /* of the file as far as it is read, as of csv_read() */
    /* The rows of a trial, its begin before the first, its end after the last; of trials without a row nothing. Of a
     * trial that begins once more, what was told before is void. Begin and end may be NULL; on_row: as of csv_read().
     */
    void (*on_begin)(size_t trial, void *arg);
    int (*on_row)(size_t trial, const void *row, void *arg);
    void (*on_end)(size_t trial, void *arg);
    void *arg;
};

/* 0; non-zero of on_row; -ENOENT: there is no such file, or -errno, with a line in error (ERROR_MAX bytes). -EBADMSG,
 * too, where a trial does not have the rows that were written with it. */
int by_trial_read(const char *directory, const struct by_trial *reader, char *error);

#endif
