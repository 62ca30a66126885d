/* Children found where the kernel does not list them. */
#include "bench/machine/orphans.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h> /* after what it needs */

static pid_t guard;

static bool is_guard(pid_t pid)
{
    return pid == guard;
}

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

static void a_child_is_found_and_the_guard_is_none(void **state)
{
    (void)state;
    assert_int_equal(orphans_child(is_guard), 0);
    guard = sleeper();
    assert_int_equal(orphans_child(is_guard), 0);
    pid_t child = sleeper();
    assert_int_equal(orphans_child(is_guard), child);
    end(child);
    assert_int_equal(orphans_child(is_guard), 0);
    end(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_found_and_the_guard_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
