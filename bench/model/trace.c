/* Reading traces, see trace.h. */
#include "bench/model/trace.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/base/units.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define SECOND_NS  1000000000ll
#define DIGITS     9 /* of a fraction that count */
#define SEPARATORS " \t,;"
#define STAMP_MOST (1ll << 60)
#define SPAN_MOST  1e18 /* ns: what a number in a file may be */

/* ---- time stamps ---- */

struct stamp {
    int64_t ns, resolution_ns;
};

/* ".25", or ",25" of ISO 8601: ns, and how fine it is. Returns what follows. */
static const char *fraction_read(const char *text, struct stamp *stamp)
{
    stamp->ns = 0;
    stamp->resolution_ns = SECOND_NS;
    if ((*text != '.' && *text != ',') || !isdigit((unsigned char)text[1]))
        return text;
    int digits = 0;
    for (text++; isdigit((unsigned char)*text); text++)
        if (digits < DIGITS) {
            stamp->resolution_ns /= 10;
            stamp->ns += (*text - '0') * stamp->resolution_ns;
            digits++;
        }
    return text;
}

/* "+0100", "-07:00"; seconds to the east. Returns what follows. */
static const char *zone_read(const char *text, int64_t *east_s)
{
    unsigned hours, minutes;
    int length = 0;
    *east_s = 0;
    if (*text != '+' && *text != '-')
        return text + (*text == 'Z');
    if (sscanf(text + 1, "%2u%n:%2u%n", &hours, &length, &minutes, &length) < 2 &&
        sscanf(text + 1, "%2u%2u%n", &hours, &minutes, &length) < 2)
        return text;
    *east_s = (*text == '-' ? -1 : 1) * (int64_t)(hours * 3600 + minutes * 60);
    return text + 1 + length;
}

/* A day of the calendar and a time on it, with the fraction in stamp. */
static bool calendar_take(const struct tm *parts, int64_t east_s, struct stamp *stamp)
{
    struct tm tm = *parts;
    const bool is_right = tm.tm_mon >= 0 && tm.tm_mon < 12 && tm.tm_mday >= 1 && tm.tm_mday <= 31 && tm.tm_hour >= 0 &&
                          tm.tm_hour < 24 && tm.tm_min >= 0 && tm.tm_min < 60 && tm.tm_sec >= 0 && tm.tm_sec <= 60 &&
                          tm.tm_year >= 0 && tm.tm_year < 300;
    if (is_right)
        stamp->ns += ((int64_t)timegm(&tm) - east_s) * SECOND_NS;
    return is_right;
}

/* "10/Oct/2000:13:55:36 -0700" */
static const char *log_read(const char *text, struct stamp *stamp)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm = {0};
    char month[4] = "";
    int length = 0;
    int64_t east_s;
    if (sscanf(text, "%2d/%3[A-Za-z]/%4d:%2d:%2d:%2d%n", &tm.tm_mday, month, &tm.tm_year, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec, &length) != 6 ||
        !length)
        return NULL;
    const char *found = strlen(month) == 3 ? strstr(months, month) : NULL;
    if (!found || (found - months) % 3)
        return NULL;
    tm.tm_mon = (int)(found - months) / 3;
    tm.tm_year -= 1900;
    text = fraction_read(text + length, stamp);
    text = zone_read(text + (*text == ' '), &east_s);
    return calendar_take(&tm, east_s, stamp) ? text : NULL;
}

