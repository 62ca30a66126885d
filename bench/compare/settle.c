/* Options that differ within a run are given for the two cells; the rest comes with --like. */
#include "bench/compare/settle.h"
#include "bench/options.h"
#include "bench/summary_factors.h"
#include "bench/wrap.h"
#include <string.h>

#define INDENT 6

struct command {
    char *text;
    size_t size, used, column;
};

static void word_add(struct command *command, const char *word)
{
    size_t length = strlen(word);
    bool wrap = command->column && command->column + 1 + length + 2 + INDENT > SCREEN_COLUMNS;
    const char *between = wrap ? " \\\n      " : command->column ? " " : "";

    if (command->used + strlen(between) + length + 1 > command->size)
        return;
    command->used +=
        (size_t)snprintf(command->text + command->used, command->size - command->used, "%s%s", between, word);
    command->column = (wrap ? INDENT : command->column + (command->column > 0)) + length;
}

/* The values of both cells, or the one they share. */
static void factor_add(struct command *command, unsigned number, const struct summary_row *a,
                       const struct summary_row *b)
{
    char x[192] = "", y[192] = "", word[448];
    unsigned factor = 1u << number;

    if (factor == FACTOR_IN || factor == FACTOR_OUT) { /* one option */
        char in[64], out[64];
        if (factor == FACTOR_OUT)
            return;
        snprintf(x, sizeof x, "%s:%s", factor_spell(in, sizeof in, a, FACTOR_IN),
                 factor_spell(out, sizeof out, a, FACTOR_OUT));
        snprintf(y, sizeof y, "%s:%s", factor_spell(in, sizeof in, b, FACTOR_IN),
                 factor_spell(out, sizeof out, b, FACTOR_OUT));
    } else {
        factor_spell(x, sizeof x, a, factor);
        factor_spell(y, sizeof y, b, factor);
    }
    bool same = !strcmp(x, y);
    snprintf(word, sizeof word, "--%s %s%s%s", factor & FACTOR_IN ? "payload" : factor_name(number), x, same ? "" : ",",
             same ? "" : y);
    word_add(command, word);
}

void settle_command(char *text, size_t size, const struct compare *c, const struct pair *p, int side)
{
    const struct side *run = side ? c->cell : c->base;
    const struct summary_row *rows = run->summary.rows;
    size_t cell = side ? p->cell : p->base, beside = !c->two ? p->base : cell;
    size_t blocks = p->comparison.settle_blocks;
    struct command command = {.text = text, .size = size};
    char word[PATH_MAX + 64];

    *text = '\0';
    if (c->relative)
        beside = side ? p->cell_own : p->base_own;
    if (option_bit("more")) {
        snprintf(word, sizeof word, "poolbench run --more %s --blocks %zu", run->directory,
                 blocks > run->costs.blocks ? blocks - run->costs.blocks : 1);
        word_add(&command, word);
        return;
    }
    snprintf(word, sizeof word, "poolbench run --like %s --blocks %zu", run->directory, blocks);
    word_add(&command, word);
    unsigned varying = factors_varying(rows, run->summary.count, FACTORS_ALL & ~(unsigned)FACTOR_TASKS);
    for (unsigned i = 0; factor_name(i); i++)
        if (varying >> i & 1 || (1u << i == FACTOR_IN && varying & FACTOR_OUT))
            factor_add(&command, i, &rows[beside], &rows[cell]);
}
