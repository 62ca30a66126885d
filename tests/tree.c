/* See tree.h. */
#include "tests/tree.h"
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

char tree[SCRATCH_MAX];

int tree_make(void **state)
{
    (void)state;
    return scratch_directory(tree);
}

int tree_remove(void **state)
{
    (void)state;
    return scratch_remove(tree);
}

static void place_make(char *whole, const char *path)
{
    int length = snprintf(whole, PATH_MAX, "%s%s", tree, path);
    assert_true(length > 0 && length < PATH_MAX);
    for (char *slash = whole + strlen(tree) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
        *slash = '\0';
        mkdir(whole, 0777);
    }
    unlink(whole);
}

void tree_put(const char *path, const char *text)
{
    char whole[PATH_MAX];
    place_make(whole, path);
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

void tree_link(const char *path, const char *to)
{
    char whole[PATH_MAX];
    place_make(whole, path);
    assert_int_equal(symlink(to, whole), 0);
}
