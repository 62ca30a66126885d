/* See perfetto.h. A message is put together in a buffer, as its length stands before it; the longest there can be fits:
 * texts are cut, and there are so many notes at most. */
#include "bench/show/perfetto.h"
#include "workloads/text.h"
#include <string.h>

#define MESSAGE_MOST 4096

enum wire { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

enum field {
    TRACE_PACKET = 1,
    PACKET_TIMESTAMP = 8,
    PACKET_SEQUENCE = 10, /* trusted_packet_sequence_id */
    PACKET_EVENT = 11,
    PACKET_TRACK = 60,
    TRACK_UUID = 1,
    TRACK_NAME = 2,
    TRACK_PARENT = 5,
    TRACK_ORDERING = 11, /* child_ordering */
    TRACK_RANK = 12,     /* sibling_order_rank */
    EVENT_NOTE = 4,      /* debug_annotations */
    EVENT_TYPE = 9,
    EVENT_TRACK = 11,
    EVENT_NAME = 23,
    EVENT_FROM = 47, /* flow_ids */
    EVENT_TO = 48,   /* terminating_flow_ids */
    NOTE_NUMBER = 4, /* int_value */
    NOTE_TEXT = 6,   /* string_value */
    NOTE_NAME = 10,
};
#define ORDERING_EXPLICIT 3
#define SEQUENCE          1 /* all packets are of one */

struct message {
    unsigned char byte[MESSAGE_MOST];
    size_t length;
};

static void byte_put(struct message *m, unsigned char byte)
{
    if (m->length < sizeof m->byte)
        m->byte[m->length++] = byte;
}

static void varint_put(struct message *m, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        byte_put(m, (unsigned char)(value | 0x80));
    byte_put(m, (unsigned char)value);
}

static void key_put(struct message *m, enum field field, enum wire wire)
{
    varint_put(m, (uint64_t)field << 3 | wire);
}

static void number_put(struct message *m, enum field field, uint64_t value)
{
    key_put(m, field, WIRE_VARINT);
    varint_put(m, value);
}

static void fixed_put(struct message *m, enum field field, uint64_t value)
{
    key_put(m, field, WIRE_FIXED64);
    for (int i = 0; i < 64; i += 8)
        byte_put(m, (unsigned char)(value >> i));
}

static void bytes_put(struct message *m, enum field field, const void *bytes, size_t length)
{
    key_put(m, field, WIRE_BYTES);
    varint_put(m, length);
    for (size_t i = 0; i < length; i++)
        byte_put(m, ((const unsigned char *)bytes)[i]);
}

static void text_field_put(struct message *m, enum field field, const char *text)
{
    char cut[PERFETTO_TEXT];
    bytes_put(m, field, cut, text_put(cut, sizeof cut, text, true));
}

static void packet_write(FILE *out, const struct message *packet)
{
    struct message head = {.length = 0};
    key_put(&head, TRACE_PACKET, WIRE_BYTES);
    varint_put(&head, packet->length);
    fwrite(head.byte, 1, head.length, out);
    fwrite(packet->byte, 1, packet->length, out);
}

void perfetto_track(FILE *out, uint64_t uuid, uint64_t parent, int32_t rank, const char *name)
{
    struct message packet, track;
    packet.length = track.length = 0;
    number_put(&track, TRACK_UUID, uuid);
    text_field_put(&track, TRACK_NAME, name);
    if (parent)
        number_put(&track, TRACK_PARENT, parent);
    number_put(&track, TRACK_ORDERING, ORDERING_EXPLICIT);
    number_put(&track, TRACK_RANK, (uint64_t)(int64_t)rank);
    number_put(&packet, PACKET_SEQUENCE, SEQUENCE);
    bytes_put(&packet, PACKET_TRACK, track.byte, track.length);
    packet_write(out, &packet);
}

void perfetto_event(FILE *out, const struct perfetto_event *event)
{
    struct message packet, body, note;
    packet.length = body.length = 0;
    number_put(&body, EVENT_TYPE, event->type);
    number_put(&body, EVENT_TRACK, event->track);
    if (event->name)
        text_field_put(&body, EVENT_NAME, event->name);
    if (event->from)
        fixed_put(&body, EVENT_FROM, event->from);
    if (event->to)
        fixed_put(&body, EVENT_TO, event->to);
    for (const struct perfetto_note *n = event->note; n < event->note + PERFETTO_NOTES && n->name; n++) {
        note.length = 0;
        text_field_put(&note, NOTE_NAME, n->name);
        if (n->text)
            text_field_put(&note, NOTE_TEXT, n->text);
        else
            number_put(&note, NOTE_NUMBER, (uint64_t)n->number);
        bytes_put(&body, EVENT_NOTE, note.byte, note.length);
    }
    number_put(&packet, PACKET_TIMESTAMP, event->at_ns);
    number_put(&packet, PACKET_SEQUENCE, SEQUENCE);
    bytes_put(&packet, PACKET_EVENT, body.byte, body.length);
    packet_write(out, &packet);
}
