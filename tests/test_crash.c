/* Crashes of the machine: what the file system had not been told to keep is lost in any part. Runs are recorded
 * (tests/tools/crash-record, tests/preload/disk.c); of moments between two of their calls the directory is made as a
 * disk may have it then, any subset of 4 KiB pages, sizes, creations, renamings and removals lost that were not
 * synchronised. Of each such state readers say the numbers that were written, or name what is damaged, and `repair` and
 * what `resume` does before its first trial keep every trial of the blocks before the one in which it happened; a crash
 * in the midst of `repair` loses nothing of what it keeps. The files of profile/ are looked at likewise. */
/* sanitizers: none (thousands of states; test_csv and the fuzzers read under them) */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/measure/record.h"
#include "bench/model/csv.h"
#include "bench/model/host.h"
#include "bench/model/repair.h"
#include "bench/model/run_data.h"
#include "tests/disk.h"
#include "tests/sample.h"
#include "tests/scratch.h"
#include "workloads/mix.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { STATES = 200 };

/* ---- what must be true of it ---- */

/* Lines, by a hash of what stands in them; of trials without where they end in other files, and the sum of that. */
struct line {
    int64_t id, block, rows;
    uint64_t hash;
    bool is_interrupted;
};
struct lines {
    struct line *line;
    size_t count;
};

static void line_add(struct lines *lines, const struct line *line)
{
    lines->line = reallocarray(lines->line, lines->count + 1, sizeof *lines->line);
    assert_non_null(lines->line);
    lines->line[lines->count++] = *line;
}

/* Which column of the header line is called so; -1: none. */
static int column_of(const char *header, const char *name)
{
    size_t length = strlen(name);
    for (int column = 0; *header && *header != '\n'; column++) {
        size_t width = strcspn(header, ",\n");
        if (width == length && !strncmp(header, name, length))
            return column;
        header += width + (header[width] == ',');
    }
    return -1;
}

static struct line line_read(const char *header, const char *text, size_t length)
{
    static const char *const left_out[] = {"samples_end", "latency_end", ROW_SUM_NAME};
    struct line line = {.rows = 1};
    const int id = column_of(header, "trial_id"), block = column_of(header, "block");
    const char *end = text + length;
    for (int column = 0; text < end; column++) {
        size_t width = strcspn(text, ",\n");
        bool counts = true;
        for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
            counts = counts && column != column_of(header, left_out[i]);
        if (counts)
            line.hash = mix64(line.hash, row_sum_text(0, text, width));
        line.id = column == id ? strtoll(text, NULL, 10) : line.id;
        line.block = column == block ? strtoll(text, NULL, 10) : line.block;
        line.is_interrupted = line.is_interrupted || (width == 11 && !strncmp(text, "interrupted", width));
        text += width + 1;
    }
    return line;
}

/* Those of the file, but the header; with `by_trial` a sum for each trial. */
static void lines_read(const char *bytes, size_t size, bool by_trial, struct lines *lines)
{
    const char *header = bytes, *end = bytes + size, *newline = memchr(bytes, '\n', size);
    const size_t before = lines->count;
    for (const char *at = newline ? newline + 1 : end; at < end; at = newline + 1) {
        newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            break;
        struct line line = line_read(header, at, (size_t)(newline - at));
        size_t same = by_trial ? before : lines->count;
        while (same < lines->count && lines->line[same].id != line.id)
            same++;
        if (same == lines->count) {
            line_add(lines, &line);
        } else {
            lines->line[same].hash += line.hash;
            lines->line[same].rows++;
        }
    }
}

static bool line_is_in(const struct lines *lines, const struct line *line)
{
    for (size_t i = 0; i < lines->count; i++)
        if (lines->line[i].id == line->id && lines->line[i].hash == line->hash && lines->line[i].rows == line->rows)
            return true;
    return false;
}

