/* The driver: hands tasks in as they arrive, takes results back, sees to it that each is reported exactly once. The
 * only caller of a pool, the same for all of them. */
#include "bench/job/warmup.h"
#include "bench/trial/trial.h"
#include "pools/parts/task_run.h"
#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

enum { BATCH = 64, REAP_BATCH = 256 };
#define CLOCK_LIMIT_PPM 100  /* the two clocks may disagree by that over a trial */
#define CLOCK_SLACK_NS  3000 /* and by the width of two anchors */

#define NOT_HANDED_IN "the pool returned a task that was not handed in: task %u"

struct drive {
    uint32_t next;     /* first task not handed in */
    uint32_t reaped;   /* tasks reported, or dropped */
    uint32_t flying;   /* tasks handed in and not back */
    uint32_t judged;   /* --queue-limit: first task that is neither dropped nor let in yet */
    uint32_t present;  /* --queue-limit: tasks let in and not back, be it that the pool did not take them yet */
    uint32_t released; /* results handed on; behind `reaped` only under collect=ordered */
    uint32_t wave_end; /* arrival=wave: first task of the next wave */
    bool full;         /* the pool did not take all it was offered */
    uint64_t last;     /* ticks of the last reap */
    uint64_t offered;  /* ticks since when the pool is offered what it has not taken yet; 0: it has taken all */
    uint64_t owed;     /* ticks by which tasks are late for what the pool took to take those before; */
    uint64_t behind;   /* and by which the least late of the last quarter of them was late beside that */
};

static int check_warm(struct trial *trial, const struct done *done, uint32_t handed_in)
{
    if (done->task < TASK_WARMUP_FIRST || done->task >= TASK_WARMUP_FIRST + handed_in)
        return trial_say(trial, -EPROTO, NOT_HANDED_IN, done->task);
    /* killed from outside, or on a machine too busy for its limit: that is survived, and if it is no accident, tasks
     * will tell */
    bool ended = done->status == TASK_SIGNALLED || done->status == TASK_COLLATERAL || done->status == TASK_TIMEOUT;
    if (done->status == TASK_OK || ended)
        return 0;
    return trial_say(trial, -EIO, "a warm-up task failed (%s): task %u", task_status_names[done->status], done->task);
}

/* Warm-up tasks from number `next` to before `end`, until all are back. */
static int warm_round(struct trial *trial, uint32_t next, uint32_t end)
{
    for (uint32_t back = next; back < end;) {
        uint32_t tasks[BATCH];
        struct done done[BATCH];
        unsigned n = 0;
        for (; n < BATCH && next + n < end; n++)
            tasks[n] = TASK_WARMUP_FIRST + next + n;
        int taken = n ? trial->ops->submit(trial->pool, tasks, n) : 0;
        if (taken < 0)
            return taken;
        next += (uint32_t)taken;
        int got = trial->ops->reap(trial->pool, done, 1, BATCH, taken ? 0 : UINT64_MAX);
        if (got < 0)
            return got;
        for (int i = 0; i < got; i++) {
            int rc = check_warm(trial, &done[i], next);
            if (rc < 0)
                return rc;
        }
        back += (uint32_t)got;
    }
    return 0;
}

/* How long tasks take that have no size, nobody knows before: so rounds are short at first, each as long as all before
 * it, and there are no more when their time is over. */
int drive_warmup(struct trial *trial)
{
    const uint32_t count = warmup_count(trial->ops, trial->file->shape.workers), first = warmup_least(trial);
    const uint64_t since_ns = clock_monotonic_ns(), limit_ns = warmup_limit_ns(trial);
    int rc = 0;
    for (uint32_t next = 0, end = first; next < end && rc == 0;) {
        rc = warm_round(trial, next, end);
        next = end;
        if (clock_monotonic_ns() - since_ns < limit_ns)
            end = count - next < next ? count : 2 * next;
    }
    return rc;
}

