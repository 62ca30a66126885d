/* CSV files of a run: rows in range or a line that says where it is not; going on behind a torn end; the summary. */
#include "bench/analyse/summary.h"
#include "bench/measure/record.h"
#include "tests/fuzz/fuzz.h"
#include <stdlib.h>
#include <string.h>

static int row_see(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    size_t *rows = arg;
    *rows += memchr(trial->reason, '\0', sizeof trial->reason) != NULL;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[ERROR_MAX] = "";
    size_t rows = 0;
    struct recorded recorded;
    struct run_data run;
    struct csv_writer *writer;
    fuzz_file("trials.csv", data, size);
    if (csv_read(".", &trial_format, -1, row_see, &rows, error) < 0 && !error[0])
        abort();
    if (recorded_read(".", &recorded, error) == 0 && recorded.trials != rows)
        abort();
    if (run_summed_open(".", &run, error) == 0)
        run_data_close(&run);
    if (recorded_clean(".", error) == 0) {
        size_t before = recorded.interrupted;
        if (recorded_read(".", &recorded, error) == 0 && recorded.interrupted && before)
            abort();
        if (csv_append(".", &trial_format, -1, &writer) < 0 || csv_close(writer) < 0)
            abort();
    }
    return 0;
}
