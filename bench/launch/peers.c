/* The peers that poolbench has sources for. scripts/peers builds them and has the same names. */
#include "bench/launch/peers.h"
#include <stddef.h>
#include <string.h>

const struct peer peers[] = {
    {"openmp", "OpenMP tasks", "libgomp1", true},
    {"tbb", "oneTBB, task_group", "g++ libtbb-dev", true},
    {"tbb-enqueue", "oneTBB, task_arena::enqueue", "g++ libtbb-dev", true},
    {"glib", "GLib's GThreadPool", "libglib2.0-dev", true},
    {"libuv", "libuv's uv_queue_work", "libuv1-dev", true},
    {"cthreadpool", "cthreadpool (thpool)", "cthreadpool-dev", true},
    {"zeromq", "ZeroMQ's PUSH and PULL to processes", "libzmq3-dev", true},
    {"openmpi", "Open MPI, messages to ranks on one machine", "libopenmpi-dev openmpi-bin", true},
    {"python", "Python's executors and multiprocessing", "libpython3-dev", true},
    {"py", "a loop in pure Python", "libpython3-dev", false},
    {0},
};

const struct peer *peer_find(const char *name, bool is_pool)
{
    for (const struct peer *peer = peers; peer->name; peer++)
        if (peer->is_pool == is_pool && !strcmp(peer->name, name))
            return peer;
    return NULL;
}
