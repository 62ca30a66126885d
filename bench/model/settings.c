/* The values of settings, from text and back. */
#include "bench/model/settings.h"
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/base/words.h"
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SECOND_NS 1000000000ll
#define DAY_NS    (86400 * SECOND_NS)

static const struct param blocks_range = {.kind = PARAM_COUNT, .min = 1, .max = 10000};
static const struct param budget_range = {.kind = PARAM_DURATION, .min = 1000000, .max = 30 * DAY_NS};
static const struct param precision_range = {.kind = PARAM_SHARE, .min = 1000, .max = 1000000};
static const struct param samples_range = {.kind = PARAM_COUNT, .min = 1, .max = TASK_WARMUP_FIRST - 1};
static const struct param deadline_range = {.kind = PARAM_DURATION, .min = 1000, .max = DAY_NS};
static const struct param limit_range = {.kind = PARAM_DURATION, .min = 1000000, .max = DAY_NS};

int set_blocks(const char *value, struct settings *settings, char *error)
{
    return param_parse_or(&blocks_range, "auto", value, &settings->blocks, error);
}

void spell_blocks(const struct settings *settings, char *text)
{
    param_spell_or(&blocks_range, "auto", settings->blocks, text, SPEC_MAX);
}

int set_budget(const char *value, struct settings *settings, char *error)
{
    return param_parse_or(&budget_range, "none", value, &settings->budget_ns, error);
}

void spell_budget(const struct settings *settings, char *text)
{
    param_spell_or(&budget_range, "none", settings->budget_ns, text, SPEC_MAX);
}

int set_precision(const char *value, struct settings *settings, char *error)
{
    return param_parse_or(&precision_range, "none", value, &settings->precision_ppm, error);
}

void spell_precision(const struct settings *settings, char *text)
{
    param_spell_or(&precision_range, "none", settings->precision_ppm, text, SPEC_MAX);
}

int set_drop(const char *value, struct settings *settings, char *error)
{
    settings->keep_all = !strcmp(value, "no");
    return settings->keep_all || !strcmp(value, "yes") ? 0 : refuse(error, "'%s' is not yes or no", value);
}

void spell_drop(const struct settings *settings, char *text)
{
    snprintf(text, SPEC_MAX, "%s", settings->keep_all ? "no" : "yes");
}

int set_seed(const char *value, struct settings *settings, char *error)
{
    settings->seed_given = strcmp(value, "random") != 0;
    if (!settings->seed_given)
        return 0;
    char *end = NULL;
    errno = 0;
    settings->seed = isdigit((unsigned char)*value) ? strtoull(value, &end, 0) : 0;
    if (!end || *end)
        return refuse(error, "'%s' is not a whole number from 0 to 2^64 - 1, or random", value);
    if (errno)
        return refuse(error, "'%s' is out of range, expected 0 .. %llu", value, ~0ull);
    return 0;
}

void spell_seed(const struct settings *settings, char *text)
{
    if (settings->seed_given)
        snprintf(text, SPEC_MAX, "%llu", (unsigned long long)settings->seed);
    else
        snprintf(text, SPEC_MAX, "random");
}

int set_samples(const char *value, struct settings *settings, char *error)
{
    settings->samples = SAMPLES_ALL;
    return strcmp(value, "all") && param_parse_or(&samples_range, "none", value, &settings->samples, error)
               ? refuse(error, "'%s' is not none, all, or a number of tasks from 1 on", value)
               : 0;
}

void spell_samples(const struct settings *settings, char *text)
{
    param_spell_or(&samples_range, "none", settings->samples, text, SPEC_MAX);
    if (settings->samples == SAMPLES_ALL)
        snprintf(text, SPEC_MAX, "all");
}

int set_trial_limit(const char *value, struct settings *settings, char *error)
{
    return param_parse(&limit_range, value, &settings->trial_limit_ns, error);
}

void spell_trial_limit(const struct settings *settings, char *text)
{
    spell_duration(text, SPEC_MAX, settings->trial_limit_ns);
}

