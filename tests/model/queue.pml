/* No task may be lost or run twice, whatever dies: the submitter puts tasks into slots, with -DTOGETHER also two into
 * one, and publishes its tail; workers
 * look in lines of their own and from the oldest slot on, and claim by compare-and-swap of the whole word; each says
 * what it runs and how much it has completed in single stores, completes into its own ring and publishes some at a time.
 * A worker process ends between any two steps; the submitter then counts what it had completed as published, takes it,
 * looks which slots name the dead, and starts another in its place (pools/parts/queue.c; worker_begin, worker_finish and
 * publish of pools/parts/worker.c; drain_worker of pools/parts/reap.c; unit_fell, unit_recover and unit_restart of
 * pools/parts/survive.c). Every statement is one sequentially consistent access; what weaker order may do is argued at each
 * access there. Sleeping and waking are in wake.pml and news.pml: here, who has nothing to do waits for something.
 *
 * What must hold in every interleaving: each task is started at most once and reported exactly once; what is reported
 * as a result was recorded by whoever ran it; a death costs at most the task that was running. A task that nobody finds
 * leaves the submitter waiting for ever: an invalid end state.
 *
 * Each MUTANT leaves out one thing the protocol rests on; the model must then fail, which tests/test_model.sh checks. */
#define WORKERS 2
#ifndef TASKS
#define TASKS 3
#endif
#define SLOTS 2 /* fewer than tasks: they are used again */
#ifndef LINE
#define LINE 2 /* slots; with more than there are tasks nobody hunts in lines */
#endif
#define RING 2 /* records */
#ifndef DEATHS
#define DEATHS 1
#endif
#define NOBODY 255

/* a slot: one word in the program, so that both are read, written and compared in one step */
byte task[SLOTS], more[SLOTS]; /* more: tasks behind that one */
byte owner[SLOTS] = NOBODY; /* 0: anybody may claim it; else worker + 1 */
byte tail;                  /* positions published */
byte scan_from, line;       /* hints */

/* a worker's own lines; `running` and records are task and slot in one number, 0: none */
byte running[WORKERS], filled[WORKERS], published[WORKERS], head[WORKERS];
byte ring[WORKERS * RING];
bool ended[WORKERS]; /* and not replaced yet */
#define WORD(t, s) ((t) * SLOTS + (s) + 1)

/* what is looked at */
bool started[TASKS], reported[TASKS];
byte reports, lost, deaths;

#define FIRST   (scan_from + SLOTS < tail -> tail - SLOTS : scan_from)
#define FREE(n) (FIRST + (n) < tail && owner[(FIRST + (n)) % SLOTS] == 0)
#define HAS_WORK (FREE(0) || FREE(1))

/* queue_submit, of n tasks in one slot, without the tail */
inline offer(t, n)
{
    do
    :: left[next % SLOTS] > 0 -> next++
    :: else -> break
    od;
    slot = next % SLOTS;
    next++;
    left[slot] = n;
    in_flight = in_flight + n;
    task[slot] = t;
    more[slot] = n - 1;
    owner[slot] = 0;
    slot = 0
}

/* offer_again; there are two at most */
inline offer_again(t, n)
{
    in_flight = in_flight - (n);
    if
    :: n > 0 -> offer(t, 1)
    :: else
    fi;
    if
    :: n > 1 -> offer(t + 1, 1)
    :: else
    fi
}

/* A record, or a task that fell with its worker, is back; after the last one its slot may be used again
 * (queue_take_back). */
inline report(word)
{
    assert(word > 0 && !reported[(word - 1) / SLOTS]);
    reported[(word - 1) / SLOTS] = true;
    reports++;
    left[(word - 1) % SLOTS]--;
    in_flight--
}

inline drain(w)
{
    d_step {
        report(ring[w * RING + head[w] % RING]);
        assert(started[(ring[w * RING + head[w] % RING] - 1) / SLOTS]);
        ring[w * RING + head[w] % RING] = 0;
        head[w]++
    }
}

