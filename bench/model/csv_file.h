/* What reading and writing CSV files share. Thread-safe. */
#ifndef POOLBENCH_MODEL_CSV_FILE_H
#define POOLBENCH_MODEL_CSV_FILE_H
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* "directory/file". 0 or -ENAMETOOLONG. */
int csv_path(char path[PATH_MAX], const char *directory, const char *file);
bool csv_is_there(const char *directory, const char *file);
/* The byte after the last whole line of an open file of that size; 0: there is none; -errno. */
int64_t csv_lines_end(int fd, int64_t size);
#define CSV_NUMBER_BYTES 32 /* any number as text */
/* The fewest digits that read back as the same number; "" where it is not finite. */
void csv_real_text(char text[CSV_NUMBER_BYTES], double value);
/* A field of text, between quotes only where it must be. */
void csv_text_print(FILE *out, const char *text);

#endif
