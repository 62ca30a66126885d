/* Lines on stderr, see refuse.h. */
#include "bench/base/refuse.h"
#include "workloads/text.h"
#include <stdlib.h>

/* One line, whatever is quoted in it. */
int complain(const char *verb, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    char *line = length < 0 ? NULL : text_escaped(text);
    fprintf(stderr, "poolbench%s%s: %s\n", *verb ? " " : "", verb, line ? line : format);
    free(line);
    if (length >= 0)
        free(text);
    return 2;
}
