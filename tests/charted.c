#include "tests/charted.h"
#include "bench/analyse/summary.h"
#include "bench/model/cell.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after what it needs */

struct charted charted;

int chart_make(const char *directory, const struct chart *chart)
{
    struct run_data run;
    size_t data_size, script_size;
    FILE *data_file, *script_file;
    free(charted.data);
    free(charted.script);
    data_file = open_memstream(&charted.data, &data_size);
    script_file = open_memstream(&charted.script, &script_size);
    assert_true(data_file && script_file);
    assert_int_equal(run_summed_open(directory, &run, charted.why), 0);
    *charted.why = '\0';
    struct analysis analysis;
    assert_int_equal(analysis_make(&run, &analysis), 0);
    const struct chart_work work = {.chart = chart,
                                    .analysis = &analysis,
                                    .run = &run,
                                    .data = data_file,
                                    .script = script_file,
                                    .why = charted.why};
    int pictures = chart->make(&work);
    analysis_release(&analysis);
    run_data_close(&run);
    fclose(data_file);
    fclose(script_file);
    return pictures;
}

void expect_in(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("expected '%s' in:\n%s", part, text);
}

void charted_free(void)
{
    free(charted.data);
    free(charted.script);
    charted.data = charted.script = NULL;
}
