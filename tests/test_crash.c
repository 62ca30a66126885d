/* Crashes of the machine: what the file system had not been told to keep is lost in any part. Runs are recorded
 * (tests/tools/crash-record, tests/preload/disk.c); of moments between two of their calls the directory is made as a
 * disk may have it then, any subset of 4 KiB pages, sizes, creations, renamings and removals lost that were not
 * synchronised. Of each such state readers say the numbers that were written, or name what is damaged, and `repair` and
 * what `resume` does before its first trial keep every trial of the blocks before the one in which it happened. */
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

enum { STATES = 300 };

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

/* What was ever written of a file, under that name or the one that it had before. */
static void lines_written(const char *name, bool by_trial, struct lines *lines)
{
    *lines = (struct lines){0};
    for (size_t i = 0; i < disk.changes; i++) {
        const struct change *change = &disk.change[i];
        const char *is = change->name + (change->name[0] == '.');
        const struct node *node = change->node < NOBODY ? &disk.node[change->node] : NULL;
        for (size_t v = 0; node && v < node->count && !strcmp(is, name); v++)
            if (v == 0 || node->versions[v].size != node->versions[v - 1].size)
                lines_read(node->versions[v].bytes, node->versions[v].size, by_trial, lines);
    }
}

static struct lines written_trials, written_samples, written_latency, written_plan;
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

/* The trials that have to be there: of all blocks before the last one that has any. */
static void promised_find(size_t moment, struct lines *promised)
{
    *promised = (struct lines){0};
    const struct version *last = NULL;
    for (size_t i = 0; i < disk.changes && disk.change[i].at < moment; i++) {
        const struct change *change = &disk.change[i];
        const struct node *node = change->node < NOBODY ? &disk.node[change->node] : NULL;
        for (size_t v = 0; node && v < node->count && node->versions[v].at < moment; v++)
            if (!strcmp(change->name, trial_format.file))
                last = &node->versions[v];
    }
    struct lines all = {0};
    int64_t block = 0;
    if (last)
        lines_read(last->bytes, last->size, false, &all);
    for (size_t i = 0; i < all.count; i++)
        block = all.line[i].block > block ? all.line[i].block : block;
    for (size_t i = 0; i < all.count; i++)
        if (all.line[i].block < block && !all.line[i].is_interrupted)
            line_add(promised, &all.line[i]);
    free(all.line);
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

/* What the run says where its readers take it. */
static void numbers_check(const char *run, const struct lines *promised)
{
    struct lines trials;
    all_in(run, trial_format.file, &written_trials, NULL);
    all_in(run, plan_format.file, &written_plan, NULL);
    file_lines(run, trial_format.file, false, &trials);
    all_in(run, sample_format.file, &written_samples, &trials);
    all_in(run, latency_format.file, &written_latency, &trials);
    for (size_t i = 0; i < promised->count; i++) {
        bool is_there = false;
        for (size_t k = 0; k < trials.count && !is_there; k++)
            is_there = trials.line[k].id == promised->line[i].id;
        if (!is_there)
            fail_msg("%s: trial %lld is lost", run, (long long)promised->line[i].id);
    }
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
    size_t states, absent, whole, repaired, dropped;
} counts;

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
        struct repair repair = {.dropped = dropped_count, .arg = &counts.dropped};
        int is_changed;
        assert_non_null(strstr(error, ".csv"));
        if (repair_run(run, &repair, &is_changed, error))
            fail_msg("%s", error);
        rc = run_read(run);
        if (rc && rc != -ENODATA)
            fail_msg("%s after repair", error);
        counts.repaired++;
    }
    numbers_check(run, promised);
    if (!goes_on)
        return;
    run_go_on(run);
    numbers_check(run, promised);
}

/* ---- */

static char scratch[SCRATCH_MAX];

static void scenario_try(const char *name)
{
    char path[PATH_MAX], state[2 * SCRATCH_MAX], run[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s.log", scratch, name);
    disk_read(path);
    lines_written(trial_format.file, false, &written_trials);
    lines_written(plan_format.file, false, &written_plan);
    lines_written(sample_format.file, true, &written_samples);
    lines_written(latency_format.file, true, &written_latency);
    const size_t states = (sample_all() ? 10 : 1) * STATES;
    for (size_t i = 0; i < states; i++) {
        const enum loss loss = i % LOSSES;
        const size_t moment = disk.first + (disk.records - disk.first) * i / (states - 1);
        struct lines promised;
        promised_find(moment, &promised);
        snprintf(state, sizeof state, "%s/%s-%zu", scratch, name, i);
        disk_make(state, moment, loss, mix64(sample_seed(), i));
        snprintf(run, sizeof run, "%s/run", state);
        state_check(run, &promised, i / LOSSES % 4 == 0);
        free(promised.line);
        assert_int_equal(scratch_remove(state), 0);
        test_progress();
    }
    free(written_trials.line);
    free(written_plan.line);
    free(written_samples.line);
    free(written_latency.line);
    disk_forget();
}

static void test_states(void **state)
{
    static const char *const scenarios[] = {"run", "more", "resume", "again"};
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        scenario_try(scenarios[i]);
    print_message("%zu states: %zu not begun yet, %zu whole, %zu after repair, which dropped %zu rows and trials\n",
                  counts.states, counts.absent, counts.whole, counts.repaired, counts.dropped);
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
