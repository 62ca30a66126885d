/* See stack.h. It is still the first thread, which asks the kernel for its children and names itself. */
#include "bench/base/stack.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_BYTES ((size_t)8 << 20) /* as it mostly is */

static struct {
    int (*function)(int argc, char **argv);
    int argc, code;
    char **argv;
} call;

static void call_make(void)
{
    call.code = call.function(call.argc, call.argv);
}

int stack_call(int (*function)(int argc, char **argv), int argc, char **argv)
{
    struct rlimit limit;
    ucontext_t here, there;
    const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur >= STACK_BYTES) /* so is RLIM_INFINITY */
        return function(argc, argv);
    char *stack =
        mmap(NULL, guard + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED || mprotect(stack, guard, PROT_NONE) < 0 || getcontext(&there) < 0)
        return -errno;
    there.uc_stack.ss_sp = stack + guard;
    there.uc_stack.ss_size = STACK_BYTES;
    there.uc_link = &here;
    call.function = function;
    call.argc = argc;
    call.argv = argv;
    makecontext(&there, call_make, 0);
    if (swapcontext(&here, &there) < 0)
        return -errno;
    munmap(stack, guard + STACK_BYTES);
    return call.code;
}
