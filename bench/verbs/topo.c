/* The verb topo: shows a machine, this one or a described one, and plans workers on it. Runs nothing, writes no file.
 */
#include "bench/base/refuse.h"
#include "bench/base/units.h"
#include "bench/base/wrap.h"
#include "bench/machine/kinds.h"
#include "bench/machine/machine.h"
#include "bench/machine/nodes.h"
#include "bench/machine/place.h"
#include "bench/model/options.h"
#include "bench/show/sheet.h"
#include "bench/verbs/verbs.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    const char *topology, *workers, *place, *place_main, *format;
};

/* "L1d 6 x 48 KiB + 8 x 32 KiB, L2 ..." */
static int caches_print(hwloc_topology_t topology)
{
    const char *before = "caches      ";
    int rc = 0;
    for (int depth = hwloc_topology_get_depth(topology) - 1; depth >= 0 && rc == 0; depth--) {
        hwloc_obj_t cache = hwloc_get_obj_by_depth(topology, depth, 0);
        struct kinds sizes;
        char name[16], size[32];
        if (!hwloc_obj_type_is_dcache(cache->type))
            continue;
        rc = kinds_of_caches(topology, depth, &sizes);
        hwloc_obj_type_snprintf(name, sizeof name, cache, 0);
        printf("%s%s", before, name);
        for (size_t i = 0; i < sizes.count; i++) {
            double bytes = strtod(sizes.kind[i].value, NULL); /* 0: not told */
            printf("%s %u x %s", i ? " +" : "", sizes.kind[i].count,
                   bytes > 0 ? format_bytes(size, sizeof size, bytes) : "unknown size");
        }
        kinds_release(&sizes);
        before = ", ";
    }
    if (before[0] == ',')
        putchar('\n');
    return rc;
}

/* Where there is more than one. */
static void nodes_print(hwloc_topology_t topology)
{
    char label[32], text[96];
    for (hwloc_obj_t node = NULL; (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node));)
        if (hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE) > 1) {
            snprintf(label, sizeof label, "node:%u", node->os_index);
            printf("%-11s %s\n", label, node_text(topology, node, text, sizeof text));
        }
}

/* Where there is more than one. */
static int cores_print(const struct machine *machine)
{
    struct kinds kinds;
    int rc = kinds_of_cores(machine, &kinds);
    for (size_t i = 0; kinds.count > 1 && i < kinds.count; i++) {
        char *cpus = NULL;
        hwloc_bitmap_list_asprintf(&cpus, kinds.kind[i].cpus);
        printf("%s%u %s (CPU %s)", i ? ", " : "kinds       ", kinds.kind[i].count, kinds.kind[i].value,
               cpus ? cpus : "?");
        free(cpus);
    }
    if (kinds.count > 1)
        putchar('\n');
    kinds_release(&kinds);
    return rc;
}

static void count_print(unsigned count, const char *noun, const char *end)
{
    printf("%u %s%s%s", count, noun, count == 1 ? "" : "s", end);
}

/* A limit, none, or unknown with the reason; a limit may have one, too: others may be lower. */
static void limit_print(const char *what, const char *limit, const char *unseen)
{
    char text[256];
    snprintf(text, sizeof text, "%s%s%s",
             limit    ? limit
             : unseen ? "unknown"
                      : "none",
             !unseen ? ""
             : limit ? ", or less: "
                     : ": ",
             unseen ? unseen : "");
    wrap_row(stdout, 0, what, 12, text);
}

