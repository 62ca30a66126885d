/* Pools on other people's libraries that can be built here (pools/plugin/peers/, `make peers`): known by name, so
 * that one that is not there is no unknown word. Thread-safe. */
#ifndef POOLBENCH_LAUNCH_PEERS_H
#define POOLBENCH_LAUNCH_PEERS_H
#include <stdbool.h>

struct peer {
    const char *name, *summary;
    const char *needs; /* Debian packages */
    bool is_pool;      /* else a workload */
};

extern const struct peer peers[]; /* ends with a row without a name */

/* NULL: there is none of that name. */
const struct peer *peer_find(const char *name, bool is_pool);

#endif
