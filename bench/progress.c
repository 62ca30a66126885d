/* The progress line, see progress.h. */
#include "bench/progress.h"
#include "bench/units.h"
#include "pools/clock.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

void progress_begin(struct progress *progress, size_t total)
{
    struct winsize size = {0};
    *progress = (struct progress){.on = isatty(2), .columns = 80, .start_ns = clock_monotonic_ns(), .total = total};
    if (progress->on && ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        progress->columns = size.ws_col;
}

void progress_show(const struct progress *progress, size_t done, const struct cell *cell)
{
    char line[512], size[32];
    if (!progress->on)
        return;
    uint64_t elapsed = clock_monotonic_ns() - progress->start_ns;
    int length = snprintf(line, sizeof line, "%zu/%zu", done + 1, progress->total);
    if (done) {
        double left = (double)elapsed / (double)done * (double)(progress->total - done);
        length += snprintf(line + length, sizeof line - (size_t)length, "  ETA %.0f s", left / 1e9);
    }
    snprintf(line + length, sizeof line - (size_t)length, "  %s %s %s, %u workers", cell->pool_spec,
             cell->workload_spec, spell_duration(size, sizeof size, cell->size_ns), cell->workers);
    /* \r and erase to the end of the line; cut, so that it stays one line */
    fprintf(stderr, "\r%.*s\033[K", (int)progress->columns - 1, line);
}

void progress_end(const struct progress *progress)
{
    if (progress->on)
        fputs("\r\033[K", stderr);
}