/* "2000-10-10T13:55:36.25Z" */
static const char *iso_read(const char *text, struct stamp *stamp)
{
    struct tm tm = {0};
    char between;
    int length = 0;
    int64_t east_s;
    if (sscanf(text, "%4d-%2d-%2d%c%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &between, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &length) != 7 ||
        !length || !strchr("T t_", between))
        return NULL;
    tm.tm_mon -= 1;
    tm.tm_year -= 1900;
    text = zone_read(fraction_read(text + length, stamp), &east_s);
    return calendar_take(&tm, east_s, stamp) ? text : NULL;
}

/* "971211336.25"; so large a number that it would be another epoch counts in smaller units. */
static const char *number_read(const char *text, struct stamp *stamp)
{
    int64_t whole = 0, scale = SECOND_NS;
    const char *digits = text;
    for (; isdigit((unsigned char)*text); text++) {
        if (whole > STAMP_MOST / 10)
            return NULL;
        whole = 10 * whole + (*text - '0');
    }
    if (text == digits)
        return NULL;
    text = *text == ',' ? text : fraction_read(text, stamp);
    for (int64_t limit = 100000000000ll; whole >= limit && scale > 1; limit *= 1000)
        scale /= 1000;
    if (whole > STAMP_MOST / scale)
        return NULL;
    stamp->ns = whole * scale + stamp->ns / (SECOND_NS / scale);
    stamp->resolution_ns = stamp->resolution_ns / (SECOND_NS / scale);
    stamp->resolution_ns += !stamp->resolution_ns;
    return text;
}

static bool stamp_ends(const char *text)
{
    return text && (!*text || strchr(SEPARATORS "\"]", *text));
}

/* ---- lines ---- */

/* The text from column `number` on, from 1; blanks, commas and semicolons stand between columns, but not within quotes.
 * NULL: there are fewer. */
static const char *column_find(const char *line, int64_t number)
{
    line += strspn(line, " \t");
    while (number-- > 1) {
        const char *close = *line == '"' ? strchr(line + 1, '"') : *line == '[' ? strchr(line + 1, ']') : NULL;
        line = close ? close + 1 : line;
        line += strcspn(line, SEPARATORS);
        line += strspn(line, " \t");
        if (*line == ',' || *line == ';')
            line++;
        line += strspn(line, " \t");
        if (!*line)
            return NULL;
    }
    return *line ? line : NULL;
}

/* Where a line has "[10/", as access logs do; NULL. */
static const char *bracket_find(const char *line)
{
    for (const char *at = line; (at = strchr(at, '[')); at++)
        if (isdigit((unsigned char)at[1]) && isdigit((unsigned char)at[2]) && at[3] == '/')
            return at + 1;
    return NULL;
}

static int stamp_read(const char *text, const char *line, int64_t column, struct stamp *stamp)
{
    const char *bracket = column ? NULL : bracket_find(line);
    stamp->ns = 0;
    stamp->resolution_ns = SECOND_NS;
    if (bracket)
        return stamp_ends(log_read(bracket, stamp)) ? 0 : -EINVAL;
    text += *text == '"' || *text == '[';
    return stamp_ends(iso_read(text, stamp)) || stamp_ends(log_read(text, stamp)) ||
                   stamp_ends(number_read(text, stamp))
               ? 0
               : -EINVAL;
}

/* A duration, or seconds. */
static int gap_read(const char *text, int64_t *ns)
{
    char word[64], *end;
    snprintf(word, sizeof word, "%.*s", (int)strcspn(text, SEPARATORS), text);
    double seconds = strtod(word, &end);
    if (!*end && end > word && isfinite(seconds) && seconds >= 0 && seconds < 1e9) {
        *ns = llrint(seconds * (double)SECOND_NS);
        return 0;
    }
    return parse_duration(word, ns) || *ns < 0 ? -EINVAL : 0;
}

/* ---- files ---- */

static int trace_add(struct trace *trace, size_t *room, int64_t ns)
{
    if (trace->count == *room) {
        *room = *room ? 2 * *room : 1024;
        uint64_t *grown = realloc(trace->at_ns, *room * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        trace->at_ns = grown;
    }
    trace->at_ns[trace->count++] = (uint64_t)ns;
    return 0;
}

static int line_take(struct trace *trace, size_t *room, const char *line, unsigned number, char *error)
{
    struct stamp stamp = {0};
    const char *text = column_find(line, trace->column ? trace->column : 1);
    if (!text)
        return refuse(error, "%.128s:%u: it has no column %lld", trace->file, number, (long long)trace->column);
    int rc = trace->is_gaps ? gap_read(text, &stamp.ns) : stamp_read(text, line, trace->column, &stamp);
    if (rc || stamp.ns < 0)
        return refuse(error, "%.128s:%u: '%.40s' is not %s", trace->file, number, text,
                      trace->is_gaps ? "a time between tasks such as 0.25 (seconds) or 20ms"
                                     : "a time stamp: 971211336.25, 2000-10-10T13:55:36.25Z or "
                                       "[10/Oct/2000:13:55:36 -0700]; see column=N and gaps");
    if (trace->count == TRACE_TASKS_MAX)
        return refuse(error, "%.128s:%u: more than %u tasks", trace->file, number, TRACE_TASKS_MAX);
    if (!trace->is_gaps && (uint64_t)stamp.resolution_ns < trace->resolution_ns)
        trace->resolution_ns = (uint64_t)stamp.resolution_ns;
    return trace_add(trace, room, stamp.ns) ? refuse(error, "%.128s: out of memory", trace->file) : 0;
}

static int by_time(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Index of dispersion for counts, in windows that are long and still many (K. Fendick and W. Whitt, Measurements and
 * Approximations to Describe the Offered Traffic, Proc. IEEE 77, 1989): 1 of a Poisson process. What there are too few
 * windows for, as time stamps are coarse or tasks few, is taken for one. */
#define WINDOWS          30
#define WINDOWS_LEAST    10
#define DISPERSION_LEAST 0.01
static double dispersion_of(const struct trace *trace)
{
    const double resolution_ns = trace->resolution_ns ? (double)trace->resolution_ns : 1, count = trace->count;
    const double most = fmin(floor((double)trace->period_ns / resolution_ns), count / 2);
    const size_t windows = (size_t)fmin(WINDOWS, most);
    double counts[WINDOWS + 1] = {0}, squares = 0;
    if (windows < WINDOWS_LEAST)
        return 1;
    for (uint32_t i = 0; i < trace->count; i++) {
        const double part = (double)trace->at_ns[i] / (double)trace->period_ns * (double)windows;
        counts[(size_t)fmin(part, (double)windows - 1)]++;
    }
    const double mean = count / (double)windows;
    for (size_t w = 0; w < windows; w++)
        squares += (counts[w] - mean) * (counts[w] - mean);
    return fmax(squares / ((double)windows - 1) / mean, DISPERSION_LEAST);
}

/* From what the lines say to times from the first. */
static int trace_make(struct trace *trace, char *error)
{
    double sum = 0;
    if (trace->count < 2)
        return refuse(error, "%.128s: expected two tasks or more, a line each", trace->file);
    if (trace->is_gaps) {
        for (uint32_t i = 0; i < trace->count && sum <= SPAN_MOST; i++) {
            sum += (double)trace->at_ns[i];
            trace->at_ns[i] += i ? trace->at_ns[i - 1] : 0;
        }
    } else {
        qsort(trace->at_ns, trace->count, sizeof *trace->at_ns, by_time);
        for (uint32_t i = trace->count; i-- > 0;)
            trace->at_ns[i] -= trace->at_ns[0];
        sum = (double)trace->at_ns[trace->count - 1];
        sum += sum / (trace->count - 1);
    }
    if (!(sum >= 1) || sum > SPAN_MOST)
        return refuse(error, "%.128s: its tasks come %s", trace->file,
                      sum < 1 ? "all at once, expected times that differ" : "over more than 31 years");
    trace->period_ns = (uint64_t)llrint(sum);
    trace->dispersion = dispersion_of(trace);
    return 0;
}

static int64_t bytes_hash(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325ull;
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull; /* FNV-1a */
    hash &= INT64_MAX;
    return (int64_t)(hash ? hash : 1);
}

static int trace_read(struct trace *trace, int64_t expected, char *error)
{
    struct text_lines lines;
    size_t room = 0;
    int rc = text_file_open(trace->file, TRACE_BYTES_MAX, "a time stamp a line", &lines, error);
    if (!rc) {
        trace->hash = bytes_hash(lines.text);
        if (expected && trace->hash != expected)
            rc = refuse(error, "%.128s has changed: it is not the file that the run was made with", trace->file);
    }
    for (char *line; !rc && (line = text_next(&lines));) {
        const char *text = line + strspn(line, " \t");
        if (*text && *text != '#')
            rc = line_take(trace, &room, text, lines.number, error);
    }
    text_close(&lines);
    return rc ? rc : trace_make(trace, error);
}

int trace_of(const struct arrival *arrival, const struct trace **trace, char *error)
{
    static struct trace *known;
    for (*trace = known; *trace; *trace = (*trace)->next)
        if (!strcmp((*trace)->file, arrival->file) && (*trace)->column == arrival->column &&
            (*trace)->is_gaps == arrival->is_gaps && (!arrival->hash || (*trace)->hash == arrival->hash))
            return 0;
    struct trace *made = calloc(1, sizeof *made);
    char *file = strdup(arrival->file);
    if (!made || !file) {
        free(made);
        free(file);
        return refuse(error, "out of memory");
    }
    *made = (struct trace){.file = file,
                           .column = arrival->column,
                           .is_gaps = arrival->is_gaps,
                           .resolution_ns = arrival->is_gaps ? 0 : SECOND_NS,
                           .next = known};
    int rc = trace_read(made, arrival->hash, error);
    if (rc) {
        free(made->at_ns);
        free(file);
        free(made);
        return rc;
    }
    *trace = known = made;
    return 0;
}

int trace_note(struct arrival *arrival, char *error)
{
    const struct trace *trace;
    char text[32];
    int rc = trace_of(arrival, &trace, error);
    if (rc)
        return rc;
    arrival->hash = trace->hash;
    snprintf(text, sizeof text, "%.6g", trace->count * 1e9 / (double)trace->period_ns * arrival->speed);
    arrival->rate = strtod(text, NULL);
    snprintf(text, sizeof text, "%.3g", trace->dispersion);
    arrival->dispersion = strtod(text, NULL);
    arrival->file_tasks = trace->count;
    return 0;
}
