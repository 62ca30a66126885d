/* Text as markup, see markup.h. */
#include "bench/show/markup.h"
#include "workloads/text.h"
#include <stdarg.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

/* Writes what is markup at text[at]. Returns how many bytes of text that was; 0: there is none. */
typedef size_t markup(FILE *out, const char *text, size_t at);

static void text_print(FILE *out, const char *text, markup *escape)
{
    for (size_t i = 0, length; text[i]; i += length) {
        length = text_character(text + i);
        if (!length) {
            fputs(REPLACEMENT, out);
            length = 1;
            continue;
        }
        size_t escaped = escape(out, text, i);
        if (escaped)
            length = escaped;
        else if (((unsigned char)text[i] < ' ' && text[i] != '\n') || text[i] == 0x7f)
            fputc(' ', out);
        else
            fwrite(text + i, 1, length, out);
    }
}

static void pattern_print(FILE *out, const char *pattern, va_list texts, markup *escape)
{
    for (; *pattern; pattern++)
        if (*pattern == '@')
            text_print(out, va_arg(texts, const char *), escape);
        else
            fputc(*pattern, out);
}

static size_t html(FILE *out, const char *text, size_t at)
{
    static const struct {
        const char *text, *markup;
    } special[] = {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {" .. ", "&nbsp;..&nbsp;"}};

    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (!strncmp(text + at, special[i].text, strlen(special[i].text))) {
            fputs(special[i].markup, out);
            return strlen(special[i].text);
        }
    return 0;
}

void markup_html(FILE *out, const char *pattern, ...)
{
    va_list texts;

    va_start(texts, pattern);
    pattern_print(out, pattern, texts, html);
    va_end(texts);
}

/* Whatever could be markup gets a backslash; what ends a line becomes a space. */
static size_t markdown(FILE *out, const char *text, size_t at)
{
    size_t digits = strspn(text, "0123456789");
    char c = text[at];

    if (c == '&' || c == '<') {
        fputs(c == '&' ? "&amp;" : "&lt;", out);
    } else if (c == '\n') {
        fputc(' ', out);
    } else {
        bool begins_list =
            (!at && strchr("-+=", c)) || (digits && at == digits && strchr(".)", c) && text[at + 1] == ' ');
        if (!begins_list && !strchr("\\`*_[]>#|~", c))
            return 0;
        fprintf(out, "\\%c", c);
    }
    return 1;
}

void markup_markdown(FILE *out, const char *pattern, ...)
{
    va_list texts;

    va_start(texts, pattern);
    pattern_print(out, pattern, texts, markdown);
    va_end(texts);
}

static size_t latex(FILE *out, const char *text, size_t at)
{
    char c = text[at];

    if (c == '\\' || c == '~' || c == '^')
        fprintf(out, "\\text%s{}", c == '\\' ? "backslash" : c == '~' ? "asciitilde" : "asciicircum");
    else if (strchr("_%&#${}", c))
        fprintf(out, "\\%c", c);
    else
        return 0;
    return 1;
}

void markup_latex(FILE *out, const char *pattern, ...)
{
    va_list texts;

    va_start(texts, pattern);
    pattern_print(out, pattern, texts, latex);
    va_end(texts);
}