/* Of a run, and of its profile/. */
static const char *const directories[] = {"run", "profile"};
enum { DIRECTORIES = sizeof directories / sizeof *directories };
static unsigned char directory_of[CHANGES_MAX]; /* by change; DIRECTORIES: another */

static void directories_find(void)
{
    for (size_t i = 0; i < disk.changes; i++) {
        directory_of[i] = DIRECTORIES;
        for (size_t k = 0; k < disk.changes && disk.change[i].node < NOBODY; k++)
            for (unsigned char of = 0; of < DIRECTORIES && disk.change[k].node == disk.change[i].parent; of++)
                if (!strcmp(disk.change[k].name, directories[of]))
                    directory_of[i] = of;
    }
}

/* The file in that directory that the change is of, under that name or the one that it had before, which has a dot;
 * NULL: it is of another. */
static const struct node *node_of(size_t change, unsigned directory, const char *name)
{
    const struct change *of = &disk.change[change];
    bool is = directory_of[change] == directory && !strcmp(of->name + (of->name[0] == '.'), name);
    return is ? &disk.node[of->node] : NULL;
}

/* What was ever written of a file. */
static struct lines lines_written(unsigned directory, const char *name, bool by_trial)
{
    struct lines lines = {0};
    for (size_t i = 0; i < disk.changes; i++) {
        const struct node *node = node_of(i, directory, name);
        for (size_t v = 0; node && v < node->count; v++)
            if (v == 0 || node->versions[v].size != node->versions[v - 1].size)
                lines_read(node->versions[v].bytes, node->versions[v].size, by_trial, &lines);
    }
    return lines;
}

enum { OF_SAMPLES, OF_LATENCY, OF_STATES, OF_PLAN, OF_TRIALS, KINDS };
static const struct file_format *const kinds[KINDS] = {&sample_format, &latency_format, &state_format, &plan_format,
                                                       &trial_format};
static struct lines all_written[DIRECTORIES][KINDS];
static char error[ERROR_MAX];

static void file_lines(const char *run, const char *name, bool by_trial, struct lines *lines)
{
    char path[PATH_MAX];
    struct stat status;
    *lines = (struct lines){0};
    snprintf(path, sizeof path, "%s/%s", run, name);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    char *bytes = malloc((size_t)status.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)status.st_size), status.st_size);
    close(fd);
    bytes[status.st_size] = '\0';
    lines_read(bytes, (size_t)status.st_size, by_trial, lines);
    free(bytes);
}

/* The rows of trials.csv at that moment. */
static struct lines trials_find(unsigned directory, size_t moment)
{
    struct lines all = {0};
    const struct version *last = NULL;
    for (size_t i = 0; i < disk.changes && disk.change[i].at < moment; i++) {
        const struct node *node = disk.change[i].name[0] == '.' ? NULL : node_of(i, directory, trial_format.file);
        for (size_t v = 0; node && v < node->count && node->versions[v].at < moment; v++)
            last = &node->versions[v];
    }
    if (last)
        lines_read(last->bytes, last->size, false, &all);
    return all;
}

/* The trials that have to be there: of all blocks before the last one that has any. */
static struct lines promised_find(unsigned directory, size_t moment)
{
    struct lines all = trials_find(directory, moment), promised = {0};
    int64_t block = 0;
    for (size_t i = 0; i < all.count; i++)
        block = all.line[i].block > block ? all.line[i].block : block;
    for (size_t i = 0; i < all.count; i++)
        if (all.line[i].block < block && !all.line[i].is_interrupted)
            line_add(&promised, &all.line[i]);
    free(all.line);
    return promised;
}

static void all_in(const char *run, const char *name, const struct lines *written, const struct lines *of)
{
    struct lines lines;
    file_lines(run, name, of != NULL, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        bool is_of = !of;
        for (size_t k = 0; of && k < of->count && !is_of; k++)
            is_of = of->line[k].id == lines.line[i].id;
        if (is_of && !line_is_in(written, &lines.line[i]))
            fail_msg("%s: trial %lld has rows in %s that nobody wrote", run, (long long)lines.line[i].id, name);
    }
    free(lines.line);
}

