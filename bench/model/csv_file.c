/* Paths and ends of CSV files. */
#include "bench/model/csv_file.h"
#include "bench/base/inside.h"
#include <csv.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int csv_path(char path[PATH_MAX], const char *directory, const char *file)
{
    int length = snprintf(path, PATH_MAX, "%s/%s", directory, file);
    return length < 0 || length >= PATH_MAX ? -ENAMETOOLONG : 0;
}

bool csv_is_there(const char *directory, const char *file)
{
    return inside_is_there(directory, file);
}

int64_t csv_lines_end(int fd, int64_t size)
{
    char piece[4096];
    for (int64_t from = size; from > 0;) {
        size_t length = from < (int64_t)sizeof piece ? (size_t)from : sizeof piece;
        from -= (int64_t)length;
        ssize_t n = pread(fd, piece, length, from);
        if (n < 0)
            return -errno;
        const char *newline = memrchr(piece, '\n', (size_t)n);
        if (newline)
            return from + (newline - piece) + 1;
    }
    return 0;
}

void csv_real_text(char text[CSV_NUMBER_BYTES], double value)
{
    *text = '\0';
    for (int digits = 15; digits <= 17 && isfinite(value); digits++) {
        snprintf(text, CSV_NUMBER_BYTES, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
}

void csv_text_print(FILE *out, const char *text)
{
    size_t length = strlen(text);
    bool must = strpbrk(text, "\",\r\n") || (length && (strchr(" \t", *text) || strchr(" \t", text[length - 1])));
    if (must)
        csv_fwrite(out, text, length);
    else
        fputs(text, out);
}
