/* The report and the two files it writes. What they say and in which order is here, once for both formats. */
#include "bench/show/report/report.h"
#include "bench/base/data_path.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/show/report/parts.h"
#include "bench/show/tables.h"
#include <limits.h>
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

#define SECTIONS   (sizeof sections / sizeof sections[0])
#define SCRIPT_MAX (1u << 20)

/* What the page runs; "" where it is not there: the page is whole without. The caller's to free. */
static char *script_read(void)
{
    char path[PATH_MAX];
    struct text_lines script;
    if (data_path("report.js", path, sizeof path) || text_open(path, SCRIPT_MAX, &script))
        return strdup("");
    return script.text;
}

/* All that is said, so that the contents can name what there is. */
static void sections_write(struct report *r, struct lines *text)
{
    FILE *out = r->out;
    const char *titles[SECTIONS];
    unsigned numbers[SECTIONS];
    size_t count = 0;
    for (size_t i = 0; i < SECTIONS; i++) {
        r->out = lines_open(&text[i]);
        if (r->out)
            sections[i].write(r);
        if (!*lines_close(&text[i]))
            continue;
        titles[count] = sections[i].title;
        numbers[count++] = (unsigned)i + 1;
    }
    r->out = out;
    if (r->format->contents)
        r->format->contents(out, titles, numbers, count);
    for (size_t i = 0; i < count; i++) {
        const struct lines *one = &text[numbers[i] - 1];
        r->format->section(out, numbers[i], titles[i]);
        fwrite(one->text, 1, one->size, out);
        fputs(r->format->section_end, out);
    }
    for (size_t i = 0; i < SECTIONS; i++)
        free(text[i].text);
}

static void everything(struct report *r)
{
    char title[128], *script = r->format->is_page ? script_read() : NULL;
    struct lines text[SECTIONS];
    snprintf(title, sizeof title, "poolbench run %s", r->run_id);
    r->format->begin(r->out, title, script ? script : "");
    report_header(r);
    fputs(r->format->header_end, r->out);
    sections_write(r, text);
    if (script && *script) {
        report_data(r);
        fprintf(r->out, "<script>%s</script>\n", script);
    }
    free(script);
    fputs(r->format->end, r->out);
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

/* The table of the answer, for papers. Beside and renamed, too. */
static int latex_write(const struct report *r)
{
    FILE *out = inside_create(r->run->directory, "." REPORT_LATEX);
    if (!out)
        return -errno;
    markup_print(out, MARKUP_CODE, "% Run @. \\usepackage{booktabs}; bold: the best of its row, or equal to it.\n",
                 r->run_id);
    for (int speedup = 1; speedup >= 0 && r->table; speedup--) {
        struct sheet sheet = answer_sheet(r->table, speedup, DETAIL_REPORT);
        if (sheet_rows(&sheet) > 1) {
            markup_print(out, MARKUP_CODE, "% @, in brackets the 95 % interval of this run\n", sheet.title);
            sheet_latex(out, &sheet);
        }
        sheet_release(&sheet);
    }
    errno = 0;
    int rc = ferror(out) | fclose(out) ? (errno ? -errno : -EIO) : 0;
    return inside_replace(r->run->directory, "." REPORT_LATEX, REPORT_LATEX, rc);
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
    if (!result && (result = latex_write(&report)))
        refuse(error, "%.400s/" REPORT_LATEX ": cannot be written: %s", run->directory, strerror(-result));
    return result;
}
