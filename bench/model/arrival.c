/* The factor arrival, from text into a cell and back. */
#include "bench/base/nearest.h"
#include "bench/base/units.h"
#include "bench/model/arrivals.h"
#include "bench/model/factors.h"
#include "workloads/text.h"
#include <math.h>
#include <stdlib.h>

#define SPEED_LEAST     0.001
#define SPEED_MOST      1000.0
#define DISPERSION_MOST 1e9 /* of as many tasks as a file may have, all in one window */
#define RATE_FORMS                                                                                                     \
    "rate:R, rate:R:poisson or rate:R:on=DURATION:off=DURATION[:low=SHARE], R tasks a second such as 5000"
#define TRACE_FORMS "trace:FILE, then any of xSPEED, column=N and gaps"

static const struct param k_range = {.kind = PARAM_COUNT, .min = 1, .max = TASK_WARMUP_FIRST - 1};
static const struct param state_range = {.kind = PARAM_DURATION, .min = 1000, .max = 3600000000000ll};
static const struct param low_range = {.kind = PARAM_SHARE, .min = 0, .max = 999999};
static const struct param column_range = {.kind = PARAM_COUNT, .min = 1, .max = 1000};
static const struct param file_text = {.kind = PARAM_TEXT};

static const char *const arrival_names[] = {"burst", "wave", "window", "rate"}; /* by enum arrival_kind */
static const char trace_name[] = "trace";

/* The next part of a spec: what stands before the colon. Returns what follows it, NULL behind the last. */
static const char *part_take(const char *text, char part[VALUE_MAX])
{
    const size_t length = spec_name_length(text);
    snprintf(part, VALUE_MAX, "%.*s", (int)length, text);
    return text[length] ? text + length + 1 : NULL;
}

/* Behind "key=", or NULL. */
static const char *value_of(const char *part, const char *key)
{
    const size_t length = strlen(key);
    return !strncmp(part, key, length) && part[length] == '=' ? part + length + 1 : NULL;
}

static int on_off_check(const struct arrival *arrival, const char *text, char *error)
{
    if (!arrival->on_ns || !arrival->off_ns)
        return refuse(error, "'rate:%.80s': expected on=DURATION and off=DURATION together", text);
    if ((double)(arrival->on_ns + arrival->off_ns) * arrival->rate < 1e9)
        return refuse(error, "'rate:%.80s': less than one task while on and off, expected longer ones", text);
    return 0;
}

static int rate_parse(const char *text, struct arrival *arrival, char *error)
{
    char part[VALUE_MAX];
    const char *next = part_take(text, part), *value;
    int rc = parse_rate(part, &arrival->rate);
    if (rc == -EINVAL)
        return refuse(error, "'rate:%.80s' is not " RATE_FORMS, text);
    if (rc || arrival->rate < RATE_LEAST || arrival->rate > RATE_MOST)
        return refuse(error, "'rate:%.80s' is out of range, expected 0.001 .. 1G tasks a second", text);
    for (rc = 0; next && !rc;) {
        next = part_take(next, part);
        if (!strcmp(part, "poisson") && arrival->process == PROCESS_EVEN) {
            arrival->process = PROCESS_POISSON;
        } else if (arrival->process == PROCESS_POISSON) {
            rc = refuse(error, "'rate:%.80s' is not " RATE_FORMS, text);
        } else {
            arrival->process = PROCESS_ON_OFF;
            if ((value = value_of(part, "on")))
                rc = param_parse(&state_range, value, &arrival->on_ns, error);
            else if ((value = value_of(part, "off")))
                rc = param_parse(&state_range, value, &arrival->off_ns, error);
            else if ((value = value_of(part, "low")))
                rc = param_parse(&low_range, value, &arrival->low_ppm, error);
            else
                rc = refuse(error, "'rate:%.80s' is not " RATE_FORMS, text);
        }
    }
    return !rc && arrival->process == PROCESS_ON_OFF ? on_off_check(arrival, text, error) : rc;
}

