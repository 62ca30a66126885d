/* Words, placeholders and lists of files, see line.h. */
#include "workloads/line.h"
#include "workloads/text.h"
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_BYTES_MAX (256u << 20)

void strings_release(struct strings *strings)
{
    for (uint32_t i = 0; i < strings->count; i++)
        free(strings->string[i]);
    free(strings->string);
    *strings = (struct strings){0};
}

int strings_add(struct strings *strings, char *string)
{
    uint32_t count = strings->count;
    char **grown = strings->string;
    if (string && !(count & (count + 1))) /* doubled when 0, 1, 3, 7 ... are there */
        grown = realloc(strings->string, ((size_t)count * 2 + 2) * sizeof *grown);
    if (!string || !grown) {
        free(string);
        return -ENOMEM;
    }
    strings->string = grown;
    strings->string[strings->count++] = string;
    strings->string[strings->count] = NULL;
    return 0;
}

int line_split(const char *line, struct strings *words)
{
    char *word = malloc(strlen(line) + 1);
    int rc = word ? 0 : -ENOMEM;
    while (rc == 0 && *(line += strspn(line, " \t"))) {
        size_t length = 0;
        bool quoted = false;
        for (; *line && (quoted || !strchr(" \t", *line)); line++) {
            if (*line == '"') {
                quoted = !quoted;
                continue;
            }
            if (*line == '\\' && line[1])
                line++;
            word[length++] = *line;
        }
        word[length] = '\0';
        rc = quoted ? -EINVAL : strings_add(words, strdup(word));
    }
    free(word);
    if (rc < 0)
        strings_release(words);
    return rc;
}

static bool can_run(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
    if (strchr(name, '/'))
        return can_run(name) ? strdup(name) : NULL;
    const char *path = getenv("PATH");
    for (path = path ? path : "/bin:/usr/bin"; *name; path++) {
        char *candidate;
        int length = (int)strcspn(path, ":");
        if (asprintf(&candidate, "%.*s%s%s", length, path, length ? "/" : "./", name) < 0)
            return NULL;
        if (can_run(candidate))
            return candidate;
        free(candidate);
        path += length;
        if (!*path)
            break;
    }
    return NULL;
}

static const char *const placeholders[] = {"{task}", "{seed}", "{file}"};
enum { PLACEHOLDERS = sizeof placeholders / sizeof *placeholders, PLACEHOLDER_LENGTH = 6 };

bool line_has(const char *text, const char *which)
{
    for (unsigned i = 0; i < PLACEHOLDERS; i++)
        if ((!which || !strcmp(which, placeholders[i])) && strstr(text, placeholders[i]))
            return true;
    return false;
}

/* What the placeholder at `at` stands for; NULL: there is none. */
static const char *stands_for(const char *at, const struct fill *fill, char number[24])
{
    if (*at != '{')
        return NULL;
    if (!strncmp(at, "{file}", PLACEHOLDER_LENGTH))
        return fill->file;
    bool is_task = !strncmp(at, "{task}", PLACEHOLDER_LENGTH);
    if (!is_task && strncmp(at, "{seed}", PLACEHOLDER_LENGTH) != 0)
        return NULL;
    snprintf(number, 24, "%" PRIu32, is_task ? fill->task : fill->seed);
    return number;
}

char *line_fill(const char *text, const struct fill *fill)
{
    char number[24], *filled = NULL;
    size_t size;
    FILE *to = open_memstream(&filled, &size);
    if (!to)
        return NULL;
    bool is_well = true;
    while (is_well && *text) {
        const char *word = stands_for(text, fill, number);
        is_well = word ? fputs(word, to) != EOF : fputc(*text, to) != EOF;
        text += word ? PLACEHOLDER_LENGTH : 1;
    }
    if (fclose(to) == 0 && is_well)
        return filled;
    free(filled);
    return NULL;
}

/* Where a shell is in a line. */
struct quoting {
    char open;       /* the quote that is, or 0 */
    bool is_comment; /* up to the end of the line */
    bool is_nested;  /* quotes within quotes, "$(...)": no longer followed */
};

static void quoting_pass(struct quoting *at, char before, const char *c)
{
    if (at->is_comment)
        at->is_comment = *c != '\n';
    else if (at->open == '"' && (*c == '`' || (*c == '$' && c[1] == '(')))
        at->is_nested = true;
    else if (at->open)
        at->open = *c == at->open ? '\0' : at->open;
    else if (strchr("'\"`", *c))
        at->open = *c;
    else
        at->is_comment = *c == '#' && strchr(" \t\n;&|()", before); /* or at the beginning, where before is 0 */
}

