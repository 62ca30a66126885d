/* Seeded samples, see sample.h. */
#include "tests/sample.h"
#include "workloads/mix.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h> /* after what it needs */

enum { MATRIX_US = 2500000, LEAST = 12 }; /* what a matrix may take, and what it runs of it anyway */

static double given_number(const char *name, double otherwise)
{
    const char *text = getenv(name);
    double number = text ? strtod(text, NULL) : 0;
    return number > 0 ? number : otherwise;
}

uint64_t sample_seed(void)
{
    const char *text = getenv("SEED");
    return text && *text ? strtoull(text, NULL, 10) : 1;
}

double sample_process_us(void)
{
    return given_number("PROCESS_US", 150);
}

bool sample_all(void)
{
    const char *all = getenv("ALL");
    return all && strcmp(all, "1") == 0;
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void sample_begin(struct matrix_sample *sample, const char *of, size_t cells, double programs, double processes)
{
    double cell_us = programs * given_number("PROGRAM_US", 1000) + processes * sample_process_us();
    double fits = sample_all() ? (double)cells : MATRIX_US / cell_us;
    *sample = (struct matrix_sample){.of = of, .cells = cells, .salt = sample_seed(), .limit = UINT64_MAX};
    for (const char *at = of; *at; at++) /* matrices of one size draw other cells */
        sample->salt = mix64(sample->salt, (unsigned char)*at);
    fits = fits < LEAST ? LEAST : fits;
    sample->chosen = fits < (double)cells ? (size_t)fits : cells;
    if (sample->chosen == cells)
        return;
    uint64_t *draws = calloc(cells, sizeof *draws);
    assert_non_null(draws);
    for (size_t i = 0; i < cells; i++)
        draws[i] = mix64(sample->salt, i);
    qsort(draws, cells, sizeof *draws, by_size);
    sample->limit = draws[sample->chosen - 1];
    free(draws);
}

void test_progress(void)
{
    static time_t last;
    time_t now = time(NULL);
    if (now != last && last)
        printf(".");
    if (now != last)
        fflush(stdout);
    last = now;
}

bool sample_next(struct matrix_sample *sample)
{
    assert_true(sample->next < sample->cells);
    test_progress();
    return mix64(sample->salt, sample->next++) <= sample->limit;
}

void sample_end(const struct matrix_sample *sample)
{
    assert_int_equal(sample->next, sample->cells); /* else the matrix is another than was said */
    printf("\n%zu of %zu %s, seed %llu\n", sample->chosen, sample->cells, sample->of,
           (unsigned long long)sample_seed());
    fflush(stdout);
}