/* "x2" */
static int speed_parse(const char *part, double *speed, char *error)
{
    char *end;
    *speed = strtod(part + 1, &end);
    if (*end || end == part + 1 || !(*speed >= SPEED_LEAST && *speed <= SPEED_MOST))
        return refuse(error, "'%.40s' is no speed, expected x0.001 .. x1000", part);
    return 0;
}

static int trace_file_parse(const char *part, struct arrival *arrival, char *error)
{
    int64_t file;
    if (param_parse(&file_text, part, &file, error))
        return -EINVAL;
    for (const char *c = param_text(file); *c; c += text_character(c) ? text_character(c) : 1)
        if (!text_character(c) || text_is_control(c))
            return refuse(error, "trace: a name with control characters, or not in UTF-8");
    if (!file)
        return refuse(error, "trace: names no file, expected trace:FILE");
    snprintf(arrival->file, sizeof arrival->file, "%s", param_text(file));
    return 0;
}

/* rate=, hash=, tasks= and dispersion= are what was noted of the file when it was read. */
static int trace_part_parse(const char *part, struct arrival *arrival, char *error)
{
    const char *value;
    char *end;
    if (*part == 'x')
        return speed_parse(part, &arrival->speed, error);
    if ((value = value_of(part, "column")))
        return param_parse(&column_range, value, &arrival->column, error);
    if (!strcmp(part, "gaps")) {
        arrival->is_gaps = 1;
        return 0;
    }
    if ((value = value_of(part, "rate")) && !parse_rate(value, &arrival->rate) && arrival->rate > 0)
        return 0;
    if ((value = value_of(part, "hash")) && (arrival->hash = strtoll(value, &end, 16)) > 0 && !*end)
        return 0;
    if ((value = value_of(part, "tasks")) && (arrival->file_tasks = strtoll(value, &end, 10)) > 0 && !*end)
        return 0;
    if ((value = value_of(part, "dispersion")) && (arrival->dispersion = strtod(value, &end)) > 0 && !*end)
        return 0;
    return refuse(error, "'%.40s' is no part of a trace, expected " TRACE_FORMS, part);
}

static int trace_parse(const char *text, struct arrival *arrival, char *error)
{
    char part[VALUE_MAX];
    const char *next = part_take(text, part);
    *arrival = (struct arrival){.kind = ARRIVAL_RATE, .process = PROCESS_TRACE, .speed = 1};
    int rc = trace_file_parse(part, arrival, error);
    while (next && !rc) {
        next = part_take(next, part);
        rc = trace_part_parse(part, arrival, error);
    }
    const bool noted = arrival->rate > 0, more = arrival->file_tasks || arrival->dispersion > 0;
    if (!rc && ((arrival->hash != 0) != noted || (more && !noted) || !(arrival->dispersion < DISPERSION_MOST)))
        rc = refuse(error, "trace: rate=, hash=, tasks= and dispersion= are written by poolbench, of the file as it "
                           "was; expected none of them");
    return rc;
}

static int arrival_parse(const char *text, void *field, char *error)
{
    struct arrival *arrival = field;
    size_t length = spec_name_length(text);
    struct nearest nearest;
    char name[SPEC_MAX], hint[96];
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    nearest_init(&nearest, name);
    nearest_offer(&nearest, trace_name);
    if (!strcmp(name, trace_name) && text[length])
        return trace_parse(text + length + 1, arrival, error);
    for (size_t i = 0; i < sizeof arrival_names / sizeof *arrival_names; i++) {
        nearest_offer(&nearest, arrival_names[i]);
        if (strcmp(arrival_names[i], name) != 0)
            continue;
        bool bare = !text[length];
        if (bare != (i == ARRIVAL_BURST))
            break;
        *arrival = (struct arrival){.kind = (int64_t)i};
        if (i == ARRIVAL_RATE)
            return rate_parse(text + length + 1, arrival, error);
        return !bare && param_parse(&k_range, text + length + 1, &arrival->k, error) ? refuse_at(error, "%s", name) : 0;
    }
    const char *meant = nearest_name(&nearest);
    return refuse(error, "'%.80s' is not burst, wave:K, window:K, rate:R, rate:R:poisson or trace:FILE%s", text,
                  meant && strcmp(meant, name) ? nearest_hint(&nearest, hint, sizeof hint) : "");
}

