/* Suites: whatever the file, it is refused with a line or becomes experiments that can be written out, as a suite that
 * is read back as the same. */
#include "bench/ask/suite.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

/* The suite as it is written out, the caller's to free; NULL: it was refused. */
static char *read_and_write(const char *name)
{
    static struct machine machine;
    char error[ERROR_MAX] = "", *text = NULL;
    size_t length;
    struct settings settings = {0};
    struct experiments experiments = {0};
    if (!machine.topology && machine_open(&machine, "synthetic:pack:2 core:2 pu:2", error) < 0)
        abort();
    for (const struct option *option = options; option->name; option++)
        if (option->set && option->preset[0] && option->set(option->preset, &settings, error))
            abort();
    int rc = suite_read(name, &machine, &settings, &experiments, error);
    if (rc < 0 && !error[0])
        abort();
    FILE *out = rc < 0 ? NULL : open_memstream(&text, &length);
    if (out && (suite_write(out, &settings, &experiments) < 0 || fclose(out) != 0))
        abort();
    experiments_release(&experiments);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_file("suite.ini", data, size);
    char *text = read_and_write("suite.ini");
    if (!text)
        return 0;
    fuzz_file("again.ini", (const uint8_t *)text, strlen(text));
    char *again = read_and_write("again.ini");
    if (!again || strcmp(text, again) != 0)
        abort();
    free(text);
    free(again);
    return 0;
}
