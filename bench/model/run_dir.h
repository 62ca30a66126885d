/* Run directories: results/<UTC date>T<time>-<id>/ under the current directory, or wherever --out said. A run is
 * named by its path, by `latest` (the one that began last of those that came to their end), or by a unique prefix of
 * its name in results/. Errors: 0 or -errno with a line in error (ERROR_MAX bytes). One thread. */
#ifndef POOLBENCH_MODEL_RUN_DIR_H
#define POOLBENCH_MODEL_RUN_DIR_H
#include "bench/base/words.h"

#define RESULTS_DIRECTORY "results"
#define RUN_LATEST        "latest"

/* The directory of the run called `name`. -ENOENT: there is none; -EINVAL: several begin like that; the line says which
 * exist. */
int run_find(const char *name, char *directory, size_t size, char *error);

/* Whether run_create() could make it, as far as can be seen without making anything: so that this is said before
 * anything is measured. */
int run_check(const char *out, char *error);
/* Makes the directory of a new run: `out`, which must not exist (-EEXIST), or a fresh one in results/ when out is "".
 */
int run_create(const char *out, char *directory, size_t size, char *error);
/* Its files are there: a crash of the machine does not lose its name, unless it was moved meanwhile. */
int run_publish(const char *directory, char *error);
/* It has come to its end: a run in results/ becomes results/latest, unless that began later. */
int run_finish(const char *directory, char *error);
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

/* The newest run in results/ that has not come to the end of its plan, of those that began after the run in `than` (""
 * for any). 0; 1: poolbench is at work on it; -ENOENT: there is none. */
int run_unfinished(const char *than, char *directory, size_t size);

/* The name of the run in a directory: its last part. Points into `directory`, which has no slash at its end. */
const char *run_id(const char *directory);

/* results/latest points at it. */
bool run_is_latest(const char *directory);
/* A word for a shell that names the run, to be freed: of a directory that begins with a dash no option. NULL: no
 * memory. */
char *run_for_shell(const char *directory);

/* Adds the names of the runs in results/, the oldest first. 0 or -errno. */
int runs_names(struct words *names);

#endif
