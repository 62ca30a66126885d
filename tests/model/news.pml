/* News must reach the submitter: workers put records into rings of their own, publish several at once, set a ready bit
 * and ring only when the submitter wants as much; the submitter takes over ready bits, drains, says what it wants, looks
 * again and sleeps; a worker without room in its ring says that it is blocked, looks again and sleeps
 * (pools/parts/worker.c, publish, worker_flush and worker_record; pools/parts/reap.c; pools/parts/event.h). Every statement is one
 * sequentially consistent access; a futex compares and falls asleep in one step.
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

byte tail[WORKERS], head[WORKERS]; /* records published and taken, ever */
byte ring[WORKERS * RING];
bool ready[WORKERS]; /* one word in the program: taken over by one exchange */
bool blocked[WORKERS];
byte doorbell[WORKERS];
bool asleep[WORKERS];
byte word;   /* the event word */
byte wanted; /* 0: the submitter is awake */
bool submitter_asleep;
byte taken[WORKERS]; /* records the submitter has seen */

/* crew_drain; `left` holds ready bits whose rings are not empty yet */
inline drain()
{
    d_step { /* one exchange, of one word */
        w = 0;
        do
        :: w < WORKERS -> left[w] = left[w] || ready[w]; ready[w] = false; w++
        :: else -> break
        od;
        w = 0
    }
    do
    :: w < WORKERS ->
        if
        :: left[w] ->
            seen_tail = tail[w];
            do
            :: taken[w] < seen_tail ->
                assert(ring[w * RING + taken[w] % RING] == taken[w] + 1); /* the record that was written, in order */
                taken[w]++;
                have++
            :: else -> break
            od;
            head[w] = seen_tail;
#ifndef MUTANT_ROOM_WITHOUT_A_LOOK
            if
            :: blocked[w] -> doorbell[w]++; asleep[w] = false
            :: else
            fi;
#endif
            left[w] = false;
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
    byte w, seen_tail, have, goal, seen, each, got;
    do
    :: got < TOTAL ->
        if
        :: goal = 1
        :: goal = TOTAL - got
        fi;
        have = 0;
        drain();
        do
        :: have >= goal -> break
        :: else ->
            seen = word;
            each = (goal - have) / WORKERS;
            if
            :: each > RING / 2 -> each = RING / 2
            :: else
            fi;
            wanted = (each > 0 -> each : 1);
#ifndef MUTANT_NO_SECOND_LOOK
            drain();
#endif
            if
            :: have < goal ->
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
            each = 0;
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
    d_step { want = wanted; wanted = 0 }
    if
    :: want > 0 -> word++; submitter_asleep = false
    :: else
    fi;
    want = 0
}

/* publish */
inline publish()
{
    if
    :: published < filled ->
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
        want = wanted;
        if
        :: want > 0 ->
            if
            :: filled - head[me] >= want -> ring_submitter()
            :: filled - head[me] < want -> skip
            :: true -> ring_submitter() /* it has been working for long since the submitter heard of it */
            fi
        :: else
        fi;
        want = 0
    :: else
    fi
}

/* worker_flush */
inline flush()
{
    publish();
#ifndef MUTANT_NO_FLUSH
    if
    :: filled != head[me] -> ring_submitter()
    :: else
    fi
#endif
}

active [WORKERS] proctype worker()
{
    byte me = _pid - 1, filled, published, want, seen;
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
            flush();
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
    flush() /* worker_rest: nothing to do, then it sleeps */
}
