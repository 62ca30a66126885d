/* Temporary files and directories of tests: below TMPDIR, where tests/run looks for what they leave. */
#ifndef POOLBENCH_TESTS_SCRATCH_H
#define POOLBENCH_TESTS_SCRATCH_H

enum { SCRATCH_MAX = 160 };

/* Makes an empty one and sets its path: a file, returning its descriptor, or a directory, returning 0; -1 with errno.
 */
int scratch_file(char path[SCRATCH_MAX]);
int scratch_directory(char path[SCRATCH_MAX]);
/* A directory and all that is in it; 0, or -1 where something is left. */
int scratch_remove(const char *path);

#endif