int set_deadline(const char *value, struct settings *settings, char *error)
{
    return param_parse_or(&deadline_range, "none", value, &settings->deadline_ns, error);
}

void spell_deadline(const struct settings *settings, char *text)
{
    param_spell_or(&deadline_range, "none", settings->deadline_ns, text, SPEC_MAX);
}

/* In the order of their bits. */
static const char *const profile_names[] = {"states", "counters", "stacks"};
#define PROFILES (sizeof profile_names / sizeof *profile_names)

int set_profile(const char *value, struct settings *settings, char *error)
{
    struct words words = {0};
    int rc = 0;
    settings->profile = PROFILE_NONE;
    if (!strcmp(value, "none"))
        return 0;
    if (words_split(&words, value, ','))
        rc = refuse(error, "'%.64s' is not none, or a list of states, counters", value);
    for (size_t i = 0; i < words.count && !rc; i++) {
        unsigned kind = 0;
        while (kind < PROFILES && strcmp(profile_names[kind], words.word[i]) != 0)
            kind++;
        if (kind == PROFILES)
            rc = refuse(error, "'%.64s' is not none, or a list of states, counters", words.word[i]);
        settings->profile |= 1u << kind;
    }
    words_release(&words);
    return rc;
}

void spell_profile(const struct settings *settings, char *text)
{
    size_t used = 0;
    snprintf(text, SPEC_MAX, "none");
    for (unsigned kind = 0; kind < PROFILES; kind++)
        if (settings->profile >> kind & 1)
            used += (size_t)snprintf(text + used, SPEC_MAX - used, "%s%s", used ? "," : "", profile_names[kind]);
}

static int path_copy(const char *value, char *path, size_t size, char *error)
{
    if (!*value)
        return refuse(error, "expected a text that is not empty");
    if (strlen(value) >= size)
        return refuse(error, "the text is longer than %zu bytes", size - 1);
    memcpy(path, value, strlen(value) + 1);
    return 0;
}

/* Found as execvp(3) does. */
static bool program_is_there(const char *name)
{
    char file[PATH_MAX];
    const char *path = strchr(name, '/') ? NULL : getenv("PATH");
    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    for (const char *at = path; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        snprintf(file, sizeof file, "%.*s/%s", (int)strcspn(at, ":"), at, name);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

/* Words, without a shell. */
int set_wrap(const char *value, struct settings *settings, char *error)
{
    struct words words = {0};
    int rc = words_split(&words, value, ' ') || !words.count
                 ? refuse(error,
                          "'%.200s': expected a command in words with one blank between, such as 'strace -c -f "
                          "-o {file}'",
                          value)
                 : path_copy(value, settings->wrap, sizeof settings->wrap, error);
    if (!rc && words.count > WRAP_WORDS)
        rc = refuse(error, "%zu words, expected at most %d", words.count, WRAP_WORDS);
    if (!rc && !program_is_there(words.word[0]))
        rc = refuse(error, "'%.200s' is no program that can be executed here", words.word[0]);
    words_release(&words);
    return rc;
}

int set_out(const char *value, struct settings *settings, char *error)
{
    return path_copy(value, settings->out, sizeof settings->out, error);
}

int set_note(const char *value, struct settings *settings, char *error)
{
    return path_copy(value, settings->note, sizeof settings->note, error);
}

int set_like(const char *value, struct settings *settings, char *error)
{
    return path_copy(value, settings->like, sizeof settings->like, error);
}

int set_more(const char *value, struct settings *settings, char *error)
{
    return path_copy(value, settings->more, sizeof settings->more, error);
}

int set_recalibrate(const char *value, struct settings *settings, char *error)
{
    (void)value;
    (void)error;
    settings->recalibrate = true;
    return 0;
}

/* What is asked for is looked at before there are settings: bench/ask/request.c. */
int set_trust(const char *value, struct settings *settings, char *error)
{
    (void)value;
    (void)settings;
    (void)error;
    return 0;
}

int set_measure(const char *value, struct settings *settings, char *error)
{
    (void)value;
    (void)error;
    settings->measure = true;
    return 0;
}
