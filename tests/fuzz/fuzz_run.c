/* A run of which one file is damaged: whoever reads it says what is said of the whole one, or what is wrong; and damage
 * upon damage ends nobody. The input: which file, and for each damage what kind it is and four bytes a draw. */
#include "tests/damage.h"
#include "tests/fuzz/fuzz.h"
#include "tests/remade.h"
#include "tests/seen.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const files[] = {"trials.csv", "latency.csv", "samples.csv", "plan.csv", "suite.ini", "host.json"};
enum { FILES = sizeof files / sizeof *files };

/* The run as it was. */
static struct bytes whole[FILES], others[FILES];
static struct cells cells;
static struct seen before;

static void run_make(void)
{
    char path[PATH_MAX], from[2][PATH_MAX], error[ERROR_MAX];
    if (!realpath("tests/recorded/failures", from[0]) || !realpath("tests/recorded/sleep", from[1])) {
        fputs("tests/recorded is not here\n", stderr);
        exit(2);
    }
    fuzz_file("here", (const uint8_t *)"", 0); /* goes to a directory of its own */
    if (remade_run(from[0], "run", NULL, NULL, error) || remade_run(from[1], "other", NULL, NULL, error)) {
        fprintf(stderr, "%s\n", error);
        exit(2);
    }
    for (size_t i = 0; i < FILES; i++) {
        snprintf(path, sizeof path, "run/%s", files[i]);
        whole[i] = bytes_read(path);
        snprintf(path, sizeof path, "other/%s", files[i]);
        others[i] = bytes_read(path);
    }
    cells = seen_cells("run");
    run_see("run", &cells, &before);
    seen_release(&before); /* then summary and reports are there */
    run_see("run", &cells, &before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct seen now;
    if (!cells.count)
        run_make();
    if (size < 2)
        return 0;
    const size_t file = data[0] % FILES;
    struct draws draws = {.data = data + 1, .size = size - 1};
    struct bytes made = {0};
    unsigned count = 0;
    while (draws.size) {
        const enum damage damage = (enum damage)(*draws.data++ % DAMAGES);
        draws.size--;
        struct bytes next = damaged(count ? &made : &whole[file], &others[file], damage, &draws);
        free(made.data);
        made = next;
        count++;
    }
    snprintf(path, sizeof path, "run/%s", files[file]);
    if (bytes_write(path, &made) < 0)
        abort();
    run_see("run", &cells, &now);
    if (count == 1 && seen_silent(&before, &now, files[file]))
        abort();
    seen_release(&now);
    free(made.data);
    if (bytes_write(path, &whole[file]) < 0)
        abort();
    return 0;
}
