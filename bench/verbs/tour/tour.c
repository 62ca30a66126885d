/* The verb tour: which steps, and what happens between them. */
#include "bench/verbs/tour/tour.h"
#include "bench/launch/launch.h"
#include "bench/verbs/tour/live.h"
#include "bench/verbs/verbs.h"
#include "pools/parts/clock.h"
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define CLOCK_MEASURE_NS 100000000u
#define UNIT_NS          10000000 /* seconds (--slow) show nothing more */
#define UNIT_SLOW_NS     1000000000

struct question {
    unsigned first, end; /* steps, from 0 */
    bool pause, slow, live;
};

enum { TOUR_PAUSE, TOUR_SLOW, TOUR_LIVE };
static const struct argument tour_arguments[] = {
    [TOUR_PAUSE] = {"pause", "", "", "Wait for Enter between steps.", false},
    [TOUR_SLOW] = {"slow", "", "", "Let tasks take seconds instead of tens of milliseconds.", false},
    [TOUR_LIVE] = {"live", "", "", "Show the workers and their tasks while they work.", false},
    {.name = NULL},
};

static int question_read(const struct arguments *given, struct question *question)
{
    const char *step = given->operand[0];
    question->pause = given->value[TOUR_PAUSE][0];
    question->slow = given->value[TOUR_SLOW][0];
    question->live = given->value[TOUR_LIVE][0];
    if (!step)
        return 0;
    if (step[0] < '1' || step[0] > '0' + TOUR_STEPS || step[1])
        return complain("tour", "there is no step '%.64s', expected 1 .. %d", step, TOUR_STEPS);
    question->first = (unsigned)(step[0] - '1');
    question->end = question->first + 1;
    return 0;
}

/* Waits for Enter, or for a signal to stop: the launcher has them blocked. 0, or an exit code. */
static int pause_for_enter(struct tour *tour)
{
    struct launcher *launcher = calibrations_launcher(tour->calibrations);
    struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = launcher->signals, .events = POLLIN}};
    char line[256];
    if (!isatty(STDIN_FILENO))
        return 0;
    printf("\n[Enter] ");
    fflush(stdout);
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return 0;
    int signal = fds[1].revents ? launcher_interrupted(launcher) : 0;
    if (signal)
        return 128 + signal;
    if (read(STDIN_FILENO, line, sizeof line) <= 0) /* the end of input: nobody is there to wait for */
        putchar('\n');
    return 0;
}

static int steps_run(struct tour *tour, const struct question *question)
{
    int code = 0;
    for (unsigned i = question->first; i < question->end && code == 0; i++) {
        const struct tour_step *step = &tour_steps[i];
        printf("%s%u. %s\n\n", i > question->first ? "\n" : "", i + 1, step->title);
        tour_text("idea", step->idea);
        putchar('\n');
        code = step->run(tour);
        fflush(stdout);
        /* between trials, or while the last rows were left standing */
        int signal = code == 0 ? launcher_interrupted(calibrations_launcher(tour->calibrations)) : 0;
        if (signal)
            code = 128 + signal;
        if (code == 0 && question->pause && i + 1 < question->end)
            code = pause_for_enter(tour);
    }
    return code;
}

static int tour_main(const struct arguments *given)
{
    struct question question = {.end = TOUR_STEPS};
    struct tour tour = {0};
    char error[ERROR_MAX];
    int code = question_read(given, &question);
    if (code)
        return code;
    tour.live = question.live && tour_live_can();
    if (question.live && !tour.live)
        fprintf(stderr, "poolbench tour: --live needs a terminal on standard output; going on without it\n");
    tour.unit_ns = question.slow ? UNIT_SLOW_NS : UNIT_NS;
    int rc = machine_open(&tour.machine, NULL, error);
    if (rc == 0) {
        clock_choose(CLOCK_MEASURE_NS);
        rc = calibrations_open(&tour.calibrations, true, error);
    }
    if (rc < 0) {
        code = complain("tour", "%s", error);
    } else {
        code = steps_run(&tour, &question);
    }
    calibrations_close(tour.calibrations);
    machine_close(&tour.machine);
    return code;
}

const struct verb verb_tour = {
    .name = "tour",
    .chapter = "learn",
    .operands = "[1..5]",
    .summary = "five short experiments on what pools do, explained",
    .function = tour_main,
    .help = "Runs five small programs on process pools, thread pools and plain forking for real and shows each task: "
            "who ran it, when, and what that means. A number shows that step alone. Writes no files. docs/TOUR.md has "
            "the same in Python.",
    .operands_max = 1,
    .arguments = tour_arguments};