static int machine_print(const struct machine *machine)
{
    hwloc_topology_t topology = machine->topology;
    char *allowed = NULL, size[32];
    static const struct {
        hwloc_obj_type_t type;
        const char *noun;
    } levels[] = {{HWLOC_OBJ_PACKAGE, "package"}, {HWLOC_OBJ_NUMANODE, "NUMA node"}, {HWLOC_OBJ_CORE, "core"}};
    printf("machine     ");
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        int count = hwloc_get_nbobjs_by_type(topology, levels[i].type);
        if (count > 0) /* else the machine does not tell */
            count_print((unsigned)count, levels[i].noun, ", ");
    }
    count_print((unsigned)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU), "PU", "\n");
    int rc = caches_print(topology);
    if (rc == 0)
        rc = cores_print(machine);
    nodes_print(topology);
    hwloc_bitmap_list_asprintf(&allowed, machine->allowed);
    printf("allowed     CPU %s: ", allowed ? allowed : "?");
    count_print(machine->cores, "core", ", ");
    count_print(machine->pus, "PU", "\n");
    free(allowed);
    if (machine->described) {
        printf("effective   %u CPU%s (described: no quota is known)\n", machine->effective_cpus,
               machine->effective_cpus == 1 ? "" : "s");
        return rc;
    }
    char text[64];
    snprintf(text, sizeof text, "%.2f CPUs", machine->quota_cpus);
    limit_print("quota", machine->quota_cpus > 0 ? text : NULL, machine->unseen[LIMIT_CPU]);
    printf("effective   ");
    count_print(machine->effective_cpus, "CPU", "\n");
    int length = snprintf(text, sizeof text, "%s", format_bytes(size, sizeof size, (double)machine->memory_bytes));
    if (machine->memory_free_bytes >= 0)
        snprintf(text + length, sizeof text - (size_t)length, ", %s free",
                 format_bytes(size, sizeof size, (double)machine->memory_free_bytes));
    limit_print("memory", machine->memory_bytes >= 0 ? text : NULL, machine->unseen[LIMIT_MEMORY]);
    snprintf(text, sizeof text, "%lld more", (long long)machine->tasks_limit);
    limit_print("processes", machine->tasks_limit >= 0 ? text : NULL, machine->unseen[LIMIT_TASKS]);
    return rc;
}

/* Logical numbers of the objects of a type that the set touches; "-" where the machine has none. */
static void objects_put(struct sheet *sheet, hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_const_bitmap_t set)
{
    hwloc_bitmap_t numbers = hwloc_bitmap_alloc();
    char *text = NULL;
    for (hwloc_obj_t object = NULL; numbers && (object = hwloc_get_next_obj_by_type(topology, type, object));)
        if (hwloc_bitmap_intersects(object->cpuset, set) &&
            (type != HWLOC_OBJ_NUMANODE || node_has_cpus(topology, object)))
            hwloc_bitmap_set(numbers, object->logical_index);
    if (numbers)
        hwloc_bitmap_list_asprintf(&text, numbers);
    sheet_put(sheet, "%s", text && *text ? text : "-");
    free(text);
    hwloc_bitmap_free(numbers);
}

/* hwloc's numbers of the kinds of core that the set touches, as in kind:0. */
static void kinds_put(struct sheet *sheet, hwloc_topology_t topology, hwloc_const_bitmap_t set)
{
    char text[64] = "";
#if HWLOC_API_VERSION >= 0x00020400
    hwloc_bitmap_t cpus = hwloc_bitmap_alloc();
    const int count = cpus ? hwloc_cpukinds_get_nr(topology, 0) : 0;
    for (int kind = 0; kind < count; kind++)
        if (hwloc_cpukinds_get_info(topology, (unsigned)kind, cpus, NULL, NULL, NULL, 0) == 0 &&
            hwloc_bitmap_intersects(cpus, set))
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%d", *text ? "," : "", kind);
    hwloc_bitmap_free(cpus);
#else
    (void)topology, (void)set;
#endif
    sheet_put(sheet, "%s", *text ? text : "-");
}

static int row_put(struct sheet *sheet, const struct machine *machine, const char *who, const uint64_t *mask,
                   unsigned words)
{
    hwloc_bitmap_t set = hwloc_bitmap_alloc();
    char *cpus = NULL;
    if (!set)
        return -ENOMEM;
    for (unsigned cpu = 0; cpu < words * 64; cpu++)
        if (mask[cpu / 64] >> (cpu % 64) & 1)
            hwloc_bitmap_set(set, cpu);
    hwloc_bitmap_list_asprintf(&cpus, set);
    sheet_row(sheet, who, cpus ? cpus : "?");
    objects_put(sheet, machine->topology, HWLOC_OBJ_CORE, set);
    objects_put(sheet, machine->topology, HWLOC_OBJ_L3CACHE, set);
    objects_put(sheet, machine->topology, HWLOC_OBJ_PACKAGE, set);
    objects_put(sheet, machine->topology, HWLOC_OBJ_NUMANODE, set);
    kinds_put(sheet, machine->topology, set);
    free(cpus);
    hwloc_bitmap_free(set);
    return 0;
}

/* A row a worker, and the submitter. 0 or -ENOMEM; release it in any case. */
static int sheet_make(const struct machine *machine, const struct placement *placement, struct sheet *sheet)
{
    static const unsigned char least[] = {9, 8, 8, 8, 8, 8, 8};
    int rc = 0;
    *sheet = (struct sheet){.columns = 7, .align = "lr", .least = least};
    sheet_row(sheet, "worker", "CPU", "core", "L3", "package", "NUMA", "kind");
    for (unsigned w = 0; rc == 0 && w < placement->workers; w++) {
        char who[16];
        snprintf(who, sizeof who, "%u", w);
        rc = row_put(sheet, machine, who, placement->masks + (size_t)w * placement->words, placement->words);
    }
    if (rc == 0)
        rc = row_put(sheet, machine, "submitter", placement->main_mask, placement->words);
    return rc ? rc : sheet->failed ? -ENOMEM : 0;
}

