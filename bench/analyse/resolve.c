/* Cells that are run alone are told by the options in which the cells of the run differ; the rest comes with --like. */
#include "bench/analyse/resolve.h"
#include "bench/base/wrap.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/stats/stats.h"
#include "workloads/text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INDENT 6

struct command {
    char *text;
    size_t size, used, column;
};

bool resolve_is(const struct pair *p, size_t blocks)
{
    return p->comparison.verdict == VERDICT_UNRESOLVED && p->comparison.blocks &&
           p->comparison.blocks_to_resolve == blocks;
}

size_t resolve_next(const struct compare *c, size_t above)
{
    size_t next = 0;
    for (size_t i = 0; i < c->count; i++) {
        size_t blocks = c->pairs[i].comparison.blocks_to_resolve;
        if (blocks > above && (!next || blocks < next) && resolve_is(&c->pairs[i], blocks))
            next = blocks;
    }
    return next;
}

static void word_add(struct command *command, const char *word)
{
    size_t length = strlen(word);
    bool wrap = command->column && command->column + 1 + length + 2 + INDENT > screen_columns(stdout);
    const char *between = wrap ? " \\\n      " : command->column ? " " : "";
    if (command->used + strlen(between) + length + 1 > command->size)
        return;
    command->used +=
        (size_t)snprintf(command->text + command->used, command->size - command->used, "%s%s", between, word);
    command->column = (wrap ? INDENT : command->column + (command->column > 0)) + length;
}

/* The cells of one run that take part: marks, one a row of its summary. */
static bool *cells_of(const struct compare *c, size_t blocks, int side)
{
    bool *takes_part = calloc((side ? c->cell : c->base)->run.count + 1, sizeof *takes_part);
    for (size_t i = 0; takes_part && i < c->count; i++) {
        const struct pair *p = &c->pairs[i];
        if (!resolve_is(p, blocks))
            continue;
        if (side || !c->two)
            takes_part[p->cell] = true;
        if (!side || !c->two)
            takes_part[p->base] = true;
        if (pair_is_relative(p))
            takes_part[side ? p->cell_own : p->base_own] = true;
    }
    return takes_part;
}

/* "--size 10us,1ms", for a shell: every value that a cell has. Returns how many; tasks without a size have none. */
static size_t factor_word(char *word, size_t size, const struct run_data *s, const bool *takes_part, unsigned number)
{
    const factor_set factor = OPTION_BIT(number);
    size_t used = (size_t)snprintf(word, size, "--%s ", factor_name(number));
    size_t values = 0, head = used;
    for (size_t i = 0; i < s->count; i++) {
        char mine[192], other[192];
        bool known = !takes_part[i] || (factor == FACTOR_SIZE && s->rows[i].f.size_ns <= 0);
        factor_spell(mine, sizeof mine, &s->rows[i], factor);
        for (size_t j = 0; j < i && !known; j++)
            known = takes_part[j] && !strcmp(mine, factor_spell(other, sizeof other, &s->rows[j], factor));
        if (known)
            continue;
        if (used < size)
            used += (size_t)snprintf(word + used, size - used, "%s%s", values ? "," : "", mine);
        values++;
    }
    char *quoted = text_for_shell(word + head);
    snprintf(word + head, size - head, "%s", quoted ? quoted : "");
    free(quoted);
    return values;
}

/* What a trial of this run takes, with all that lies between two of them. */
static double trial_ns(const struct run_data *s)
{
    const struct trial_row *last = s->trials + s->trial_count - 1;
    double *spans = calloc(s->trial_count, sizeof *spans), mean = NAN;
    size_t count = 0;
    for (const struct trial_row *t = s->trials; spans && t < last; t++)
        if (t[0].started_ns != MISSING && t[1].started_ns > t[0].started_ns && t[0].trial_id != MISSING &&
            t[1].trial_id == t[0].trial_id + 1)
            spans[count++] = (double)t[1].started_ns - (double)t[0].started_ns;
    if (count) { /* the mean: cells may take very different times; of most, as a run may have been continued later */
        count = stats_sort(spans, count);
        count -= count / 100;
        mean = 0;
        for (size_t i = 0; i < count; i++)
            mean += spans[i] / (double)count;
    }
    free(spans);
    return mean;
}

bool resolve_possible(const struct side *side)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/suite.ini", side->run.directory);
    return access(path, R_OK) == 0;
}

double resolve_command(char *text, size_t size, const struct compare *c, size_t blocks, int side)
{
    const struct side *run = side ? c->cell : c->base;
    const struct run_data *s = &run->run;
    factor_set varying = factors_varying(s->rows, s->count, factors_all() & ~FACTOR_TASKS);
    size_t more = blocks > run->series.blocks ? blocks - run->series.blocks : 1;
    struct command command = {.text = text, .size = size};
    char words[16][1024], begin[4 * PATH_MAX + 64];
    size_t used = 0;
    double crossed = (double)blocks, whole = (double)(more * s->count);
    bool *takes_part = cells_of(c, blocks, side);
    char *directory = run_for_shell(run->run.directory);
    *text = '\0';
    if (!resolve_possible(run) || !directory) {
        free(directory);
        free(takes_part);
        return NAN;
    }
    for (unsigned i = 0; takes_part && factor_name(i); i++) {
        size_t values = varying >> i & 1 ? factor_word(words[used], sizeof words[0], s, takes_part, i) : 0;
        crossed *= values ? (double)values : 1;
        used += values > 0 && OPTION_BIT(i) != FACTOR_TRIAL_PROGRAM; /* files have its label; --like knows its path */
    }
    if (!takes_part || whole <= crossed) {
        snprintf(begin, sizeof begin, "poolbench run --more %s --blocks %zu", directory, more);
        word_add(&command, begin);
    } else {
        snprintf(begin, sizeof begin, "poolbench run --like %s --blocks %zu --budget none", directory, blocks);
        word_add(&command, begin);
        if (s->looks.planned)
            word_add(&command, "--precision none");
        for (size_t i = 0; i < used; i++)
            word_add(&command, words[i]);
    }
    free(directory);
    free(takes_part);
    return fmin(whole, crossed) * trial_ns(s);
}
