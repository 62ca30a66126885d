/* Plug-ins, as the harness knows them: pools and workloads like others, whose `file` says where they come from. The
 * harness never loads one: what it knows was found out by a trial program (bench/trial/probe.c), once a file. One
 * thread. */
#ifndef POOLBENCH_LAUNCH_PLUGIN_H
#define POOLBENCH_LAUNCH_PLUGIN_H
#include "bench/base/refuse.h"
#include "bench/base/spec.h"
#include "pools/pool.h"
#include "workloads/workload.h"

/* A pool or workload by what stands in front of the options of --pool or --workload: the name of one that is built in,
 * a file (./mine.so: it has a slash, or ends with .so), or the name of a file in a folder of plug-ins. NULL with a line
 * in error. Valid until the program ends. */
const struct pool_ops *pool_named(const char *name, char *error);
const struct workload_ops *workload_named(const char *name, char *error);
/* Whether a spec is of a pool on somebody else's library that poolbench has, and `make peers` has not built here. */
bool peer_is_missing(const char *spec);
/* The name that screens and files show for it without a label: that of the file without folder and .so. Returns text.
 */
char *plugin_base_name(const char *file, char *text, size_t size);

/* What workers and params come to, for any pool; misfit: "", or why they do not go together. -EINVAL with a line in
 * error when that could not be found out. */
#define MISFIT_MAX 192
int pool_shape_of(const struct pool_ops *pool, unsigned workers, const int64_t *params, struct pool_shape *shape,
                  char *misfit, char *error);
/* Opens the pool once in a trial program, has it run a few tasks and closes it; nothing for pools that are built in.
 * -EINVAL with a line in error when that does not work. */
int pool_rehearse(const struct pool_ops *pool, unsigned workers, const int64_t *params, char *error);

/* Of the content of a plug-in's file, as it was when it was first named. */
uint64_t plugin_hash(const char *file);
/* All that were named: [{"file", "kind", "name", "bytes", "hash"}]; a new reference, NULL: no memory. */
struct json_t *plugins_json(void);

/* Folders of plug-ins: POOLBENCH_PLUGINS (a list with colons), then that of this build or installation. Calls `visit`
 * with the path of every *.so, in order, a name that was there before left out. */
void plugin_files(void (*visit)(const char *path, void *arg), void *arg);

#endif
