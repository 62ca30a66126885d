/* Reads the markup of a picture tag by tag and writes what is allowed: elements from a list, each closed where it must
 * be, attributes that do not refer to anything outside, text as text. */
#include "bench/show/report/svg.h"
#include "bench/base/refuse.h"
#include "bench/show/report/document.h"
#include "workloads/text.h"
#include <stdbool.h>
#include <strings.h>

#define DEPTH_MAX 64

static const char *const elements[] = {
    "circle",      "clipPath", "defs",   "desc", "ellipse",
    "feComposite", "feFlood",  "filter", "g",    "linearGradient",
    "line",        "pattern",  "mask",   "path", "polygon",
    "polyline",    "rect",     "stop",   "svg",  "text",
    "title",       "textPath", "tspan",  "use",  "radialGradient",
    NULL,
};
/* Dropped with all that is in them: they say "Gnuplot". */
static const char *const unwanted[] = {"title", "desc", NULL};
/* The page has its own classes and looks. */
static const char *const attributes_unwanted[] = {"class", "style", NULL};

struct piece {
    const char *start;
    size_t length;
};

struct reader {
    FILE *out;
    const char *at;
    const struct svg_place *place;
    struct piece open[DEPTH_MAX]; /* elements around `at` */
    unsigned depth;
    char *why;
};

static int bad(struct reader *r, const char *what, struct piece piece)
{
    refuse(r->why, "%s %.*s", what, (int)(piece.length < 40 ? piece.length : 40), piece.start);
    return -EBADMSG;
}

static bool piece_is(struct piece piece, const char *word)
{
    return strlen(word) == piece.length && !strncmp(word, piece.start, piece.length);
}

static bool piece_among(struct piece piece, const char *const *words)
{
    for (; *words; words++)
        if (piece_is(piece, *words))
            return true;
    return false;
}

static bool piece_has(struct piece piece, const char *word)
{
    return memmem(piece.start, piece.length, word, strlen(word)) != NULL;
}

static struct piece name_read(struct reader *r)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_:.";
    struct piece name = {r->at, strspn(r->at, letters)};
    r->at += name.length;
    return name;
}

