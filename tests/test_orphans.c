/* Children, and what carries the mark of a guard. */
#include "bench/machine/orphans.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static pid_t sleeper(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_child_is_found(void **state)
{
    (void)state;
    assert_int_equal(orphans_child(), 0);
    pid_t child = sleeper();
    assert_int_equal(orphans_child(), child);
    end(child);
    assert_int_equal(orphans_child(), 0);
}

/* In a child whose environment says so: the mark is read where it was executed with it. */
static pid_t marked(const char *mark)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        setenv(ORPHANS_MARK, mark, 1);
        execl("/bin/sh", "sh", "-c", "kill -STOP $$; exit 1", (char *)NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, NULL, WUNTRACED), pid);
    return pid;
}

static bool lives(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

/* What a guard that lives has marked, or one that has other numbers, is not touched. */
static void only_what_the_dead_have_marked_is_old(void **state)
{
    (void)state;
    char mine[MARK_MAX], dead[MARK_MAX], elsewhere[MARK_MAX + 1];
    pid_t guard = sleeper();
    orphans_mark_of(guard, dead);
    end(guard);
    orphans_mark_of(getpid(), mine);
    snprintf(elsewhere, sizeof elsewhere, "%s1", dead);
    pid_t kept = marked(mine), foreign = marked(elsewhere), old = marked(dead);
    orphans_kill_old();
    assert_int_equal(waitpid(old, NULL, 0), old);
    assert_true(lives(kept) && lives(foreign));
    orphans_kill(elsewhere);
    assert_int_equal(waitpid(foreign, NULL, 0), foreign);
    assert_true(lives(kept));
    end(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_found),
        cmocka_unit_test(only_what_the_dead_have_marked_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
