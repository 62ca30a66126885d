/* What the processes of pool zygote do (zygote.h). */
#ifndef POOLBENCH_FORKER_H
#define POOLBENCH_FORKER_H
#include "pools/parts/zygote.h"

/* The life of the process in that row, from its birth on; row 0 waits to make others. */
_Noreturn void forker_main(struct zygote_shared *shared, uint32_t row);

#endif
