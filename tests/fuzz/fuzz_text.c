/* Text: what is escaped is text that is escaped to itself; lines are all that is in a file. */
#include "tests/fuzz/fuzz.h"
#include "workloads/text.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_lines lines;
    char piece[64];
    fuzz_file("text", data, size);
    int rc = text_open("text", 1 << 16, &lines);
    if (rc < 0)
        return 0;
    for (char *line; (line = text_next(&lines));) {
        char *escaped = text_escaped(line), *again = escaped ? text_escaped(escaped) : NULL;
        if (!again || text_wrong(escaped) || strcmp(escaped, again) != 0)
            abort();
        size_t length = text_put(piece, sizeof piece, line, true);
        if (length >= sizeof piece || strlen(piece) != length || strncmp(escaped, piece, length) != 0 ||
            text_wrong(piece))
            abort();
        char *quoted = text_for_shell(line);
        if (!quoted)
            abort();
        free(quoted);
        free(escaped);
        free(again);
    }
    text_close(&lines);
    return 0;
}
