/* Numbers with units, both ways. Parsing is exact decimal arithmetic: "0.1ms" is 100,000 ns and never 99,999, and what
 * does not come to a whole number of the base unit is refused instead of being rounded. */
#include "bench/base/units.h"
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor; /* in base units */
};

static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0},
};
/* Binary units first: of two spellings of the same length they win. */
static const struct unit byte_units[] = {
    {"TiB", 1ll << 40}, {"GiB", 1ll << 30}, {"MiB", 1ll << 20}, {"KiB", 1ll << 10}, {"", 1},   {"TB", 1000000000000},
    {"GB", 1000000000}, {"MB", 1000000},    {"kB", 1000},       {"B", 1},           {NULL, 0},
};
static const struct unit duration_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000ll}, {NULL, 0},
};
static const struct unit share_units[] = {{"%", 10000}, {"", 1000000}, {NULL, 0}};

struct decimal {
    unsigned __int128 digits;
    int exponent; /* of ten */
};

#define DIGITS_MAX ((unsigned __int128)1 << 100) /* times any factor still fits in 128 bits */

/* Reads digits with "_" between them, a fraction and an exponent; returns what follows, or NULL with *rc set. */
static const char *decimal_scan(const char *text, struct decimal *decimal, int *rc)
{
    *decimal = (struct decimal){0};
    *rc = -EINVAL;
    bool digit = false, point = false;
    for (;; text++) {
        if (isdigit((unsigned char)*text)) {
            digit = true;
            if (decimal->digits > DIGITS_MAX / 10) {
                *rc = -ERANGE;
                return NULL;
            }
            decimal->digits = decimal->digits * 10 + (unsigned)(*text - '0');
            decimal->exponent -= point;
        } else if (*text == '.' && !point && digit) {
            point = true;
            digit = false; /* "1." is not a number */
        } else if (*text == '_' && digit && !point && isdigit((unsigned char)text[1])) {
            continue;
        } else {
            break;
        }
    }
    if (!digit)
        return NULL;
    *rc = 0;
    if (*text == 'e' || *text == 'E') {
        bool signed_exponent = text[1] == '+' || text[1] == '-';
        int exponent = 0, sign = text[1] == '-' ? -1 : 1;
        if (!isdigit((unsigned char)text[1 + signed_exponent]))
            return text;
        for (text += 1 + signed_exponent; isdigit((unsigned char)*text); text++)
            if (exponent < 1000)
                exponent = exponent * 10 + (*text - '0');
        decimal->exponent += sign * exponent;
    }
    return text;
}

static int decimal_scale(struct decimal decimal, int64_t factor, int64_t *value)
{
    unsigned __int128 product = decimal.digits * (unsigned __int128)factor;
    if (decimal.digits && product / decimal.digits != (unsigned __int128)factor)
        return -ERANGE;
    for (; decimal.exponent > 0 && product; decimal.exponent--) {
        if (product > INT64_MAX)
            return -ERANGE;
        product *= 10;
    }
    for (; decimal.exponent < 0; decimal.exponent++) {
        if (product % 10)
            return -EINVAL;
        product /= 10;
    }
    if (product > INT64_MAX)
        return -ERANGE;
    *value = (int64_t)product;
    return 0;
}

static int parse_with(const char *text, const struct unit *units, int64_t *value)
{
    bool negative = *text == '-';
    struct decimal decimal;
    int rc;
    const char *rest = decimal_scan(text + negative, &decimal, &rc);
    if (!rest)
        return rc;
    /* Zero is zero in any unit. */
    if (!decimal.digits && !*rest)
        units = count_units;
    for (; units->name; units++)
        if (!strcmp(rest, units->name))
            break;
    if (!units->name)
        return -EINVAL;
    if (negative) /* nothing that is measured or counted here is below zero */
        return -ERANGE;
    return decimal_scale(decimal, units->factor, value);
}

int parse_count(const char *text, int64_t *value)
{
    return parse_with(text, count_units, value);
}

int parse_bytes(const char *text, int64_t *value)
{
    return parse_with(text, byte_units, value);
}

int parse_duration(const char *text, int64_t *value)
{
    return parse_with(text, duration_units, value);
}

int parse_share(const char *text, int64_t *value)
{
    return parse_with(text, share_units, value);
}

int parse_rate(const char *text, double *value)
{
    struct decimal decimal;
    int rc;
    const char *rest = decimal_scan(text, &decimal, &rc);
    if (!rest)
        return rc;
    const struct unit *unit = count_units;
    while (unit->name && strcmp(rest, unit->name))
        unit++;
    if (!unit->name)
        return -EINVAL;
    char digits[64]; /* rounded once, so that what is spelled with enough digits reads back as the same */
    snprintf(digits, sizeof digits, "%llue%d", (unsigned long long)decimal.digits, decimal.exponent);
    double rate = strtod(digits, NULL) * (double)unit->factor;
    if (!isfinite(rate))
        return -ERANGE;
    *value = rate;
    return 0;
}

