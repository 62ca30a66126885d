/* What people call a cell. */
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include "bench/model/options.h"
#include <stdio.h>
#include <string.h>

char *workload_shown(const char *workload, char *text)
{
    char name[SPEC_MAX];
    snprintf(name, sizeof name, "%.*s", (int)spec_name_length(workload), workload);
    const struct workload_ops *ops = workload_find(name);
    *text = '\0';
    for (const struct param *param = ops ? ops->params : NULL; param && param->name; param++)
        if (param->kind == PARAM_TEXT && !strcmp(param->name, "name"))
            spec_option(workload, "name", text);
    if (!*text)
        snprintf(text, SPEC_MAX, "%s", workload);
    return text;
}

int cell_label(const struct cell *cell, char *text, size_t size)
{
    char duration[32] = "", between[4] = "", ballast[SPEC_MAX], workload[SPEC_MAX];
    if (cell->workload->traits & WORKLOAD_SIZED) {
        spell_duration(duration, sizeof duration, cell->f.size_ns);
        snprintf(between, sizeof between, " ");
    }
    size_t label = spec_label_length(cell->f.pool);
    int length =
        snprintf(text, size, "%.*s %s%s%s, %lld worker%s%s%s", label ? (int)label : (int)strlen(cell->f.pool),
                 cell->f.pool, workload_shown(cell->f.workload, workload), between, duration,
                 (long long)cell->f.workers, cell->f.workers == 1 ? "" : "s", cell->f.ballast.bytes ? ", ballast " : "",
                 cell->f.ballast.bytes ? factor_text(&options[OPTION_BALLAST], &cell->f, ballast) : "");
    return length < 0 ? 0 : (size_t)length < size ? length : (int)size - 1;
}
