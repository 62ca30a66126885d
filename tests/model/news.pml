/* News must reach the submitter: workers put records into rings of their own, publish several at once, set a ready bit
 * and count off what the submitter wants; who brings the last of it rings, and so does who fills half of its ring or
 * has no room in it. The submitter takes over ready bits, drains, says what it wants, looks again, takes off what that
 * found and sleeps; a worker without room says that it is blocked, looks again and sleeps (pools/parts/worker.c,
 * publish and worker_record; pools/parts/reap.c; pools/parts/event.h). A worker that dies after it has published and
 * before it has counted is news by itself (SIGCHLD). Every statement is one sequentially consistent access; a futex
 * compares and falls asleep in one step.
 *
 * What must hold in every interleaving: each record is taken once, in order, and the submitter gets all of them. News
 * that get lost leave it, or a worker, waiting for ever: an invalid end state.
 *
 * Each MUTANT leaves out one thing the protocol rests on; the model must then fail, which tests/test_model.sh checks. */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef EACH
#define EACH 2 /* tasks the first worker runs */
#endif
#ifndef LAST
#define LAST EACH /* tasks the last worker runs, where there are several */
#endif
#ifndef RING
#define RING 2 /* records in a ring */
#endif
#if WORKERS == 1
#define TOTAL EACH
#else
#define TOTAL (EACH + LAST)
#endif
#ifndef MOST
#define MOST TOTAL /* records the submitter takes at once, though it may want more */
#endif

byte tail[WORKERS], head[WORKERS]; /* records published and taken, ever */
byte ring[WORKERS * RING];
bool ready[WORKERS]; /* one word in the program: taken over by one exchange */
bool blocked[WORKERS];
byte doorbell[WORKERS];
bool asleep[WORKERS];
byte word;   /* the event word */
short wanted; /* 0 or less: the submitter is awake */
bool submitter_asleep;
byte taken[WORKERS]; /* records the submitter has seen */

#ifdef GROUPS /* two words, one a group of one worker */
#define TAKE_OVER_ALL
#define TAKE_OVER_ONE d_step { left[w] = left[w] || ready[w]; ready[w] = false }
#else
#define TAKE_OVER_ALL                                                                                                  \
    d_step { /* one exchange, of one word */                                                                          \
        w = 0;                                                                                                         \
        do                                                                                                             \
        :: w < WORKERS -> left[w] = left[w] || ready[w]; ready[w] = false; w++                                         \
        :: else -> break                                                                                               \
        od;                                                                                                            \
        w = 0                                                                                                          \
    }
#define TAKE_OVER_ONE
#endif

/* group_drain, of all groups; `left` holds ready bits whose rings are not empty yet */
inline drain()
{
    if
    :: have < MOST -> skip; TAKE_OVER_ALL
    :: else -> w = WORKERS
    fi;
    do
    :: w < WORKERS && have < MOST ->
        TAKE_OVER_ONE;
        if
        :: left[w] ->
            seen_tail = tail[w];
            do
            :: taken[w] < seen_tail && have < MOST ->
                assert(ring[w * RING + taken[w] % RING] == taken[w] + 1); /* the record that was written, in order */
                taken[w]++;
                have++
            :: else -> break
            od;
            if
            :: head[w] != taken[w] ->
                head[w] = taken[w];
#ifndef MUTANT_ROOM_WITHOUT_A_LOOK
                if
                :: blocked[w] -> doorbell[w]++; asleep[w] = false
                :: else
                fi
#endif
            :: else
            fi;
            left[w] = taken[w] != seen_tail;
            seen_tail = 0
        :: else
        fi;
        w++
    :: else -> break
    od;
    w = 0
}

