/* run --hosts: the same plan and seed on several hosts, block by block. A host is reached by ssh, or a command like it,
 * and runs `poolbench remote` (wire.h). Its files are RUN/hosts/h1 ..., each a run that is whole after every block;
 * what they come to together is RUN, made of them when all have ended (bench/model/merge.h). A host that is lost keeps
 * what it has. One thread. */
#ifndef POOLBENCH_VERBS_FLEET_FLEET_H
#define POOLBENCH_VERBS_FLEET_FLEET_H
#include "bench/ask/arguments.h"
#include "bench/verbs/fleet/peer.h"

#define EXIT_SOME  5 /* some hosts ran all, and some did not */
#define HOSTS_MOST 1000

struct fleet {
    char directory[PATH_MAX];
    struct peer *peer;
    size_t count;
    char ssh[1024], remote[1024];
    bool in_turn;
    bool goes_on;     /* resume: hosts have files */
    bool apart;       /* its hosts ran at different times */
    int interrupted;  /* the signal */
    const char *verb; /* run or resume */
    char **argv;
};

/* Of run, whose --hosts that is: the exit code. */
struct fleet_wish {
    const char *hosts, *remote, *ssh; /* hosts: of run */
    bool in_turn, trust;              /* of run; of resume */
};
int fleet_run(const struct arguments *given, const struct fleet_wish *wish);
/* Whether a run was made by it; and going on with it: the exit code. Nothing that the run says is executed: what
 * reaches its hosts is what is asked for here, and its suite must be trusted (bench/ask/trust.h). */
bool fleet_is(const char *directory);
int fleet_resume(const char *directory, const struct fleet_wish *wish, char **argv);

/* Calls all hosts and has them run their blocks, until each has ended or is lost. */
void fleet_drive(struct fleet *fleet);

#endif
