/* Work must reach a sleeper: the submitter publishes tasks and wakes one worker, who is woken wakes others, and a worker
 * that finds nothing says that it is idle, looks again and sleeps (pools/parts/queue.c, queue_submit and queue_work;
 * pools/parts/worker.c, sleep_until_rung and group_wake_worker). Every statement is one sequentially consistent access, as the
 * accesses it stands for are; a futex compares and falls asleep in one step, as the kernel does.
 *
 * What must hold in every interleaving: all tasks are run, each once, and after `stop` every worker ends. A wake-up that
 * gets lost is a submitter or a worker that waits for ever, which spin calls an invalid end state.
 *
 * DEFER: while somebody is awake, others may be left asleep (wake_for), and a submitter that waits wakes one now and then
 * when nobody came round for what is queued (reap.c, wake_deferred). LONG_TASKS: those who are awake do not come round.
 *
 * Each MUTANT leaves out one thing the protocol rests on; the model must then fail, which tests/test_model.sh checks. */
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef TASKS
#define TASKS 2
#endif

byte tail;            /* tasks published */
bool claimed[TASKS];  /* the owner in the slot */
byte runs[TASKS];     /* how often it was run */
byte finished;
#ifdef LONG_TASKS
byte started;
#endif
bool stopping;
byte orders;
bool idle[WORKERS];
byte idle_count;
byte doorbell[WORKERS];
bool asleep[WORKERS]; /* in futex_wait */

inline futex_wake(w)
{
    asleep[w] = false
}

/* idle_leave: exactly one of those who try clears the bit */
inline idle_leave(w, mine)
{
    d_step {
        mine = idle[w];
        idle[w] = false
    }
    if
    :: mine -> idle_count--
    :: else
    fi
}

/* group_wake_worker, for one worker whose bit was seen */
inline wake_worker(w, mine)
{
    if
    :: idle[w] ->
        idle_leave(w, mine);
        if
        :: mine -> doorbell[w]++; futex_wake(w); mine = false
        :: else
        fi
    :: else
    fi
}

/* crew_wake: up to n of the idle ones */
inline wake(n, i, mine)
{
    if
    :: idle_count == 0
    :: else ->
        i = 0;
        do
        :: i < WORKERS && n > 0 ->
            if
            :: idle[i] ->
                wake_worker(i, mine);
                n--
            :: else
            fi;
            i++
        :: else -> break
        od;
        i = 0
    fi
}

/* wake_for; whether enough is queued is left open */
inline wake_for(n, i, mine)
{
#ifdef DEFER
    if
    :: idle_count < WORKERS -> n = 0
    :: true
    fi;
#endif
    wake(n, i, mine)
}

/* queue_has_work */
inline has_work(found, i)
{
    found = false;
    i = 0;
    do
    :: i < tail && !found ->
        if
        :: !claimed[i] -> found = true
        :: else
        fi;
        i++
    :: else -> break
    od;
    i = 0
}

active proctype submitter()
{
    byte i, n;
    bool mine, found;
    do
    :: tail < TASKS ->
        if
        :: tail++
        :: tail = TASKS /* several in one go, and one wake-up for all of them */
        fi;
        n = 1;
        wake_for(n, i, mine)
    :: else -> break
    od;
    do /* reap */
    :: finished == TASKS -> break
#if defined(DEFER) && !defined(MUTANT_NO_PATIENCE)
    :: finished < TASKS && idle_count > 0 -> /* it slept for PATIENCE_NS */
        has_work(found, i);
        if
        :: found -> n = 1; wake(n, i, mine); found = false
        :: else
        fi
#endif
    od;
    for (i : 0 .. TASKS - 1) {
        assert(runs[i] == 1)
    }
    stopping = true; /* crew_stop, ring_all */
    orders++;
    for (i : 0 .. WORKERS - 1) {
        doorbell[i]++;
        futex_wake(i)
    }
}

active [WORKERS] proctype worker()
{
    byte me = _pid - 1, i, n, seen;
    bool got, found, mine, rested;
    do
    :: true ->
        /* find_task: any published slot, by compare-and-swap */
        got = false;
        i = 0;
        do
        :: i < tail && !got ->
            if
            :: !claimed[i] ->
                atomic {
                    if
                    :: !claimed[i] -> claimed[i] = true; got = true
                    :: else
                    fi
                }
                if
                :: got -> break
                :: else
                fi
            :: else
            fi;
            i++
        :: else -> break
        od;
        if
        :: got ->
#ifndef MUTANT_WOKEN_WAKES_NOBODY
            if
            :: rested ->
                n = i; /* keep the task's number: wake and has_work count with i */
                rested = false;
                has_work(found, i);
                if
                :: found ->
                    byte task = n;
                    if
                    :: n = 2
                    :: n = 1 /* no CPU is left for them (fan_out) */
                    fi;
                    wake_for(n, i, mine);
                    n = task
                :: else
                fi;
                i = n;
                found = false
            :: else
            fi;
#endif
#ifdef LONG_TASKS
            /* each task ends only when all have been started: a task nobody was woken for is never run */
            atomic { runs[i]++; started++ }
            started == TASKS;
            finished++;
#else
            d_step { runs[i]++; finished++ }
#endif
            i = 0;
            n = 0
        :: else ->
            /* worker_rest */
            seen = doorbell[me];
            idle_count++;
            idle[me] = true;
#ifdef MUTANT_NO_SECOND_LOOK
            found = false;
#else
            has_work(found, i);
#endif
            if
            :: !found && orders == 0 ->
                atomic { /* futex_wait */
                    if
                    :: doorbell[me] == seen -> asleep[me] = true
                    :: else
                    fi
                }
                !asleep[me]
            :: else
            fi;
            idle_leave(me, mine);
            mine = false;
            found = false;
            seen = 0;
            rested = true;
            if
            :: orders > 0 && stopping -> break
            :: else
            fi
        fi
    od
}
