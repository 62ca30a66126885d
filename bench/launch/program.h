/* Trial programs of other builds of poolbench, as --trial-program names them: cells run by one of them stand in the
 * same blocks as those run by our own. One thread. */
#ifndef POOLBENCH_LAUNCH_PROGRAM_H
#define POOLBENCH_LAUNCH_PROGRAM_H
#include "bench/base/spec.h"
#include "bench/launch/job_begin.h"

#define PROGRAM_OWN    "this"         /* what our own is called */
#define PROGRAM_OTHER  "old"          /* and another one without a label */
#define PROGRAM_ASK_NS 10000000000ull /* to say whether it takes a job */

struct trial_program {
    char label[POOL_LABEL_MAX + 1];
    char file[PLUGIN_PATH_MAX]; /* absolute */
    uint64_t hash;              /* of its content when it was first named (plugin_file_hash) */
    int64_t bytes;
    struct trial_program *next;
};

/* By "[LABEL=]FILE": a poolbench-trial, a poolbench that has one beside it, or a folder with one. It is asked whether
 * it takes job files as this build lays them out. NULL with a line in error. Valid until the program ends. */
const struct trial_program *trial_program_named(const char *value, char *error);
/* Whether it took the job that the launcher has run: -EINVAL with a line in error where its report does not say so. */
int trial_program_took(const struct trial_program *program, const struct job_parts *parts,
                       const struct outcome *outcome, char *error);
/* {"label", "file", "bytes", "hash"}: a new reference; NULL: no memory, or the file cannot be read. */
struct json_t *trial_program_json(const char *label, const char *file);

#endif
