/* Names of functions by their place in a file, through libdw (elfutils), where poolbench was built with it; and of the
 * kernel's through /proc/kallsyms, where that is readable. Whoever asks for a debug file server (DEBUGINFOD_URLS) is
 * not heard: nothing is loaded from anywhere. One thread. */
#ifndef POOLBENCH_MACHINE_SYMBOLS_H
#define POOLBENCH_MACHINE_SYMBOLS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOL_MAX   160
#define BUILD_ID_MAX 41

struct symbols; /* files that were opened so far */

/* NULL: no memory. */
struct symbols *symbols_new(void);
void symbols_free(struct symbols *symbols);

struct symbol {
    char name[SYMBOL_MAX];       /* "0x1a2b", its place in the file, where no name is known */
    char build_id[BUILD_ID_MAX]; /* of the file, in hexadecimal; "" where it has none, or nobody could tell */
    bool is_named;
};
/* Of the byte at `offset` of a file, as processes map it. */
void symbols_find(struct symbols *symbols, const char *file, uint64_t offset, struct symbol *symbol);
/* Of an address of the kernel. */
void symbols_find_kernel(struct symbols *symbols, uint64_t address, struct symbol *symbol);
/* Why functions have no names here; NULL: they have. */
const char *symbols_lack(void);

#endif
