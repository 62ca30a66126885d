/* See disk.h. */
#include "tests/disk.h"
#include "workloads/mix.h"
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

enum { PAGE = 4096 };

/* ---- what was recorded ---- */

struct record { /* of tests/preload/disk.c */
    uint64_t kind, parent, inode, parent_before, bytes;
    char name[64], name_before[64];
};
struct disk disk;

static size_t node_of(uint64_t inode)
{
    for (size_t i = disk.nodes; i-- > 0;)
        if (disk.node[i].inode == inode)
            return i;
    return NOBODY;
}

static size_t node_new(uint64_t inode)
{
    assert_true(disk.nodes < NODES_MAX);
    disk.node[disk.nodes].inode = inode;
    return disk.nodes++;
}

static void version_add(size_t node, const struct record *record, bool is_synced)
{
    struct node *of = &disk.node[node];
    of->versions = reallocarray(of->versions, of->count + 1, sizeof *of->versions);
    assert_non_null(of->versions);
    of->versions[of->count++] =
        (struct version){disk.records, (const char *)(record + 1), (size_t)record->bytes, is_synced};
}

static void change_add(const struct record *record, size_t node)
{
    assert_true(disk.changes < CHANGES_MAX);
    struct change *change = &disk.change[disk.changes++];
    *change = (struct change){.at = disk.records,
                              .parent = node_of(record->parent),
                              .node = node,
                              .name = record->name,
                              .removes = record->kind == 'U'};
    if (record->kind == 'R') {
        change->parent_before = node_of(record->parent_before);
        change->name_before = record->name_before;
    }
}

static void record_take(const struct record *record)
{
    switch (record->kind) {
    case '/':
        disk.root = node_new(record->inode);
        break;
    case '.':
        disk.first = disk.records + 1;
        break;
    case 'C':
    case 'D':
        change_add(record, node_new(record->inode));
        disk.node[disk.nodes - 1].is_directory = record->kind == 'D';
        break;
    case 'W':
    case 'S':
        if (node_of(record->inode) == NOBODY)
            return; /* elsewhere */
        version_add(node_of(record->inode), record, record->kind == 'S');
        break;
    default:
        change_add(record, record->kind == 'U' ? NOBODY : node_of(record->inode));
    }
    disk.records++;
}

void disk_read(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    memset(&disk, 0, sizeof disk);
    disk.log = malloc((size_t)status.st_size + 1);
    assert_non_null(disk.log);
    assert_int_equal(read(fd, disk.log, (size_t)status.st_size), status.st_size);
    close(fd);
    for (size_t at = 0; at < (size_t)status.st_size;) {
        const struct record *record = (const struct record *)(const void *)(disk.log + at);
        record_take(record);
        at += sizeof *record + (record->bytes + 7) / 8 * 8;
    }
}

void disk_forget(void)
{
    for (size_t i = 0; i < disk.nodes; i++)
        free(disk.node[i].versions);
    free(disk.log);
}

/* ---- a state of the disk after a crash ---- */

static uint64_t chance;
static bool is_lost(enum loss loss)
{
    chance = mix64(chance, 1);
    return loss == LOSE_ALL || (loss == LOSE_HALF && chance % 2) || (loss == LOSE_MOST && chance % 8);
}

static bool is_certain(size_t directory, size_t since, size_t moment)
{
    const struct node *node = &disk.node[directory];
    for (size_t i = 0; i < node->count; i++)
        if (node->versions[i].at > since && node->versions[i].at < moment)
            return true;
    return false;
}

struct named {
    size_t parent, node;
    const char *name;
};
static struct {
    struct named named[256];
    size_t count;
} names;

static size_t name_find(size_t parent, const char *name)
{
    size_t i = 0;
    while (i < names.count && (names.named[i].parent != parent || strcmp(names.named[i].name, name) != 0))
        i++;
    return i;
}

static void name_remove(size_t parent, const char *name, size_t node)
{
    size_t at = name_find(parent, name);
    if (at < names.count && (node == NOBODY || names.named[at].node == node))
        names.named[at] = names.named[--names.count];
}

/* What is in which directory. */
static void names_make(size_t moment, enum loss loss)
{
    names.count = 0;
    for (size_t i = 0; i < disk.changes && disk.change[i].at < moment; i++) {
        const struct change *change = &disk.change[i];
        if (!is_certain(change->parent, change->at, moment) && is_lost(loss))
            continue;
        if (change->name_before)
            name_remove(change->parent_before, change->name_before, change->node);
        name_remove(change->parent, change->name, NOBODY);
        assert_true(names.count < 256);
        if (!change->removes)
            names.named[names.count++] = (struct named){change->parent, change->node, change->name};
    }
}

/* A page is that of the last synchronisation, or of any version after it; so is the size, by itself. Where nothing was
 * written that stayed, are zeros. */
static size_t content_make(const struct node *node, size_t moment, enum loss loss, char **content)
{
    static const struct version empty = {.bytes = ""};
    const struct version *base = &empty, *last = &empty;
    size_t first = 0, end = 0;
    for (; end < node->count && node->versions[end].at < moment; end++) {
        last = &node->versions[end];
        if (last->is_synced)
            base = last, first = end + 1;
    }
    const struct version *sized =
        end > first && !is_lost(loss) ? &node->versions[first + chance % (end - first)] : base;
    size_t size = loss == LOSE_NOTHING ? last->size : sized->size;
    *content = calloc(size + 1, 1);
    assert_non_null(*content);
    for (size_t at = 0; at < size; at += PAGE) {
        const struct version *from = loss == LOSE_NOTHING || !is_lost(loss) ? last : base;
        if (from == last && end > first && loss == LOSE_HALF)
            from = &node->versions[first + chance % (end - first)];
        size_t there = from->size > at ? from->size - at : 0, most = size - at < PAGE ? size - at : PAGE;
        memcpy(*content + at, from->bytes + (there ? at : 0), there < most ? there : most);
    }
    return size;
}

static void tree_make(const char *path, size_t directory, size_t moment, enum loss loss)
{
    char below[PATH_MAX], *content;
    for (size_t i = 0; i < names.count; i++) {
        const struct named *named = &names.named[i];
        struct stat status;
        if (named->parent != directory || !strcmp(named->name, "charts"))
            continue;
        snprintf(below, sizeof below, "%s/%s", path, named->name);
        if (disk.node[named->node].is_directory) {
            assert_true(mkdir(below, 0777) == 0 || stat(below, &status) == 0);
            tree_make(below, named->node, moment, loss);
            continue;
        }
        size_t size = content_make(&disk.node[named->node], moment, loss, &content);
        int fd = open(below, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        assert_true(fd >= 0 && write(fd, content, size) == (ssize_t)size);
        close(fd);
        free(content);
    }
}

void disk_make(const char *directory, size_t moment, enum loss loss, uint64_t seed)
{
    chance = seed;
    assert_int_equal(mkdir(directory, 0777), 0);
    names_make(moment, loss);
    tree_make(directory, disk.root, moment, loss);
}
