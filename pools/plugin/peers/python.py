# The pool "python" from Python's side: tasks go through executors and pools the way programs use them. Compiled into
# python.so (python.c), which calls pool(...), then submit, reap and close of what that returns, all in one thread.
#
# A task is the number of its slot in memory that processes share. `run` is a C function, called through ctypes: with the
# interpreter's lock released (as ctypes.CDLL does) or held (as ctypes.PyDLL does). Where processes do the work, payload
# travels as bytes, pickled; threads read and write it in place.
#
# Processes of forkserver and spawn begin as Python's own do, but with another program in the place of python3: one that
# has the tasks, and this module.
import atexit
import ctypes
import gc
import multiprocessing
import queue
import sys
import time
from collections import deque
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import forkserver, resource_tracker, spawn
from multiprocessing.connection import wait

run = become = function = None  # C functions; what a worker calls
out_bytes = 0
context = None  # of multiprocessing


def work(task):
    run(task, None, None)
    return task


def work_on(arguments):  # (task, bytes or None)
    task, data = arguments
    out = ctypes.create_string_buffer(out_bytes) if out_bytes else None
    run(task, data, out)
    return task, out.raw if out_bytes else None


def work_alone(task, number, results):  # in a process of its own
    become(number)
    result = function(task)
    if results:
        results.send_bytes(result[1] or b"")


def left(until):  # seconds
    return None if until is None else max(0.0, until - time.monotonic())


class Futures:
    """executor.submit for every task; a future that is done puts itself on a queue."""

    def __init__(self, executor, workers):
        self.executor = executor
        self.done = queue.SimpleQueue()
        for future in [executor.submit(int) for _ in range(workers)]:  # processes are made here and now
            future.result()

    def submit(self, tasks):
        for task in tasks:
            self.executor.submit(function, task).add_done_callback(self.done.put)

    def reap(self, least, most, until):
        back = []
        try:
            while len(back) < most:
                future = self.done.get(True, left(until)) if len(back) < least else self.done.get_nowait()
                back.append(future.result())
        except queue.Empty:
            pass
        return back

    def close(self):
        self.executor.shutdown()


class Map(Futures):
    """executor.map over all that is handed in at once, one task a chunk, results in the order of tasks."""

    def __init__(self, executor, workers):
        super().__init__(executor, workers)
        self.iterators = deque()
        self.results = self.each()
        self.asked = queue.SimpleQueue()
        self.is_asked = False
        self.helper = ThreadPoolExecutor(1)  # has no thread until it is used

    def each(self):
        while True:
            yield from self.iterators.popleft()

    def submit(self, tasks):
        self.iterators.append(self.executor.map(function, tasks))

    def next(self, until):
        if until is None and not self.is_asked:
            return next(self.results)
        if not self.is_asked:  # an iterator knows no deadline: somebody else waits for it
            self.helper.submit(next, self.results).add_done_callback(self.asked.put)
        self.is_asked = True
        future = self.asked.get(True, left(until))
        self.is_asked = False
        return future.result()

    def reap(self, least, most, until):
        back = []
        try:
            while len(back) < min(least, most):
                back.append(self.next(until))
        except queue.Empty:
            pass
        return back

    def close(self):
        self.helper.shutdown()
        super().close()


class Unordered:
    """multiprocessing.Pool.imap_unordered over a generator of tasks."""

    def __init__(self, workers):
        self.pool = context.Pool(workers, together(workers))
        self.pool.apply(int)
        self.tasks = queue.SimpleQueue()
        self.results = self.pool.imap_unordered(function, iter(self.tasks.get, None))

    def submit(self, tasks):
        for task in tasks:
            self.tasks.put(task)

    def reap(self, least, most, until):
        back = []
        try:
            while len(back) < min(least, most):
                back.append(self.results.next(left(until)))
        except multiprocessing.TimeoutError:
            pass
        return back

    def close(self):
        self.tasks.put(None)
        self.pool.close()
        self.pool.join()


class Processes:
    """A multiprocessing.Process for every task, as many at a time as there are workers."""

    def __init__(self, workers):
        self.numbers = list(range(workers))
        self.is_moved = function is work_on
        self.waiting = deque()
        self.running = {}

    def start(self):
        while self.waiting and self.numbers:
            task, number = self.waiting.popleft(), self.numbers.pop()
            results, end = context.Pipe(False) if self.is_moved else (None, None)
            process = context.Process(target=work_alone, args=(task, number, end))
            process.start()
            if end:
                end.close()
            self.running[results or process.sentinel] = process, task, number

    def submit(self, tasks):
        self.waiting.extend(tasks)
        self.start()

    def finish(self, event):
        process, task, number = self.running.pop(event)
        if self.is_moved:
            task = task[0], event.recv_bytes()
            event.close()
        process.join()
        if process.exitcode:
            raise RuntimeError(f"a process ended with {process.exitcode}")
        process.close()
        self.numbers.append(number)
        return task

    def reap(self, least, most, until):
        back = []
        while self.running and len(back) < min(least, most):
            events = wait(list(self.running), left(until))
            if not events:
                break
            back += [self.finish(event) for event in events[: most - len(back)]]
            self.start()
        return back

    def close(self):
        for process, _, _ in self.running.values():
            process.join()


def together(workers):
    """What workers call first: nobody takes a task before all are there. None: they are forked all at once."""
    return None if context.get_start_method() == "fork" else context.Barrier(workers).wait


def ready(held, moved, run_at, become_at):
    """In each process. moved: bytes of a result where payload travels, None where it stays."""
    global run, become, function, out_bytes
    kind = ctypes.PYFUNCTYPE if held else ctypes.CFUNCTYPE
    run = kind(None, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p)(run_at)
    become = ctypes.CFUNCTYPE(None, ctypes.c_uint)(become_at)
    function = work if moved is None else work_on
    out_bytes = moved or 0


def arguments():
    """sys.argv, to be filled in a process that was executed."""
    sys.argv = []
    return sys.argv


def end(pool):
    pool.close()
    if context.get_start_method() != "fork":  # what else Python has open, and ends when an interpreter does
        pool.__dict__.clear()
        gc.collect()
        forkserver._forkserver._stop()
        atexit._run_exitfuncs()
        resource_tracker._resource_tracker._stop()


def pool(api, workers, start, program):
    """api, start: one of python.c's."""
    global context
    context = multiprocessing.get_context(start)
    if start != "fork":
        resource_tracker.ensure_running()  # by python3 itself
        spawn.set_executable(program)
    if api == "threads":
        return Futures(ThreadPoolExecutor(workers), workers)
    if api in ("submit", "map"):
        executor = ProcessPoolExecutor(workers, mp_context=context, initializer=together(workers))
        return (Futures if api == "submit" else Map)(executor, workers)
    if api == "pool":
        return Unordered(workers)
    return Processes(workers)
