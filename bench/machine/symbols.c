/* See symbols.h. */
#include "bench/machine/symbols.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef POOLBENCH_LIBDW
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <gelf.h>
#endif

#define KERNEL_SYMBOLS "/proc/kallsyms"

struct kernel_symbol {
    uint64_t address;
    char name[64];
};

struct file {
    char *path;
    char build_id[BUILD_ID_MAX];
#ifdef POOLBENCH_LIBDW
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL: it is not one that can be read */
#endif
};

struct symbols {
    struct file *file;
    size_t count;
    struct kernel_symbol *kernel;
    size_t kernel_count;
    bool kernel_is_read;
};

struct symbols *symbols_new(void)
{
    return calloc(1, sizeof(struct symbols));
}

/* ---- files ---- */

#ifdef POOLBENCH_LIBDW
const char *symbols_lack(void)
{
    return NULL;
}

/* Only what stands in the file itself. */
static int debug_not(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base, const char *file,
                     const char *link, GElf_Word sum, char **found)
{
    (void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)sum, (void)found;
    return -1;
}

static void file_open(struct file *file)
{
    static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_build_id_find_elf,
                                             .find_debuginfo = debug_not,
                                             .section_address = dwfl_offline_section_address};
    const void *id;
    GElf_Addr bias;
    file->dwfl = dwfl_begin(&callbacks);
    if (!file->dwfl)
        return;
    dwfl_report_begin(file->dwfl);
    file->module = dwfl_report_elf(file->dwfl, file->path, file->path, -1, 0, false);
    dwfl_report_end(file->dwfl, NULL, NULL);
    Elf *elf = file->module ? dwfl_module_getelf(file->module, &bias) : NULL;
    if (!elf)
        file->module = NULL;
    const ssize_t length = elf ? dwelf_elf_gnu_build_id(elf, &id) : 0;
    for (ssize_t i = 0; i < length && 2 * i + 2 < BUILD_ID_MAX; i++)
        snprintf(file->build_id + 2 * i, 3, "%02x", ((const unsigned char *)id)[i]);
}

static void file_close(struct file *file)
{
    if (file->dwfl)
        dwfl_end(file->dwfl);
}

static const char *file_symbol(const struct file *file, uint64_t offset)
{
    GElf_Addr bias;
    GElf_Phdr part;
    size_t parts = 0;
    Elf *elf = file->module ? dwfl_module_getelf(file->module, &bias) : NULL;
    if (!elf || elf_getphdrnum(elf, &parts))
        return NULL;
    for (size_t i = 0; i < parts; i++)
        if (gelf_getphdr(elf, (int)i, &part) && part.p_type == PT_LOAD && offset >= part.p_offset &&
            offset < part.p_offset + part.p_filesz)
            return dwfl_module_addrname(file->module, offset - part.p_offset + part.p_vaddr + bias);
    return NULL;
}
#else
const char *symbols_lack(void)
{
    return "poolbench was built without libdw (Debian: libdw-dev), so functions have no names: their places in files "
           "stand instead";
}

static void file_open(struct file *file)
{
    (void)file;
}

static void file_close(struct file *file)
{
    (void)file;
}

static const char *file_symbol(const struct file *file, uint64_t offset)
{
    (void)file, (void)offset;
    return NULL;
}
#endif

/* NULL: no memory. */
static struct file *file_of(struct symbols *symbols, const char *path)
{
    for (size_t i = 0; i < symbols->count; i++)
        if (!strcmp(symbols->file[i].path, path))
            return &symbols->file[i];
    struct file *more = reallocarray(symbols->file, symbols->count + 1, sizeof *more);
    if (!more)
        return NULL;
    symbols->file = more;
    struct file *file = &more[symbols->count];
    *file = (struct file){.path = strdup(path)};
    if (!file->path)
        return NULL;
    symbols->count++;
    if (*path == '/')
        file_open(file);
    return file;
}

void symbols_find(struct symbols *symbols, const char *file, uint64_t offset, struct symbol *symbol)
{
    const struct file *of = file_of(symbols, file);
    const char *name = of ? file_symbol(of, offset) : NULL;
    *symbol = (struct symbol){.is_named = name != NULL};
    if (name)
        snprintf(symbol->name, sizeof symbol->name, "%s", name);
    else
        snprintf(symbol->name, sizeof symbol->name, "0x%llx", (unsigned long long)offset);
    if (of)
        snprintf(symbol->build_id, sizeof symbol->build_id, "%s", of->build_id);
}

/* ---- the kernel ---- */

static int by_address(const void *a, const void *b)
{
    const struct kernel_symbol *x = a, *y = b;
    return (x->address > y->address) - (x->address < y->address);
}

/* Who may not see addresses reads zeros. */
static void kernel_read(struct symbols *symbols)
{
    size_t room = 0;
    char line[512], type;
    FILE *in = fopen(KERNEL_SYMBOLS, "re");
    symbols->kernel_is_read = true;
    while (in && fgets(line, sizeof line, in)) {
        struct kernel_symbol symbol = {0};
        unsigned long long address;
        if (sscanf(line, "%llx %c %63s", &address, &type, symbol.name) != 3 || !address || !strchr("tTwW", type))
            continue;
        symbol.address = address;
        if (symbols->kernel_count == room) {
            struct kernel_symbol *more = reallocarray(symbols->kernel, room ? 2 * room : 65536, sizeof *more);
            if (!more)
                break;
            symbols->kernel = more;
            room = room ? 2 * room : 65536;
        }
        symbols->kernel[symbols->kernel_count++] = symbol;
    }
    if (in)
        fclose(in);
    if (symbols->kernel_count)
        qsort(symbols->kernel, symbols->kernel_count, sizeof *symbols->kernel, by_address);
}

void symbols_find_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol)
{
    size_t lo = 0, hi;
    if (!symbols->kernel_is_read)
        kernel_read(symbols);
    *symbol = (struct symbol){.is_named = false};
    for (hi = symbols->kernel_count; lo < hi;) {
        const size_t middle = lo + (hi - lo) / 2;
        if (symbols->kernel[middle].address <= address)
            lo = middle + 1;
        else
            hi = middle;
    }
    symbol->is_named = lo > 0;
    snprintf(symbol->name, sizeof symbol->name, "%s", lo ? symbols->kernel[lo - 1].name : "kernel");
}

void symbols_free(struct symbols *symbols)
{
    for (size_t i = 0; symbols && i < symbols->count; i++) {
        file_close(&symbols->file[i]);
        free(symbols->file[i].path);
    }
    if (symbols) {
        free(symbols->file);
        free(symbols->kernel);
    }
    free(symbols);
}
