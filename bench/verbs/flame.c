/* The verb flame: call chains of one cell, or of two side by side. */
#include "bench/show/flame.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/run_dir.h"
#include "bench/model/summary_factors.h"
#include "bench/show/lines.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "workloads/text.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { FLAME_POOL, FLAME_AGAINST, FLAME_KIND, FLAME_FORMAT, FLAME_OUT };
static const struct argument flame_arguments[] = {
    [FLAME_POOL] =
        {"pool", "POOL|CELL", "",
         "Whose: a pool as trials.csv or its label has it, of which the first cell that has chains is taken, or "
         "a cell (c012).",
         false},
    [FLAME_AGAINST] =
        {"against", "POOL|CELL", "",
         "The other one: of a pool the cell that differs in nothing else. With two runs it is of the second "
         "one; without it the same as --pool.",
         false},
    [FLAME_KIND] =
        {"kind", "on|off", "on",
         "on: on a CPU. off: off it by themselves, until they run again; takes permission when the run is made.", true},
    [FLAME_FORMAT] =
        {"format", "svg|folded", "svg",
         "svg: the picture. folded: a line a chain on standard output, with ns a task behind it, for other "
         "tools (flamegraph.pl, speedscope; of two sides difffolded.pl's form).",
         true},
    [FLAME_OUT] = {"out", "FILE", "",
                   "Where the picture goes: a new file. Without it in the directory of the (first) run.", false},
    {.name = NULL},
};

/* Those of a pool, or one; `like`: a cell that the other is to differ from in the pool alone, or RUN_NOTHING. */
static bool is_meant(const struct run_data *run, size_t cell, const char *name, const struct summary_row *like)
{
    const struct summary_row *row = &run->rows[cell];
    const factor_set others = factors_all() & ~(FACTOR_POOL | FACTOR_TASKS);
    if (!strcmp(row->cell_id, name))
        return true;
    return (!strcmp(row->f.pool, name) || row_has_label(row, name) || row_has_pool(row, name)) &&
           (!like || factors_equal(row, like, others));
}

static int side_find(const struct run_data *run, const char *option, const char *name, const struct summary_row *like,
                     struct flame_side *side)
{
    char error[ERROR_MAX] = "";
    bool *has = calloc(run->count + 1, sizeof *has), is_there = false;
    int rc = has ? flame_cells(run, has, error) : refuse(error, "out of memory");
    *side = (struct flame_side){.run = run, .cell = RUN_NOTHING};
    for (size_t i = 0; i < run->count && !rc && side->cell == RUN_NOTHING; i++) {
        const size_t cell = run->plan[i];
        is_there = is_there || is_meant(run, cell, name, like);
        if (has[cell] && is_meant(run, cell, name, like))
            side->cell = cell;
    }
    free(has);
    if (rc)
        return complain("flame", "%s", error);
    if (side->cell == RUN_NOTHING && !is_there)
        return complain("flame", "--%s: expected a pool or a cell (c012) of %.300s%s, found '%.64s'", option,
                        run->directory, like ? " that differs in the pool alone" : "", name);
    if (side->cell == RUN_NOTHING)
        return complain("flame",
                        "%.300s: '%.64s' has no call chains; run --profile stacks samples them, where poolbench "
                        "check says so",
                        run->directory, name);
    return 0;
}

/* ---- the file ---- */

static int picture_replace(const struct flame *flame, const struct flame_words *words, const struct flame_side *sides,
                           char *path, size_t size, char *error)
{
    char name[96], draft[100];
    const char *directory = sides[0].run->directory, *cell = sides[0].run->rows[sides[0].cell].cell_id;
    const char *other = flame->sides > 1 ? sides[1].run->rows[sides[1].cell].cell_id : "";
    snprintf(name, sizeof name, "%.32s%s%.32s.flame.svg", cell, *other ? "-" : "", other);
    snprintf(draft, sizeof draft, ".%s", name);
    snprintf(path, size, "%s/%s", directory, name);
    if (strchr(name, '/'))
        return refuse(error, "%.300s: a cell is called '%.64s', which is no name", directory, name);
    FILE *out = inside_create(directory, draft);
    if (!out)
        return refuse_as(-errno, error, "%.300s/%s: %s", directory, draft, strerror(errno));
    flame_svg(out, flame, words);
    errno = 0;
    int rc = 0;
    if (ferror(out) | fclose(out))
        rc = errno ? -errno : -EIO;
    rc = inside_replace(directory, draft, name, rc);
    return rc ? refuse_as(rc, error, "%.300s/%s: cannot be written: %s", directory, name, strerror(-rc)) : 0;
}