/* A task that is not handed in goes the way of a result. */
static void drop(struct trial *trial, struct drive *drive, uint32_t task)
{
    const struct done done = {.task = task, .status = TASK_DROPPED};
    bit_set(trial->reaped, task);
    bit_set(trial->dropped, task);
    trial->submitted[task] = clock_ticks();
    drive->reaped++;
    if (trial->held)
        trial->held[task] = done;
    else
        record_done(trial, &done, 0);
}

/* Lets in what is due, or drops it where so many are present as may be. */
static void judge(struct trial *trial, struct drive *drive, uint64_t now)
{
    const struct job_file *file = trial->file;
    for (; drive->judged < file->tasks && trial->due[drive->judged] <= now; drive->judged++)
        if (drive->present < (uint64_t)file->f.queue_limit)
            drive->present++;
        else
            drop(trial, drive, drive->judged);
}

/* First task that may not be handed in yet. */
static uint32_t arrived(struct trial *trial, struct drive *drive)
{
    const struct job_file *file = trial->file;
    uint64_t limit = file->tasks;
    switch ((enum arrival_kind)file->f.arrival.kind) {
    case ARRIVAL_BURST:
        break;
    case ARRIVAL_WAVE: /* the next K when all of the last K are back */
        if (drive->reaped == drive->next && drive->next == drive->wave_end)
            drive->wave_end =
                file->tasks - drive->next > file->f.arrival.k ? drive->next + (uint32_t)file->f.arrival.k : file->tasks;
        limit = drive->wave_end;
        break;
    case ARRIVAL_WINDOW: /* at most K on their way, results held back by collect=ordered included */
        limit = (trial->held ? drive->released : drive->reaped) + file->f.arrival.k;
        break;
    case ARRIVAL_RATE: {
        uint64_t now = clock_ticks() - trial->gate;
        uint32_t due = drive->next;
        if (file->f.queue_limit)
            judge(trial, drive, now);
        while (due < file->tasks && trial->due[due] <= now && due - drive->next < BATCH)
            due++;
        limit = due;
        break;
    }
    }
    return limit < file->tasks ? (uint32_t)limit : file->tasks;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t late(const struct trial *trial, uint32_t task, uint64_t now)
{
    const uint64_t due = trial->gate + trial->due[task];
    return now > due ? now - due : 0;
}

/* Of `n` tasks offered at `now`, the first `taken` are in. While the pool is at taking what was due, or does not take
 * it, others come due: what is late for that is not the submitter's, until it has caught up. */
static void lateness_note(const struct trial *trial, struct drive *drive, const uint32_t *tasks, unsigned n,
                          unsigned taken, uint64_t now)
{
    const uint32_t last_quarter = trial->file->tasks - (trial->file->tasks + 3) / 4;
    const uint64_t since = drive->offered ? drive->offered : now;
    drive->owed = smaller(drive->owed, late(trial, tasks[0], now));
    for (unsigned i = 0; i < taken; i++) {
        const uint64_t all = late(trial, tasks[i], now);
        if (tasks[i] >= last_quarter)
            drive->behind = smaller(drive->behind, all - smaller(drive->owed + now - since, all));
    }
    drive->offered = taken < n ? since : 0;
    if (taken == n)
        drive->owed += clock_ticks() - since;
}

/* The first task from this one on that is not dropped, or limit. */
static uint32_t next_let_in(const struct trial *trial, uint32_t task, uint32_t limit)
{
    while (task < limit && bit_test(trial->dropped, task))
        task++;
    return task;
}

/* The tasks to hand in next, before `limit`: up to BATCH. How many. */
static unsigned choose(const struct trial *trial, struct drive *drive, uint32_t limit, uint32_t *tasks)
{
    unsigned n = 0;
    if (!trial->dropped) {
        const uint32_t first = drive->next, left = limit > first ? limit - first : 0;
        for (; n < BATCH && n < left; n++)
            tasks[n] = first + n;
        return n;
    }
    drive->next = next_let_in(trial, drive->next, limit);
    for (uint32_t task = drive->next; n < BATCH && task < limit; task = next_let_in(trial, task + 1, limit))
        tasks[n++] = task;
    return n;
}

/* Hands in all that has arrived and the pool takes. */
static int hand_in(struct trial *trial, struct drive *drive)
{
    for (;;) {
        uint32_t tasks[BATCH];
        const unsigned n = choose(trial, drive, arrived(trial, drive), tasks);
        drive->full = false;
        if (!n)
            return 0;
        uint64_t now = clock_ticks();
        /* stamped before: a worker may start one of them before submit returns */
        for (unsigned i = 0; trial->stamped && i < n; i++)
            trial->submitted[tasks[i]] = now;
        int taken = trial->ops->submit(trial->pool, tasks, n);
        if (taken < 0)
            return taken;
        if (trial->due)
            lateness_note(trial, drive, tasks, n, (unsigned)taken, now);
        drive->flying += (uint32_t)taken;
        if (taken)
            drive->next = tasks[taken - 1] + 1;
        trial->report->handed_in = drive->next;
        if ((unsigned)taken < n) {
            drive->full = true;
            return 0;
        }
    }
}

/* collect=ordered: a result is handed on when all before it have been. */
static void hand_on_in_order(struct trial *trial, struct drive *drive, uint64_t now)
{
    for (; drive->released < trial->file->tasks && bit_test(trial->reaped, drive->released); drive->released++)
        record_done(trial, &trial->held[drive->released], now);
}

/* Each must be the first report of a task that was handed in. Returns how many are; *rc: what is wrong with the next
 * one. Neighbours have their bits in one word, which is stored once for all of them. */
static int accept(struct trial *trial, uint32_t handed_in, const struct done *done, int count, int *rc)
{
    uint64_t bits = 0;
    uint32_t at = 0;
    int accepted = 0;
    for (; accepted < count; accepted++) {
        const uint32_t task = done[accepted].task;
        if (task >= handed_in)
            break;
        if (task / 64 != at || !accepted) {
            trial->reaped[at] |= bits;
            at = task / 64;
            bits = trial->reaped[at];
        }
        if (bits >> (task % 64) & 1)
            break;
        bits |= 1ull << (task % 64);
    }
    trial->reaped[at] |= bits;
    if (accepted < count && done[accepted].task >= handed_in)
        *rc = trial_say(trial, -EPROTO, NOT_HANDED_IN, done[accepted].task);
    else if (accepted < count)
        *rc = trial_say(trial, -EPROTO, "the pool returned a task twice: task %u", done[accepted].task);
    return accepted;
}

static void outputs_check(const struct trial *trial, struct done *done, int count)
{
    for (const struct done *end = done + count; done < end; done++)
        if (done->status == TASK_OK && !task_output_check(done->out, trial->job.out_bytes, done->result))
            done->status = TASK_WRONG;
}

static int take_back(struct trial *trial, struct drive *drive, struct done *done, int count)
{
    const struct job_file *file = trial->file;
    uint64_t now = clock_ticks();
    int rc = 0, accepted = accept(trial, drive->next, done, count, &rc);
    if (trial->job.out_bytes)
        outputs_check(trial, done, accepted);
    for (int i = 0; trial->held && i < accepted; i++)
        trial->held[done[i].task] = done[i];
    if (!trial->held)
        record_all(trial, done, accepted, now);
    if (rc < 0)
        return rc;
    if (count && file->f.queue_limit) { /* what was due before they were back came while they were in flight */
        judge(trial, drive, now - trial->gate);
        drive->present -= (uint32_t)count;
    }
    drive->reaped += (uint32_t)count;
    drive->flying -= (uint32_t)count;
    if (trial->held)
        hand_on_in_order(trial, drive, now);
    if (count)
        drive->last = now;
    return 0;
}

/* A result makes room for the next task, or is due to somebody. */
static bool is_waited_for(const struct job_file *file)
{
    return file->f.arrival.kind == ARRIVAL_WINDOW || file->f.arrival.kind == ARRIVAL_RATE;
}

/* How many results are worth a wake-up, and until when to wait for them. Who joins waits for all that was handed in;
 * but where the pool is full, for half of it, to hand in more before the workers run dry. */
static void wish(const struct trial *trial, const struct drive *drive, unsigned *min, uint64_t *until_ns)
{
    const struct job_file *file = trial->file;
    const uint32_t in_flight = drive->flying;
    *min = 1;
    *until_ns = UINT64_MAX;
    if (file->f.collect != COLLECT_COMPLETED && !is_waited_for(file))
        *min = drive->full && in_flight > 1 ? in_flight / 2 : in_flight; /* never 0, which would poll */
    if (file->f.arrival.kind == ARRIVAL_RATE && drive->next < file->tasks && !drive->full)
        *until_ns = file->spare_cpu ? 0 : trial->gate_anchor.ns + clock_to_ns(trial->due[drive->next]);
}

/* The TSC was measured against CLOCK_MONOTONIC before; a trial in which they part ways is not believed. */
static int check_clock(struct trial *trial)
{
    struct clock_anchor end = clock_anchor_read();
    uint64_t ns = end.ns - trial->gate_anchor.ns, by_ticks = clock_to_ns(end.ticks - trial->gate_anchor.ticks);
    uint64_t apart = ns > by_ticks ? ns - by_ticks : by_ticks - ns;
    if (by_ticks)
        trial->report->clock_rate = (double)ns / (double)by_ticks;
    if (apart <= CLOCK_SLACK_NS + ns / 1000000 * CLOCK_LIMIT_PPM)
        return 0;
    return trial_say(trial, -EBADMSG, "clock: time stamp counter and CLOCK_MONOTONIC differ by %llu ns over %llu ns",
                     (unsigned long long)apart, (unsigned long long)ns);
}

int drive(struct trial *trial)
{
    const struct job_file *file = trial->file;
    struct drive drive = {.behind = UINT64_MAX};
    struct done done[REAP_BATCH];
    int rc = 0;
    if (file->f.arrival.kind == ARRIVAL_RATE) /* the default slack of 50 us would go into every time that is slept to */
        prctl(PR_SET_TIMERSLACK, 1);
    trial->gate_anchor = clock_anchor_read();
    trial->gate = drive.last = clock_ticks();
    while (drive.reaped < file->tasks) {
        unsigned min;
        uint64_t until_ns;
        if ((rc = hand_in(trial, &drive)) < 0)
            return rc;
        wish(trial, &drive, &min, &until_ns);
        if (!drive.flying && until_ns == UINT64_MAX)
            return trial_say(trial, -EPROTO, "the pool neither takes nor returns a task: task %u", drive.next);
        if (!drive.flying && until_ns) { /* a pool waits for tasks in flight, not for a time alone */
            const struct timespec until = {(time_t)(until_ns / 1000000000), (long)(until_ns % 1000000000)};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
            continue;
        }
        int got = trial->ops->reap(trial->pool, done, min, REAP_BATCH, until_ns);
        if (got == -ETIME)
            trial_say(trial, got, "a task ran longer than --task-limit %.6gs, and pool %s cannot end one task alone",
                      (double)file->task_limit_ns / 1e9, trial->ops->name);
        if (got < 0)
            return got;
        if ((rc = take_back(trial, &drive, done, got)) < 0)
            return rc;
    }
    trial->report->wall_ns = (int64_t)clock_to_ns(drive.last - trial->gate);
    trial->report->behind_ns = drive.behind == UINT64_MAX ? 0 : (int64_t)clock_to_ns(drive.behind);
    trial->report->gate_ns = (int64_t)(trial->gate_anchor.ns + clock_to_ns(trial->gate - trial->gate_anchor.ticks));
    trial->report->clock_rate = 1;
    return clock_source.is_tsc ? check_clock(trial) : 0;
}
