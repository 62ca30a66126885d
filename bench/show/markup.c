/* Text as markup, see markup.h. */
#include "bench/show/markup.h"
#include "workloads/text.h"
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

static const struct format {
    struct special {
        const char *text, *markup;
    } special[8];
    const char *backslash; /* letters that get one before */
} formats[] = {
    [MARKUP_HTML] = {{{"&", "&amp;"},
                      {"<", "&lt;"},
                      {">", "&gt;"},
                      {"\"", "&quot;"},
                      {" .. ", "&nbsp;..&nbsp;"},
                      {"\r\n", "\n"},
                      {"\n", "\n"}},
                     ""},
    [MARKUP_MARKDOWN] = {{{"&", "&amp;"}, {"<", "&lt;"}}, "\\`*_[]>#|~$"},
    [MARKUP_LATEX] =
        {{{"\\", "\\textbackslash{}"}, {"~", "\\textasciitilde{}"}, {"^", "\\textasciicircum{}"}, {"µ", "$\\mu$"}},
         "_%&#${}"},
    [MARKUP_JSON] = {{{"\"", "\\\""}, {"\\", "\\\\"}, {"<", "\\u003c"}, {">", "\\u003e"}, {"&", "\\u0026"}}, ""},
    [MARKUP_CODE] = {{{NULL, NULL}}, ""},
    [MARKUP_XML] = {{{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}}, ""},
    [MARKUP_FOLDED] = {{{";", ":"}}, ""},
    /* gnuplot writes "]]>" into SVG as it is, where XML has it end something. */
    [MARKUP_GNUPLOT] = {{{"'", "''"}, {"]]>", "]] >"}}, ""},
    [MARKUP_GNUPLOT_DATA] = {{{"\"", "'"}, {"]]>", "]] >"}}, "\\"},
};

/* What Markdown takes for a list where it begins a text: "- ", "1. ". */
static bool begins_list(const char *text, size_t at)
{
    size_t digits = strspn(text, "0123456789");
    return (!at && strchr("-+=", *text)) || (digits && at == digits && strchr(".)", text[at]) && text[at + 1] == ' ');
}

static void text_print(FILE *out, enum markup markup, const char *text)
{
    for (size_t i = 0, length; text[i]; i += length) {
        const struct special *special = formats[markup].special;
        while (special->text && strncmp(text + i, special->text, strlen(special->text)) != 0)
            special++;
        length = special->text ? strlen(special->text) : text_character(text + i);
        if (strchr(formats[markup].backslash, text[i]) || (markup == MARKUP_MARKDOWN && begins_list(text, i)))
            fputc('\\', out);
        if (special->text)
            fputs(special->markup, out);
        else if (length == 1 && text_is_control(text + i))
            fputc(' ', out);
        else if (!length || text_is_control(text + i))
            fputs("\xEF\xBF\xBD", out);
        else
            fwrite(text + i, 1, length, out);
        length += !length;
    }
}

void markup_print(FILE *out, enum markup markup, const char *pattern, ...)
{
    va_list texts;
    va_start(texts, pattern);
    for (; *pattern; pattern++)
        if (*pattern == '@')
            text_print(out, markup, va_arg(texts, const char *));
        else
            fputc(*pattern, out);
    va_end(texts);
}
