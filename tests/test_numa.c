/* Memory nodes: what a machine has, what is meant, and whether a page that is elsewhere is seen. */
/* sanitizers: address undefined (forks, which ThreadSanitizer cannot follow) */
#include "bench/base/refuse.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include "bench/model/options.h"
#include "pools/parts/numa.h"
#include "pools/parts/usage.h"
#include "tests/skip.h"
#include "tests/trials.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static char error[ERROR_MAX];

static void described(struct machine *machine, const char *topology)
{
    char text[256];
    snprintf(text, sizeof text, "synthetic:%s", topology);
    assert_int_equal(machine_open(machine, text, error), 0);
}

/* A node of memory alone hangs where its CPUs would be nearest. */
static void test_nodes_without_cpus(void **state)
{
    static const struct {
        const char *topology;
        unsigned nodes, with_cpus;
    } machines[] = {
        {"pack:2 core:2 pu:1", 1, 1},
        {"pack:2 [numa] core:2 pu:1", 2, 2},
        {"[numa(memory=8GB)] pack:2 [numa] core:2 pu:1", 3, 2},
        {"pack:2 [numa] [numa] core:2 pu:1", 4, 2},
        {"pack:1 [numa(memory=64GB)] l3:2 [numa] core:4 pu:1", 3, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        struct machine machine;
        struct placement placement;
        unsigned nodes = 0, with_cpus = 0;
        described(&machine, machines[i].topology);
        for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type(machine.topology, HWLOC_OBJ_NUMANODE, node));
             nodes++)
            with_cpus += node_has_cpus(machine.topology, node);
        if (nodes != machines[i].nodes || with_cpus != machines[i].with_cpus)
            fail_msg("%s: %u nodes, %u with CPUs", machines[i].topology, nodes, with_cpus);
        /* every worker has one, no two workers the same one, in a round */
        assert_int_equal(place_plan(&machine, "numa", "auto", with_cpus, &placement, error), 0);
        for (unsigned w = 0; w < with_cpus; w++) {
            assert_true(placement.nodes[w] >= 0);
            for (unsigned v = 0; v < w; v++)
                assert_int_not_equal(placement.nodes[w], placement.nodes[v]);
        }
        placement_release(&placement);
        machine_close(&machine);
    }
}

static void test_nodes_of_workers(void **state)
{
    struct machine machine;
    struct placement placement;
    (void)state;
    described(&machine, "pack:2 [numa] core:2 pu:1");
    assert_int_equal(place_plan(&machine, "scatter", "auto", 5, &placement, error), 0);
    const int32_t scattered[] = {0, 1, 0, 1, 0};
    assert_memory_equal(placement.nodes, scattered, sizeof scattered);
    placement_release(&placement);
    assert_int_equal(place_plan(&machine, "none", "auto", 2, &placement, error), 0);
    assert_int_equal(placement.nodes[0], -1);
    placement_release(&placement);
    machine_close(&machine);
}

static void expect_values(const struct machine *machine, unsigned option, const char *text, const char *expected)
{
    struct words values = {0};
    char joined[512] = "";
    if (option_values(&options[option], text, machine, &values, error))
        fail_msg("%s: %s", text, error);
    for (size_t i = 0; i < values.count; i++)
        snprintf(joined + strlen(joined), sizeof joined - strlen(joined), "%s%s", i ? " " : "", values.word[i]);
    assert_string_equal(joined, expected);
    words_release(&values);
}

