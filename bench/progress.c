/* The progress line, see progress.h. */
#include "bench/progress.h"
#include "bench/stats.h"
#include "pools/clock.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LEVEL 0.95

void progress_begin(struct progress *progress, size_t cells, size_t blocks, size_t blocks_before)
{
    struct winsize size = {0};
    *progress = (struct progress){.on = isatty(STDERR_FILENO),
                                  .columns = 80,
                                  .start_ns = clock_monotonic_ns(),
                                  .total = cells * blocks,
                                  .cells = cells,
                                  .blocks = blocks,
                                  .blocks_before = blocks_before,
                                  .widest = NAN};
    if (!progress->on)
        return;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        progress->columns = size.ws_col;
    progress->ns = calloc(cells * blocks + 1, sizeof *progress->ns);
    progress->room = calloc(blocks + 1, sizeof *progress->room);
    for (size_t i = 0; progress->ns && i < cells * blocks; i++)
        progress->ns[i] = NAN;
}

void progress_note(struct progress *progress, unsigned cell, unsigned block, double ns_per_task)
{
    if (!progress->ns || !progress->room || block < progress->blocks_before || cell >= progress->cells ||
        block - progress->blocks_before >= progress->blocks)
        return;
    block -= (unsigned)progress->blocks_before;
    progress->ns[cell * progress->blocks + block] = ns_per_task;
    progress->widest = NAN;
    for (size_t c = 0; c < progress->cells; c++) {
        struct interval interval;
        memcpy(progress->room, progress->ns + c * progress->blocks, progress->blocks * sizeof *progress->room);
        size_t count = stats_sort(progress->room, progress->blocks);
        if (!stats_median_interval(progress->room, count, LEVEL, &interval))
            progress->widest = fmax(progress->widest, sqrt(interval.hi / interval.lo) - 1); /* not of NANs */
    }
}

void progress_show(const struct progress *progress, size_t done, const struct cell *cell)
{
    char line[512], label[SPEC_MAX * 4];
    if (!progress->on)
        return;
    uint64_t elapsed = clock_monotonic_ns() - progress->start_ns;
    int length = snprintf(line, sizeof line, "%zu/%zu", done + 1, progress->total);
    if (done) {
        double left = (double)elapsed / (double)done * (double)(progress->total - done);
        length += snprintf(line + length, sizeof line - (size_t)length, "  ETA %.0f s", left / 1e9);
    }
    if (!isnan(progress->widest))
        length += snprintf(line + length, sizeof line - (size_t)length, "  widest +-%.1f %%", 100 * progress->widest);
    cell_label(cell, label, sizeof label);
    snprintf(line + length, sizeof line - (size_t)length, "  %.300s", label);
    /* \r and erase to the end of the line; cut, so that it stays one line */
    fprintf(stderr, "\r%.*s\033[K", (int)progress->columns - 1, line);
}

void progress_end(struct progress *progress)
{
    if (progress->on)
        fputs("\r\033[K", stderr);
    free(progress->ns);
    free(progress->room);
    progress->ns = progress->room = NULL;
}
