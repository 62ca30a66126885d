/* Tasks that never came back. */
#include "bench/job/job_file.h"
#include "bench/job/subset.h"
#include "bench/launch/launch.h"
#include <stdio.h>

void missing_read(const struct job_file *file, struct missing *missing)
{
    const struct trial_report *report = (const struct trial_report *)((const char *)file + file->at.report);
    const uint64_t *reaped = (const uint64_t *)((const char *)file + file->at.reaped);
    *missing = (struct missing){.stage = report->stage};
    if (report->epoch != file->epoch || report->stage != STAGE_RUN || report->handed_in > file->tasks)
        return;
    missing->handed_in = report->handed_in;
    for (uint32_t i = 0; i < missing->handed_in; i++)
        if (!bit_test(reaped, i) && !missing->count++)
            missing->first = i;
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