/* unit_fell, once wait4 has told */
inline fall(w)
{
    d_step {
#ifndef MUTANT_COMPLETED_BUT_NOT_PUBLISHED_IS_LOST
        published[w] = filled[w];
#endif
        fallen[w] = true
    }
}

/* Of a slot's tasks, those that are back; once all are, it may still name the dead. */
#ifdef MUTANT_WHAT_IS_BACK_IS_OFFERED_AGAIN
#define BACK(s) 0
#else
#define BACK(s) (more[s] + 1 - left[s])
#endif
#ifdef MUTANT_A_FREE_SLOT_NAMES_THE_DEAD
#undef BACK
#define BACK(s) (left[s] == 0 -> 0 : more[s] + 1 - left[s])
#define HELD(s) true
#else
#define HELD(s) (left[s] > 0)
#endif

/* queue_recover and unit_restart */
inline recover(w)
{
    do
    :: s < SLOTS ->
        d_step {
            if
            :: owner[s] == w + 1 && HELD(s) ->
                first = task[s] + BACK(s);
                rest = more[s] + 1 - BACK(s);
                if
                :: running[w] == WORD(first, s) ->
                    report(running[w]);
                    lost++;
                    assert(lost <= deaths);
                    left[s] = 0;
#ifndef MUTANT_A_SLOT_FALLS_AS_A_WHOLE
                    offer_again(first + 1, rest - 1)
#endif
                :: else -> /* claimed and not started */
                    owner[s] = NOBODY;
                    left[s] = 0;
                    offer_again(first, rest)
                fi;
                first = 0;
                rest = 0
            :: else
            fi;
            s++
        }
        tail = next
    :: else -> break
    od;
    s = 0;
    d_step { /* the dead do not look, and whoever is born sees all of it */
        filled[w] = 0;
        published[w] = 0;
        head[w] = 0;
        running[w] = 0;
        fallen[w] = false;
        ended[w] = false
    }
}

#ifdef MUTANT_RECOVERED_BEFORE_DRAINED
#define DRAINED(w) true
#else
#define DRAINED(w) (head[w] == published[w])
#endif

active proctype submitter()
{
    bool fallen[WORKERS];
    byte left[SLOTS]; /* tasks of the slot that are not back */
    byte sent, in_flight, next, slot, s, first, rest;
    do
    :: reports == TASKS -> break
    :: sent < TASKS && in_flight < SLOTS ->
        d_step { offer(sent, 1); sent++ }
        tail = next
#ifdef TOGETHER
    :: sent + 1 < TASKS && in_flight + 1 < SLOTS ->
        d_step { offer(sent, 2); sent = sent + 2 }
        tail = next
#endif
    :: head[0] != published[0] -> drain(0)
    :: head[1] != published[1] -> drain(1)
    :: ended[0] && !fallen[0] -> fall(0)
    :: ended[1] && !fallen[1] -> fall(1)
    :: fallen[0] && DRAINED(0) -> recover(0)
    :: fallen[1] && DRAINED(1) -> recover(1)
    od
}

#ifdef MUTANT_CLAIM_COMPARES_NOTHING
#define UNCHANGED true
#elif defined MUTANT_CLAIM_COMPARES_THE_OWNER_ALONE
#define UNCHANGED (owner[slot] == 0)
#else
#define UNCHANGED (owner[slot] == 0 && task[slot] == seen && more[slot] == follow)
#endif

/* After every step of a worker that others can see: its process ends here, or goes on. Workers are alike, so it is
 * always the first who dies. */
#define GOES_ON() if :: me == 0 && deaths < DEATHS -> deaths++; goto dead :: true fi

