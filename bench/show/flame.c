/* See flame.h. */
#include "bench/show/flame.h"
#include "bench/base/units.h"
#include "bench/show/markup.h"
#include "workloads/text.h"
#include <math.h>
#include <string.h>

#define WIDE    1200.0 /* px */
#define MARGIN  10.0
#define ROW     17.0
#define LETTER  6.6  /* of 11 px */
#define NARROW  0.5  /* what is less is left out */
#define HEAD    62.0 /* above the frames; */
#define FOOT    34.0 /* below them */
#define DEEPEST 200
#define DIFFERS 0.05 /* of the sum of both sides: below, they are alike */

/* Light, so that words stand on them; told apart by how light they are, too. */
static const char *const kinds[] = {"#E8E8E8", "#F9DD9B", "#B5DCF3", "#CCCCCC"}; /* role, program, library, kernel */
/* Diverging, blue to orange (after ColorBrewer, C. Brewer): safe for the colour-blind; words say it as well. */
static const char *const differences[] = {"#6BAED6", "#C6DBEF", "#F7F7F7", "#FDD0A2", "#FD8D3C"};

struct drawing {
    FILE *out;
    const struct flame *flame;
    double scale; /* px a ns */
    double high;  /* of the picture */
};

static double width_of(const struct flame *flame, size_t node)
{
    const double *ns = flame->node[node].ns;
    return flame->sides > 1 ? (ns[0] + ns[1]) / 2 : ns[0];
}

static unsigned depth_of(const struct drawing *d, size_t node, unsigned depth)
{
    unsigned most = depth;
    for (size_t i = d->flame->node[node].child; i && depth < DEEPEST; i = d->flame->node[i].next)
        if (width_of(d->flame, i) * d->scale >= NARROW) {
            const unsigned below = depth_of(d, i, depth + 1);
            most = below > most ? below : most;
        }
    return most;
}

static const char *colour_of(const struct drawing *d, const struct flame_node *node)
{
    const double sum = node->ns[0] + node->ns[1], share = sum > 0 ? (node->ns[1] - node->ns[0]) / sum : 0;
    if (d->flame->sides > 1)
        return differences[share < -0.3 ? 0 : share < -DIFFERS ? 1 : share <= DIFFERS ? 2 : share <= 0.3 ? 3 : 4];
    return kinds[!*node->object                                                      ? 0
                 : !strcmp(node->object, "[kernel]")                                 ? 3
                 : strstr(node->object, ".so") || !strcmp(node->object, "[unknown]") ? 2
                                                                                     : 1];
}

/* "1.2 us", "1.2 us -> 3.4 us (+2.2 us)" a task. */
static void time_text(char *text, size_t size, const struct drawing *d, const struct flame_node *node)
{
    char a[32], b[32], more[32];
    const double change = node->ns[1] - node->ns[0];
    format_duration(a, sizeof a, node->ns[0]);
    if (d->flame->sides < 2) {
        snprintf(text, size, "%s a task, %.1f %%, %lld sample%s", a, 100 * node->ns[0] / d->flame->node[0].ns[0],
                 (long long)node->samples[0], node->samples[0] == 1 ? "" : "s");
        return;
    }
    format_duration(b, sizeof b, node->ns[1]);
    format_duration(more, sizeof more, fabs(change));
    snprintf(text, size, "%s -> %s (%c%s) a task, %lld and %lld samples", a, b, change < 0 ? '-' : '+', more,
             (long long)node->samples[0], (long long)node->samples[1]);
}

/* In the frame: as much of it as there is room for. */
static void label_print(const struct drawing *d, const struct flame_node *node, double x, double y, double wide)
{
    char text[FLAME_NAME + 48], more[32];
    const double change = node->ns[1] - node->ns[0], sum = node->ns[0] + node->ns[1];
    snprintf(text, sizeof text, "%s", node->name);
    if (d->flame->sides > 1 && fabs(change) > DIFFERS * sum)
        snprintf(text, sizeof text, "%s %c%s", node->name, change < 0 ? '-' : '+',
                 format_duration(more, sizeof more, fabs(change)));
    const size_t room = (size_t)(wide / LETTER);
    if (room < 3)
        return;
    if (text_letters(text) > room) {
        char *cut = text + text_bytes(text, room - 2);
        snprintf(cut, sizeof text - (size_t)(cut - text), "..");
    }
    fprintf(d->out, "<text x=\"%.1f\" y=\"%.1f\">", x + 3, y + 12.5);
    markup_print(d->out, MARKUP_XML, "@</text>", text);
}

static void node_print(const struct drawing *d, size_t at, double x, unsigned depth)
{
    const struct flame_node *node = &d->flame->node[at];
    const double wide = width_of(d->flame, at) * d->scale, y = d->high - FOOT - ROW * (depth + 1);
    char time[160];
    time_text(time, sizeof time, d, node);
    markup_print(d->out, MARKUP_XML, "<g><title>@@@@: @</title>", node->name, *node->object ? " (" : "", node->object,
                 *node->object ? ")" : "", time);
    fprintf(d->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.0f\" fill=\"%s\"/>", x, y, wide, ROW - 1,
            colour_of(d, node));
    label_print(d, node, x, y, wide);
    fputs("</g>\n", d->out);
    for (size_t i = node->child; i && depth + 1 < DEEPEST; i = d->flame->node[i].next) {
        const double own = width_of(d->flame, i) * d->scale;
        if (own >= NARROW)
            node_print(d, i, x, depth + 1);
        x += own;
    }
}

