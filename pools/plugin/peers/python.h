/* The interpreter of python.c (a pool) and py.c (a workload): one in a process, started by whichever comes first, never
 * ended but with the process. No thread holds its lock between two calls from here. */
#ifndef PEERS_PYTHON_H
#define PEERS_PYTHON_H
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>

#define PYTHON_TEXT_(path) #path
#define PYTHON_TEXT(path)  PYTHON_TEXT_(path)

/* NULL, or why there is none. As isolated as `python3 -I`: no environment, no folder of the user's. */
static inline const char *interpreter_start(void)
{
    Dl_info library;
    PyConfig config;
    if (Py_IsInitialized())
        return NULL;
    /* Python's own modules are linked with no libpython and look for its symbols where all can see them; we were loaded
     * where nobody can */
    if (!dladdr((void *)(uintptr_t)Py_IsInitialized, &library) ||
        !dlopen(library.dli_fname, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD))
        return "libpython cannot be made visible to Python's own modules";
    PyConfig_InitIsolatedConfig(&config);
    PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, PYTHON_TEXT(PYTHON));
    if (!PyStatus_Exception(status))
        status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status))
        return status.err_msg ? status.err_msg : "the interpreter does not start";
    PyEval_SaveThread();
    return NULL;
}

/* A module from text, known to `import` by that name; NULL with Python's error set. */
static inline PyObject *module_make(const char *name, const char *text)
{
    PyObject *code = Py_CompileString(text, name, Py_file_input);
    PyObject *module = code ? PyImport_ExecCodeModule(name, code) : NULL;
    Py_XDECREF(code);
    return module;
}

/* Python's error in words, which is then forgotten. */
static inline void error_text(char *text, size_t size)
{
    PyObject *type, *value, *trace;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    PyObject *words = value ? PyObject_Str(value) : NULL;
    const char *letters = words ? PyUnicode_AsUTF8(words) : NULL;
    snprintf(text, size, "%s: %s", type ? ((PyTypeObject *)type)->tp_name : "error", letters ? letters : "?");
    PyErr_Clear();
    Py_XDECREF(words);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(trace);
}

#endif
