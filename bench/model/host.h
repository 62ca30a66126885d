/* Where a run was made: host.json and topology.xml of its directory. One thread. */
#ifndef POOLBENCH_MODEL_HOST_H
#define POOLBENCH_MODEL_HOST_H
#include "bench/base/words.h"
#include "bench/machine/machine.h"
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Writes host.json (facts that cannot be read are null; `run`, or null, stands under "run" as given and stays the
 * caller's) and topology.xml into directory, each under another name first and then renamed. 0 or -errno, with a line
 * in error (ERROR_MAX bytes). */
int host_write(const char *directory, const struct machine *machine, json_t *run, char *error);
/* The same of a host.json that was made up of others. */
int host_write_made(const char *directory, json_t *host, char *error);
/* One line from a run's host.json: "2 cores, AMD EPYC (KVM), Linux 6.18"; "unknown machine" for NULL. */
void host_line(char *text, size_t size, const json_t *host);
/* The CPUs in effect that a run had: allowed ones, or its quota. 0: host.json does not say. */
int64_t host_cpus(const json_t *host);
/* What may have spoilt a run, as it was seen before it began, and what was not done as asked for, a line each: workers
 * that could not be pinned, cells left out. */
void host_warnings(FILE *out, const json_t *host);

/* All of a run's host.json, the caller's. It is read nowhere else: one of a newer poolbench may mean other things by
 * the same words; and one whose values are not those of its row_sum is damaged. NULL: it is not there, not JSON, or one
 * of these, with a line in error (ERROR_MAX bytes). */
json_t *host_read(const char *directory, char *error);
/* The same; of a newer or damaged one is said, once a file, on stderr. What follows reads it so. */
json_t *host_load(const char *directory);
/* What host.json is, with a fresh checksum, which `host` gets, too; the caller's to free. NULL: no memory. */
char *host_text(json_t *host);
json_t *host_fact(const json_t *host, const char *key);       /* of "run"; borrowed, NULL where there is none */
json_t *host_fact_of(const char *directory, const char *key); /* the same of a directory, the caller's */
json_t *host_words(const struct words *words);                /* an array of strings; NULL: no memory */
/* Adds to "run" of host.json, or replaces there, what stands under `key`; takes `value` over. As host_write(). */
int host_note(const char *directory, const char *key, json_t *value, char *error);
/* The same at the end of a list, which begins with it where there is none. */
int host_append(const char *directory, const char *key, json_t *entry, char *error);

#endif
