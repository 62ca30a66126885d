/* Suites. inih splits lines into keys and values; this file feeds it the lines, so that every complaint has its line,
 * and knows the sections: inih would take "key: value" for a pair and says nothing of a section without keys. */
#include "bench/ask/suite.h"
#include "bench/base/data_path.h"
#include "bench/base/inside.h"
#include "bench/base/nearest.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/text_file.h"
#include "pools/pool.h"
#include "workloads/workload.h"
#include <ctype.h>
#include <dirent.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#define LINE_MAX_WRITTEN 96

struct reader {
    const char *path;
    struct text_lines lines;
    const struct machine *machine;
    struct settings *settings;
    struct experiments *experiments;
    size_t first;             /* of this file's in experiments */
    struct experiment shared; /* above the first section */
    bool in_section, key_seen;
    size_t pairs;                /* keys with values, in the whole file */
    struct words *commands;      /* gets what would be executed, and nothing is set; or NULL */
    const struct words *allowed; /* what may be executed; NULL: anything */
    char *error;
    int rc;
};

struct experiment *experiment_add(struct experiments *experiments, const char *name)
{
    struct experiment *grown = realloc(experiments->experiment, (experiments->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    experiments->experiment = grown;
    struct experiment *added = &grown[experiments->count++];
    memset(added, 0, sizeof *added);
    snprintf(added->name, sizeof added->name, "%s", name);
    return added;
}

static void experiment_release(struct experiment *experiment)
{
    for (size_t i = 0; i < OPTIONS_MAX; i++)
        words_release(&experiment->values[i]);
}

void experiments_release(struct experiments *experiments)
{
    for (size_t i = 0; i < experiments->count; i++)
        experiment_release(&experiments->experiment[i]);
    free(experiments->experiment);
    *experiments = (struct experiments){0};
}

/* ---- reading ---- */

static int refuse_line(struct reader *reader)
{
    return reader->rc = refuse_at(reader->error, "%s:%u", reader->path, reader->lines.number);
}

/* "[experiment NAME]" */
static int section_begin(struct reader *reader, const char *line)
{
    static const char word[] = "experiment";
    const char *end = strchr(line, ']');
    const char *name = line + 1 + strspn(line + 1, " \t");
    bool known = !strncmp(name, word, strlen(word)) && isspace((unsigned char)name[strlen(word)]);
    if (known)
        name += strlen(word) + strspn(name + strlen(word), " \t");
    const char *last = end;
    while (last && last > name && isspace((unsigned char)last[-1]))
        last--;
    if (!known || !end || last <= name) {
        refuse(reader->error, "'%.*s' is no section, expected [experiment NAME]", (int)strcspn(line, "\r\n"), line);
        return refuse_line(reader);
    }
    char text[NAME_MAX_LEN];
    if (memchr(name, ';', (size_t)(last - name))) {
        refuse(reader->error, "the name has a semicolon, which stands between names in files");
        return refuse_line(reader);
    }
    if ((size_t)(last - name) >= sizeof text) {
        refuse(reader->error, "the name is longer than %zu letters", sizeof text - 1);
        return refuse_line(reader);
    }
    snprintf(text, sizeof text, "%.*s", (int)(last - name), name);
    for (size_t i = 0; i < reader->experiments->count; i++) {
        if (!strcmp(reader->experiments->experiment[i].name, text)) {
            refuse(reader->error, "there is an experiment '%s' already", text);
            return refuse_line(reader);
        }
    }
    reader->in_section = true;
    reader->key_seen = false;
    if (experiment_add(reader->experiments, text))
        return 0;
    refuse(reader->error, "out of memory");
    return refuse_line(reader);
}

/* What inih would let pass. */
static int line_check(struct reader *reader, const char *line)
{
    const char *text = line + strspn(line, " \t\r\n");
    if (!*text || *text == ';' || *text == '#')
        return 0;
    if (line[0] == '[')
        return section_begin(reader, line);
    if (text > line && reader->key_seen) /* more values of the key above */
        return 0;
    if (!strchr(line, '=')) {
        refuse(reader->error, "a line without '=', expected KEY = VALUE");
        return refuse_line(reader);
    }
    reader->key_seen = true;
    return 0;
}

/* Hands inih the next line; NULL at the end and after an error. */
static char *line_next(char *line, int size, void *stream)
{
    struct reader *reader = stream;
    const char *next = reader->rc ? NULL : text_next(&reader->lines);
    if (!next)
        return NULL;
    size_t length = strlen(next);
    if (length + 2 > (size_t)size) {
        refuse(reader->error, "longer than %d letters; values may go on in the next line, indented", size - 2);
        refuse_line(reader);
        return NULL;
    }
    memcpy(line, next, length + 1);
    return line_check(reader, line) ? NULL : line;
}

/* Whatever is not known to be harmless may execute something: a plug-in, a peer, a quoted name, another build. */
static bool executes(const struct option *option, const char *value)
{
    char name[VALUE_MAX];
    const char *spec = spec_behind_label(value + (*value == '?'));
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(spec), spec);
    if (option == &options[OPTION_TRIAL_PROGRAM])
        return strcmp(value, option->preset) != 0;
    if (option == &options[OPTION_POOL])
        return !pool_find(name);
    const struct workload_ops *workload = workload_find(name);
    return !workload || workload->become;
}

/* What would be executed: told, or found among what is allowed. */
static int command_take(struct reader *reader, const struct option *option, const char *value)
{
    char text[VALUE_MAX + 32];
    snprintf(text, sizeof text, "%s%s", option == &options[OPTION_TRIAL_PROGRAM] ? "--trial-program " : "", value);
    if (reader->allowed && !words_have(reader->allowed, text))
        return refuse(reader->error, "'%.80s' was not there a moment ago", value);
    if (!reader->commands || words_have(reader->commands, text))
        return 0;
    return words_add(reader->commands, text, strlen(text)) ? refuse(reader->error, "out of memory") : 0;
}

static int commands_take(struct reader *reader, const struct option *option, const char *value)
{
    struct words parts = {0};
    if (option != &options[OPTION_POOL] && option != &options[OPTION_WORKLOAD] &&
        option != &options[OPTION_TRIAL_PROGRAM])
        return 0;
    int rc = words_split(&parts, value, ',') ? refuse(reader->error, "no list of values: '%.80s'", value) : 0;
    for (size_t i = 0; i < parts.count && !rc; i++)
        if (executes(option, parts.word[i]))
            rc = command_take(reader, option, parts.word[i]);
    words_release(&parts);
    return rc;
}

static int key_set(struct reader *reader, const char *key, const char *value)
{
    const struct option *option = option_find(key, reader->error);
    if (!option)
        return -EINVAL;
    if ((reader->commands || reader->allowed) && commands_take(reader, option, value))
        return -EINVAL;
    if (reader->commands)
        return 0;
    if (option->traits & OPTION_COMMAND_LINE)
        return refuse(reader->error, "%s belongs on the command line: --%s", key, key);
    if (option->set && reader->in_section)
        return refuse(reader->error, "%s is a setting of the whole run, expected above the first section", key);
    if (option->set) {
        if (option->set(value, reader->settings, reader->error))
            return refuse_at(reader->error, "%s", key);
        return 0;
    }
    struct experiment *experiment =
        reader->in_section ? &reader->experiments->experiment[reader->experiments->count - 1] : &reader->shared;
    struct words *values = &experiment->values[option - options];
    if (option->kind == OPTION_SETTING)
        words_release(values); /* the last one counts */
    if (option_values(option, value, reader->machine, values, reader->error))
        return refuse_at(reader->error, "%s", key);
    return 0;
}

/* Called by inih with each pair; the section is known from line_check. */
static int pair_take(void *user, const char *section, const char *key, const char *value)
{
    struct reader *reader = user;
    (void)section;
    reader->pairs++;
    if (!reader->rc && key_set(reader, key, value))
        refuse_line(reader);
    return reader->rc == 0;
}

/* Shared factors go to every experiment of the file that has none of its own. */
static int shared_spread(struct reader *reader)
{
    if (!reader->in_section && !experiment_add(reader->experiments, ""))
        return -ENOMEM;
    for (size_t e = reader->first; e < reader->experiments->count; e++) {
        struct experiment *experiment = &reader->experiments->experiment[e];
        for (size_t i = 0; i < OPTIONS_MAX; i++)
            if (!experiment->values[i].count && words_copy(&experiment->values[i], &reader->shared.values[i]))
                return -ENOMEM;
    }
    return 0;
}

/* fd: of that path, or -errno; closes it. given: what it is read with. */
static int suite_take(int fd, const char *path, const struct reader *given)
{
    struct reader reader = *given;
    char *error = reader.error;
    reader.path = path;
    reader.first = reader.experiments->count;
    int rc = text_file_fd_open(fd, path, SUITE_BYTES_MAX, "a suite (an INI file)", &reader.lines, error);
    if (!rc && !reader.lines.next[strspn(reader.lines.next, " \t\r\n")])
        rc = refuse(error, "%s: empty, expected [experiment NAME] sections with KEY = VALUE lines", path);
    if (rc) {
        text_close(&reader.lines);
        return rc;
    }
    int line = ini_parse_stream(line_next, &reader, pair_take, &reader);
    rc = reader.rc;
    if (!rc && line)
        rc = refuse(error, "%s:%d: expected KEY = VALUE or [experiment NAME]", path, line);
    if (!rc && !reader.pairs)
        rc = refuse(error, "%s: sets nothing, expected KEY = VALUE lines", path);
    if (!rc && !reader.commands && shared_spread(&reader))
        rc = refuse(error, "%s: out of memory", path);
    experiment_release(&reader.shared);
    text_close(&reader.lines);
    return rc;
}

int suite_read(const char *name, const struct machine *machine, struct settings *settings,
               struct experiments *experiments, char *error)
{
    char path[PATH_MAX];
    int rc = suite_find(name, path, sizeof path, error);
    const struct reader reader = {.machine = machine, .settings = settings, .experiments = experiments, .error = error};
    return rc ? rc : suite_take(text_file_fd(path), path, &reader);
}

static int run_suite_take(const char *run, const struct reader *reader)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%.4095s/suite.ini", run);
    return suite_take(inside_fd(run, "suite.ini"), path, reader);
}

