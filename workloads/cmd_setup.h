/* Inside of the workload cmd: its state, made from the parameters, and used by cmd.c to run programs. Read-only once it
 * is prepared. */
#ifndef POOLBENCH_CMD_SETUP_H
#define POOLBENCH_CMD_SETUP_H
#include "workloads/line.h"
#include "workloads/work.h"

enum output { OUTPUT_DISCARD, OUTPUT_SHOW, OUTPUT_COMPARE, OUTPUT_FILE };

struct cmd {
    uint64_t seed;
    struct strings words, files;
    char *program; /* where it is; NULL: each task's first word is looked up */
    bool is_shell, ignores;
    enum output output_kind;
    char *output, *left; /* left NULL: nothing to read afterwards */
    int null;            /* /dev/null, for what is discarded */
    bool accepted[256];  /* exit statuses beside 0 */
    uint32_t retries;
    uint64_t timeout_ns; /* 0: none */
};

/* What workloads/workload.h says of check, once, prepare, unlistable and release. */
extern const struct param cmd_params[];
int cmd_check(const int64_t *params, struct supply *supply, char *error);
bool cmd_once(const int64_t *params);
int cmd_prepare(const struct workload_config *config, void **state);
const char *cmd_unlistable(const int64_t *params);
void cmd_release(void *state);

#endif