int line_for_shell(const char *line, char **script)
{
    struct quoting at = {0};
    size_t size;
    FILE *to = open_memstream(script, &size);
    int rc = to ? 0 : -ENOMEM;
    for (char before = '\0'; rc == 0 && *line;) {
        bool is_file = !strncmp(line, "{file}", PLACEHOLDER_LENGTH);
        bool is_escaped = *line == '\\' && line[1] && at.open != '\'' && !at.is_comment;
        int length = is_file ? PLACEHOLDER_LENGTH : 1 + is_escaped;
        if (is_file && (at.open || at.is_nested))
            rc = -EINVAL;
        else if ((is_file ? fputs("\"$1\"", to) : fprintf(to, "%.*s", length, line)) < 0)
            rc = -ENOMEM;
        if (!is_file && !is_escaped)
            quoting_pass(&at, before, line);
        before = is_escaped ? 'x' : *line;
        line += length;
    }
    if (to && fclose(to) != 0 && rc == 0)
        rc = -ENOMEM;
    if (to && rc < 0)
        free(*script);
    return rc;
}

const char *line_program_text(const struct strings *words)
{
    for (uint32_t i = 1; i < words->count; i++) {
        const char *before = words->string[i - 1], *word = words->string[i];
        size_t length = strlen(before);
        bool is_text = length > 1 && before[0] == '-' && before[1] != '-' && strchr("ce", before[length - 1]);
        if (is_text && line_has(word, "{file}") && strpbrk(word, " \t\n;|&<>()'\"`$"))
            return word;
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int directory_list(const char *where, struct strings *files)
{
    DIR *directory = opendir(where);
    int rc = directory ? 0 : -errno;
    size_t length = strlen(where);
    const char *slash = length && where[length - 1] == '/' ? "" : "/";
    for (struct dirent *entry; rc == 0 && (entry = readdir(directory));) {
        struct stat status;
        char *path;
        if (entry->d_name[0] == '.')
            continue;
        if (asprintf(&path, "%s%s%s", where, slash, entry->d_name) < 0)
            rc = -ENOMEM;
        else if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
            free(path); /* gone again, or none */
        else
            rc = strings_add(files, path);
    }
    if (directory)
        closedir(directory);
    if (rc == 0 && files->count)
        qsort(files->string, files->count, sizeof *files->string, by_name);
    return rc;
}

static int pattern_list(const char *pattern, struct strings *files)
{
    glob_t found;
    int code = glob(pattern, 0, NULL, &found), rc = 0;
    if (code == GLOB_NOMATCH)
        return 0;
    if (code)
        return code == GLOB_NOSPACE ? -ENOMEM : -EIO;
    for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++)
        rc = strings_add(files, strdup(found.gl_pathv[i]));
    globfree(&found);
    return rc;
}

/* As find -print0 writes them: any bytes but NUL. */
static int zeros_list(const char *path, struct strings *files)
{
    char *entry = NULL;
    size_t size = 0;
    int fd = text_file_fd(path), rc = fd < 0 ? fd : 0;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (fd >= 0 && !file)
        rc = -errno;
    while (file && rc == 0 && getdelim(&entry, &size, '\0', file) >= 0)
        if (*entry)
            rc = strings_add(files, strdup(entry));
    if (file && rc == 0 && !feof(file))
        rc = -errno;
    free(entry);
    if (file)
        fclose(file);
    else if (fd >= 0)
        close(fd);
    return rc;
}

static int lines_list(const char *path, struct strings *files)
{
    struct text_lines lines;
    int rc = text_open(path, LIST_BYTES_MAX, &lines);
    if (rc == -EILSEQ)
        return zeros_list(path, files);
    for (char *line; rc == 0 && (line = text_next(&lines));)
        if (*line && *line != '#') /* a path that begins so is written ./#... */
            rc = strings_add(files, strdup(line));
    text_close(&lines);
    return rc;
}

/* A file -x becomes ./-x; other words of a list that begin so stay as they are. 0 or -ENOMEM. */
static int no_option(char **path)
{
    char *safe;
    if (**path != '-' || access(*path, F_OK) < 0)
        return 0;
    if (asprintf(&safe, "./%s", *path) < 0)
        return -ENOMEM;
    free(*path);
    *path = safe;
    return 0;
}

int files_list(const char *where, struct strings *files)
{
    struct stat status;
    int rc;
    if (stat(where, &status) < 0)
        rc = strpbrk(where, "*?[") ? pattern_list(where, files) : -errno;
    else
        rc = S_ISDIR(status.st_mode) ? directory_list(where, files) : lines_list(where, files);
    for (uint32_t i = 0; rc == 0 && i < files->count; i++)
        rc = no_option(&files->string[i]);
    if (rc < 0)
        strings_release(files);
    return rc;
}
