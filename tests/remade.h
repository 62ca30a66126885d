/* A recorded run (tests/recorded/, of schema 1) written anew as poolbench writes runs today: with the checksums of rows
 * and of trials, so that what a test then changes in a text is changed by somebody who knows them, and what it changes
 * in a file is damage. One thread. */
#ifndef POOLBENCH_TESTS_REMADE_H
#define POOLBENCH_TESTS_REMADE_H
#include "bench/model/columns.h"

/* What becomes of the texts of a row before it is written: `text`, of at most size - 1 bytes, of that column. */
typedef void remade_text(char *text, size_t size, const char *column, void *arg);

/* The run `from` as `to`, a directory that it makes: all CSV files that it has but summary.csv, and the others as they
 * are. change may be NULL. 0, or -errno with a line in error (ERROR_MAX bytes). */
int remade_run(const char *from, const char *to, remade_text *change, void *arg, char *error);

#endif
