/* results/README.md, made of the table of columns. */
#include "bench/model/columns.h"

static const char introduction[] =
    "# Results\n"
    "\n"
    "Every `poolbench run` leaves one directory here, `<UTC date>T<time>-<id>`, and points the link `latest` at it. A "
    "run\n"
    "is named by its path, by `latest`, or by as much of its name as is unique: `poolbench summarise latest`.\n"
    "\n"
    "| file | what it is |\n"
    "|---|---|\n";

const struct other_file other_files[] = {
    {"suite.ini", "the resolved question: `poolbench run suite.ini` asks it again"},
    {"host.json",
     "the machine, its limits and settings, versions, command line, calibration; `row_sum`: a checksum of its "
     "values, whoever changes one on purpose takes it out"},
    {"topology.xml", "the machine as hwloc sees it"},
    {"report.html", "what was found, in one file for a browser; report.md: the same as Markdown"},
    {"table.tex", "its table for a paper, in LaTeX with booktabs"},
    {"charts/",
     "each chart with the data (`.dat`) and the script (`.gp`) that drew it; `gnuplot NAME.gp` there draws it "
     "anew"},
    {"c012.pftrace", "what happened when in a trial of that cell, for ui.perfetto.dev (`poolbench trace`)"},
    {"profile/", "profiled siblings (`--profile`): trials.csv, samples.csv and latency.csv as above, and more files"},
    {NULL, NULL},
};

static const char conventions[] =
    "\n"
    "The CSV files are UTF-8 with one header line, comma-separated, text quoted where it must be. Numbers are written "
    "in\n"
    "full with `.` as the decimal point, times and sizes as integers with the unit in the column's name. A missing "
    "value\n"
    "is empty, never 0. A last line without a newline was cut off and is not a row. A byte that is not UTF-8 (in a\n"
    "message of a program, say) stands as `\\xHH`, in JSON too; whatever is read back never has one.\n"
    "`poolbench resume` goes on with a run that ended early.\n";

static const char *const kind_names[] = {"integer", "unsigned", "real", "text", "text", "text"};

void columns_document(FILE *out)
{
    fputs(introduction, out);
    for (const struct file_format *const *f = file_formats; *f; f++)
        fprintf(out, "| `%s` | %s |\n", (*f)->file, (*f)->help);
    for (const struct other_file *other = other_files; other->name; other++)
        fprintf(out, "| `%s` | %s |\n", other->name, other->help);
    fputs(conventions, out);
    for (const struct file_format *const *f = file_formats; *f; f++) {
        fprintf(out, "\n## %s\n\n| column | kind | meaning |\n|---|---|---|\n", (*f)->file);
        struct column columns[COLUMNS_MAX];
        size_t count = format_columns(*f, columns);
        for (size_t i = 0; i < count; i++)
            fprintf(out, "| `%s` | %s | %s |\n", columns[i].name, kind_names[columns[i].kind], columns[i].help);
    }
}