static void space_skip(struct reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

/* ---- text ---- */

static void text_write(FILE *out, struct piece text, bool is_markup)
{
    for (size_t i = 0, length; i < text.length; i += length) {
        const char *c = text.start + i;
        length = text_character(c);
        if (!length || length > text.length - i) {
            length = 1;
            fputs("\xEF\xBF\xBD", out);
        } else if (!is_markup && *c == '&') {
            fputs("&amp;", out);
        } else if (!is_markup && *c == '"') {
            fputs("&quot;", out);
        } else if (*c == '<' || *c == '>') {
            fputs(*c == '<' ? "&lt;" : "&gt;", out);
        } else if ((unsigned char)*c < ' ' && *c != '\n') {
            fputc(' ', out);
        } else {
            fwrite(c, 1, length, out);
        }
    }
}

/* ---- attributes ---- */

/* A reference into the picture: "#id", or url(#id) with or without quotes. */
static int reference_write(struct reader *r, struct piece value, size_t before)
{
    struct piece id = {value.start + before, value.length - before};
    if (!id.length || *id.start != '#')
        return bad(r, "it refers to", value);
    fprintf(r->out, "%.*s#%s-%.*s", (int)before, value.start, r->place->prefix, (int)id.length - 1, id.start + 1);
    return 0;
}

static int value_write(struct reader *r, struct piece name, struct piece value)
{
    bool is_link = piece_is(name, "href") || piece_is(name, "xlink:href");
    if (is_link)
        return reference_write(r, value, 0);
    if (piece_has(value, "url(")) {
        size_t before = strlen("url(");
        if (strncmp(value.start, "url(", before) ||
            piece_has((struct piece){value.start + 1, value.length - 1}, "url("))
            return bad(r, "it refers to", value);
        before += value.length > before && strchr("'\"", value.start[before]) ? 1 : 0;
        return reference_write(r, value, before);
    }
    if (piece_is(name, "id"))
        fprintf(r->out, "%s-", r->place->prefix);
    text_write(r->out, value, true);
    return 0;
}

/* Of an element below the outermost. Ends before ">" or "/>". */
static int attributes_write(struct reader *r)
{
    for (;;) {
        space_skip(r);
        if (*r->at == '>' || (r->at[0] == '/' && r->at[1] == '>'))
            return 0;
        struct piece name = name_read(r);
        space_skip(r);
        if (!name.length || *r->at != '=')
            return bad(r, "it has a tag that breaks off at", (struct piece){r->at, strnlen(r->at, 20)});
        r->at++;
        space_skip(r);
        char quote = *r->at;
        const char *end = quote == '"' || quote == '\'' ? strchr(r->at + 1, quote) : NULL;
        if (!end)
            return bad(r, "it has no value for", name);
        struct piece value = {r->at + 1, (size_t)(end - r->at - 1)};
        r->at = end + 1;
        if (name.length > 2 && !strncasecmp(name.start, "on", 2))
            return bad(r, "it has the attribute", name);
        if (piece_among(name, attributes_unwanted) || !strncmp(name.start, "xmlns", 5))
            continue;
        fprintf(r->out, " %.*s=%c", (int)name.length, name.start, quote);
        int rc = value_write(r, name, value);
        fputc(quote, r->out);
        if (rc)
            return rc;
    }
}

/* ---- elements ---- */

static int element_close(struct reader *r)
{
    r->at += 2;
    struct piece name = name_read(r);
    space_skip(r);
    if (!r->depth || *r->at != '>' || name.length != r->open[r->depth - 1].length ||
        strncmp(name.start, r->open[r->depth - 1].start, name.length) != 0)
        return bad(r, "it closes what is not open:", name);
    r->at++;
    r->depth--;
    fprintf(r->out, "</%.*s>", (int)name.length, name.start);
    return 0;
}

static int unwanted_skip(struct reader *r, struct piece name)
{
    char tag[16];
    snprintf(tag, sizeof tag, "</%.*s>", (int)name.length, name.start);
    const char *end = strstr(r->at, tag);
    if (!end)
        return bad(r, "it does not close", name);
    r->at = end + strlen(tag);
    return 0;
}

static int element_open(struct reader *r)
{
    r->at++;
    struct piece name = name_read(r);
    if (!piece_among(name, elements))
        return bad(r, "it has the element", name);
    if (piece_among(name, unwanted))
        return unwanted_skip(r, name);
    if (r->depth == DEPTH_MAX)
        return bad(r, "it is too deep at", name);
    fprintf(r->out, "<%.*s", (int)name.length, name.start);
    int rc = attributes_write(r);
    if (rc)
        return rc;
    if (*r->at == '>') {
        r->open[r->depth++] = name;
        fputs(">", r->out);
        r->at++;
    } else {
        fputs("/>", r->out);
        r->at += 2;
    }
    return 0;
}

/* <!-- ... --> is dropped, <![CDATA[ ... ]]> is text. */
static int section_read(struct reader *r)
{
    static const char data[] = "<![CDATA[", comment[] = "<!--";
    bool is_data = !strncmp(r->at, data, strlen(data));
    if (!is_data && strncmp(r->at, comment, strlen(comment)) != 0)
        return bad(r, "it has a declaration:", (struct piece){r->at, strnlen(r->at, 20)});
    const char *start = r->at + strlen(is_data ? data : comment), *end = strstr(start, is_data ? "]]>" : "-->");
    if (!end)
        return bad(r, "it breaks off in", (struct piece){r->at, strnlen(r->at, 20)});
    if (is_data)
        text_write(r->out, (struct piece){start, (size_t)(end - start)}, false);
    r->at = end + 3;
    return 0;
}

static int content_write(struct reader *r)
{
    int rc = 0;
    while (!rc && r->depth) {
        size_t length = strcspn(r->at, "<");
        text_write(r->out, (struct piece){r->at, length}, true);
        r->at += length;
        if (!*r->at)
            return bad(r, "it breaks off in", r->open[r->depth - 1]);
        rc = r->at[1] == '/' ? element_close(r) : r->at[1] == '!' ? section_read(r) : element_open(r);
    }
    return rc;
}

/* The outermost element: of its attributes only the size of the drawing is of use. */
int svg_write(FILE *out, const char *svg, const struct svg_place *place, char *why)
{
    static const char box_name[] = "viewBox=\"";
    struct reader r = {.out = out, .place = place, .why = why};
    const char *open = strstr(svg, "<svg"), *body = open ? strchr(open, '>') : NULL;
    const char *box = body ? strstr(open, box_name) : NULL;

    if (!box || box > body || !strstr(body, "<desc>Produced by GNUPLOT"))
        return refuse(why, "it was not drawn by gnuplot"), -EBADMSG;
    box += strlen(box_name);
    fputs("<svg role=\"img\" aria-label=\"", out);
    text_write(out, (struct piece){place->label, strlen(place->label)}, false);
    fprintf(out, "\" viewBox=\"%.*s\">", (int)strspn(box, "0123456789. -"), box);
    r.open[r.depth++] = (struct piece){open + 1, strlen("svg")};
    r.at = body + 1;
    return content_write(&r);
}
