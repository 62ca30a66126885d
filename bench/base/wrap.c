/* Text on a screen of 80 columns. */
#include "bench/base/wrap.h"
#include "workloads/text.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

unsigned screen_columns(FILE *out)
{
    struct winsize size;
    int fd = fileno(out); /* -1: memory */
    if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size) != 0 || !size.ws_col || size.ws_col > SCREEN_COLUMNS)
        return SCREEN_COLUMNS;
    return size.ws_col < SCREEN_COLUMNS_LEAST ? SCREEN_COLUMNS_LEAST : size.ws_col;
}

void wrap_print(FILE *out, const char *text, unsigned column)
{
    char *plain = text_escaped(text); /* what was recorded may be anything, and a terminal is not to obey it */
    size_t at = column, columns = screen_columns(out);
    for (const char *word = plain ? plain + strspn(plain, " ") : ""; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");
        if (at > column && at + 1 + length > columns) {
            fprintf(out, "\n%*s", (int)column, "");
            at = column;
        }
        at += (size_t)fprintf(out, "%s%.*s", at > column ? " " : "", (int)length, word);
        word += length;
    }
    fputc('\n', out);
    free(plain);
}

void wrap_row(FILE *out, unsigned indent, const char *label, unsigned column, const char *text)
{
    unsigned used = indent + (unsigned)strlen(label);
    fprintf(out, "%*s%s", (int)indent, "", label);
    if (used + 2 > column) {
        fputc('\n', out);
        used = 0;
    }
    fprintf(out, "%*s", (int)(column - used), "");
    wrap_print(out, text, column);
}
