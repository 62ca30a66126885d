/* A workload of poolbench: how many steps numbers take to come down to 1 by halving the even and tripling the odd.
 *
 *     cc -O2 -shared -fPIC $(pkg-config --cflags poolbench) -o collatz.so collatz_workload.c
 *     poolbench run --pool fork,prefork,pthread --workload ./collatz.so:bits=20/40 --size 100us */
#include <errno.h>
#include <poolbench/workload.h>
#include <stdlib.h>

enum { BITS };
static const struct poolbench_param params[] = {
    {"bits", POOLBENCH_COUNT, "32", 8, 48, NULL, "size of the numbers that the steps begin with"},
    {NULL, 0, NULL, 0, 0, NULL, NULL},
};

struct collatz {
    uint64_t seed, mask;
};

static int collatz_prepare(const struct poolbench_workload_config *config, void **state)
{
    struct collatz *collatz = malloc(sizeof *collatz);
    if (!collatz)
        return -ENOMEM;
    collatz->seed = config->seed;
    collatz->mask = (1ull << config->params[BITS]) - 1;
    *state = collatz;
    return 0;
}

/* One iteration is one step. All that has come out goes into the result, so that no step can be left out. */
static int collatz_run(void *state, const struct poolbench_work *work, uint64_t *result)
{
    const struct collatz *collatz = state;
    uint64_t sum = 0, number = 1, start = poolbench_mix(collatz->seed, work->index);
    for (uint64_t i = 0; i < work->iterations; i++) {
        if (number == 1)
            number = (start += 2) & collatz->mask;
        if (number < 2)
            number = 3;
        number = number % 2 ? 3 * number + 1 : number / 2;
        sum += number;
    }
    *result = sum;
    return 0;
}

const struct poolbench_workload poolbench_workload_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_workload),
    .name = "collatz",
    .summary = "steps of 3n + 1: branches that nobody can foresee",
    .params = params,
    .traits = POOLBENCH_SIZED,
    .unit = "step",
    .prepare = collatz_prepare,
    .run = collatz_run,
    .release = free,
};
