/* Which host does what next, see fleet.h: all are called at once; blocks go in rounds, so that all hosts run a block in
 * the same minutes; hosts that are one machine (one boot) take turns, as they would measure each other. */
#include "bench/base/inside.h"
#include "bench/verbs/fleet/fleet.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALL_NS 45000000000ull  /* until a host has answered */
#define OPEN_NS 900000000000ull /* calibrating, with pilots */
#define END_MS  5000            /* until what reaches a host has ended */

static volatile sig_atomic_t came;

static void on_signal(int number)
{
    if (number != SIGPIPE) /* not ignored: programs would be begun so */
        came = number;
}

static bool any(const struct fleet *f, enum peer_state from, enum peer_state to)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->peer[i].state >= from && f->peer[i].state <= to)
            return true;
    return false;
}

static bool are_one(const struct fleet *f, const struct peer *a, const struct peer *b)
{
    return f->in_turn || (strcmp(a->boot, "-") != 0 && !strcmp(a->boot, b->boot));
}

/* Whether another host of the same machine is at work. */
static bool is_taken(const struct fleet *f, const struct peer *p)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct peer *other = &f->peer[i];
        if (other != p && are_one(f, p, other) && (other->state == PEER_OPENING || other->state == PEER_RUNNING))
            return true;
    }
    return false;
}

/* All run what is run here: the same source, which may be built for other machines. */
static void source_check(struct fleet *f)
{
    for (size_t i = 0; i < f->count; i++) {
        struct peer *p = &f->peer[i];
        if (p->state == PEER_GREETED && (strcmp(p->version, POOLBENCH_VERSION) || strcmp(p->commit, POOLBENCH_COMMIT)))
            peer_lose(p, "it has another source: %.40s (commit %.40s), expected %s (commit %s) as here", p->version,
                      p->commit, POOLBENCH_VERSION, POOLBENCH_COMMIT);
        else if (p->state == PEER_GREETED && (p->ahead_s > 1 || p->ahead_s < -1))
            fprintf(stderr, "poolbench %s: %s: its clock is %.0f s %s ours; no time is measured by it\n", f->verb,
                    p->label, p->ahead_s > 0 ? p->ahead_s : -p->ahead_s, p->ahead_s > 0 ? "ahead of" : "behind");
    }
}

static void open_order(const struct fleet *f, struct peer *p)
{
    const bool again = f->goes_on && inside_is_there(p->directory, "trials.csv");
    for (size_t i = 0; wire_files[i] && again; i++)
        peer_file(p, p->directory, wire_files[i]);
    if (!again)
        peer_file(p, f->directory, "suite.ini");
    peer_say(p, "open %s %s", again ? "AGAIN" : "NEW", p->label);
    if (peer_is_there(p))
        peer_turn(p, PEER_OPENING);
}

static void lost_say(const struct fleet *f, bool *said)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->peer[i].state == PEER_LOST && !said[i]) {
            fprintf(stderr, "poolbench %s: %s (%s): %s\n", f->verb, f->peer[i].label, f->peer[i].name, f->peer[i].why);
            said[i] = true;
        }
}

/* A round is of the block that comes next on the host that is furthest behind. */
static int64_t round_of(const struct fleet *f)
{
    int64_t round = INT64_MAX;
    for (size_t i = 0; i < f->count; i++) {
        const struct peer *p = &f->peer[i];
        if ((p->state == PEER_READY || p->state == PEER_RUNNING) && p->next <= p->blocks && p->next < round)
            round = p->next;
    }
    return round;
}

static void orders_give(struct fleet *f)
{
    for (size_t i = 0; i < f->count && !any(f, PEER_CALLED, PEER_CALLED); i++)
        if (f->peer[i].state == PEER_GREETED && !is_taken(f, &f->peer[i]))
            open_order(f, &f->peer[i]);
    if (any(f, PEER_CALLED, PEER_OPENING))
        return;
    const int64_t round = round_of(f);
    for (size_t i = 0; i < f->count; i++) {
        struct peer *p = &f->peer[i];
        if (p->state == PEER_READY && p->next > p->blocks) {
            peer_say(p, "end");
            peer_turn(p, PEER_ENDING);
        } else if (p->state == PEER_READY && p->next <= round && !is_taken(f, p)) {
            peer_say(p, "block %lld", (long long)p->next);
            peer_turn(p, PEER_RUNNING);
        }
    }
}

static void limits_look(struct fleet *f)
{
    const uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < f->count; i++) {
        struct peer *p = &f->peer[i];
        if (!peer_is_there(p))
            continue;
        const uint64_t state_ns = now_ns - p->since_ns, quiet_ns = now_ns - p->heard_ns;
        if (p->state == PEER_CALLED && state_ns > CALL_NS)
            peer_lose(p, "it did not answer within %d s", (int)(CALL_NS / 1000000000));
        else if (p->state == PEER_OPENING && state_ns > OPEN_NS)
            peer_lose(p, "it made no plan within %d min", (int)(OPEN_NS / 60000000000));
        else if ((p->state == PEER_RUNNING || p->state == PEER_ENDING) && quiet_ns > WIRE_QUIET_NS)
            peer_lose(p, "it said nothing for %d s", (int)(WIRE_QUIET_NS / 1000000000));
        if (peer_is_there(p) && p->state != PEER_CALLED && now_ns - p->said_ns > WIRE_BEAT_NS)
            peer_say(p, "%s", "");
    }
}

/* Until all have ended, or a signal came. */
static void hosts_drive(struct fleet *f, struct pollfd *poller, bool *said)
{
    bool was_checked = false;
    while (any(f, PEER_CALLED, PEER_ENDING) && !came) {
        for (size_t i = 0; i < f->count; i++)
            peer_poll(&f->peer[i], poller + 3 * i);
        if (poll(poller, 3 * f->count, 1000) < 0 && errno != EINTR)
            break;
        for (size_t i = 0; i < f->count && !came; i++)
            peer_move(&f->peer[i], poller + 3 * i);
        limits_look(f);
        if (!was_checked && !any(f, PEER_CALLED, PEER_CALLED)) {
            source_check(f);
            was_checked = true;
        }
        orders_give(f);
        lost_say(f, said);
    }
}

void fleet_drive(struct fleet *f)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    struct pollfd *poller = calloc(3 * f->count + 1, sizeof *poller);
    bool *said = calloc(f->count + 1, sizeof *said);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){.sa_handler = on_signal}, NULL);
    for (size_t i = 0; i < f->count && poller && said; i++)
        if (peer_is_there(&f->peer[i]))
            peer_call(&f->peer[i], f->ssh, f->remote);
    if (poller && said)
        hosts_drive(f, poller, said);
    f->interrupted = came;
    for (size_t i = 0; i < f->count; i++)
        peer_lose(&f->peer[i], "%s", came ? "the run was interrupted here" : "out of memory here");
    const uint64_t since_ns = clock_monotonic_ns();
    for (size_t i = 0; i < f->count; i++) {
        const uint64_t gone_ms = (clock_monotonic_ns() - since_ns) / 1000000;
        peer_end(&f->peer[i], gone_ms < END_MS ? (int)(END_MS - gone_ms) : 0);
    }
    free(poller);
    free(said);
}
