/* Checksums of files that are written whole, kept in host.json ("files" of "run"): suite.ini, plan.csv, and what a
 * search found. One that was damaged since, or is another run's, is told by name. plan.csv is known by its rows,
 * whatever their order; the others by their lines. Runs without such a sum are not asked. One thread. */
#ifndef POOLBENCH_MODEL_FILE_SUMS_H
#define POOLBENCH_MODEL_FILE_SUMS_H
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Notes what stands there now; name: NULL, of all that are there. 0 or -errno with a line in error (ERROR_MAX bytes).
 */
int file_sums_note(const char *directory, const char *name, char *error);
/* False: it is there, and not the one that was noted. host: of that run, or NULL. */
bool file_sum_fits(const char *directory, const json_t *host, const char *name);
/* A line for each that is not. */
void file_sums_tell(FILE *talk, const char *directory, const json_t *host);

#endif
