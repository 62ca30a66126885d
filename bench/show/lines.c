/* Lines of text in memory, see lines.h. */
#include "bench/show/lines.h"
#include "bench/base/wrap.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

FILE *lines_open(struct lines *lines)
{
    *lines = (struct lines){0};
    return lines->out = open_memstream(&lines->text, &lines->size);
}

const char *lines_close(struct lines *lines)
{
    return lines->out && fclose(lines->out) == 0 ? lines->text : "";
}

void lines_print(FILE *out, struct lines *lines, const char *mark)
{
    char *rest = *lines_close(lines) ? lines->text : NULL;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line) {
            fputs(mark, out);
            wrap_print(out, line, (unsigned)strlen(mark));
        }
    free(lines->text);
}

void wrapped_print(FILE *out, unsigned indent, unsigned column, const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    fprintf(out, "%*s", (int)indent, "");
    wrap_print(out, text ? text : "", column);
    free(text);
}
