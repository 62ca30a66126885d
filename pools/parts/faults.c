/* Which tasks are to fail, see faults.h. */
#include "pools/parts/faults.h"
#include "workloads/sequence.h"

const struct fault_about fault_kinds[FAULT_KINDS] = {
    [FAULT_ERROR] = {"error", "returns EIO: status error", false},
    [FAULT_EXIT] = {"exit", "ends its process with exit status 3", true},
    [FAULT_ABORT] = {"abort", "calls abort(3)", true},
    [FAULT_SEGV] = {"segv", "writes to memory that it may not write to", true},
    [FAULT_STACK] = {"stack", "calls itself until the stack is full, of 8 MiB where it has no limit", true},
    [FAULT_KILL] = {"kill", "its process gets SIGKILL, as from outside", true},
    [FAULT_STOP] = {"stop", "its process gets SIGSTOP and stands still; --task-limit ends it", true},
    [FAULT_HANG] = {"hang", "sleeps for ever; --task-limit ends it", true},
    [FAULT_OOM] =
        {"oom", "takes memory until there is none or it has 256 MiB, then gets the SIGKILL that the kernel would send",
         true},
    [FAULT_FDLEAK] = {"fdleak",
                      "opens files until its process may open no more (1024, if the limit is higher), leaves them open "
                      "and returns EMFILE: status error",
                      false},
    [FAULT_WRONG] = {"wrong", "returns a wrong result, which the checks must find: status wrong", false},
};

enum fault_kind fault_find(const struct faults *faults, uint64_t seed, uint32_t index)
{
    if (!faults->count || index >= TASK_WARMUP_FIRST)
        return FAULT_NONE;
    for (uint32_t i = 0; i < faults->count; i++)
        if (faults->fault[i].task == (int64_t)index)
            return (enum fault_kind)faults->fault[i].kind;
    /* one draw for all kinds: alone, each hits the tasks that any other would */
    uint64_t draw = mix_below(mix64(seed ^ 0x6661756c74, index), 1000000), share = 0;
    for (uint32_t i = 0; i < faults->count; i++) {
        share += faults->fault[i].rate_ppm;
        if (draw < share)
            return (enum fault_kind)faults->fault[i].kind;
    }
    return FAULT_NONE;
}
