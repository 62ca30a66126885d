/* Tasks that never came back, see missing.h. */
#include "bench/launch/missing.h"
#include "bench/job/job_file.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool copy(int memory, uint64_t address, void *to, size_t bytes)
{
    return pread(memory, to, bytes, (off_t)address) == (ssize_t)bytes;
}

/* The first bit of `count` that is not set, and how many there are. */
static void count_zeros(const uint64_t *bits, uint32_t count, struct missing *missing)
{
    for (uint32_t i = 0; i < count; i++) {
        if (bits[i / 64] >> (i % 64) & 1)
            continue;
        if (!missing->count++)
            missing->first = i;
    }
}

void missing_read(const struct job_file *file, pid_t pid, struct missing *missing)
{
    const struct trial_report *report = (const struct trial_report *)((const char *)file + file->report_offset);
    char path[32];
    *missing = (struct missing){.stage = __atomic_load_n(&report->stage, __ATOMIC_ACQUIRE)};
    if (report->epoch != file->epoch || missing->stage != STAGE_RUN || !report->next_at || file->kind != JOB_TRIAL)
        return;
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return;
    size_t words = file->tasks / 64 + 1;
    uint64_t *bits = malloc(words * sizeof *bits);
    if (bits && copy(memory, report->next_at, &missing->handed_in, sizeof missing->handed_in) &&
        missing->handed_in <= file->tasks && copy(memory, report->reaped_at, bits, words * sizeof *bits))
        count_zeros(bits, missing->handed_in, missing);
    free(bits);
    close(memory);
}

char *missing_words(const struct missing *missing, char *text, size_t size)
{
    static const char *const stages[] = {
        [STAGE_PREPARE] = "prepare", [STAGE_EARLY] = "early",     [STAGE_OPEN] = "open",
        [STAGE_WARMUP] = "warm-up",  [STAGE_CLOSE] = "close",     [STAGE_VERIFY] = "verifying results",
        [STAGE_BALLAST] = "ballast", [STAGE_DONE] = "after close"};
    text[0] = '\0';
    if (missing->count == 1)
        snprintf(text, size, "; task %u never came back", missing->first);
    else if (missing->count)
        snprintf(text, size, "; task %u and %u more of %u handed in were not back", missing->first, missing->count - 1,
                 missing->handed_in);
    else if (missing->stage <= STAGE_DONE && stages[missing->stage])
        snprintf(text, size, "; it was in %s", stages[missing->stage]);
    return text;
}
