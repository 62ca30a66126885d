/* What plug-ins of poolbench have in common: the version of the interface, and parameters. Included by pool.h and
 * workload.h; C11 and C++17, nothing but the standard library.
 *
 * A plug-in is a shared object that defines `poolbench_pool_plugin` (pool.h), `poolbench_workload_plugin` (workload.h)
 * or both. It is loaded by the process that runs one trial, never by the harness, with RTLD_NOW | RTLD_LOCAL, and it
 * links with nothing of poolbench: whatever it needs from there comes to it in tables of functions.
 *
 *     cc -shared -fPIC $(pkg-config --cflags poolbench) -o mine.so mine.c
 *     poolbench run --pool pthread,./mine.so
 *     poolbench conformance --pool ./mine.so
 *
 * Compatibility. `abi` changes when something that exists changes its meaning or place; plug-ins of another abi are
 * refused. `size` grows when members are added at the end of a table: a plug-in that was built before is as good as
 * one that leaves them empty, and what is newer than poolbench itself is refused. */
#ifndef POOLBENCH_API_PLUGIN_H
#define POOLBENCH_API_PLUGIN_H
#include <stddef.h>
#include <stdint.h>

#define POOLBENCH_ABI 1u

#if defined(__GNUC__)
#define POOLBENCH_EXPORT           __attribute__((visibility("default")))
#define POOLBENCH_PRINTF(at, args) __attribute__((format(printf, at, args)))
#else
#define POOLBENCH_EXPORT
#define POOLBENCH_PRINTF(at, args)
#endif

/* Whether a table, of which somebody else says how large it is, has a member: newer ones may be missing. */
#define POOLBENCH_HAS(table, member) ((table)->size >= offsetof(__typeof__(*(table)), member) + sizeof((table)->member))

/* An option of the plug-in, behind a colon of --pool or --workload: "./mine.so:queue=64:mode=steal". Whatever the kind,
 * its value travels as one int64_t. A table of them ends with a row whose name is NULL; the position of a row is the
 * index of its value. At most POOLBENCH_PARAMS rows. */
enum {
    POOLBENCH_COUNT,    /* a whole number */
    POOLBENCH_BYTES,    /* bytes; may be written as 64KiB */
    POOLBENCH_DURATION, /* ns; may be written as 200us */
    POOLBENCH_SHARE,    /* parts per million; may be written as 10% or 0.1 */
    POOLBENCH_CHOICE    /* the index of one of the words in `choices` */
};
#define POOLBENCH_PARAMS 8

struct poolbench_param {
    const char *name;
    uint32_t kind;
    const char *preset;  /* the default, as a user would write it; "": none, the value is 0 */
    int64_t min, max;    /* inclusive; not for POOLBENCH_CHOICE */
    const char *choices; /* "fifo|lifo|steal"; POOLBENCH_CHOICE only */
    const char *help;    /* one line, no full stop */
};

#endif
