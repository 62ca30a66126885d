/* python: Python's executors and pools, in an interpreter inside the process of the trial, so that the same task
 * function runs on the same records as in all other pools. python.py has Python's side, this file hands tasks to and
 * fro.
 *
 * Tasks travel as numbers of slots. Processes of start=forkserver and spawn execute a new interpreter: host->program
 * with the arguments that Python gives it, which comes back here with the tasks mapped (python_attach). */
#include "pools/plugin/peers/python.h"
#include <poolbench/pool.h>
#include <stdbool.h>
#include <string.h>

__asm__(".pushsection .rodata\n"
        "python_source: .incbin \"pools/plugin/peers/python.py\"\n"
        ".byte 0\n"
        ".popsection\n");
extern const char python_source[] __attribute__((visibility("hidden")));

enum { API, START, LOCK };
enum { SUBMIT, MAP, POOL, PROCESS, THREADS };
enum { FORK, FORKSERVER, SPAWN };
static const char *const apis[] = {"submit", "map", "pool", "process", "threads"};

static const struct poolbench_param params[] = {
    {"api", POOLBENCH_CHOICE, "submit", 0, 0, "submit|map|pool|process|threads",
     "ProcessPoolExecutor's submit or map, multiprocessing.Pool, a Process each task, or ThreadPoolExecutor"},
    {"start", POOLBENCH_CHOICE, "fork", 0, 0, "fork|forkserver|spawn",
     "how processes begin, as multiprocessing calls it"},
    {"lock", POOLBENCH_CHOICE, "released", 0, 0, "released|held",
     "the interpreter's, while a task runs: as ctypes.CDLL or ctypes.PyDLL calls it"},
    {0},
};

struct pool {
    const struct poolbench_host *host;
    const struct poolbench_config *config;
    PyObject *python; /* one of python.py's classes */
    bool is_moved;    /* payload travels with tasks */
};

static const char *const starts[] = {"fork", "forkserver", "spawn"};
static const struct poolbench_host *the_host; /* for workers: one pool a process */

static void task_work(unsigned slot, const void *in, void *out)
{
    struct poolbench_task *task = the_host->task(the_host, slot);
    task->work(task, in ? in : task->in, out ? out : task->out);
}

static void worker_become(unsigned number)
{
    the_host->worker(the_host, number);
}

static const char *python_shape(unsigned workers, const int64_t *values, struct poolbench_shape *shape)
{
    bool are_threads = values[API] == THREADS;
    shape->processes = are_threads ? 0 : workers;
    shape->threads = are_threads ? workers : 0;
    return are_threads && values[START] != FORK ? "threads are not started by forkserver or spawn, expected start=fork"
                                                : NULL;
}

/* Python's error as the pool's. */
static int fail(const struct poolbench_host *host)
{
    char text[160];
    error_text(text, sizeof text);
    return host->refuse(host, "%s", text);
}

static bool is_moved(const struct poolbench_config *config)
{
    return config->params[API] != THREADS && (config->in_bytes || config->out_bytes);
}

/* python.py as a module that knows how to run a task in this process. NULL with Python's error set. */
static PyObject *module_ready(const struct poolbench_host *host, const struct poolbench_config *config)
{
    PyObject *module = module_make("poolbench_python", python_source);
    PyObject *moved = is_moved(config) ? PyLong_FromUnsignedLongLong(config->out_bytes) : Py_NewRef(Py_None);
    PyObject *said = NULL;
    the_host = host;
    if (module && moved)
        said =
            PyObject_CallMethod(module, "ready", "iOKK", (int)config->params[LOCK], moved,
                                (unsigned long long)(uintptr_t)task_work, (unsigned long long)(uintptr_t)worker_become);
    if (!said)
        Py_CLEAR(module);
    Py_XDECREF(said);
    Py_XDECREF(moved);
    return module;
}

static PyObject *pool_make(const struct pool *pool)
{
    const struct poolbench_config *config = pool->config;
    PyObject *module = module_ready(pool->host, config), *made = NULL;
    if (module)
        made = PyObject_CallMethod(module, "pool", "sIss", apis[config->params[API]], config->workers,
                                   starts[config->params[START]], pool->host->program);
    Py_XDECREF(module);
    return made;
}

static int python_open(const struct poolbench_host *host, const struct poolbench_config *config, void **result)
{
    const char *why = interpreter_start();
    struct pool *pool = why ? NULL : calloc(1, sizeof *pool);
    if (!pool)
        return host->refuse(host, "%s", why ? why : "out of memory");
    *pool = (struct pool){
        .host = host,
        .config = config,
        .is_moved = is_moved(config),
    };
    PyGILState_STATE lock = PyGILState_Ensure();
    pool->python = pool_make(pool);
    int rc = pool->python ? 0 : fail(host);
    PyGILState_Release(lock);
    if (rc < 0)
        free(pool);
    else
        *result = pool;
    return rc;
}

