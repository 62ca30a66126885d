/* Numbers as people write them. Every parser takes the whole text or nothing: 0, or -EINVAL (not a number of this kind,
 * or a unit that does not fit) or -ERANGE (does not fit in the type). Thread-safe. */
#ifndef POOLBENCH_BASE_UNITS_H
#define POOLBENCH_BASE_UNITS_H
#include <stddef.h>
#include <stdint.h>

int parse_count(const char *text, int64_t *value);    /* 1000, 10k, 5M (powers of 1000), also 1e6 and 1_000_000 */
int parse_bytes(const char *text, int64_t *value);    /* 4096, 64KiB, 32MiB, 1GiB, 10kB, 1MB */
int parse_duration(const char *text, int64_t *value); /* 200us, 5ms, 1.5s, 2m, 1h; a bare 0 needs no unit; in ns */
int parse_share(const char *text, int64_t *value);    /* 10% or 0.1; in parts per million */
int parse_rate(const char *text, double *value);      /* tasks per second: 5000, 10k */

/* Scaled for the screen ("1.50 ms", "32 MiB"); returns text, which holds at least 32 bytes. */
char *format_duration(char *text, size_t size, double ns);
char *format_bytes(char *text, size_t size, double bytes);
char *format_percent(char *text, size_t size, double share); /* "0.84 %", "1.3 %", "126 %" */
char *format_rate(char *text, size_t size, double rate);     /* tasks a second, in four digits: "17920", "179.2" */
/* The shortest spelling that parses back to the same value ("200us", "32MiB"): cell names, suites. */
char *spell_duration(char *text, size_t size, int64_t ns);
char *spell_bytes(char *text, size_t size, int64_t bytes);
char *spell_share(char *text, size_t size, int64_t ppm);
/* The text with µs for us behind a number, as it stands in pictures and documents. Returns `to`. */
char *micro_shown(char *to, size_t size, const char *text);

#endif
