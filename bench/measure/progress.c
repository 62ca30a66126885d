/* The progress line, see progress.h. */
#include "bench/measure/progress.h"
#include "bench/stats/stats.h"
#include "pools/parts/clock.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LEVEL 0.95

void progress_begin(struct progress *progress, size_t cells, size_t blocks, size_t blocks_before)
{
    struct winsize size = {0};
    *progress = (struct progress){.on = isatty(STDERR_FILENO),
                                  .columns = 80,
                                  .cells = cells,
                                  .blocks_before = blocks_before,
                                  .widest = NAN,
                                  .said_ns = clock_monotonic_ns()};
    if (progress->on && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        progress->columns = size.ws_col;
    progress_grow(progress, blocks);
}

void progress_grow(struct progress *progress, size_t blocks)
{
    size_t had = progress->cells * progress->blocks, size = progress->cells * (progress->blocks + blocks);
    progress->total += progress->cells * blocks;
    progress->blocks += blocks;
    if (!progress->on)
        return;
    double *ns = realloc(progress->ns, (size + 1) * sizeof *ns);
    progress->ns = ns ? ns : progress->ns;
    double *room = realloc(progress->room, (progress->blocks + 1) * sizeof *room);
    progress->room = room ? room : progress->room;
    if (!ns || !room) { /* then no interval is shown */
        free(progress->ns);
        progress->ns = NULL;
    }
    for (size_t i = had; progress->ns && i < size; i++)
        progress->ns[i] = NAN;
}

void progress_note(struct progress *progress, unsigned cell, unsigned block, double ns_per_task)
{
    if (!progress->ns || !progress->room || block < progress->blocks_before || cell >= progress->cells ||
        block - progress->blocks_before >= progress->blocks)
        return;
    block -= (unsigned)progress->blocks_before;
    progress->ns[block * progress->cells + cell] = ns_per_task;
    progress->widest = NAN;
    for (size_t c = 0; c < progress->cells; c++) {
        struct interval interval;
        for (size_t b = 0; b < progress->blocks; b++)
            progress->room[b] = progress->ns[b * progress->cells + c];
        size_t count = stats_sort(progress->room, progress->blocks);
        if (!stats_median_interval(progress->room, count, LEVEL, &interval))
            progress->widest = fmax(progress->widest, sqrt(interval.hi / interval.lo) - 1); /* not of NANs */
    }
}

static void line_put(const struct progress *progress)
{
    char line[512], label[SPEC_MAX * 4];
    const double gone_ns = (double)(clock_monotonic_ns() - progress->shown_ns);
    int length = snprintf(line, sizeof line, "%zu/%zu  ETA %s%.0f s", progress->done + 1, progress->total,
                          progress->may_stop ? "at most " : "", fmax(progress->left_ns - gone_ns, 0) / 1e9);
    if (!isnan(progress->widest))
        length += snprintf(line + length, sizeof line - (size_t)length, "  widest +-%.1f %%", 100 * progress->widest);
    cell_label(progress->cell, label, sizeof label);
    snprintf(line + length, sizeof line - (size_t)length, "  %.300s", label);
    if (progress->on) /* \r and erase to the end of the line; cut, so that it stays one line */
        fprintf(stderr, "\r%.*s\033[K", (int)progress->columns - 1, line);
    else
        fprintf(stderr, "%s\n", line);
}

void progress_tick(struct progress *progress)
{
    const uint64_t now_ns = clock_monotonic_ns();
    if (!progress->cell || (!progress->on && now_ns - progress->said_ns < PROGRESS_EVERY_NS))
        return;
    progress->said_ns = now_ns;
    line_put(progress);
}

void progress_show(struct progress *progress, size_t done, double left_ns, const struct cell *cell)
{
    progress->shown_ns = clock_monotonic_ns();
    progress->done = done;
    progress->left_ns = left_ns;
    progress->cell = cell;
    progress_tick(progress);
}

void progress_tell(const struct progress *progress, const char *format, ...)
{
    va_list arguments;
    if (progress->on)
        fputs("\r\033[K", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void progress_end(struct progress *progress)
{
    if (progress->on)
        fputs("\r\033[K", stderr);
    free(progress->ns);
    free(progress->room);
    progress->ns = progress->room = NULL;
    progress->cell = NULL;
}
