/* The words of the table: titles, labels, and what stands in a field. The screen and the report print the same. One
 * thread. */
#ifndef POOLBENCH_SHOW_SCREEN_TABLE_H
#define POOLBENCH_SHOW_SCREEN_TABLE_H
#include "bench/analyse/analysis.h"
#include <stdio.h>

#define TABLE_LABEL_MAX 72

/* Rows whose base has a time say a speed-up, others a time per task. */
bool table_row_speedup(const struct table *table, size_t row);
const char *table_title(bool speedup);
char *table_label(const struct table *table, size_t row, char *text, size_t size); /* "spin, 10us, 2 workers" */
/* A pool as it stands over a column: one too long for it is called "hybrid (2)" there, and named below. */
char *table_pool(const struct table *table, size_t column, char *text, size_t size);
char *table_common(const struct table *table, char *text, size_t size); /* what all cells share; "" for nothing */

struct table_text {
    char value[24];    /* "1.93", "10.5 us", "failed", "" */
    char mark;         /* '*' best or equal to it, '?' unresolved, ' ' */
    bool partly;       /* some of its trials failed */
    char interval[40]; /* "1.90 .. 1.95", "" */
    bool wide;         /* ends of the interval differ by more than a tenth */
};
void table_text(const struct table *table, size_t row, size_t column, struct table_text *text);
void table_legend(FILE *out, const struct table *table); /* a line for each mark that is used */

struct price_text {
    char start[32], bytes[32], handover[32]; /* "24 us", "38 KiB"; "" for not known */
};
void price_text(const struct price *price, struct price_text *text);
extern const char *const price_heads[3]; /* of those columns */

/* A row a cell: percentiles of latency, each with its interval. */
#define LATENCY_COLUMNS  4
#define LATENCY_TEXT_MAX 64
struct latency_text {
    char label[160];
    char value[LATENCY_COLUMNS][LATENCY_TEXT_MAX];    /* "1.02 ms"; "": too few tasks */
    char interval[LATENCY_COLUMNS][LATENCY_TEXT_MAX]; /* "1.00 ms .. 1.10 ms"; "": too few trials */
};
extern const char latency_title[];
const char *latency_head(size_t column); /* "p99" */
/* False: latency tells nothing of this cell (all of its tasks were handed in at once), or is not known. */
bool latency_text(const struct table *table, size_t cell, struct latency_text *text);
void latencies_print(FILE *out, const struct table *table, unsigned columns);

/* The table in columns of `columns` letters in all; intervals where they are wide and there is room. */
void table_print(FILE *out, const struct table *table, unsigned columns);
void prices_print(FILE *out, const struct analysis *analysis);
void fault_costs_print(FILE *out, const struct analysis *analysis); /* nothing for a run without faults */

#endif
