/* Placement: which CPU every worker is pinned to, planned and proven in the harness, applied by the pools.
 *   none      every worker may use all allowed CPUs
 *   cores-first  one worker a core (its first PU) in topological order, a package after the other; then second PUs
 *   compact   one PU after another in topological order: near neighbours share caches
 *   scatter   spread over packages, then NUMA nodes, then caches, then cores, then PUs
 *   cores     one worker a core (its first PU); more workers go round again
 *   smt       PU after PU of the cores that have several
 *   l3, numa, package  one object a worker, any PU of it, round again: the abstract places ll_caches, numa_domains and
 *             sockets of OpenMP (OMP_PLACES, specification 5.1, 6.5)
 *   fast, efficient, kind:N  as cores-first, on the fastest or slowest kind of core, or hwloc's kind N, alone
 *   list      0+2-3: the listed CPUs (OS indices), in order, round again when there are more workers
 *   location  core:1.pu:0, pack:0+pack:1: hwloc-calc style, one worker per named object, round again
 * Where there are several kinds of CPU, all but lists and locations take the fastest kind first; scatter and
 * cores-first still take a PU of every core before any second one. The submitter (--place-main) takes the same words;
 * by default ("auto") it gets an allowed CPU that no worker has, when there is one, else all allowed CPUs. One
 * thread. */
#ifndef POOLBENCH_MACHINE_PLACE_H
#define POOLBENCH_MACHINE_PLACE_H
#include "bench/base/words.h"
#include "bench/machine/machine.h"

#define PLACE_DEFAULT "cores-first"

/* Where the workers of a cell go. */
struct placement {
    unsigned workers;    /* rows */
    unsigned words;      /* 64-bit words a row */
    uint64_t *masks;     /* workers x words: bit c = CPU c (OS index) */
    int *planned;        /* per worker: the one CPU of its mask, or -1 where it may use several */
    int32_t *nodes;      /* per worker: the memory node of its CPUs, by the system's number; -1: of several */
    uint8_t *kinds;      /* words x 64: per CPU its kind of core, by hwloc's number; NULL: all are of one */
    uint64_t *main_mask; /* words: the submitter's */
    bool spare_cpu;   /* the submitter's CPUs are disjoint from the workers' and workers + 1 fit the effective CPUs */
    unsigned cpus;    /* effective CPUs the workers can use at once: for ideal_ns */
    char reason[128]; /* why it is not what was asked for; "" when it is */
};

/* Plans `workers` workers; fills placement (owned by the caller, placement_release). -EINVAL and a line in error when
 * the place cannot be parsed; -ENODEV likewise where the machine has no such CPU, object or kind of core, or none that
 * is allowed, which the line names. */
int place_plan(const struct machine *machine, const char *place, const char *place_main, unsigned workers,
               struct placement *placement, char *error);
void placement_release(struct placement *placement);
/* Whether a thread may set its affinity here at all, by setting what it has. 0, or -errno and why in reason; then a
 * place that nobody asked for becomes "none" with that reason. */
int place_probe(char *reason, size_t size);

/* Whether two places put that many workers on the same CPUs here, whichever of them is where; both are none where
 * pinning is forbidden. 1 or 0; or as place_plan(). */
int place_same(const struct machine *machine, const char *a, const char *b, const char *place_main, unsigned workers,
               char *error);

/* Adds "numa:0", "numa:1" ... for "numa:each", and so for all objects of hwloc that have CPUs of ours, and kinds of
 * core; in each case with a ? in front where that has one. Any other place itself, and the first where there is none.
 * 0 or -ENOMEM. */
int place_each(const struct machine *machine, const char *place, struct words *places);

/* "none", "compact" ...: name, one line; NULL-terminated; for `list places` and nearest-name hints. */
struct place_rows;
struct place_name {
    const char *name, *summary;
    int (*make)(struct place_rows *rows,
                const struct machine *machine); /* NULL: an example of how places are written */
    const char *missing;                        /* why it may come to no row */
};
extern const struct place_name place_names[];

#endif
