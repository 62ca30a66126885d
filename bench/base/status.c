/* See status.h. */
#include "bench/base/status.h"
#include "bench/base/wrap.h"
#include "pools/parts/clock.h"
#include <unistd.h>

void status_say(struct status *status, const char *line)
{
    const uint64_t now_ns = clock_monotonic_ns();
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r%.*s\033[K", (int)screen_columns(stderr) - 1, line);
    } else if (!status->said_ns || now_ns - status->said_ns >= STATUS_EVERY_NS) {
        fprintf(stderr, "poolbench %s: %s\n", status->verb, line);
        status->said_ns = now_ns;
    }
}

void status_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}
