/* Run directories: results/<UTC date>T<time>-<id>/ under the current directory, or wherever --out said. A run is
 * named by its path, by `latest`, or by a unique prefix of its name in results/. Errors: 0 or -errno with a line in
 * error (ERROR_MAX bytes). One thread. */
#ifndef POOLBENCH_MODEL_RUN_DIR_H
#define POOLBENCH_MODEL_RUN_DIR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define RESULTS_DIRECTORY "results"

/* The directory of the run called `name`. -ENOENT: there is none; -EINVAL: several begin like that; the line says which
 * exist. */
int run_find(const char *name, char *directory, size_t size, char *error);

/* Whether run_create() could make it, as far as can be seen without making anything: so that this is said before
 * anything is measured. */
int run_check(const char *out, char *error);
/* Makes the directory of a new run: `out`, which must not exist (-EEXIST), or a fresh one in results/ when out is "".
 */
int run_create(const char *out, char *directory, size_t size, char *error);
/* Its files are there: a run in results/ becomes results/latest, unless it was moved meanwhile. */
int run_publish(const char *directory, char *error);
/* Its files could not be written: takes away those there are, and the directory. Others' files stay. */
void run_discard(const char *directory);
/* Keeps other harnesses out, until run_unlock() or the end of this process, and holds the directory
 * (bench/base/inside.h). A lock; -EWOULDBLOCK: another harness is at work there. */
int run_lock(const char *directory, char *error);
/* The same of a directory that run_create() has just made, which is taken away again on an error. -EEXIST: it is
 * another one by now, and stays. */
int run_lock_new(const char *directory, char *error);
void run_unlock(int lock); /* less than 0: nothing */
/* Of a directory that is held: where it was moved, `directory` becomes its new path, and results/latest, which pointed
 * at it, does again. 1; 0: it has its name; -ENOENT: it was deleted; -ESTALE: where to cannot be told. */
int run_follow(char *directory, size_t size, char *error);

/* The name of the run in a directory: its last part. Points into `directory`, which has no slash at its end. */
const char *run_id(const char *directory);

/* A word for a shell that names the run, to be freed: of a directory that begins with a dash no option. NULL: no
 * memory. */
/* results/latest points at it. */
bool run_is_latest(const char *directory);
char *run_for_shell(const char *directory);

/* Prints the runs in results/, the oldest first. */
int runs_list(FILE *out);

#endif