/* What the run, or its profile, says where its readers take it. */
static void numbers_check(const char *run, const struct lines of[KINDS], const struct lines *promised)
{
    struct lines trials;
    file_lines(run, trial_format.file, false, &trials);
    for (unsigned kind = 0; kind < KINDS; kind++)
        if (inside_is_there(run, kinds[kind]->file))
            all_in(run, kinds[kind]->file, &of[kind],
                   kind == OF_STATES ? promised /* states that do not fill their slots are not used */
                   : kind < OF_PLAN  ? &trials
                                     : NULL);
    for (size_t i = 0; i < promised->count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < trials.count && !is_there; k++)
            is_there = trials.line[k].id == promised->line[i].id;
        if (!is_there)
            fail_msg("%s: trial %lld is lost", run, (long long)promised->line[i].id);
    }
    free(trials.line);
}

/* What host.json says of how many rows there are is not more than there are. */
static bool is_repair, lacks_rows; /* that were committed */
static void committed_check(const char *run)
{
    struct lines trials;
    json_int_t kept = 0;
    json_t *committed = host_fact_of(run, "committed");
    file_lines(run, trial_format.file, false, &trials);
    for (size_t i = 0; i < trials.count; i++)
        kept += !trials.line[i].is_interrupted;
    if (json_integer_value(committed) > kept && !lacks_rows)
        fail_msg("%s: %lld rows were committed, %lld are there", run, (long long)json_integer_value(committed),
                 (long long)kept);
    json_decref(committed);
    free(trials.line);
}

/* As summarise and resume read it. */
static int run_read(const char *run)
{
    struct recorded recorded;
    struct run_data data;
    int rc = run_data_open(run, &data, error);
    if (rc)
        return rc;
    run_data_close(&data);
    rc = recorded_read(run, &recorded, error);
    return rc ? rc : recorded_check(run, &recorded, error);
}

/* As resume makes it ready for further trials. */
static void run_go_on(const char *run)
{
    struct recorded recorded;
    struct recorder recorder;
    assert_int_equal(recorded_clean(run, error), 0);
    assert_int_equal(recorded_read(run, &recorded, error), 0);
    assert_int_equal(recorder_open(&recorder, run, 3, &recorded, error), 0);
    assert_int_equal(recorder_close(&recorder, error), 0);
}

static void dropped_count(const char *what, void *arg)
{
    (void)what;
    ++*(size_t *)arg;
}

static struct {
    size_t states, absent, whole, repaired, dropped, profiles, profiles_repaired;
} counts;

/* As the verb does. */
static void run_repair(const char *run)
{
    struct repair repair = {.dropped = dropped_count, .arg = &counts.dropped};
    int is_changed;
    assert_non_null(strstr(error, ".csv"));
    if (repair_run(run, &repair, &is_changed, error))
        fail_msg("%s", error);
    const int rc = run_read(run);
    if (rc && rc != -ENODATA)
        fail_msg("%s after repair", error);
}

static int row_pass(const void *row, void *arg)
{
    (void)row, (void)arg;
    return 0;
}

static void profile_check(const char *run, const struct lines *promised)
{
    char profile[PATH_MAX + 16];
    snprintf(profile, sizeof profile, "%s/profile", run);
    if (!inside_is_there(profile, trial_format.file)) {
        assert_int_equal(promised->count, 0);
        return;
    }
    int rc = run_read(profile);
    if ((rc == 0 || rc == -ENODATA) && inside_is_there(profile, state_format.file))
        rc = csv_read(profile, &state_format, -1, row_pass, NULL, error);
    if (rc && rc != -ENODATA) {
        run_repair(profile);
        counts.profiles_repaired++;
    }
    counts.profiles++;
    numbers_check(profile, all_written[1], promised);
}

