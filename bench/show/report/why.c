/* Why one pool takes longer than another: the pair that most is to be said of. */
#include "bench/show/why.h"
#include "bench/show/report/parts.h"

void report_why(struct report *r)
{
    const struct whys *whys = &r->analysis->whys;
    const size_t first = whys_first(whys);
    struct lines lines;
    char a[SPEC_MAX], b[SPEC_MAX], names[2 * SPEC_MAX + 64];
    if (first == RUN_NOTHING || !why_is_answered(&whys->why[first]))
        return;
    const struct explanation *why = &whys->why[first];
    if (!lines_open(&lines))
        return;
    why_say(lines.out, why);
    report_lines(r, &lines, LIST_ANSWER);
    snprintf(names, sizeof names, "A: %s, B: %s; %zu blocks.", why_name(a, sizeof a, why, false),
             why_name(b, sizeof b, why, true), why->blocks);
    report_paragraph(r, names);
    struct sheet sheets[] = {why_sheet(why), why_facts(why), why_rows(whys)};
    for (size_t i = 0; i < sizeof sheets / sizeof sheets[0]; i++)
        report_table(r, &sheets[i]);
    if (why->counters) {
        struct sheet counters = why_counters(why);
        report_table(r, &counters);
    }
}
