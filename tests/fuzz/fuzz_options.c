/* The command line of `run`, a word a line: refused with a line, or a request whose resolved suite can be written. */
#include "tests/fuzz/fuzz.h"
#include "tests/request_line.h"
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct machine machine;
    char error[ERROR_MAX] = "", *words[WORDS_MAX + 1], *copy = malloc(size + 1);
    int count = 0;
    struct request request;
    if (!machine.topology && machine_open(&machine, "synthetic:pack:2 core:2 pu:2", error) < 0)
        abort();
    if (!copy)
        return 0;
    fuzz_file("empty.ini", (const uint8_t *)"", 0);
    memcpy(copy, data, size);
    copy[size] = '\0';
    for (char *rest = copy, *word; count < WORDS_MAX && (word = strsep(&rest, "\n"));)
        words[count++] = word;
    words[count] = NULL;
    int rc = request_of_words(count, words, &machine, &request, error);
    if (rc < 0 && !error[0])
        abort();
    if (rc == 0) {
        char *text = NULL;
        size_t length;
        FILE *out = open_memstream(&text, &length);
        if (out && (request_write_suite(out, &request) < 0 || fclose(out) != 0))
            abort();
        free(text);
        request_release(&request);
    }
    free(copy);
    return 0;
}
