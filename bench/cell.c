/* What people call a cell. */
#include "bench/cell.h"
#include "bench/units.h"
#include <stdio.h>

int cell_label(const struct cell *cell, char *text, size_t size)
{
    char duration[32] = "", between[4] = "";
    if (cell->workload->traits & WORKLOAD_SIZED) {
        spell_duration(duration, sizeof duration, cell->size_ns);
        snprintf(between, sizeof between, " ");
    }
    int length = snprintf(text, size, "%s %s%s%s, %u worker%s%s%s", cell->pool_spec, cell->workload_spec, between,
                          duration, cell->workers, cell->workers == 1 ? "" : "s",
                          cell->ballast_bytes ? ", ballast " : "", cell->ballast_bytes ? cell->ballast_spec : "");
    return length < 0 ? 0 : (size_t)length < size ? length : (int)size - 1;
}
