/* transport=socket: a pair of sockets for every worker, whose packets keep their bounds, and a submitter that asks
 * epoll(7) who has answered. A worker has one task at a time and gets the next when its record is back, so the
 * submitter knows who has what, and nobody waits behind a long task.
 *
 * The submitter keeps the worker's end open too: whoever takes a dead worker's place inherits it, and what the dead has
 * not read is taken out of it before. */
#include "pools/transport/way.h"
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { ASKED_AT_ONCE = 64 };

struct line {
    int ours, theirs;
};

struct way {
    int epoll;
    struct line *lines;
    uint64_t *idle;   /* bit set: the worker has no task */
    uint32_t *holder; /* by slot: worker + 1 that was told of it; 0: nobody */
    struct epoll_event answers[ASKED_AT_ONCE];
    int answered, at; /* of answers; those before `at` are taken */
};

static void socket_close(struct pool *pool)
{
    struct way *way = pool->way;
    if (!way)
        return;
    for (unsigned i = 0; way->lines && i < pool->group.workers; i++)
        if (way->lines[i].ours >= 0) {
            close(way->lines[i].ours);
            close(way->lines[i].theirs);
        }
    if (way->epoll >= 0)
        close(way->epoll);
    free(way->lines);
    free(way->idle);
    free(way->holder);
    free(way);
}

static int line_open(struct way *way, unsigned worker)
{
    int fds[2];
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = worker};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
        return -errno;
    way->lines[worker] = (struct line){fds[0], fds[1]};
    way->idle[worker / 64] |= 1ull << (worker % 64);
    return epoll_ctl(way->epoll, EPOLL_CTL_ADD, fds[0], &event) < 0 ? -errno : 0;
}

static int socket_open(struct pool *pool)
{
    unsigned workers = pool->group.workers;
    struct way *way = calloc(1, sizeof *way);
    if (!way)
        return -ENOMEM;
    pool->way = way;
    way->epoll = epoll_create1(EPOLL_CLOEXEC);
    int rc = way->epoll < 0 ? -errno : 0;
    way->lines = calloc(workers, sizeof *way->lines);
    way->idle = calloc(pool->group.words, sizeof *way->idle);
    way->holder = calloc(pool->queue.size, sizeof *way->holder);
    for (unsigned i = 0; way->lines && i < workers; i++)
        way->lines[i].ours = -1;
    if (rc == 0 && (!way->lines || !way->idle || !way->holder))
        rc = -ENOMEM;
    for (unsigned i = 0; i < workers && rc == 0; i++)
        rc = line_open(way, i);
    pool->ready = way->epoll;
    return rc;
}

static int tell(int fd, uint32_t message)
{
    ssize_t sent = TEMP_FAILURE_RETRY(send(fd, &message, sizeof message, MSG_DONTWAIT | MSG_NOSIGNAL));
    return sent == sizeof message ? 0 : -errno;
}

static bool is_alive(const struct group *group, unsigned worker)
{
    return !group->processes || group->unit[worker].pid;
}

static int socket_offer(struct pool *pool)
{
    struct way *way = pool->way;
    for (unsigned word = 0; word < pool->group.words; word++)
        for (uint64_t idle = way->idle[word]; idle; idle &= idle - 1) {
            unsigned worker = word * 64 + (unsigned)__builtin_ctzll(idle);
            if (!pool->backlog_count)
                return 0;
            if (!is_alive(&pool->group, worker))
                continue; /* whoever takes its place is told */
            uint32_t slot = backlog_first(pool);
            int rc = tell(way->lines[worker].ours, slot);
            if (rc < 0)
                return rc;
            way->idle[word] &= ~(idle & -idle);
            way->holder[slot] = worker + 1;
            backlog_drop_first(pool);
        }
    return 0;
}

static int socket_collect(struct pool *pool, struct done *done)
{
    struct way *way = pool->way;
    for (;;) {
        while (way->at < way->answered) {
            unsigned worker = way->answers[way->at++].data.u32;
            ssize_t got = recv(way->lines[worker].ours, done, sizeof *done, MSG_DONTWAIT);
            if (got == sizeof *done) {
                way->idle[worker / 64] |= 1ull << (worker % 64);
                way->holder[done->slot] = 0;
                return 1;
            }
            if (got >= 0)
                return -EPROTO;
            if (errno != EAGAIN && errno != EINTR) /* after EINTR epoll names it again */
                return -errno;
        }
        way->at = 0;
        way->answered = epoll_wait(way->epoll, way->answers, ASKED_AT_ONCE, 0);
        if (way->answered > 0)
            continue;
        int rc = way->answered < 0 && errno != EINTR ? -errno : 0;
        way->answered = 0;
        return rc;
    }
}

static void socket_call(struct pool *pool)
{
    const struct way *way = pool->way;
    for (unsigned i = 0; i < pool->group.workers; i++)
        tell(way->lines[i].ours, LOOK_UP); /* no room: it does not sleep, and looks before the next message */
}

/* What it was sent and has not read. */
static void socket_bury(struct pool *pool, unsigned worker)
{
    struct way *way = pool->way;
    uint32_t message;
    while (recv(way->lines[worker].theirs, &message, sizeof message, MSG_DONTWAIT) > 0)
        ;
    for (uint32_t slot = 0; slot < pool->queue.size; slot++)
        if (way->holder[slot] == worker + 1)
            way->holder[slot] = 0;
    way->idle[worker / 64] |= 1ull << (worker % 64);
}

static bool socket_is_told(const struct pool *pool, uint32_t slot)
{
    const struct way *way = pool->way;
    return way->holder[slot] != 0;
}

static bool socket_receive(struct pool *pool, struct self *self, uint32_t *slot)
{
    const struct way *way = pool->way;
    return recv(way->lines[self->number].theirs, slot, sizeof *slot, 0) == sizeof *slot && *slot != LOOK_UP;
}

static bool socket_report(struct pool *pool, struct self *self, const struct done *done)
{
    const struct way *way = pool->way;
    int fd = way->lines[self->number].theirs;
    return TEMP_FAILURE_RETRY(send(fd, done, sizeof *done, MSG_NOSIGNAL)) == sizeof *done;
}

const struct transport transport_socket = {
    .open = socket_open,
    .close = socket_close,
    .offer = socket_offer,
    .collect = socket_collect,
    .call = socket_call,
    .bury = socket_bury,
    .is_told = socket_is_told,
    .receive = socket_receive,
    .report = socket_report,
};