static void line_print(FILE *out, double y, const char *class, const char *text)
{
    fprintf(out, "<text x=\"%.0f\" y=\"%.0f\" class=\"%s\">", MARGIN, y, class);
    markup_print(out, MARKUP_XML, "@</text>\n", text);
}

static void key_print(const struct drawing *d, const struct flame_words *words)
{
    static const char *const kind_words[] = {"role of a thread", "program", "library", "kernel, by its entry"};
    const bool differs = d->flame->sides > 1;
    char more[2][96];
    const char *difference_words[] = {more[0], "", "alike within 5 %", "", more[1]};
    double x = MARGIN;
    for (int side = 0; side < 2 && differs; side++)
        snprintf(more[side], sizeof more[side], "more in %.80s", words->name[side]);
    for (size_t i = 0; i < (differs ? 5u : 4u); i++) {
        const char *text = differs ? difference_words[i] : kind_words[i];
        fprintf(d->out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"14\" height=\"12\" fill=\"%s\"/>", x, d->high - 22,
                differs ? differences[i] : kinds[i]);
        fprintf(d->out, "<text x=\"%.1f\" y=\"%.1f\">", x + 19, d->high - 12);
        markup_print(d->out, MARKUP_XML, "@</text>\n", text);
        x += *text ? 34 + LETTER * (double)text_letters(text) : 18;
    }
}

void flame_svg(FILE *out, const struct flame *flame, const struct flame_words *words)
{
    const double all = width_of(flame, 0);
    struct drawing d = {.out = out, .flame = flame, .scale = all > 0 ? (WIDE - 2 * MARGIN) / all : 0};
    d.high = HEAD + FOOT + ROW * (depth_of(&d, 0, 0) + 1);
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\">\n"
            "<style>text{font:11px sans-serif;fill:#111}.title{font-size:15px}.note{fill:#444}"
            "rect{stroke:#fff;stroke-width:0.5}</style>\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
            WIDE, d.high, WIDE, d.high);
    line_print(out, 20, "title", words->title);
    line_print(out, 37, "note",
               flame->sides > 1
                   ? "Width: mean of both, in time a task; colour: of which it takes more. Callees stand on "
                     "their callers."
                   : "Width: time a task. Callees stand on their callers; roles of threads at the bottom.");
    line_print(out, 52, "note", words->note);
    node_print(&d, 0, MARGIN, 0);
    key_print(&d, words);
    fputs("</svg>\n", out);
}

void flame_words_make(struct flame_words *words, const struct flame *flame, const struct flame_side *sides)
{
    const struct run_data *run = sides[0].run;
    const factor_set varying = factors_varying(run->rows, run->count, factors_all()) & ~FACTOR_POOL;
    char label[SPEC_MAX + 256];
    size_t length = 0;
    for (unsigned i = 0; i < flame->sides; i++) {
        const struct summary_row *row = &sides[i].run->rows[sides[i].cell];
        snprintf(words->name[i], sizeof words->name[i],
                 flame->sides > 1 && sides[0].run != sides[1].run ? "%s of %.39s" : "%s", POOL_SHOWN(row->f.pool),
                 row->run_id);
        if (length < sizeof words->note)
            length += (size_t)snprintf(words->note + length, sizeof words->note - length,
                                       "%s%.39s %.15s: %zu profiled trial%s, %lld samples", i ? "; " : "", row->run_id,
                                       row->cell_id, flame->trials[i], flame->trials[i] == 1 ? "" : "s",
                                       (long long)flame->node[0].samples[i]);
    }
    factors_label(label, sizeof label, &run->rows[sides[0].cell], varying | FACTOR_WORKLOAD | FACTOR_WORKERS);
    snprintf(words->title, sizeof words->title, "%s%s%s: %s", words->name[0], flame->sides > 1 ? " against " : "",
             flame->sides > 1 ? words->name[1] : "", label);
}

/* ---- folded ---- */

static void chain_print(FILE *out, const struct flame *flame, const size_t *chain, unsigned depth)
{
    const struct flame_node *node = &flame->node[chain[depth]];
    if (llround(node->own_ns[0]) || llround(node->own_ns[1])) {
        for (unsigned i = 1; i <= depth; i++)
            markup_print(out, MARKUP_FOLDED, i < depth ? "@;" : "@", flame->node[chain[i]].name);
        fprintf(out, " %lld", llround(node->own_ns[0]));
        if (flame->sides > 1)
            fprintf(out, " %lld", llround(node->own_ns[1]));
        fputc('\n', out);
    }
}

static void folded_print(FILE *out, const struct flame *flame, size_t *chain, unsigned depth)
{
    if (depth)
        chain_print(out, flame, chain, depth);
    for (size_t i = flame->node[chain[depth]].child; i && depth + 1 < DEEPEST; i = flame->node[i].next) {
        chain[depth + 1] = i;
        folded_print(out, flame, chain, depth + 1);
    }
}

void flame_folded(FILE *out, const struct flame *flame)
{
    size_t chain[DEEPEST + 1] = {0};
    folded_print(out, flame, chain, 0);
}
