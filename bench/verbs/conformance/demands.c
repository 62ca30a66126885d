/* What is demanded of a pool. Small trials: what breaks a contract breaks it there. */
#include "bench/verbs/conformance/conformance.h"

#define WORKERS  "--workers 1,2,5 "
#define SHORT    "--workload spin --size 2us "
#define COLLECTS "--collect completed,ordered "

const struct demand demands[] = {
    {"all at once", WORKERS SHORT COLLECTS "--tasks 1,7,1000 --arrival burst", CONFORMANCE_RESULTS, DEMAND_FEW_TASKS},
    {"in waves", WORKERS SHORT COLLECTS "--tasks 7,600 --arrival wave:1,wave:16", CONFORMANCE_RESULTS,
     DEMAND_FEW_TASKS},
    {"in windows", WORKERS SHORT COLLECTS "--tasks 7,600 --arrival window:1,window:8", CONFORMANCE_RESULTS,
     DEMAND_FEW_TASKS},
    {"at a rate", WORKERS SHORT COLLECTS "--tasks 300 --arrival rate:20000,rate:20000:poisson", CONFORMANCE_RESULTS,
     DEMAND_FEW_TASKS},
    {"more tasks than fit", "--workers 2,5 --workload empty --tasks 20000", CONFORMANCE_RESULTS, DEMAND_FEW_TASKS},
    {"long and short tasks", "--workers 3 --workload spin --size 50us --size-dist bimodal,exponential --tasks 300",
     CONFORMANCE_RESULTS, DEMAND_FEW_TASKS},
    {"tasks that sleep", "--workers 4 --workload sleep,mixed --size 1ms --tasks 64", CONFORMANCE_RESULTS, 0},
    {"payload", "--workers 1,3 --workload spin --size 2us --tasks 200 --payload 100:0,0:100,64KiB:64KiB",
     CONFORMANCE_RESULTS, DEMAND_FEW_TASKS},
    {"reap waits as asked", "--workers 1,3 --workload sleep --size 100ms --tasks 8", CONFORMANCE_REAP, DEMAND_WAITS},
    {"places", "--workers cores --workload spin --size 100us --tasks 200 --place compact", CONFORMANCE_RESULTS,
     DEMAND_PLACES | DEMAND_FEW_TASKS},
    {"usage is told", "--workers 2 --workload spin --size 1ms --tasks 100", CONFORMANCE_RESULTS, DEMAND_CPU_TIME},
    {"a task that fails", WORKERS SHORT "--tasks 100 --faults error:task=37", CONFORMANCE_RESULTS, 0},
    {"many that fail", WORKERS SHORT "--tasks 300 --faults error:rate=10%", CONFORMANCE_RESULTS, DEMAND_FEW_TASKS},
    {"a wrong result", "--workers 2 " SHORT "--tasks 100 --faults wrong:task=37", CONFORMANCE_RESULTS, 0},
    {"a task that exits", WORKERS SHORT "--tasks 100 --faults exit:task=37", CONFORMANCE_RESULTS, DEMAND_DIES},
    {"a task that crashes", WORKERS SHORT "--tasks 100 --faults abort:task=37", CONFORMANCE_RESULTS, DEMAND_DIES},
    {"a task that is killed", WORKERS SHORT "--tasks 100 --faults kill:task=37", CONFORMANCE_RESULTS, DEMAND_DIES},
    {"many that are killed", "--workers 2,5 " SHORT "--tasks 300 --faults kill:rate=5%", CONFORMANCE_RESULTS,
     DEMAND_DIES | DEMAND_FEW_TASKS},
    {0},
};