/* The fewest digits that read back as the same number, plain where it is a whole one. */
static char *number_spell(double number, char text[64])
{
    bool whole = number == floor(number);
    snprintf(text, 64, "%.0f", number);
    for (int digits = 1; !whole && digits <= 17; digits++) {
        snprintf(text, 64, "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    return text;
}

static void on_off_spell(const struct arrival *arrival, char *text, size_t size)
{
    char on[32], off[32], low[32];
    size_t used = (size_t)snprintf(text, size, ":on=%s:off=%s", spell_duration(on, sizeof on, arrival->on_ns),
                                   spell_duration(off, sizeof off, arrival->off_ns));
    if (arrival->low_ppm && used < size)
        snprintf(text + used, size - used, ":low=%s", spell_share(low, sizeof low, arrival->low_ppm));
}

/* Labels end before hash=. */
static void trace_spell(const struct arrival *arrival, char *text)
{
    char number[64], file[2 * SPEC_MAX + 3], all[3 * SPEC_MAX];
    int64_t value = (int64_t)(intptr_t)arrival->file;
    param_spell(&file_text, value, file, sizeof file);
    size_t used = (size_t)snprintf(all, sizeof all, "%s:%s", trace_name, file);
    if (arrival->speed != 1)
        used += (size_t)snprintf(all + used, sizeof all - used, ":x%s", number_spell(arrival->speed, number));
    if (arrival->column)
        used += (size_t)snprintf(all + used, sizeof all - used, ":column=%lld", (long long)arrival->column);
    used += (size_t)snprintf(all + used, sizeof all - used, "%s", arrival->is_gaps ? ":gaps" : "");
    if (arrival->hash)
        used += (size_t)snprintf(all + used, sizeof all - used, ":rate=%s:hash=%llx",
                                 number_spell(arrival->rate, number), (unsigned long long)arrival->hash);
    if (arrival->file_tasks)
        used += (size_t)snprintf(all + used, sizeof all - used, ":tasks=%lld", (long long)arrival->file_tasks);
    if (arrival->dispersion > 0)
        snprintf(all + used, sizeof all - used, ":dispersion=%s", number_spell(arrival->dispersion, number));
    snprintf(text, SPEC_MAX, "%.*s", SPEC_MAX - 1, all);
}

static void arrival_spell(const void *field, char *text)
{
    const struct arrival *arrival = field;
    const char *name = arrival_names[arrival->kind];
    char number[64], rest[128] = "";
    if (arrival->kind == ARRIVAL_BURST) {
        snprintf(text, SPEC_MAX, "%s", name);
    } else if (arrival->kind != ARRIVAL_RATE) {
        snprintf(text, SPEC_MAX, "%s:%lld", name, (long long)arrival->k);
    } else if (arrival->process == PROCESS_TRACE) {
        trace_spell(arrival, text);
    } else {
        if (arrival->process == PROCESS_ON_OFF)
            on_off_spell(arrival, rest, sizeof rest);
        snprintf(text, SPEC_MAX, "%s:%s%s", name, number_spell(arrival->rate, number),
                 arrival->process == PROCESS_POISSON ? ":poisson" : rest);
    }
}

const struct spelling arrival_spelling = {arrival_parse, arrival_spell};

int set_arrival(const char *value, struct cell *cell, char *error)
{
    struct arrival *arrival = &cell->f.arrival;
    char canonical[SPEC_MAX], ignored[ERROR_MAX];
    struct arrival again;
    int rc = arrival_parse(value, arrival, error);
    if (rc || arrival->process != PROCESS_TRACE)
        return rc;
    if (!arrival->hash && (rc = trace_note(arrival, error)))
        return rc;
    arrival_spell(arrival, canonical); /* into files, which hold so much */
    if (arrival_parse(canonical, &again, ignored) || memcmp(&again, arrival, sizeof again) != 0)
        return refuse(error, "trace:%.80s...: the name is too long, expected at most about 100 letters", arrival->file);
    return 0;
}
