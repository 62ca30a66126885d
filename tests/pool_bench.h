/* A pool on its own, without driver or trial program, and what it leaves behind: for tests of pools. */
#ifndef POOLBENCH_TESTS_POOL_BENCH_H
#define POOLBENCH_TESTS_POOL_BENCH_H
#include "pools/pool.h"

#define FOREVER UINT64_MAX

/* What a pool could leave behind in this process. */
struct traces {
    unsigned fds, threads, mappings, children;
};

struct traces traces(void);
void assert_no_new_traces(struct traces before);

struct bench {
    struct job job;
    struct pool_config config;
    struct cost cost;
    int64_t params[PARAM_MAX];
    const struct pool_ops *ops;
    struct pool *pool;
    struct traces before; /* when it was opened: closing leaves no more */
};

/* All of a bench but the pool itself; the workload's state is prepared. */
void bench_init(struct bench *bench, const struct pool_ops *ops, const struct workload_ops *workload, struct cost cost,
                unsigned workers);
void bench_open(struct bench *bench);
void bench_close(struct bench *bench);
void submit_all(struct bench *bench, uint32_t first, uint32_t count); /* up to 64, all of them taken */
/* Up to `most` CPUs that this process may run on, whatever their numbers, below CPUS_MAX; how many. */
enum { CPUS_MAX = 8192 };
unsigned allowed_cpus(unsigned *cpus, unsigned most);
void go_to_cpus(const unsigned *cpus, unsigned count); /* this thread, and what it starts from now on */
/* Of what is drawn by chance: SEED from the environment, else another one each time. To be printed. */
uint64_t test_seed(void);
pid_t find_child(const char *name); /* that lives, whose name begins like that; 0: none */
/* What each worker is on (peek_word); 0: nothing. Of pools whose peeks[0] are side by side. */
const volatile uint64_t *pids_of(const struct bench *bench);
/* Of the children, in the order of their births: the first that lives, does not stand still, and whose name begins like
 * that; 0: none. *count, if not NULL: to be added to, how many there are. */
pid_t find_standing(const char *name, unsigned *count);
bool stands(pid_t pid);           /* a child that lives, and does not stand still */
int kill_child(const char *name); /* with SIGKILL, as kill(2); fails where there is none: 0 would be all of our group */

#endif