int suite_read_of(const char *run, const struct machine *machine, struct settings *settings,
                  struct experiments *experiments, const struct words *commands, char *error)
{
    const struct reader reader = {
        .machine = machine, .settings = settings, .experiments = experiments, .allowed = commands, .error = error};
    return run_suite_take(run, &reader);
}

int suite_commands(const char *run, struct words *commands, char *error)
{
    struct experiments experiments = {0};
    const struct reader reader = {.experiments = &experiments, .commands = commands, .error = error};
    int rc = run_suite_take(run, &reader);
    experiments_release(&experiments);
    return rc;
}

/* ---- finding ---- */

int suite_find(const char *name, char *path, size_t size, char *error)
{
    char relative[PATH_MAX], hint[96];
    size_t length = strlen(name);
    bool bare = !strchr(name, '/');
    bool ini = length > 4 && !strcmp(name + length - 4, ".ini");
    if (length >= size || length > PATH_MAX - 32)
        return refuse(error, "%.40s...: the name is too long", name);
    memcpy(path, name, length + 1);
    struct stat status;
    if (!bare || (!stat(name, &status) && (ini || !S_ISDIR(status.st_mode))))
        return 0;
    snprintf(relative, sizeof relative, "suites/%s%s", name, ini ? "" : ".ini");
    if (!data_path(relative, path, size))
        return 0;
    struct nearest nearest;
    nearest_init(&nearest, name);
    DIR *directory = data_path("suites", relative, sizeof relative) ? NULL : opendir(relative);
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        size_t stem = strcspn(entry->d_name, ".");
        char suite[256];
        snprintf(suite, sizeof suite, "%.*s", ini ? 255 : (int)stem, entry->d_name);
        if (stem)
            nearest_offer(&nearest, suite);
    }
    if (directory)
        closedir(directory);
    return refuse(error, "%s: no such suite, neither a file nor one that comes with poolbench%s", name,
                  nearest_hint(&nearest, hint, sizeof hint));
}

