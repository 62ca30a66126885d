/* Runs a fuzz target without libFuzzer, the same every time: each file of its corpus, then so many mutations of them.
 *
 *   FUZZ_TARGET CORPUS_DIRECTORY [MUTATIONS [SEED]]
 *
 * Prints the input that it was at when it crashes, or takes longer than its limit: with the same arguments it comes
 * again. */
#include "tests/fuzz/fuzz.h"
#include "workloads/mix.h"
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { DOT = 100 /* inputs: shows that it goes on */ };
enum { INPUTS_MAX = 64, INPUT_BYTES_MAX = 64 << 10, CHANGES_MAX = 8, MUTATIONS = 3000 };

struct input {
    uint8_t *data;
    size_t size;
};

static struct input inputs[INPUTS_MAX];
static size_t count;
static volatile unsigned long at;
static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    static uint64_t drawn;
    return below ? mix64(seed, drawn++) % below : 0;
}

static void corpus_read(const char *path)
{
    struct dirent **names;
    int found = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        char name[4096];
        snprintf(name, sizeof name, "%s/%s", path, names[i]->d_name);
        FILE *file = names[i]->d_name[0] != '.' && count < INPUTS_MAX ? fopen(name, "re") : NULL;
        if (file) {
            inputs[count].data = malloc(INPUT_BYTES_MAX);
            inputs[count].size = inputs[count].data ? fread(inputs[count].data, 1, INPUT_BYTES_MAX, file) : 0;
            count++;
            fclose(file);
        }
        free(names[i]);
    }
    if (found >= 0)
        free(names);
}

/* A few changes: bits, bytes that mean something to parsers, pieces cut out, doubled, or from another input. */
static size_t mutate(uint8_t *data, size_t size)
{
    static const char telling[] = "\0\n\r,\"'=:/+-%.[]<>&;#0919eExn \xff\x7f\x80";
    for (uint64_t change = 0, changes = 1 + draw(CHANGES_MAX); change < changes; change++) {
        size_t from = draw(size + 1), length = draw(draw(2) ? 8 : size - from + 1);
        length = length > size - from ? size - from : length;
        const struct input *other = &inputs[draw(count)];
        size_t there = draw(other->size + 1), taken = draw(other->size - there + 1);
        switch (draw(6)) {
        case 0:
            if (from < size)
                data[from] ^= (uint8_t)(1u << draw(8));
            break;
        case 1:
            if (from < size)
                data[from] = (uint8_t)telling[draw(sizeof telling - 1)];
            break;
        case 2: /* cut out */
            memmove(data + from, data + from + length, size - from - length);
            size -= length;
            break;
        case 3: /* double */
            if (size + length <= INPUT_BYTES_MAX) {
                memmove(data + from + length, data + from, size - from);
                size += length;
            }
            break;
        case 4: /* a piece of another one over it */
            taken = taken < size - from ? taken : size - from;
            memcpy(data + from, other->data + there, taken);
            break;
        default: /* cut off */
            size = draw(4) ? size : from;
        }
    }
    return size;
}

/* Of one input, which takes a hundredth of it: CPU time, which others do not use up, and for what only waits, which is
 * ended then, time on the clock. */
enum { LIMIT_CPU_S = 20, LIMIT_S = 150 };

static void input_run(const uint8_t *data, size_t size)
{
    const struct itimerval limit = {.it_value = {.tv_sec = LIMIT_CPU_S}}, none = {0};
    setitimer(ITIMER_PROF, &limit, NULL);
    alarm(LIMIT_S);
    LLVMFuzzerTestOneInput(data, size);
    alarm(0);
    setitimer(ITIMER_PROF, &none, NULL);
}

static void crashed(int number)
{
    char line[96];
    int length =
        snprintf(line, sizeof line, "\n%s at input %lu of seed %llu\n",
                 number == SIGPROF || number == SIGALRM ? "beyond its limit" : "crash", at, (unsigned long long)seed);
    if (write(STDERR_FILENO, line, (size_t)length) < 0)
        _exit(1);
    signal(number, SIG_DFL);
    raise(number);
}

int main(int argc, char **argv)
{
    unsigned long mutations = argc > 2 ? strtoul(argv[2], NULL, 10) : MUTATIONS;
    seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
    if (argc > 1)
        corpus_read(argv[1]);
    if (!count) {
        fprintf(stderr, "usage: %s CORPUS_DIRECTORY [MUTATIONS [SEED]]\n", argv[0]);
        return 2;
    }
    signal(SIGSEGV, crashed);
    signal(SIGABRT, crashed);
    signal(SIGBUS, crashed);
    signal(SIGFPE, crashed);
    signal(SIGPROF, crashed);
    signal(SIGALRM, crashed);
    for (size_t i = 0; i < count; i++, at++)
        input_run(inputs[i].data, inputs[i].size);
    for (unsigned long i = 0; i < mutations; i++, at++) {
        const struct input *input = &inputs[draw(count)];
        uint8_t *data = malloc(INPUT_BYTES_MAX), *exact;
        memcpy(data, input->data, input->size);
        size_t size = mutate(data, input->size);
        exact = malloc(size ? size : 1); /* so that a sanitizer sees what reads beyond it */
        memcpy(exact, data, size);
        input_run(exact, size);
        free(exact);
        free(data);
        if (i % DOT == 0) {
            putchar('.');
            fflush(stdout);
        }
    }
    for (size_t i = 0; i < count; i++)
        free(inputs[i].data);
    printf("%lu inputs\n", at);
    return 0;
}
