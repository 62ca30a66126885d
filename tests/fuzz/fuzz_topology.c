/* A machine described by an XML file: refused with a line, or workers can be placed on it. */
#include "bench/machine/machine.h"
#include "bench/machine/place.h"
#include "bench/model/cell.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[ERROR_MAX] = "";
    struct machine machine;
    fuzz_file("machine.xml", data, size);
    if (machine_open(&machine, "./machine.xml", error) < 0) {
        if (!error[0])
            abort();
        return 0;
    }
    for (const struct place_name *place = place_names; place->name; place++) {
        struct placement placement;
        if (place_plan(&machine, place->name, "auto", 3, &placement, error) == 0)
            placement_release(&placement);
    }
    machine_close(&machine);
    return 0;
}