static int placement_table(const struct machine *machine, const struct placement *placement, const char *how)
{
    struct sheet sheet;
    int rc = sheet_make(machine, placement, &sheet);
    sheet.align = "l"; /* 0-3 is no number */
    if (rc == 0)
        rc = sheet_write(stdout, how, "topo", &sheet);
    sheet_release(&sheet);
    return rc;
}

static int placement_print(const struct machine *machine, const struct question *question,
                           const struct placement *placement)
{
    struct sheet sheet;
    int rc = sheet_make(machine, placement, &sheet);
    printf("\nplace       %s, ", question->place);
    count_print(placement->workers, "worker", ", submitter ");
    printf("%s\n\n", question->place_main);
    sheet_print(stdout, &sheet, screen_columns(stdout));
    sheet_release(&sheet);
    putchar('\n');
    wrap_print(stdout,
               "CPU: the operating system's number, as in 0+2-3. Others: logical numbers, as in core:1.pu:0 "
               "and kind:0.",
               0);
    printf("The workers can use %u CPU%s at once; %s CPU is spare for the submitter.\n", placement->cpus,
           placement->cpus == 1 ? "" : "s", placement->spare_cpu ? "one" : "no");
    return rc;
}

static int answer(const struct question *question)
{
    struct machine machine;
    struct placement placement;
    char error[ERROR_MAX];
    struct words workers = {0};
    int code = 0;
    if (machine_open(&machine, question->topology, error) != 0)
        return complain("topo", "%s", error);
    if (option_values(&options[OPTION_WORKERS], question->workers, &machine, &workers, error) != 0)
        code = complain("topo", "--workers: %s", error);
    else if (workers.count != 1)
        code = complain("topo", "--workers: expected one number, found '%s'", question->workers);
    else if (place_plan(&machine, question->place, question->place_main, (unsigned)atoi(workers.word[0]), &placement,
                        error) != 0)
        code = complain("topo", "%s", error);
    if (code == 0) {
        if (strcmp(question->format, "text") != 0
                ? placement_table(&machine, &placement, question->format) != 0
                : machine_print(&machine) != 0 || placement_print(&machine, question, &placement) != 0)
            code = complain("topo", "out of memory");
        placement_release(&placement);
    }
    words_release(&workers);
    machine_close(&machine);
    return code;
}

enum { TOPO_TOPOLOGY, TOPO_WORKERS, TOPO_PLACE, TOPO_PLACE_MAIN, TOPO_FORMAT };
static const struct argument topo_arguments[] = {
    [TOPO_TOPOLOGY] = {"topology", "synthetic:TEXT|FILE", "",
                       "A machine as synthetic:\"pack:2 core:4 pu:2\" or a hwloc XML file; else this machine.", false},
    [TOPO_WORKERS] = {"workers", "N|cores|pus|2xcores", "cores",
                      "How many, or a multiple of the cores or hardware threads.", false},
    [TOPO_PLACE] = {"place", "PLACE", PLACE_DEFAULT,
                    "Where they are pinned: none, cores-first, compact, scatter, cores, smt, l3, numa, package, fast, "
                    "efficient, kind:N, CPUs joined "
                    "with plus (0+2-3), or hwloc objects (core:1.pu:0).",
                    false},
    [TOPO_PLACE_MAIN] = {"place-main", "PLACE", "auto", "Where the submitter runs: auto, or the words of --place.",
                         false},
    [TOPO_FORMAT] = {"format", "text|csv|json", "text", "csv, json: where the workers would go, a row each.", true},
    {.name = NULL},
};

static int topo_main(const struct arguments *given)
{
    const char *const *value = given->value;
    return answer(&(struct question){value[TOPO_TOPOLOGY][0] ? value[TOPO_TOPOLOGY] : NULL, value[TOPO_WORKERS],
                                     value[TOPO_PLACE], value[TOPO_PLACE_MAIN], value[TOPO_FORMAT]});
}

const struct verb verb_topo = {
    .name = "topo",
    .chapter = "learn",
    .operands = "",
    .summary = "show a machine's CPUs and where workers would go",
    .function = topo_main,
    .help = "Shows a machine, this one or a described one, and where workers would be pinned on it. Runs nothing.",
    .arguments = topo_arguments};
