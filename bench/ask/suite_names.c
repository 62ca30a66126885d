/* A suite says what it is for in its first comment. */
#include "bench/ask/suite_names.h"
#include "bench/ask/suite.h"
#include "bench/base/data_path.h"
#include "workloads/text.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_suite(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && !strcmp(entry->d_name + length - 4, ".ini");
}

static void suite_ask(const char *directory, const char *file, struct suite_name *suite)
{
    char path[PATH_MAX];
    struct text_lines lines = {0};
    int length = snprintf(path, sizeof path, "%s/%s", directory, file);
    const char *line = NULL;
    if (length > 0 && (size_t)length < sizeof path && !text_open(path, SUITE_BYTES_MAX, &lines))
        line = text_next(&lines);
    line = line && *line == '#' ? line + strspn(line, "# ") : "";
    snprintf(suite->name, sizeof suite->name, "%.*s", (int)(strlen(file) - strlen(".ini")), file);
    snprintf(suite->about, sizeof suite->about, "%s", line);
    text_close(&lines);
}

int suite_names(struct suite_name **suites, size_t *count)
{
    char directory[PATH_MAX];
    struct dirent **entries;
    *suites = NULL;
    *count = 0;
    int rc = data_path("suites", directory, sizeof directory);
    if (rc)
        return rc;
    int found = scandir(directory, &entries, is_suite, alphasort);
    if (found < 0)
        return -errno;
    *suites = calloc((size_t)found + 1, sizeof **suites);
    for (int i = 0; i < found; i++) {
        if (*suites)
            suite_ask(directory, entries[i]->d_name, &(*suites)[(*count)++]);
        free(entries[i]);
    }
    free(entries);
    return *suites ? 0 : -ENOMEM;
}
