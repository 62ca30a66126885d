/* Drawing the workers of a running trial, see tour_live.h. */
#include "bench/verbs/tour/live.h"
#include "bench/base/units.h"
#include "bench/machine/threads.h"
#include "pools/parts/clock.h"
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PEEK_NS  10000000u  /* how often tasks are looked at: as exact as `for` is */
#define DRAW_NS  40000000u  /* how often rows are drawn */
#define SHOWN_NS 600000000u /* rows stay that long at least, or nobody could read them */

#define WORKER_NAME  "pb-worker-"
#define THREADS_MAX  (LIVE_WORKERS_MAX + 8)
#define LINE_BYTES   192
#define HEADER_LINES 2

/* One screenful, sent with one write, so that nobody sees half of it. */
struct frame {
    char text[(THREADS_MAX + HEADER_LINES + 1) * LINE_BYTES];
    size_t used;
    unsigned columns, rows; /* of the terminal */
    unsigned lines;
    bool colour;
};

static unsigned terminal_number(const char *variable, unsigned told, unsigned otherwise)
{
    const char *text = getenv(variable);
    long value = text ? strtol(text, NULL, 10) : 0;
    if (value > 0 && value < 10000)
        return (unsigned)value;
    return told ? told : otherwise;
}

static void frame_begin(struct frame *frame)
{
    struct winsize size = {0};
    const char *plain = getenv("NO_COLOR");
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size); /* where it fails, size stays 0 */
    *frame = (struct frame){
        .columns = terminal_number("COLUMNS", size.ws_col, 80),
        .rows = terminal_number("LINES", size.ws_row, 24),
        .colour = !plain || !plain[0],
    };
}

/* One line, cut so that it stays one. */
static void frame_line(struct frame *frame, bool bright, const char *line)
{
    const char *on = bright && frame->colour ? "\033[32m" : "", *off = on[0] ? "\033[0m" : "";
    int got = snprintf(frame->text + frame->used, sizeof frame->text - frame->used, "%s%.*s%s\033[K\n", on,
                       (int)(frame->columns > 1 ? frame->columns - 1 : 1), line, off);
    if (got > 0 && (size_t)got < sizeof frame->text - frame->used) {
        frame->used += (size_t)got;
        frame->lines++;
    }
}

static void frame_end(struct frame *frame)
{
    fwrite(frame->text, 1, frame->used, stdout);
    fputs("\033[J", stdout); /* rows of workers that are gone */
    if (frame->lines)
        printf("\033[%uA", frame->lines);
    putchar('\r');
    fflush(stdout);
}

/* ---- what is seen ---- */

/* The peeks may be taken from here on: the stage was stored after them. */
static bool is_running(const struct tour_live *live)
{
    uint32_t stage = __atomic_load_n(&live->report->stage, __ATOMIC_ACQUIRE);
    return stage >= STAGE_WARMUP && stage <= STAGE_RUN;
}

static void see_task(struct tour_live *live, uint32_t number, uint32_t task, uint64_t now_ns)
{
    if (number >= LIVE_WORKERS_MAX || live->worker[number].task == task)
        return;
    live->worker[number].task = task;
    live->worker[number].since_ns = now_ns;
}

static void see_tasks(struct tour_live *live, pid_t pid, uint64_t now_ns)
{
    char path[64];
    if (live->memory < 0 && is_running(live)) {
        snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
        live->memory = open(path, O_RDONLY | O_CLOEXEC); /* refused: tasks are shown as '-' */
    }
    for (unsigned i = 0; i < PEEKS_MAX; i++) {
        const struct peek *peek = &live->report->peeks[i];
        uint32_t tasks[LIVE_WORKERS_MAX];
        bool known = live->memory >= 0 && is_running(live) && peek->workers <= LIVE_WORKERS_MAX &&
                     peek_read(peek, live->memory, tasks) == 0;
        for (uint32_t n = 0; known && n < peek->workers; n++)
            see_task(live, peek->first + n, tasks[n], now_ns);
    }
    for (unsigned n = 0; n < LIVE_WORKERS_MAX && (live->memory < 0 || !is_running(live)); n++)
        see_task(live, n, PEEK_UNKNOWN, now_ns);
}

static const char *state_word(char state)
{
    static const char *const words[] = {
        ['R'] = "running", ['S'] = "sleeping", ['D'] = "waiting", ['T'] = "stopped", ['X'] = "ended", ['Z'] = "ended"};
    return state >= 'D' && state <= 'Z' && words[(int)state] ? words[(int)state] : "?";
}

/* ---- rows ---- */

static bool is_worker(const struct thread_seen *thread)
{
    return !strncmp(thread->stat.name, WORKER_NAME, strlen(WORKER_NAME));
}

static unsigned worker_number(const struct thread_seen *thread)
{
    return (unsigned)strtoul(thread->stat.name + strlen(WORKER_NAME), NULL, 10);
}

/* Workers by number, the submitter last. */
static int thread_order(const void *a, const void *b)
{
    const struct thread_seen *left = a, *right = b;
    if (!is_worker(left) || !is_worker(right))
        return is_worker(right) - is_worker(left);
    unsigned one = worker_number(left), other = worker_number(right);
    return (one > other) - (one < other);
}

