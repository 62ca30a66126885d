/* The event word of event.h: its page, its waking, and SIGCHLD. */
#include "pools/parts/event.h"
#include "pools/parts/memory.h"
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

/* For the handler, which may run in any thread. relaxed: set while no child exists, and sigaction comes after it */
static struct event *_Atomic watched;

int event_open(struct event **event, bool private)
{
    struct event *page = memory_share(sizeof *page, -1);
    if (!page)
        return -errno;
    page->private = private;
    page->fd = -1;
    *event = page;
    return 0;
}

void event_close(struct event *event)
{
    if (!event)
        return;
    if (atomic_load_explicit(&watched, memory_order_relaxed) == event) /* ours */
        event_unwatch_children();
    if (event->fd >= 0)
        close(event->fd);
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
    struct event *event = atomic_load_explicit(&watched, memory_order_relaxed);
    if (event) {
        /* release: the child has ended; the word comes after it, and who sees that sees this (group_has_news) */
        atomic_fetch_add_explicit(&event->children, 1, memory_order_release);
        event_shout(event);
        if (event->fd >= 0)
            eventfd_write(event->fd, 1);
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
    atomic_store_explicit(&watched, event, memory_order_relaxed);
    sigprocmask(SIG_UNBLOCK, &child, NULL); /* whoever started us may have blocked it */
    if (sigaction(SIGCHLD, &action, NULL) < 0) {
        atomic_store_explicit(&watched, NULL, memory_order_relaxed);
        return -errno;
    }
    return 0;
}

void event_unwatch_children(void)
{
    signal(SIGCHLD, SIG_DFL);
    atomic_store_explicit(&watched, NULL, memory_order_relaxed);
}

void event_forget_children(void)
{
    signal(SIGCHLD, SIG_DFL);
}
