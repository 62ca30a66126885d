/* The job header: whatever stands in it, either it is refused or every part of it lies within the file. The input is a
 * list of changes to a job that is right: where, and eight bytes that then stand there. */
#include "bench/job/histogram.h"
#include "bench/job/job_tables.h"
#include "bench/model/cell.h"
#include "bench/trial/trial.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

enum { PARTS_BYTES = 4 << 20, CHANGE_BYTES = 10 };

static void job_fill(struct job_file *file, uint64_t bytes)
{
    uint64_t end = sizeof *file;
    *file = (struct job_file){
        .magic = JOB_MAGIC,
        .version = JOB_VERSION,
        .at = {.main_mask = end,
               .masks = end + 64,
               .nodes = end + 96,
               .kinds = end + 112,
               .costs = end + 128,
               .due = end + 512,
               .samples = end + 1024,
               .reaped = end + 1536,
               .report = end + 8192,
               .probe = 1 << 20,
               .histograms = bytes - (uint64_t)PHASES * HISTOGRAM_BUCKETS * sizeof(uint32_t),
               .bytes = bytes},
        .kind = JOB_TRIAL,
        .pool = "pthread",
        .workload = "empty",
        .tasks = 10,
        .workers = 2,
        .cpus = 2,
        .shape = {.workers = 2, .threads = 2},
        .cpu_words = 1,
        .cost_count = 4,
        .clock_mult = 1,
        .samples_max = 5,
    };
    file->tables = job_tables(file);
}

/* As a build with these tables would have them, so that not every change of a name ends there. */
static void tables_renew(struct job_file *file)
{
    char *const names[] = {file->pool, file->workload, file->pool_file, file->workload_file};
    const size_t sizes[] = {sizeof file->pool, sizeof file->workload, PLUGIN_PATH_MAX, PLUGIN_PATH_MAX};
    bool whole = file->tables % 8; /* some stay as they were changed */
    for (unsigned i = 0; i < 4; i++)
        whole = whole && memchr(names[i], '\0', sizes[i]);
    if (whole)
        file->tables = job_tables(file);
}

/* The first and the last byte of a part. */
static void touch(const char *map, uint64_t offset, uint64_t bytes)
{
    static volatile char sink;
    if (bytes)
        sink = (char)(map[offset] ^ map[offset + bytes - 1]);
    (void)sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *map;
    if (!map)
        map = malloc(PARTS_BYTES);
    struct job_file *file = (struct job_file *)map;
    job_fill(file, PARTS_BYTES);
    if (job_check(file, PARTS_BYTES) < 0)
        abort(); /* the one without changes is right */
    for (; size >= CHANGE_BYTES; data += CHANGE_BYTES, size -= CHANGE_BYTES) {
        uint16_t at;
        memcpy(&at, data, sizeof at);
        memcpy(map + at % (sizeof *file - 7), data + 2, 8);
    }
    tables_renew(file);
    if (job_check(file, PARTS_BYTES) < 0)
        return 0;
    touch(map, file->at.main_mask, file->cpu_words * sizeof(uint64_t));
    touch(map, file->at.masks, (uint64_t)file->shape.workers * file->cpu_words * sizeof(uint64_t));
    touch(map, file->at.nodes, file->shape.workers * sizeof(int32_t));
    touch(map, file->at.kinds, file->kind_cpus);
    touch(map, file->at.costs, (uint64_t)file->cost_count * sizeof(struct cost));
    if (file->f.arrival.kind == ARRIVAL_RATE)
        touch(map, file->at.due, file->tasks * sizeof(uint64_t));
    touch(map, file->at.samples, file->samples_max * sizeof(struct sample));
    touch(map, file->at.reaped, (file->tasks / 64 + 1) * sizeof(uint64_t));
    touch(map, file->at.report, sizeof(struct trial_report));
    touch(map, file->at.probe, sizeof(struct probe));
    touch(map, file->at.histograms, (uint64_t)PHASES * HISTOGRAM_BUCKETS * sizeof(uint32_t));
    for (unsigned i = 0; i < 2; i++) {
        const char *file_name = i ? file->pool_file : file->workload_file;
        if (!memchr(file_name, '\0', PLUGIN_PATH_MAX))
            abort();
    }
    if (!memchr(file->pool, '\0', sizeof file->pool) || !memchr(file->workload, '\0', sizeof file->workload))
        abort();
    return 0;
}
