/* What the fuzz targets share. A target is a file with LLVMFuzzerTestOneInput(): `make fuzz` links it with libFuzzer,
 * `make check` with driver.c, which goes through the corpus and a number of seeded mutations of it. */
#ifndef POOLBENCH_TESTS_FUZZ_FUZZ_H
#define POOLBENCH_TESTS_FUZZ_FUZZ_H
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Writes data to a file called `name` in a directory of this process, which goes when it ends; makes that the working
 * directory, so that no path in the data leads anywhere. */
void fuzz_file(const char *name, const uint8_t *data, size_t size);

#endif