static PyObject *task_object(const struct pool *pool, const struct poolbench_task *task)
{
    if (!pool->is_moved)
        return PyLong_FromUnsignedLong(task->slot);
    return Py_BuildValue("(Iy#)", task->slot, task->in,
                         (Py_ssize_t)(task->in ? pool->config->in_bytes : 0)); /* NULL: None */
}

static int python_submit(void *argument, struct poolbench_task *const *tasks, unsigned n)
{
    struct pool *pool = argument;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *list = PyList_New(n), *said = NULL;
    bool are_all = list != NULL;
    for (unsigned i = 0; i < n && are_all; i++) {
        PyObject *task = task_object(pool, tasks[i]);
        are_all = task && PyList_SetItem(list, i, task) == 0;
    }
    if (are_all)
        said = PyObject_CallMethod(pool->python, "submit", "O", list);
    int rc = said ? (int)n : fail(pool->host);
    Py_XDECREF(said);
    Py_XDECREF(list);
    PyGILState_Release(lock);
    return rc;
}

/* A task that is back: its slot, or a tuple of that and what it has written. */
static struct poolbench_task *task_of(const struct pool *pool, PyObject *item)
{
    PyObject *slot = pool->is_moved ? PyTuple_GetItem(item, 0) : item;
    PyObject *out = pool->is_moved ? PyTuple_GetItem(item, 1) : NULL;
    unsigned long number = slot ? PyLong_AsUnsignedLong(slot) : 0;
    if (!slot || PyErr_Occurred())
        return NULL;
    struct poolbench_task *task = pool->host->task(pool->host, (uint32_t)number);
    size_t bytes = pool->config->out_bytes;
    if (task && pool->is_moved && bytes) {
        if (!out || !PyBytes_Check(out) || (size_t)PyBytes_Size(out) != bytes) {
            PyErr_SetString(PyExc_ValueError, "a result came back without its bytes");
            return NULL;
        }
        memcpy(task->out, PyBytes_AsString(out), bytes);
    }
    return task;
}

static int python_reap(void *argument, struct poolbench_task **tasks, unsigned min, unsigned max, uint64_t until_ns)
{
    struct pool *pool = argument;
    int rc = 0;
    PyGILState_STATE lock = PyGILState_Ensure();
    /* Python's monotonic clock is CLOCK_MONOTONIC, in seconds */
    PyObject *until = until_ns == UINT64_MAX ? Py_NewRef(Py_None) : PyFloat_FromDouble((double)until_ns / 1e9);
    PyObject *list = until ? PyObject_CallMethod(pool->python, "reap", "IIO", min, max, until) : NULL;
    Py_ssize_t count = list ? PyList_Size(list) : 0;
    for (Py_ssize_t i = 0; i < count && i < (Py_ssize_t)max && rc == i; i++)
        if ((tasks[i] = task_of(pool, PyList_GetItem(list, i))))
            rc++;
    if (!list || PyErr_Occurred())
        rc = fail(pool->host);
    Py_XDECREF(list);
    Py_XDECREF(until);
    PyGILState_Release(lock);
    return rc;
}

static int python_close(void *argument)
{
    struct pool *pool = argument;
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *module = PyImport_ImportModule("poolbench_python");
    PyObject *said = module ? PyObject_CallMethod(module, "end", "O", pool->python) : NULL;
    int rc = said ? 0 : fail(pool->host);
    Py_XDECREF(said);
    Py_XDECREF(module);
    Py_XDECREF(pool->python);
    PyGILState_Release(lock);
    free(pool);
    return rc;
}

/* What `python3 -c CODE ARGUMENTS` does, where that is how multiprocessing executes an interpreter. */
static int python_attach(const struct poolbench_host *host, const struct poolbench_config *config, int argc,
                         char **argv)
{
    int at = 1;
    while (at < argc && strcmp(argv[at], "-c"))
        at++;
    if (at + 1 >= argc)
        return host->refuse(host, "expected -c CODE");
    const char *why = interpreter_start();
    if (why)
        return host->refuse(host, "%s", why);
    PyGILState_STATE lock = PyGILState_Ensure();
    PyObject *module = module_ready(host, config), *said = NULL;
    if (module && (said = PyObject_CallMethod(module, "arguments", NULL))) {
        for (int i = at; i < argc; i++)
            if (i != at + 1) {
                PyObject *text = PyUnicode_DecodeFSDefault(argv[i]);
                PyList_Append(said, text);
                Py_XDECREF(text);
            }
        return PyRun_SimpleString(argv[at + 1]) < 0; /* most of it ends in sys.exit() */
    }
    int rc = fail(host);
    PyGILState_Release(lock);
    return rc;
}

const struct poolbench_pool poolbench_pool_plugin = {
    .abi = POOLBENCH_ABI,
    .size = sizeof(struct poolbench_pool),
    .name = "python",
    .summary = "Python: executors of concurrent.futures and multiprocessing, tasks called through ctypes",
    .params = params,
    .handover_ns = 100000,
    .shape = python_shape,
    .open = python_open,
    .submit = python_submit,
    .close = python_close,
    .reap = python_reap,
    .attach = python_attach,
};
