/* Where a worker has been: changes of CPU from one of its tasks to the next. Plain data of one thread. */
#ifndef POOLBENCH_MOVES_H
#define POOLBENCH_MOVES_H
#include "pools/pool.h"

#define NO_CPU UINT32_MAX

struct moves {
    uint32_t cpu;          /* of the last task; NO_CPU: none yet */
    int64_t all, of_kinds; /* changes; and those to a CPU of another kind */
};

static inline uint8_t moves_kind(const struct places *places, uint32_t cpu)
{
    return cpu < places->kind_cpus ? places->kinds[cpu] : 0;
}

/* A task has ended on that CPU. */
static inline void moves_note(struct moves *moves, const struct places *places, uint32_t cpu)
{
    if (__builtin_expect(cpu == moves->cpu, 1))
        return;
    if (moves->cpu != NO_CPU) {
        moves->all++;
        moves->of_kinds += moves_kind(places, cpu) != moves_kind(places, moves->cpu);
    }
    moves->cpu = cpu;
}

static inline void moves_add(const struct moves *moves, struct usage *usage)
{
    usage->migrations += moves->all;
    usage->kind_migrations += moves->of_kinds;
}

#endif
