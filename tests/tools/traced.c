/* Prints a trace of Perfetto's, read from standard input, by the wire format alone
 * (protobuf.dev/programming-guides/encoding): it shares nothing with what writes one. A line a packet, tabs between:
 *
 *   track UUID PARENT NAME
 *   begin|end|instant TIME TRACK NAME FROM TO KEY=VALUE,KEY=VALUE
 *
 * Exits with 1 where the bytes are no such messages, or have a field that it does not know. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT 512

struct bytes {
    const unsigned char *at, *end;
};

struct field {
    unsigned number, wire;
    uint64_t value;     /* of a varint or fixed64 */
    struct bytes bytes; /* of what has a length */
};

static void damaged(const char *what)
{
    fprintf(stderr, "traced: %s\n", what);
    exit(1);
}

static uint64_t varint(struct bytes *b)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (b->at == b->end)
            damaged("a number goes beyond its message");
        const unsigned char byte = *b->at++;
        value |= shift < 64 ? (uint64_t)(byte & 0x7f) << shift : 0;
        if (!(byte & 0x80))
            return value;
    }
    damaged("a number has more than ten bytes");
    return 0;
}

static bool field_next(struct bytes *b, struct field *field)
{
    if (b->at == b->end)
        return false;
    const uint64_t key = varint(b);
    field->number = (unsigned)(key >> 3);
    field->wire = key & 7;
    if (field->wire == 0) {
        field->value = varint(b);
    } else if (field->wire == 1) {
        if (b->end - b->at < 8)
            damaged("a fixed64 goes beyond its message");
        field->value = 0;
        for (int i = 0; i < 8; i++)
            field->value |= (uint64_t)*b->at++ << (8 * i);
    } else if (field->wire == 2) {
        const uint64_t length = varint(b);
        if (length > (uint64_t)(b->end - b->at))
            damaged("a message goes beyond the one that it is in");
        field->bytes = (struct bytes){b->at, b->at + length};
        b->at += length;
    } else {
        damaged("a wire type that is not expected");
    }
    return true;
}

static void text_take(char *text, const struct field *field)
{
    const size_t length = (size_t)(field->bytes.end - field->bytes.at);
    if (field->wire != 2 || length >= TEXT)
        damaged("a text that is none, or is too long");
    memcpy(text, field->bytes.at, length);
    text[length] = '\0';
}

static void expect(const struct field *field, unsigned wire)
{
    if (field->wire != wire)
        damaged("a field has another wire type than the published one");
}

static void track_print(struct bytes b)
{
    char name[TEXT] = "";
    uint64_t uuid = 0, parent = 0;
    for (struct field field; field_next(&b, &field);) {
        expect(&field, field.number == 2 ? 2 : 0);
        if (field.number == 1)
            uuid = field.value;
        else if (field.number == 2)
            text_take(name, &field);
        else if (field.number == 5)
            parent = field.value;
        else if (field.number != 11 && field.number != 12)
            damaged("a field of a track that is not expected");
    }
    printf("track\t%llu\t%llu\t%s\n", (unsigned long long)uuid, (unsigned long long)parent, name);
}

static void note_print(char *notes, size_t size, struct bytes b)
{
    char name[TEXT] = "", text[TEXT] = "";
    for (struct field field; field_next(&b, &field);) {
        if (field.number == 10)
            text_take(name, &field);
        else if (field.number == 6)
            text_take(text, &field);
        else if (field.number == 4 && field.wire == 0)
            snprintf(text, sizeof text, "%lld", (long long)field.value);
        else
            damaged("a field of a note that is not expected");
    }
    const size_t used = strlen(notes);
    snprintf(notes + used, size - used, "%s%s=%s", used ? "," : "", name, text);
}

static void event_print(uint64_t at, struct bytes b)
{
    static const char *const types[] = {"none", "begin", "end", "instant"};
    char name[TEXT] = "", notes[16 * TEXT] = "";
    uint64_t type = 0, track = 0, from = 0, to = 0;
    for (struct field field; field_next(&b, &field);) {
        if (field.number == 9)
            type = field.value;
        else if (field.number == 11)
            track = field.value;
        else if (field.number == 23)
            text_take(name, &field);
        else if (field.number == 47)
            expect(&field, 1), from = field.value;
        else if (field.number == 48)
            expect(&field, 1), to = field.value;
        else if (field.number == 4)
            expect(&field, 2), note_print(notes, sizeof notes, field.bytes);
        else
            damaged("a field of an event that is not expected");
    }
    if (type < 1 || type > 3)
        damaged("a type of event that is not expected");
    printf("%s\t%llu\t%llu\t%s\t%llu\t%llu\t%s\n", types[type], (unsigned long long)at, (unsigned long long)track, name,
           (unsigned long long)from, (unsigned long long)to, notes);
}

static void packet_print(struct bytes b)
{
    struct field event = {0}, track = {0};
    uint64_t at = 0, sequence = 0;
    for (struct field field; field_next(&b, &field);) {
        if (field.number == 8)
            expect(&field, 0), at = field.value;
        else if (field.number == 10)
            expect(&field, 0), sequence = field.value;
        else if (field.number == 11)
            expect(&field, 2), event = field;
        else if (field.number == 60)
            expect(&field, 2), track = field;
        else
            damaged("a field of a packet that is not expected");
    }
    if (!sequence || !event.number == !track.number)
        damaged("a packet without a sequence, or without one track or event");
    if (track.number)
        track_print(track.bytes);
    else
        event_print(at, event.bytes);
}

int main(void)
{
    size_t room = 1 << 16, length = 0, got;
    unsigned char *bytes = malloc(room);
    while (bytes && (got = fread(bytes + length, 1, room - length, stdin)) > 0) {
        length += got;
        unsigned char *more = length == room ? realloc(bytes, room *= 2) : bytes;
        if (!more)
            damaged("out of memory");
        bytes = more;
    }
    if (!bytes)
        damaged("out of memory");
    struct bytes b = {bytes, bytes + length};
    for (struct field field; field_next(&b, &field);) {
        if (field.number != 1 || field.wire != 2)
            damaged("something that is no packet");
        packet_print(field.bytes);
    }
    free(bytes);
    return 0;
}