static void state_check(const char *run, const struct lines *promised, bool goes_on)
{
    counts.states++;
    if (!inside_is_there(run, trial_format.file)) {
        assert_int_equal(promised->count, 0);
        counts.absent++;
        return;
    }
    json_t *host = host_read(run, error);
    if (!host)
        fail_msg("%s", error);
    json_decref(host);
    int rc = run_read(run);
    if (rc == 0 || rc == -ENODATA) {
        counts.whole++;
    } else {
        run_repair(run);
        counts.repaired++;
    }
    numbers_check(run, all_written[0], &promised[0]);
    committed_check(run);
    profile_check(run, &promised[1]);
    if (!goes_on)
        return;
    run_go_on(run);
    numbers_check(run, all_written[0], &promised[0]);
}

/* ---- */

static char scratch[SCRATCH_MAX];

static void written_find(void)
{
    directories_find();
    for (unsigned of = 0; of < DIRECTORIES; of++)
        for (unsigned kind = 0; kind < KINDS; kind++)
            all_written[of][kind] = lines_written(of, kinds[kind]->file, kind < OF_PLAN);
    if (!is_repair)
        return;
    free(all_written[0][OF_TRIALS].line);
    all_written[0][OF_TRIALS] = trials_find(0, disk.records); /* not those that it has to drop */
}

static void scenario_try(const char *name)
{
    char path[PATH_MAX], state[2 * SCRATCH_MAX], run[PATH_MAX];
    is_repair = !strcmp(name, "repair");
    lacks_rows = is_repair || !strcmp(name, "resume");
    snprintf(path, sizeof path, "%s/%s.log", scratch, name);
    disk_read(path);
    written_find();
    const size_t states = (sample_all() ? 10 : 1) * STATES;
    for (size_t i = 0; i < states; i++) {
        const enum loss loss = i % LOSSES;
        const size_t moment = disk.first + (disk.records - disk.first) * i / (states - 1);
        struct lines promised[DIRECTORIES];
        for (unsigned of = 0; of < DIRECTORIES; of++)
            promised[of] = promised_find(of, moment);
        if (is_repair) {
            free(promised[0].line);
            promised[0] = trials_find(0, disk.records);
        }
        snprintf(state, sizeof state, "%s/%s-%zu", scratch, name, i);
        disk_make(state, moment, loss, mix64(sample_seed(), i));
        snprintf(run, sizeof run, "%s/run", state);
        state_check(run, promised, i / LOSSES % 4 == 0);
        for (unsigned of = 0; of < DIRECTORIES; of++)
            free(promised[of].line);
        assert_int_equal(scratch_remove(state), 0);
        test_progress();
    }
    for (unsigned of = 0; of < DIRECTORIES; of++)
        for (unsigned kind = 0; kind < KINDS; kind++)
            free(all_written[of][kind].line);
    disk_forget();
}

static void test_states(void **state)
{
    static const char *const scenarios[] = {"run", "more", "resume", "repair", "again", "profile"};
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        scenario_try(scenarios[i]);
    print_message("%zu states: %zu not begun yet, %zu whole, %zu after repair, which dropped %zu rows and trials; %zu "
                  "with profiled siblings, %zu of them after repair\n",
                  counts.states, counts.absent, counts.whole, counts.repaired, counts.dropped, counts.profiles,
                  counts.profiles_repaired);
    assert_true(counts.whole > 0 && counts.repaired > 0 && counts.absent > 0);
}

static int setup(void **state)
{
    char command[SCRATCH_MAX + 64];
    (void)state;
    if (scratch_directory(scratch))
        return -1;
    snprintf(command, sizeof command, "tests/tools/crash-record %s", scratch);
    return system(command);
}

static int teardown(void **state)
{
    (void)state;
    return scratch_remove(scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_states)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