/* Three significant digits in the largest unit that leaves at least 1 before the point. */
static char *format_with(char *text, size_t size, double value, const struct unit *largest_first)
{
    if (!isfinite(value)) {
        snprintf(text, size, "-");
        return text;
    }
    const struct unit *unit = largest_first;
    while (unit[1].name && fabs(value) < 0.9995 * (double)unit->factor)
        unit++;
    double scaled = value / (double)unit->factor;
    int decimals = fabs(scaled) >= 99.95 || scaled == rint(scaled) ? 0 : fabs(scaled) >= 9.995 ? 1 : 2;
    snprintf(text, size, "%.*f %s", decimals, scaled, unit->name);
    return text;
}

char *format_duration(char *text, size_t size, double ns)
{
    static const struct unit units[] = {
        {"h", 3600000000000ll},
        {"min", 60000000000},
        {"s", 1000000000},
        {"ms", 1000000},
        {"us", 1000},
        {"ns", 1},
        {NULL, 0},
    };
    return format_with(text, size, ns, units);
}

char *format_bytes(char *text, size_t size, double bytes)
{
    static const struct unit units[] = {
        {"TiB", 1ll << 40}, {"GiB", 1ll << 30}, {"MiB", 1ll << 20}, {"KiB", 1ll << 10}, {"B", 1}, {NULL, 0},
    };
    return format_with(text, size, bytes, units);
}

char *format_percent(char *text, size_t size, double share)
{
    snprintf(text, size, "%.*f %%", share < 0.01 ? 2 : share < 0.1 ? 1 : 0, 100 * share);
    return text;
}

char *format_rate(char *text, size_t size, double rate)
{
    double step = 1;
    while (rate >= 9999.5 * step && step < 1e12)
        step *= 10;
    if (rate < 999.95)
        snprintf(text, size, "%.4g", rate);
    else
        snprintf(text, size, "%.0f", step * (double)(int64_t)(rate / step + 0.5));
    return text;
}

/* value / factor in decimals, "" when that does not end within 12 places. */
static void spell_in(char text[64], int64_t value, const struct unit *unit)
{
    int64_t rest = value % unit->factor;
    int length = snprintf(text, 64, "%lld", (long long)(value / unit->factor));
    if (rest)
        text[length++] = '.';
    for (int places = 0; rest; places++) {
        __int128 next = (__int128)rest * 10;
        if (places == 12) {
            text[0] = '\0';
            return;
        }
        text[length++] = (char)('0' + (int)(next / unit->factor));
        rest = (int64_t)(next % unit->factor);
    }
    snprintf(text + length, 64 - (size_t)length, "%s", unit->name);
}

/* The shortest of the units' spellings; of equally short ones the first without a fraction, then the first. */
static char *spell_with(char *text, size_t size, int64_t value, const struct unit *units)
{
    char best[64] = "";
    for (; units->name; units++) {
        char next[64];
        spell_in(next, value, units);
        size_t length = strlen(next);
        if (!length)
            continue;
        bool whole = !strchr(next, '.'), best_whole = !strchr(best, '.');
        if (!best[0] || length < strlen(best) || (length == strlen(best) && whole && !best_whole))
            memcpy(best, next, sizeof best);
    }
    snprintf(text, size, "%s", best);
    return text;
}

char *spell_duration(char *text, size_t size, int64_t ns)
{
    return spell_with(text, size, ns, ns ? duration_units : count_units);
}

char *spell_bytes(char *text, size_t size, int64_t bytes)
{
    return spell_with(text, size, bytes, bytes ? byte_units : count_units);
}

char *spell_share(char *text, size_t size, int64_t ppm)
{
    return spell_with(text, size, ppm, ppm ? share_units : count_units);
}

char *micro_shown(char *to, size_t size, const char *text)
{
    size_t used = 0;
    for (size_t i = 0; text[i] && used + 3 < size; i++) {
        const bool number = i && (isdigit((unsigned char)text[i - 1]) ||
                                  (i > 1 && text[i - 1] == ' ' && isdigit((unsigned char)text[i - 2])));
        if (number && text[i] == 'u' && text[i + 1] == 's' && !isalnum((unsigned char)text[i + 2]))
            used += (size_t)snprintf(to + used, size - used, "µ");
        else
            to[used++] = text[i];
    }
    to[used] = '\0';
    return to;
}
