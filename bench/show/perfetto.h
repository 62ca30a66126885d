/* Perfetto's native trace format: tracks, and slices and instants on them, each with notes, joined by flows. A file is
 * a Trace message of protocol buffers (protobuf.dev/programming-guides/encoding), a TracePacket for each call here.
 * Field numbers are those of protos/perfetto/trace/ of github.com/google/perfetto: trace.proto, trace_packet.proto,
 * track_event/{track_descriptor,track_event,debug_annotation}.proto. Texts are made fit for them (workloads/text.h),
 * and cut at PERFETTO_TEXT. A write that fails is left to ferror(). Thread-safe. */
#ifndef POOLBENCH_SHOW_PERFETTO_H
#define POOLBENCH_SHOW_PERFETTO_H
#include <stdint.h>
#include <stdio.h>

#define PERFETTO_TEXT  160 /* bytes of a name */
#define PERFETTO_NOTES 12

/* Tracks of one parent stand in the order of `rank`. uuid, parent: any number but 0; parent 0: none. */
void perfetto_track(FILE *out, uint64_t uuid, uint64_t parent, int32_t rank, const char *name);

enum perfetto_type { PERFETTO_BEGIN = 1, PERFETTO_END = 2, PERFETTO_INSTANT = 3 };

struct perfetto_note {
    const char *name;
    const char *text; /* NULL: it is the number */
    int64_t number;
};

/* Events of a track are written in the order of their times; an END ends the last BEGIN of its track that has none. A
 * flow is a number that one event has in `from` and a later one in `to`; 0: none. */
struct perfetto_event {
    uint64_t at_ns, track;
    enum perfetto_type type;
    const char *name; /* of an END: NULL */
    uint64_t from, to;
    struct perfetto_note note[PERFETTO_NOTES]; /* up to the first without a name */
};
void perfetto_event(FILE *out, const struct perfetto_event *event);

#endif
