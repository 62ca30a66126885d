/* The report and the two files it writes. What they say and in which order is here, once for both formats. */
#include "bench/show/report/report.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/show/report/parts.h"
#include <stdlib.h>

const struct document_format *const document_formats[] = {&document_html, &document_markdown, NULL};

static const struct {
    const char *title;
    void (*write)(struct report *report);
} sections[] = {
    {"The answer", report_answer},
    {"Why", report_why},
    {"What a pool costs", report_prices},
    {"What failures cost", report_fault_costs},
    {"Trials that did not end well", report_failures},
    {"Charts", report_charts},
    {"Method", report_method},
    {"Machine", report_machine},
    {"How to run it again", report_reproduction},
};

static void everything(struct report *r)
{
    FILE *out = r->out;
    char title[128];
    snprintf(title, sizeof title, "poolbench run %s", r->run_id);
    r->format->begin(out, title);
    report_header(r);
    fputs(r->format->header_end, out);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
        struct lines text;
        r->out = lines_open(&text);
        if (r->out)
            sections[i].write(r);
        if (*lines_close(&text)) {
            markup_print(out, r->format->markup, r->format->section, sections[i].title);
            fwrite(text.text, 1, text.size, out);
            fputs(r->format->section_end, out);
        }
        free(text.text);
    }
    r->out = out;
    fputs(r->format->end, out);
}

/* Beside and renamed, so that there is always a whole report. */
static int format_write(struct report *r)
{
    char draft[64];
    int result = 0;
    snprintf(draft, sizeof draft, ".%s", r->format->file);
    r->out = inside_create(r->run->directory, draft);
    if (!r->out)
        return -errno;
    everything(r);
    errno = 0;
    if (ferror(r->out) | fclose(r->out))
        result = errno ? -errno : -EIO;
    return inside_replace(r->run->directory, draft, r->format->file, result);
}

int report_write(const struct analysis *analysis, char *error)
{
    const struct run_data *run = analysis->run;
    struct report report = {.analysis = analysis, .run = run, .table = run->count ? &analysis->table : NULL};
    int result = 0;
    report.run_id = run->count ? run->rows[0].run_id : run_id(run->directory);
    for (size_t i = 0; document_formats[i] && !result; i++) {
        report.format = document_formats[i];
        result = format_write(&report);
        if (result)
            refuse(error, "%.400s/%s: cannot be written: %s", run->directory, document_formats[i]->file,
                   strerror(-result));
    }
    return result;
}