/* No finer than tasks are looked at. */
static void since_write(uint64_t ns, char *text, size_t size)
{
    uint64_t times = ns / PEEK_NS;
    if (times)
        format_duration(text, size, (double)(times * PEEK_NS));
    else
        snprintf(text, size, "<%u ms", PEEK_NS / 1000000);
}

static void row_draw(struct frame *frame, const struct tour_live *live, const struct thread_seen *thread)
{
    char line[LINE_BYTES], number[16] = "-", task[32] = "-", since[32] = "";
    const char *kind = "submitter";
    bool busy = false;
    if (is_worker(thread)) {
        unsigned n = worker_number(thread);
        uint32_t on = n < LIVE_WORKERS_MAX ? live->worker[n].task : PEEK_UNKNOWN;
        kind = thread->tid == thread->pid ? "process" : "thread";
        snprintf(number, sizeof number, "%u", n);
        busy = on != PEEK_UNKNOWN && on != PEEK_IDLE && thread->stat.state != 'Z';
        if (busy) {
            tour_task_name(live->trial, on, task, sizeof task);
            since_write(live->drawn_ns - live->worker[n].since_ns, since, sizeof since);
        } else if (on == PEEK_IDLE) {
            snprintf(task, sizeof task, "idle");
        }
    }
    snprintf(line, sizeof line, "  %6s  %-9s  %7d  %7d  %3u  %-8s  %-8s  %7s", number, kind, (int)thread->pid,
             (int)thread->tid, thread->stat.cpu, state_word(thread->stat.state), task, since);
    frame_line(frame, busy, line);
}

static void head_write(const struct tour_live *live, const char *diagnostic, char *line)
{
    char elapsed[32];
    unsigned long long back = __atomic_load_n(&live->report->samples_count, __ATOMIC_RELAXED);
    snprintf(line, LINE_BYTES, "live   %s: %llu of %u results handed on%s",
             format_duration(elapsed, sizeof elapsed, (double)(live->drawn_ns - live->begin_ns)), back,
             live->file->tasks, diagnostic);
}

static void draw(struct tour_live *live, pid_t pid)
{
    struct thread_seen threads[THREADS_MAX];
    struct frame frame;
    char line[LINE_BYTES];
    int seen = threads_see(pid, threads, THREADS_MAX);
    unsigned count = 0;
    for (int i = 0; i < seen; i++) /* a child that has not yet its worker's name is no row */
        if (is_worker(&threads[i]) || threads[i].tid == pid)
            threads[count++] = threads[i];
    if (!count)
        return;
    qsort(threads, count, sizeof *threads, thread_order);
    frame_begin(&frame);
    if (frame.rows < HEADER_LINES + 2)
        return;
    head_write(live, "", line);
    frame_line(&frame, false, line);
    frame_line(&frame, false, "  worker  kind           pid      tid  cpu  state     task          for");
    /* a line is left for the cursor below them, and one to say what is not shown */
    unsigned room = frame.rows - HEADER_LINES - 1, rows = count > room ? room - 1 : count;
    for (unsigned i = 0; i < rows; i++)
        row_draw(&frame, live, &threads[i]);
    if (rows < count) {
        snprintf(line, sizeof line, "  ... and %u more, for which the terminal has no room", count - rows);
        frame_line(&frame, false, line);
    }
    frame_end(&frame);
    if (!live->shown_ns)
        live->shown_ns = live->drawn_ns;
}

static void see(void *data, pid_t pid)
{
    struct tour_live *live = data;
    uint64_t now_ns = clock_monotonic_ns();
    see_tasks(live, pid, now_ns);
    if (!is_running(live) || (live->drawn_ns && now_ns - live->drawn_ns < DRAW_NS))
        return;
    live->drawn_ns = now_ns;
    draw(live, pid);
}

/* ---- around a trial ---- */

bool tour_live_can(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (!terminal || strcmp(terminal, "dumb"));
}

void tour_live_begin(struct tour_live *live, struct launcher *launcher, const struct tour_trial *trial,
                     const struct job_parts *parts)
{
    *live = (struct tour_live){
        .watch = {see, live, PEEK_NS},
        .launcher = launcher,
        .trial = trial,
        .file = parts->file,
        .report = parts->report,
        .memory = -1,
        .begin_ns = clock_monotonic_ns(),
    };
    for (unsigned n = 0; n < LIVE_WORKERS_MAX; n++)
        live->worker[n].task = PEEK_UNKNOWN;
    launcher->watch = &live->watch;
}

void tour_live_end(struct tour_live *live, bool linger)
{
    live->launcher->watch = NULL;
    if (live->memory >= 0)
        close(live->memory);
    if (!live->shown_ns)
        return;
    uint64_t shown_ns = clock_monotonic_ns() - live->shown_ns;
    if (linger && shown_ns < SHOWN_NS) {
        struct frame frame;
        char line[LINE_BYTES];
        frame_begin(&frame);
        head_write(live, "; ended, rows as last seen", line);
        printf("%.*s\033[K\r", (int)(frame.columns > 1 ? frame.columns - 1 : 1), line);
        fflush(stdout);
        /* a signal to stop ends the waiting and is the tour's to read */
        struct pollfd signals = {.fd = live->launcher->signals, .events = POLLIN};
        poll(&signals, 1, (int)((SHOWN_NS - shown_ns) / 1000000));
    }
    fputs("\r\033[J", stdout);
    fflush(stdout);
}