/* ---- writing ---- */

/* Values of one key, in lines short enough for any reader of INI files. */
static void values_write(FILE *out, const char *key, const struct words *values)
{
    int column = fprintf(out, "%s =", key);
    for (size_t i = 0; i < values->count; i++) {
        bool first = i == 0 || column < 0;
        if (i > 0 && (size_t)column + strlen(values->word[i]) + 2 > LINE_MAX_WRITTEN) {
            fputc('\n', out);
            column = fprintf(out, "   ");
            first = true;
        }
        column += fprintf(out, first ? " %s" : ", %s", values->word[i]);
    }
    fputc('\n', out);
}

int suite_write(FILE *out, const struct settings *settings, const struct experiments *experiments)
{
    for (const struct option *option = options; option->name; option++) {
        if (!option->spell)
            continue;
        char value[SPEC_MAX];
        option->spell(settings, value);
        fprintf(out, "%s = %s\n", option->name, value);
    }
    for (size_t e = 0; e < experiments->count; e++) {
        const struct experiment *experiment = &experiments->experiment[e];
        fputc('\n', out);
        if (experiment->name[0])
            fprintf(out, "[experiment %s]\n", experiment->name);
        for (size_t i = 0; options[i].name; i++)
            if (experiment->values[i].count)
                values_write(out, options[i].name, &experiment->values[i]);
    }
    return ferror(out) ? -EIO : 0;
}
