/* See span_list.h. */
#include "bench/profile/span_list.h"
#include <errno.h>
#include <stdlib.h>

int spans_put(struct spans *spans, const struct time_span *span)
{
    if (span->to_ns <= span->from_ns)
        return 0;
    if (spans->count == spans->room) {
        const size_t room = spans->room ? 2 * spans->room : 1024;
        struct time_span *more = reallocarray(spans->span, room, sizeof *more);
        if (!more)
            return -ENOMEM;
        spans->span = more;
        spans->room = room;
    }
    spans->span[spans->count++] = *span;
    return 0;
}

void spans_release(struct spans *spans)
{
    free(spans->span);
    *spans = (struct spans){0};
}
