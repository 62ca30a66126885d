/* See numa.h. */
#include "pools/parts/numa.h"
#include "pools/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BITS      (NUMA_NODES_MAX + 1ul) /* as these calls count: one more */
#define EXCLUSIVE (1ull << 56)           /* of /proc/PID/pagemap: nobody else has the page mapped */
enum {
    MAPPING_LEAST = 64 << 10, /* bytes; smaller ones are what libraries had before anything was said */
    PAGES_MEANT = 1024,       /* to look at, and */
    PAGES_MOST = 2048,
    RUN = 16, /* neighbours, so that a spread over a few nodes is seen as what it is */
    RUN_MOST = 64,
};

static struct {
    enum numa_kind kind;
    struct node_set nodes;
    pid_t submitter;
    _Atomic uint64_t own[NUMA_NODES_MAX / 64]; /* NUMA_LOCAL, in a worker process: of its workers */
} said;

static bool has_node(const struct node_set *set, unsigned node)
{
    return node < NUMA_NODES_MAX && set->bits[node / 64] >> node % 64 & 1;
}

static int policy_set(int mode, const struct node_set *nodes)
{
    return syscall(SYS_set_mempolicy, mode, nodes ? nodes->bits : NULL, nodes ? BITS : 0) < 0 ? -errno : 0;
}

int numa_probe(void)
{
    struct node_set nodes = {{0}};
    int mode;
    if (syscall(SYS_get_mempolicy, &mode, nodes.bits, BITS, NULL, 0) < 0)
        return -errno;
    return policy_set(mode, mode == MPOL_DEFAULT ? NULL : &nodes);
}

int numa_begin(enum numa_kind kind, const struct node_set *nodes)
{
    said.kind = kind;
    said.nodes = *nodes;
    said.submitter = getpid();
    return kind == NUMA_AS_MADE ? 0 : policy_set(kind == NUMA_NODE ? MPOL_BIND : MPOL_INTERLEAVE, nodes);
}

int numa_near(int node)
{
    struct node_set nodes = {{0}};
    if (node >= NUMA_NODES_MAX)
        return -EINVAL;
    if (node < 0)
        return policy_set(MPOL_LOCAL, NULL);
    nodes.bits[node / 64] = 1ull << node % 64;
    if (getpid() != said.submitter) /* relaxed: read by this process, when it has long been at work */
        atomic_fetch_or_explicit(&said.own[node / 64], nodes.bits[node / 64], memory_order_relaxed);
    return policy_set(MPOL_BIND, &nodes);
}

int numa_bind(void *from, size_t bytes, int node)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = ((uintptr_t)from + page - 1) / page * page,
                    end = ((uintptr_t)from + bytes) / page * page;
    struct node_set nodes = {{0}};
    if (node >= NUMA_NODES_MAX)
        return -EINVAL;
    if (node < 0 || end <= start)
        return 0;
    nodes.bits[node / 64] = 1ull << node % 64;
    return syscall(SYS_mbind, start, end - start, MPOL_BIND, nodes.bits, BITS, 0) < 0 ? -errno : 0;
}

/* ---- looking ---- */

struct mapping {
    uintptr_t from, to;
    size_t resident; /* KiB of it that are there */
    bool shared;
};

struct look {
    size_t page, run, total; /* total: KiB that are there, of all mappings that are looked at */
    int pagemap;             /* a descriptor; -1: not to be had */
    bool is_worker;          /* this is a process of workers, and `own` their nodes */
    struct node_set own;
    unsigned asked;
    int64_t seen, meant;
    int64_t on[NUMA_NODES_MAX]; /* pages by node */
};

/* A line of /proc/self/smaps: "from-to rwxp offset device inode  name". */
static bool mapping_read(const char *line, struct mapping *mapping)
{
    char allowed[8];
    int name = 0;
    unsigned long from, to;
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %n", &from, &to, allowed, &name) != 3 || !name)
        return false;
    *mapping = (struct mapping){from, to, 0, allowed[3] == 's'};
    const bool has_no_file = !line[name] || !strncmp(line + name, "/dev/zero", 9) || !strncmp(line + name, "[anon:", 6);
    return has_no_file && allowed[1] == 'w' && to - from >= MAPPING_LEAST;
}