static int picture_make(const char *path, const struct flame *flame, const struct flame_words *words, char *error)
{
    FILE *out = fopen(path, "wxe");
    if (!out)
        return refuse_as(-errno, error, "--out: %.300s: %s", path,
                         errno == EEXIST ? "is there already, and is not overwritten" : strerror(errno));
    flame_svg(out, flame, words);
    errno = 0;
    if (ferror(out) | fclose(out)) {
        const int rc = errno ? -errno : -EIO;
        return refuse_as(rc, error, "%.300s: cannot be written: %s", path, strerror(-rc));
    }
    return 0;
}

static int folded_make(const struct flame *flame, char *error)
{
    flame_folded(stdout, flame);
    errno = 0;
    if (fflush(stdout) || ferror(stdout))
        return refuse_as(-EIO, error, "standard output: %s", strerror(errno ? errno : EIO));
    return 0;
}

static int flame_write(const struct flame *flame, const struct flame_side *sides, const struct arguments *given)
{
    char path[PATH_MAX + 100] = "", error[ERROR_MAX] = "";
    const char *out = given->value[FLAME_OUT];
    struct flame_words words;
    flame_words_make(&words, flame, sides);
    const bool is_folded = !strcmp(given->value[FLAME_FORMAT], "folded");
    int rc = is_folded ? folded_make(flame, error)
             : *out    ? picture_make(out, flame, &words, error)
                       : picture_replace(flame, &words, sides, path, sizeof path, error);
    if (rc)
        return complain("flame", "%s", error), rc == -EEXIST || rc == -EINVAL ? 2 : 1;
    if (is_folded)
        return 0;
    wrapped_print(stdout, 0, 0, "%s", words.title);
    wrapped_print(stdout, 0, 0, "%s", words.note);
    text_show(stdout, *out ? out : path);
    putchar('\n');
    if (!flame->is_named)
        wrapped_print(stdout, 0, 0,
                      "Missing: names of functions; the run was made by a poolbench without libdw (Debian: "
                      "libdw-dev).");
    return 0;
}

static int sides_show(const struct flame_side *sides, unsigned count, const struct arguments *given)
{
    struct flame flame = {0};
    char error[ERROR_MAX] = "";
    int rc = 0, code;
    for (unsigned i = 0; i < count && !rc; i++)
        rc = flame_add(&flame, sides[i].run, sides[i].cell, given->value[FLAME_KIND], error);
    if (!rc && flame_sort(&flame))
        rc = refuse_as(-ENOMEM, error, "out of memory");
    if (rc)
        complain("flame", "%s", error);
    code = !rc ? flame_write(&flame, sides, given) : rc == -ENODATA || rc == -EBADMSG ? 2 : 1;
    flame_close(&flame);
    return code;
}

static int flame_answer(const struct run_data *runs, unsigned count, const struct arguments *given)
{
    const char *pool = given->value[FLAME_POOL], *against = given->value[FLAME_AGAINST];
    struct flame_side sides[2];
    if (!*pool)
        return complain("flame", "expected --pool POOL, or a cell (c012)");
    int code = side_find(&runs[0], "pool", pool, NULL, &sides[0]);
    if (code || (count == 1 && !*against))
        return code ? code : sides_show(sides, 1, given);
    const struct summary_row *like = &runs[0].rows[sides[0].cell];
    code = side_find(&runs[count - 1], "against", *against ? against : pool, like, &sides[1]);
    return code ? code : sides_show(sides, 2, given);
}

static int flame_main(const struct arguments *given)
{
    static struct run_data runs[2];
    const unsigned count = given->operands > 1 ? 2 : 1;
    char directory[PATH_MAX], error[ERROR_MAX];
    unsigned opened = 0;
    int code = 0;
    for (; opened < count && !code; opened += !code) {
        const char *name = given->operands ? given->operand[opened] : "latest";
        if (run_find(name, directory, sizeof directory, error) || run_trials_open(directory, &runs[opened], error))
            code = complain("flame", "%s", error);
    }
    if (!code)
        code = flame_answer(runs, count, given);
    for (unsigned i = 0; i < opened; i++)
        run_data_close(&runs[i]);
    return code;
}

const struct verb verb_flame = {.name = "flame",
                                .chapter = "look",
                                .operands = "[RUN] [RUN2]",
                                .summary = "draw where a pool's CPU time goes, as a flame graph",
                                .function = flame_main,
                                .help = "Draws the call chains that run --profile stacks has sampled of a pool's "
                                        "threads, as a flame graph in SVG: as wide "
                                        "as the CPU time a task, callees on their callers, roles of threads at the "
                                        "bottom. With --against, or with RUN2, of "
                                        "two side by side: colours say where one takes more. RUN is a run's directory, "
                                        "the beginning of its name, or latest "
                                        "(the default).",
                                .operands_max = 2,
                                .arguments = flame_arguments};
