/* A channel: a group that draws from a queue. pthread, prefork and hybrid are pools of one or two channels; they differ
 * only in who the workers are, so that what differs between their timings is the address space and nothing else. Their
 * pool_ops name the channels_* functions, which are the pool contract for such a pool. */
#ifndef POOLBENCH_CHANNEL_H
#define POOLBENCH_CHANNEL_H
#include "pools/parts/group_state.h"
#include "pools/parts/wait.h"

/* The workers of one channel. */
struct team {
    unsigned workers;
    unsigned processes; /* 0: threads of the submitter */
    unsigned threads;   /* of each process */
};

#define TEAMS_MAX 2

/* What the pool_ops of such a pool have in common. */
#define CHANNELS_OPS                                                                                                   \
    .handover_ns = 20, .submit = channels_submit, .reap = channels_reap, .usage = channels_usage,                      \
    .peek = channels_peek, .close = channels_close

/* One team: all tasks go to it. Two: CPU-bound tasks to the first, sleep-bound tasks to the second; workers are
 * numbered through. Teams of processes come first, so that they are small; one of them that dies is replaced by a fork
 * of a submitter that may have threads by then, which is safe here: the C library makes its own locks usable in the
 * child, the child makes no threads (route=class), and workloads hold no lock across fork. */
struct channels {
    enum wait_mode wait;
    uint32_t max_tasks; /* that a worker process runs before it is replaced; 0: no limit */
    unsigned count;     /* of teams */
    struct team teams[TEAMS_MAX];
};
/* The pool contract; `channels` is read by open alone. */
int channels_open(const struct pool_config *config, const struct job *job, const struct channels *channels,
                  struct pool **pool);
int channels_submit(struct pool *pool, const uint32_t *tasks, unsigned n);
int channels_reap(struct pool *pool, struct done *done, unsigned min, unsigned max, uint64_t until_ns);
int channels_usage(struct pool *pool, bool with_memory, struct usage *usage);
void channels_peek(const struct pool *pool, struct peek *peeks);
int channels_close(struct pool *pool);

#endif
