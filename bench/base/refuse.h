/* One line for people about why something is refused, into an `error` buffer of ERROR_MAX bytes, and on stderr.
 * Thread-safe. */
#ifndef POOLBENCH_BASE_REFUSE_H
#define POOLBENCH_BASE_REFUSE_H
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_MAX 512

/* One line on stderr, "poolbench VERB: ...". Returns 2, the exit code of bad input. */
__attribute__((format(printf, 2, 3))) int complain(const char *verb, const char *format, ...);

/* Returns rc, so that a function can end with it. No argument may lie in `error` itself. */
__attribute__((format(printf, 3, 4))) static inline int refuse_as(int rc, char *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, ERROR_MAX, format, arguments);
    va_end(arguments);
    return rc;
}

/* Of bad input. */
#define refuse(error, ...) refuse_as(-EINVAL, error, __VA_ARGS__)

/* Puts "where: " before what is in `error` already: the option, or file:line. Returns -EINVAL too. */
__attribute__((format(printf, 2, 3))) static inline int refuse_at(char *error, const char *format, ...)
{
    char line[ERROR_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    size_t used = length < 0 ? 0 : (size_t)length < sizeof line ? (size_t)length : sizeof line - 1;
    snprintf(line + used, sizeof line - used, ": ");
    used = strlen(line);
    snprintf(line + used, sizeof line - used, "%.*s", (int)(sizeof line - used - 1), error);
    memcpy(error, line, sizeof line);
    return -EINVAL;
}

#endif