static void mappings_each(struct look *look, void (*each)(struct look *look, const struct mapping *mapping))
{
    char text[8192];
    size_t held = 0;
    struct mapping mapping;
    bool wanted = false; /* what comes below the last such line is of that mapping */
    int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && (got = read(fd, text + held, sizeof text - 1 - held)) > 0;) {
        char *line = text, *end;
        held += (size_t)got;
        text[held] = '\0';
        for (; (end = strchr(line, '\n')); line = end + 1) {
            *end = '\0';
            if (*line >= 'a' || (*line >= '0' && *line <= '9'))
                wanted = mapping_read(line, &mapping);
            else if (wanted && sscanf(line, "Rss: %zu kB", &mapping.resident) == 1 && mapping.resident)
                each(look, &mapping);
        }
        held -= (size_t)(line - text);
        memmove(text, line, held);
    }
    if (fd >= 0)
        close(fd);
}

static void mapping_count(struct look *look, const struct mapping *mapping)
{
    look->total += mapping->resident;
}

static bool is_own(const struct look *look, uintptr_t address)
{
    uint64_t entry;
    const off_t at = (off_t)(address / look->page * sizeof entry);
    return look->pagemap >= 0 && pread(look->pagemap, &entry, sizeof entry, at) == sizeof entry && entry & EXCLUSIVE;
}

/* `count` pages from there on; `meant`: their mapping's nodes. A page that only a worker process has is its own. */
static void pages_look(struct look *look, const struct mapping *mapping, uintptr_t from, size_t count,
                       const struct node_set *meant)
{
    void *pages[RUN_MOST];
    int nodes[RUN_MOST];
    for (size_t i = 0; i < count; i++) {
        pages[i] = (void *)(from + i * look->page);
        nodes[i] = -1;
    }
    look->asked += (unsigned)count;
    if (syscall(SYS_move_pages, 0, count, pages, NULL, nodes, 0) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (nodes[i] < 0 || nodes[i] >= NUMA_NODES_MAX) /* it is not there */
            continue;
        const bool own = look->is_worker && !mapping->shared && is_own(look, (uintptr_t)pages[i]);
        look->seen++;
        look->on[nodes[i]]++;
        look->meant += has_node(own ? &look->own : meant, (unsigned)nodes[i]);
    }
}

static void mapping_look(struct look *look, const struct mapping *mapping)
{
    const size_t pages = (mapping->to - mapping->from) / look->page, run = pages < look->run ? pages : look->run;
    size_t runs = (size_t)((double)PAGES_MEANT * (double)mapping->resident / (double)look->total) / run;
    struct node_set meant = {{0}};
    int mode = MPOL_DEFAULT;
    runs = runs < 1 ? 1 : runs > pages / run ? pages / run : runs;
    /* of the mapping itself, where it was given one */
    if (syscall(SYS_get_mempolicy, &mode, meant.bits, BITS, mapping->from, MPOL_F_ADDR) < 0 || mode != MPOL_BIND)
        meant = said.nodes;
    for (size_t i = 0; i < runs && look->asked + run <= PAGES_MOST; i++)
        pages_look(look, mapping, mapping->from + i * (pages / runs) * look->page, run, &meant);
}

void numa_look(struct usage *usage)
{
    struct look look = {.page = (size_t)sysconf(_SC_PAGESIZE), .run = RUN, .pagemap = -1};
    size_t nodes = 0;
    int64_t even = 0;
    if (said.kind == NUMA_AS_MADE)
        return;
    for (size_t i = 0; i < NUMA_NODES_MAX / 64; i++) {
        look.own.bits[i] = atomic_load_explicit(&said.own[i], memory_order_relaxed); /* as numa_near */
        look.is_worker |= look.own.bits[i] != 0;
        nodes += (size_t)__builtin_popcountll(said.nodes.bits[i]);
    }
    if (nodes > 1 && nodes <= RUN_MOST) /* whole turns */
        look.run = nodes < RUN ? RUN / nodes * nodes : nodes;
    if (look.is_worker)
        look.pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    mappings_each(&look, mapping_count);
    mappings_each(&look, mapping_look);
    if (look.pagemap >= 0)
        close(look.pagemap);
    for (unsigned i = 0; i < NUMA_NODES_MAX && nodes; i++) {
        const int64_t share = (look.seen + (int64_t)nodes - 1) / (int64_t)nodes;
        even += !has_node(&said.nodes, i) ? 0 : look.on[i] < share ? look.on[i] : share;
    }
    usage->pages_seen += look.seen;
    usage->pages_meant += said.kind == NUMA_INTERLEAVE ? even : look.meant;
}
