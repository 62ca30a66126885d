/* What people call a cell. */
#include "bench/model/cell.h"
#include "bench/base/spec.h"
#include "bench/base/units.h"
#include <stdio.h>
#include <string.h>

int cell_label(const struct cell *cell, char *text, size_t size)
{
    char duration[32] = "", between[4] = "";
    if (cell->workload->traits & WORKLOAD_SIZED) {
        spell_duration(duration, sizeof duration, cell->size_ns);
        snprintf(between, sizeof between, " ");
    }
    size_t label = spec_label_length(cell->pool_spec);
    int length =
        snprintf(text, size, "%.*s %s%s%s, %u worker%s%s%s", label ? (int)label : (int)strlen(cell->pool_spec),
                 cell->pool_spec, cell->workload_spec, between, duration, cell->workers, cell->workers == 1 ? "" : "s",
                 cell->ballast_bytes ? ", ballast " : "", cell->ballast_bytes ? cell->ballast_spec : "");
    return length < 0 ? 0 : (size_t)length < size ? length : (int)size - 1;
}