active proctype submitter()
{
    bool left[WORKERS];
    byte w, seen_tail, have, goal, seen, before, got;
    short lacks;
    do
    :: got < TOTAL ->
        if
        :: goal = 1
        :: goal = TOTAL - got
        fi;
        have = 0;
        drain();
        do
        :: have >= goal || have == MOST -> break
        :: else ->
            seen = word;
            wanted = goal - have;
            before = have;
#ifndef MUTANT_NO_SECOND_LOOK
            drain();
#endif
#ifdef MUTANT_FOUND_AND_STILL_WANTED
            lacks = goal - have;
#else
            d_step { wanted = wanted - (have - before); lacks = wanted }; /* event_found */
#endif
            if
            :: lacks > 0 && have < MOST ->
                atomic { /* futex_wait */
                    if
                    :: word == seen -> submitter_asleep = true
                    :: else
                    fi
                }
                !submitter_asleep
            :: else
            fi;
            wanted = 0;
            before = 0;
            lacks = 0;
            seen = 0;
            drain();
            if
            :: have > 0 -> break
            :: else
            fi
        od;
        got = got + have
    :: else -> break
    od;
    assert(taken[0] == EACH)
}

/* event_ring: one of those who try pays for the wake-up */
inline ring_submitter()
{
    if
    :: wanted > 0 ->
        d_step { want = wanted; wanted = 0 }
        if
        :: want > 0 -> word++; submitter_asleep = false
        :: else
        fi;
        want = 0
    :: else
    fi
}

#ifdef MUTANT_COUNTS_TO_NOUGHT_ALONE
#define IS_LAST(want, count) ((want) == (count))
#else
#define IS_LAST(want, count) ((want) > 0 && (want) <= (count))
#endif

/* event_report */
inline report()
{
    if
    :: wanted != 0 ->
        d_step { want = wanted; wanted = wanted - count }
        if
        :: IS_LAST(want, count) -> word++; submitter_asleep = false
        :: else
        fi;
        want = 0
    :: else
    fi
}

/* publish */
inline publish()
{
    if
    :: published < filled ->
        count = filled - published;
        published = filled;
        tail[me] = filled;
#ifdef MUTANT_BIT_FROM_AN_OLD_LOOK
        if
        :: !old_ready -> ready[me] = true
        :: else
        fi;
        old_ready = true;
#else
        if
        :: !ready[me] -> ready[me] = true
        :: else
        fi;
#endif
#ifdef DEATH
        if
        :: filled == mine && me == 0 -> goto dead
        :: true
        fi;
#endif
        report();
        count = 0;
#ifndef MUTANT_A_FULL_RING_IS_NO_NEWS
        if
        :: filled - head[me] >= (RING + 1) / 2 -> ring_submitter()
        :: else
        fi
#endif
    :: else
    fi
}

active [WORKERS] proctype worker()
{
    byte me = _pid - 1, filled, published, count, seen;
    short want;
    byte mine = (me == 0 -> EACH : LAST);
#ifdef MUTANT_BIT_FROM_AN_OLD_LOOK
    bool old_ready;
#endif
    do
    :: filled < mine ->
        /* worker_record */
        do
        :: filled - head[me] < RING -> break
        :: else ->
            publish();
#ifndef MUTANT_A_FULL_RING_IS_NO_NEWS
            ring_submitter();
#endif
            seen = doorbell[me];
            blocked[me] = true;
            if
            :: filled - head[me] >= RING ->
                atomic {
                    if
                    :: doorbell[me] == seen -> asleep[me] = true
                    :: else
                    fi
                }
                !asleep[me]
            :: else
            fi;
            blocked[me] = false;
            seen = 0
        od;
        ring[me * RING + filled % RING] = filled + 1;
        filled++;
        if
        :: publish()
        :: skip /* later, together with others */
        fi
    :: else -> break
    od;
#ifndef MUTANT_NO_FLUSH
    publish(); /* worker_rest: nothing to do, then it sleeps */
#endif
#ifdef DEATH
    goto end;
dead:
    /* group_has_news: what was published counts, told or not. The submitter finds it with the next look. */
    ready[me] = true;
#ifndef MUTANT_A_DEATH_IS_NO_NEWS
    word++;
    submitter_asleep = false;
#endif
end:
    skip
#endif
}
