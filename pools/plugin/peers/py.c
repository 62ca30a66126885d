/* py: a loop in pure Python, for any pool: a linear congruential generator, one statement a step. Threads of one
 * process share the lock of its interpreter, as threads of a Python program do; processes have one each. */
#include "pools/plugin/peers/python.h"
#include <poolbench/workload.h>

static const char source[] = "def steps(x, n):\n"
                             "    for _ in range(n):\n"
                             "        x = x * 6364136223846793005 + 1442695040888963407 & 18446744073709551615\n"
                             "    return x\n";

struct state {
    uint64_t seed;
    PyObject *function;
};

static int py_prepare(const struct poolbench_workload_config *config, void **result)
{
    char text[160];
    const char *why = interpreter_start();
    struct state *state = why ? NULL : calloc(1, sizeof *state);
    if (!state)
        return config->refuse("%s", why ? why : "out of memory");
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *module = module_make("poolbench_py", source);
    state->seed = config->seed;
    state->function = module ? PyObject_GetAttrString(module, "steps") : NULL;
    if (!state->function)
        error_text(text, sizeof text);
    Py_XDECREF(module);
    PyGILState_Release(lock);
    if (state->function) {
        *result = state;
        return 0;
    }
    free(state);
    return config->refuse("%s", text);
}

/* A thread of somebody else's is made known to Python once, not for each task. */
static PyGILState_STATE lock_take(void)
{
    static _Thread_local int is_known;
    if (!is_known && !PyGILState_GetThisThreadState()) {
        PyGILState_Ensure();
        PyEval_SaveThread();
    }
    is_known = 1;
    return PyGILState_Ensure();
}

static int py_run(void *argument, const struct poolbench_work *work, uint64_t *result)
{
    const struct state *state = argument;
    PyGILState_STATE lock = lock_take();
    PyObject *x =
        PyObject_CallFunction(state->function, "KK", (unsigned long long)poolbench_mix(state->seed, work->index),
                              (unsigned long long)work->iterations);
    int code = x == NULL;
    if (x)
        *result = PyLong_AsUnsignedLongLong(x);
    else
        PyErr_Clear();
    Py_XDECREF(x);
    PyGILState_Release(lock);
    return code;
}

/* Where n steps lead, in as many as n has bits. */
static int py_expect(const void *argument, const struct poolbench_work *work, uint64_t *result)
{
    const struct state *state = argument;
    uint64_t factor = 6364136223846793005u, add = 1442695040888963407u, all_factor = 1, all_add = 0;
    for (uint64_t n = work->iterations; n; n >>= 1) {
        if (n & 1) {
            all_add = all_add * factor + add;
            all_factor *= factor;
        }
        add *= factor + 1;
        factor *= factor;
    }
    *result = all_factor * poolbench_mix(state->seed, work->index) + all_add;
    return 1;
}

static void py_release(void *argument)
{
    struct state *state = argument;
    PyGILState_STATE lock = PyGILState_Ensure();
    Py_XDECREF(state->function);
    PyGILState_Release(lock);
    free(state);
}

const struct poolbench_workload poolbench_workload_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_workload),
    .name = "py",
    .summary = "a loop in pure Python",
    .traits = POOLBENCH_SIZED,
    .unit = "step",
    .prepare = py_prepare,
    .run = py_run,
    .expect = py_expect,
    .release = py_release,
};
