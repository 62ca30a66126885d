/* primes: finds primes by trial division, from a seeded odd number upwards. One iteration is one division. Candidates
 * walk round in [2^20, 2^21), where a prime takes at most 724 divisions: however long a task is, its divisions are of
 * the same kind, and its time is linear in their number. */
#include "workloads/work.h"

#define PRIMES_FIRST (1u << 20)

static uint32_t candidate(uint64_t number)
{
    return PRIMES_FIRST | 1 | ((uint32_t)number & (PRIMES_FIRST - 1));
}

/* Without branches: what a division finds must not decide what the iteration costs. */
static int primes_run(void *state, const struct task *task, uint64_t *result)
{
    const struct work *primes = state;
    uint32_t number = candidate(work_start(primes->seed, task->index));
    uint32_t divisor = 3;
    uint64_t sum = 0; /* of the primes found */
    for (uint64_t i = 0; i < task->iterations; i++) {
        uint32_t divides = number % divisor == 0;
        uint32_t exhausted = divisor * divisor > number;
        uint32_t is_prime = exhausted & ~divides;
        uint32_t decided = exhausted | divides;
        sum += number & -is_prime;
        number = candidate((uint64_t)number + 2 * decided);
        divisor = 3 + ((divisor - 1) & (decided - 1)); /* decided ? 3 : divisor + 2 */
    }
    *result = mix64(mix64(sum, number), divisor);
    return 0;
}

const struct workload_ops workload_primes = {
    .name = "primes",
    .summary = "CPU-bound: primes by trial division, the divider is the bottleneck",
    .traits = WORKLOAD_SIZED,
    .unit = "division",
    .prepare = work_prepare,
    .run = primes_run,
    .release = free,
};