/* Words that stand for each of what there is. */
static void test_each(void **state)
{
    struct machine machine;
    (void)state;
    described(&machine, "[numa(memory=8GB)] pack:2 [numa] l3:1 core:2 pu:1");
    expect_values(&machine, OPTION_NUMA, "node:all", "node:0 node:1 node:2");
    expect_values(&machine, OPTION_NUMA, "as-made,local,interleave,node:01", "as-made local interleave node:1");
    expect_values(&machine, OPTION_PLACE, "l3:each,compact", "l3:0 l3:1 compact");
    expect_values(&machine, OPTION_PLACE, "?core:each", "?core:0 ?core:1 ?core:2 ?core:3");
    expect_values(&machine, OPTION_PLACE, "?kind:each", "?kind:0"); /* none: left out later, by name */
    machine_close(&machine);
    described(&machine, "pack:2 [numa] core:2 pu:1");
    expect_values(&machine, OPTION_PLACE, "numa:each", "numa:0 numa:1");
    machine_close(&machine);
    static const char *const wrong[] = {"node", "node:", "node:x", "node:-1", "node:1024", "locals", "bind:1"};
    described(&machine, "pu:2");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct words values = {0};
        assert_true(option_values(&options[OPTION_NUMA], wrong[i], &machine, &values, error) < 0);
        words_release(&values);
    }
    machine_close(&machine);
}

/* ---- pages ---- */

static bool is_told(void)
{
    struct usage usage = {0};
    const struct node_set first = {{1}};
    void *page = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    if (numa_probe() < 0 || numa_begin(NUMA_NODE, &first) < 0)
        return false;
    numa_look(&usage);
    return usage.pages_seen > 0;
}

/* What a child sees of `bytes` that it writes after it has said `kind`, on these nodes; it exits with 0 if `meant` of
 * the pages, in eighths, are where they were meant to be. */
static void expect_meant(enum numa_kind kind, uint64_t nodes, uint64_t later, int64_t meant)
{
    const pid_t pid = fork();
    int status;
    if (pid == 0) {
        const struct node_set set = {{nodes}}, other = {{later}};
        struct usage usage = {0};
        if (numa_begin(kind, &set) < 0)
            _exit(2);
        char *map = mmap(NULL, 8 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(map, 1, 8 << 20);
        if (later)
            numa_begin(kind, &other); /* refused, where there is no such node, but meant */
        numa_look(&usage);
        _exit(usage.pages_seen < 512 ? 3
              : 8 * usage.pages_meant >= meant * usage.pages_seen - 8 &&
                      8 * usage.pages_meant <= meant * usage.pages_seen + 8
                  ? 0
                  : 4);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void test_pages(void **state)
{
    const pid_t pid = fork(); /* that says nothing of the memory of this one */
    int status;
    (void)state;
    if (pid == 0)
        _exit(SANITIZED || !is_told());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status) {
        skip_because("where pages are",
                     SANITIZED ? "a sanitizer's memory is most of it" : "set_mempolicy or move_pages is refused here");
    }
    expect_meant(NUMA_NODE, 1, 0, 8);
    expect_meant(NUMA_INTERLEAVE, 1, 0, 8);
    expect_meant(NUMA_LOCAL, 1, 0, 8);
    expect_meant(NUMA_NODE, 1, 2, 0);       /* all are elsewhere */
    expect_meant(NUMA_INTERLEAVE, 1, 3, 4); /* an even spread has half of them there */
}

/* Under every pool pages are seen, and on one node they are where they were meant to be. */
static void test_pools(void **state)
{
    (void)state;
    if (access("/sys/devices/system/node/node1", F_OK) == 0 || numa_probe() < 0) {
        skip_because("pages of pools", "it takes a machine with one node, where set_mempolicy is allowed");
    }
    for (const struct pool_ops *const *pool = pool_table; *pool; pool++) {
        struct cell cell;
        const struct cost cost = {.size_ns = 1000, .iterations = 1};
        cell_init(&cell, (*pool)->name, "memory", 2, 16);
        cell.f.numa.kind = NUMA_LOCAL;
        cell.nodes.bits[0] = 1;
        const struct ran ran = run(&cell, &cost, 1);
        const struct usage *usage = &ran.parts.report->usage;
        if (usage->pages_seen <= 0 || usage->pages_meant != usage->pages_seen)
            fail_msg("%s: %lld pages seen, %lld meant: %s", (*pool)->name, (long long)usage->pages_seen,
                     (long long)usage->pages_meant, ran.parts.report->reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nodes_without_cpus),
        cmocka_unit_test(test_nodes_of_workers),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_pools),
    };
    return cmocka_run_group_tests(tests, trials_setup, trials_teardown);
}
