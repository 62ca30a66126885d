/* Whether somebody outside stopped a process of this trial and continued it: SIGCONT has a handler, which all processes
 * forked from here inherit and which exec takes away. It costs nothing before it is called. That the pool itself
 * continues a worker (--task-limit) is no matter; a stop that nobody takes back is found by limits. */
#include "bench/trial/trial.h"
#include <signal.h>
#include <unistd.h>

static struct trial_report *report; /* what is forked does not inherit its memory */
static pid_t program;

static void on_continue(int number, siginfo_t *info, void *context)
{
    (void)context;
    if (info->si_code == SI_USER && info->si_pid == program && getpid() != program)
        return;
    if (getpid() != program)
        kill(program, number); /* it notes that */
    else                       /* relaxed: one word, read when this process has ended */
        __atomic_fetch_add(&report->continued, 1, __ATOMIC_RELAXED);
}

void stops_watch(struct trial *trial)
{
    struct sigaction action = {.sa_sigaction = on_continue, .sa_flags = SA_RESTART | SA_SIGINFO};
    report = trial->report;
    program = getpid();
    sigemptyset(&action.sa_mask);
    sigaction(SIGCONT, &action, NULL);
}
