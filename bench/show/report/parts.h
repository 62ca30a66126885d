/* The sections of a report, a function each, in whatever format: one that writes nothing is left out. And what they
 * share (parts.c). */
#ifndef POOLBENCH_SHOW_REPORT_PARTS_H
#define POOLBENCH_SHOW_REPORT_PARTS_H
#include "bench/analyse/analysis.h"
#include "bench/show/lines.h"
#include "bench/show/report/document.h"
#include <jansson.h>

struct report {
    const struct analysis *analysis;
    const struct run_data *run;
    const struct table *table; /* NULL without a cell */
    const char *run_id;
    const struct document_format *format;
    FILE *out;
};

void report_header(struct report *report); /* what ran where; stands before the first section */
void report_answer(struct report *report);
void report_why(struct report *report);
void report_prices(struct report *report);
void report_fault_costs(struct report *report);
void report_failures(struct report *report);
void report_charts(struct report *report);
void report_method(struct report *report);
void report_machine(struct report *report);
void report_reproduction(struct report *report);
void report_data(struct report *report); /* for the script, after the last section */

/* The value at "run.seed" of host.json, or NULL. */
const json_t *report_fact(const struct report *report, const char *path);
/* A file of the run as text without zeros, the caller's to free; or NULL: there is none, or more than FILE_MAX. */
char *report_file(const struct report *report, const char *name);
#define FILE_MAX (16u << 20)

void report_paragraph(struct report *report, const char *text);
void report_facts(struct report *report, const struct document_fact *facts, size_t count);
void report_list(struct report *report, const char *lines, enum document_list kind); /* one item a line; "": no list */
void report_lines(struct report *report, struct lines *lines, enum document_list kind); /* closes and frees them too */
/* With what stands below it, if it has more than heads; releases it. */
void report_table(struct report *report, struct sheet *sheet);

#endif
