/* Suites: whatever the file, it is refused with a line or becomes experiments that can be written out. */
#include "bench/suite.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine machine;
    char error[ERROR_MAX] = "", *text = NULL;
    size_t length;
    struct settings settings = {0};
    struct experiments experiments = {0};
    if (!machine.topology && machine_open(&machine, "synthetic:pack:2 core:2 pu:2", error) < 0)
        abort();
    fuzz_file("suite.ini", data, size);
    int rc = suite_read("suite.ini", &machine, &settings, &experiments, error);
    if (rc < 0 && !error[0])
        abort();
    FILE *out = rc < 0 ? NULL : open_memstream(&text, &length);
    if (out) {
        if (suite_write(out, &settings, &experiments) < 0)
            abort();
        fclose(out);
        free(text);
    }
    experiments_release(&experiments);
    return 0;
}
