/* The event word of event.h: its page, its waking, and SIGCHLD. */
#include "pools/event.h"
#include <signal.h>
#include <sys/mman.h>

static struct event *watched; /* for the handler; set only while no child exists */

int event_open(struct event **event, bool private)
{
    struct event *page =
        mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    page->private = private;
    *event = page;
    return 0;
}

void event_close(struct event *event)
{
    if (event)
        munmap(event, sizeof *event);
}

void event_shout(struct event *event)
{
    /* release: what was published before is visible to whoever sees the new word */
    atomic_fetch_add_explicit(&event->word, 1, memory_order_release);
    futex_wake(&event->word, 1, event->private);
}

static void on_child(int signal_number)
{
    (void)signal_number;
    int saved = errno;
    if (watched) {
        atomic_fetch_add_explicit(&watched->children, 1,
                                  memory_order_release); /* before the word: who sees that sees it */
        event_shout(watched);
    }
    errno = saved;
}

int event_watch_children(struct event *event)
{
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP | SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    watched = event;
    sigprocmask(SIG_UNBLOCK, &child, NULL); /* whoever started us may have blocked it */
    if (sigaction(SIGCHLD, &action, NULL) < 0) {
        watched = NULL;
        return -errno;
    }
    return 0;
}

void event_unwatch_children(void)
{
    signal(SIGCHLD, SIG_DFL);
    watched = NULL;
}

void event_forget_children(void)
{
    signal(SIGCHLD, SIG_DFL);
}
