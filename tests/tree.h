/* A directory that stands for / in tests: made-up files of /proc and /sys. One at a time. */
#ifndef POOLBENCH_TESTS_TREE_H
#define POOLBENCH_TESTS_TREE_H
#include "tests/scratch.h"

extern char tree[SCRATCH_MAX]; /* its path, while there is one */

int tree_make(void **state); /* before and after a test, as cmocka calls them */
int tree_remove(void **state);
/* A file or a symbolic link in it, with the directories it needs; one that is there is written anew. */
void tree_put(const char *path, const char *text);
void tree_link(const char *path, const char *to);

#endif
