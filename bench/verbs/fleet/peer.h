/* The near end of a host: the command that reaches it, and the files that come. What comes is somebody else's: names
 * are of a list, lengths are bounded, no path is taken from it; what rows say is looked at when all is there. One
 * thread. */
#ifndef POOLBENCH_VERBS_FLEET_PEER_H
#define POOLBENCH_VERBS_FLEET_PEER_H
#include "bench/verbs/fleet/wire.h"
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/types.h>

enum peer_state {
    PEER_CALLED,  /* it has not answered yet */
    PEER_GREETED, /* it has, and waits */
    PEER_OPENING, /* it makes its plan, and calibrates */
    PEER_READY,   /* it waits for a block */
    PEER_RUNNING,
    PEER_ENDING,
    PEER_ENDED, /* all it had to do is done, and here */
    PEER_LOST,  /* `why` */
};

struct peer {
    char name[256], label[16];
    char directory[PATH_MAX]; /* of its files here */
    enum peer_state state;
    char why[192];
    pid_t pid;
    int in, out, err; /* we write, read, read; -1: closed */
    struct wire_in input, errors;
    char *queue; /* what is to be written */
    size_t queued;
    size_t skipped; /* bytes before its first line */
    int file, fd;   /* that comes; -1 */
    int64_t left;
    char last[160]; /* what it said on standard error, the last line */
    char version[64], commit[64], boot[64];
    double ahead_s;
    uint64_t since_ns, heard_ns, said_ns; /* in this state; */
    int64_t blocks, next;                 /* that it has; which comes next, from 1 */
};

/* Starts `ssh` (words with blanks between) for the host, there `remote`, a word or words of its shell. */
void peer_call(struct peer *peer, const char *ssh, const char *remote);
__attribute__((format(printf, 2, 3))) void peer_say(struct peer *peer, const char *format, ...);
/* A file of ours to it, if it is there. */
void peer_file(struct peer *peer, const char *directory, const char *name);
/* What poll(2) is to look for, in three places, and what is done with what it found. */
void peer_poll(const struct peer *peer, struct pollfd poller[3]);
void peer_move(struct peer *peer, const struct pollfd poller[3]);
void peer_turn(struct peer *peer, enum peer_state state);
__attribute__((format(printf, 2, 3))) void peer_lose(struct peer *peer, const char *format, ...);
static inline bool peer_is_there(const struct peer *peer)
{
    return peer->state < PEER_ENDED;
}
/* What reaches it has nothing to read any more, and ends: whether it has, waiting up to wait_ms; then it is killed. */
void peer_end(struct peer *peer, int wait_ms);

#endif
