/* The tables of a run, for the closing screen and for the report, which print the same. One thread. */
#ifndef POOLBENCH_SHOW_TABLES_H
#define POOLBENCH_SHOW_TABLES_H
#include "bench/analyse/analysis.h"
#include "bench/show/sheet.h"

enum detail {
    DETAIL_REPORT, /* every interval, as a note; pools by their whole names where there is room */
    DETAIL_SCREEN, /* intervals where they are wide, or below what they are of */
    DETAIL_NARROW, /* "~" where an interval of the answer is wide, else as on a screen */
};

/* Sheets without rows, or with no row but heads, have nothing to say. Release them in any case. */
struct sheet answer_sheet(const struct table *table, bool speedup, enum detail detail); /* of the rows that say one */
bool answer_wide(const struct table *table, bool speedup); /* ends of an interval of it differ by more than a tenth */
struct sheet sight_sheet(const struct table *table);       /* what each row could tell */
/* Under rate: what was asked for, drawn, handed in and served (rates.c). */
struct sheet rates_sheet(const struct table *table);
struct sheet latency_sheet(const struct table *table, enum detail detail);
struct sheet commands_sheet(const struct table *table); /* CPU time and memory of programs (commands.c) */
struct sheet price_sheet(const struct analysis *analysis, enum detail detail);
struct sheet fault_cost_sheet(const struct analysis *analysis, enum detail detail);

#define ROW_LABEL_MAX 72 /* of a row of the answer: factors_label() of what the table shows */
/* A pool as it stands over a column: one too long for it is called "hybrid (2)" there, and named in the legend. Returns
 * text. */
char *table_pool_name(const struct table *table, size_t column, char *text, size_t size);
char *table_common(const struct table *table, char *text, size_t size); /* what all cells share; "" for nothing */
void table_legend(FILE *out, const struct table *table);                /* a line for each mark that is used */

#endif