/* claim: a look, then the compare-and-swap, each of the whole word */
inline claim(position)
{
    atomic {
        slot = (position) % SLOTS;
        seen = task[slot];
        follow = more[slot];
        free = owner[slot] == 0;
        position++
    }
    if
    :: free ->
        atomic {
            free = false;
            if
            :: UNCHANGED -> owner[slot] = me + 1; got = true
            :: else
            fi;
            GOES_ON()
        }
    :: else
    fi
}

active [WORKERS] proctype worker()
{
    byte me = _pid - 1, at, end, seen_tail, slot, seen, follow;
    bool free, got;
born:
    do
    :: true ->
        /* claim_in_line */
        do
        :: at < end && !got -> claim(at)
        :: else -> break
        od;
        if
        :: got
        :: else ->
            atomic {
                at = 0;
                end = 0;
                slot = 0;
                seen = 0;
                follow = 0;
                published[me] = filled[me]; /* worker_flush, before it rests */
                GOES_ON()
            }
            atomic {
                HAS_WORK || reports == TASKS;
                if
                :: reports == TASKS -> goto stop
                :: else
                fi;
                seen_tail = tail
            }
            if
            :: line + LINE <= seen_tail -> /* next_line; when is a matter of speed */
                atomic {
                    at = line;
                    line = line + LINE;
                    end = at + LINE;
                    if
                    :: end > seen_tail -> at = 0; end = 0
                    :: else
                    fi;
                    GOES_ON()
                }
            :: true -> /* claim_oldest */
                atomic {
#ifdef MUTANT_LINES_ARE_JUDGED_CLAIMED
                    at = line;
#else
                    at = scan_from;
#endif
                    if
                    :: at + SLOTS < seen_tail -> at = seen_tail - SLOTS
                    :: else
                    fi
                }
                do
                :: at < seen_tail && !got -> claim(at)
                :: else -> break
                od;
                atomic { scan_from = at; at = 0; GOES_ON() }
            fi;
            seen_tail = 0
        fi;
        if
        :: got ->
            if /* worker_record; how it waits is in news.pml */
            :: filled[me] - head[me] == RING -> published[me] = filled[me]
            :: else
            fi;
            atomic {
                got = false;
                filled[me] - head[me] < RING;
#ifndef MUTANT_STARTED_BEFORE_IT_SAYS_SO
                running[me] = WORD(seen, slot); /* worker_begin */
                GOES_ON()
#endif
            }
            atomic { assert(!started[seen]); started[seen] = true; GOES_ON() }
#ifdef MUTANT_STARTED_BEFORE_IT_SAYS_SO
            running[me] = WORD(seen, slot);
#endif
            /* task_run, worker_finish */
#ifdef MUTANT_FILLED_BEFORE_THE_RECORD
            atomic { filled[me]++; GOES_ON() }
            ring[me * RING + (filled[me] - 1) % RING] = WORD(seen, slot);
            running[me] = 0;
#elif defined MUTANT_NOTHING_RUNS_BEFORE_IT_IS_FILLED
            ring[me * RING + filled[me] % RING] = WORD(seen, slot);
            atomic { running[me] = 0; GOES_ON() }
            filled[me]++;
#else
            ring[me * RING + filled[me] % RING] = WORD(seen, slot);
            atomic { filled[me]++; GOES_ON() }
            atomic { running[me] = 0; GOES_ON() }
#endif
            atomic {
                if
                :: follow > 0 -> /* the next one of the slot */
                    seen++;
                    follow--;
                    got = true
                :: else ->
                    seen = 0;
                    slot = 0
                fi;
                if
                :: published[me] = filled[me]
                :: true /* later, together with others */
                fi;
                GOES_ON()
            }
        :: else
        fi
    od;
dead:
    atomic {
        at = 0;
        end = 0;
        seen_tail = 0;
        slot = 0;
        seen = 0;
        follow = 0;
        free = false;
        got = false;
        ended[me] = true
    }
end_dead:
    !ended[me] -> goto born;
stop:
    skip
}
