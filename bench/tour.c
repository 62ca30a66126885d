/* The verb tour: which steps, and what happens between them. */
#include "bench/tour.h"
#include "bench/launch.h"
#include "bench/nearest.h"
#include "bench/verbs.h"
#include "pools/clock.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define CLOCK_MEASURE_NS 100000000u
#define UNIT_NS          20000000 /* seconds (--slow) show nothing more */
#define UNIT_SLOW_NS     1000000000

struct question {
    unsigned first, end; /* steps, from 0 */
    bool pause, slow;
};

static int question_read(int argc, char **argv, struct question *question)
{
    static const char *const options[] = {"--pause", "--slow"};
    bool *const flags[] = {&question->pause, &question->slow};
    bool chosen = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        struct nearest nearest;
        char hint[96];
        unsigned o = 0;
        while (o < 2 && strcmp(word, options[o]))
            o++;
        if (o < 2) {
            *flags[o] = true;
        } else if (word[0] == '-') {
            nearest_init(&nearest, word);
            nearest_offer(&nearest, options[0]);
            nearest_offer(&nearest, options[1]);
            fprintf(stderr, "poolbench tour: there is no option %.64s%s\n", word,
                    nearest_hint(&nearest, hint, sizeof hint));
            return 2;
        } else if (chosen) {
            fprintf(stderr, "poolbench tour: expected one step or none, found '%.64s' too\n", word);
            return 2;
        } else if (word[0] < '1' || word[0] > '0' + TOUR_STEPS || word[1]) {
            fprintf(stderr, "poolbench tour: there is no step '%.64s', expected 1 .. %d\n", word, TOUR_STEPS);
            return 2;
        } else {
            chosen = true;
            question->first = (unsigned)(word[0] - '1');
            question->end = question->first + 1;
        }
    }
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
        if (code == 0 && question->pause && i + 1 < question->end)
            code = pause_for_enter(tour);
    }
    return code;
}

int verb_tour(int argc, char **argv)
{
    struct question question = {.end = TOUR_STEPS};
    struct tour tour = {0};
    char error[ERROR_MAX];
    int code = question_read(argc, argv, &question);
    if (code)
        return code;
    tour.unit_ns = question.slow ? UNIT_SLOW_NS : UNIT_NS;
    int rc = machine_open(&tour.machine, NULL, error);
    if (rc == 0) {
        clock_choose(CLOCK_MEASURE_NS);
        rc = calibrations_open(&tour.calibrations, true, error);
    }
    if (rc < 0) {
        fprintf(stderr, "poolbench tour: %s\n", error);
        code = 2;
    } else {
        code = steps_run(&tour, &question);
    }
    calibrations_close(tour.calibrations);
    machine_close(&tour.machine);
    return code;
}
