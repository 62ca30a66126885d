/* append: every task appends the square of its number to one list in the ordinary memory of its process, as a first
 * attempt at collecting results does. Threads fill the submitter's list; each forked worker fills a copy of its own,
 * which goes with it. The column parent_sees is the length of the submitter's list. Warm-up tasks append nothing.
 *
 * witness=yes has the first tasks write down, in shared memory, what their process's list looked like to them: its
 * address, too, which is the same in every process and means another memory in each. */
#include "workloads/work.h"
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PARAM_WITNESS, WITNESSED = VIEWS_MAX - 1 };
static const struct param append_params[] = {
    [PARAM_WITNESS] = {"witness", PARAM_CHOICE, "no", 0, 0, "no|yes",
                       "have the first tasks write down what the list of their process holds, for the tour"},
    {.name = NULL},
};

struct append {
    struct view *witness; /* shared, a row for each of the first tasks; NULL: none is kept */
    uint32_t capacity;
    _Alignas(128) _Atomic uint32_t length;
    uint64_t list[];
};

static int append_prepare(const struct workload_config *config, void **state)
{
    size_t alignment = _Alignof(struct append);
    size_t bytes = sizeof(struct append) + config->tasks * sizeof(uint64_t);
    struct append *append = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (!append)
        return -ENOMEM;
    append->witness = NULL;
    if (config->params[PARAM_WITNESS]) {
        append->witness =
            mmap(NULL, WITNESSED * sizeof(struct view), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (append->witness == MAP_FAILED) {
            int rc = -errno;
            free(append);
            return rc;
        }
    }
    append->capacity = config->tasks;
    atomic_init(&append->length, 0);
    *state = append;
    return 0;
}

/* Tasks are numbered from 0, the squares from 1. */
static uint64_t square(uint32_t task)
{
    uint64_t number = (uint64_t)task + 1;
    return number * number;
}

static struct view view_take(const struct append *append)
{
    struct view view = {.pid = getpid(), .address = (uintptr_t)append->list};
    view.count = atomic_load_explicit(&append->length, memory_order_relaxed);
    for (uint32_t i = 0; i < view.count && i < VIEW_ITEMS; i++)
        view.items[i] = append->list[i];
    return view;
}

static int append_run(void *state, const struct task *task, uint64_t *result)
{
    struct append *append = state;
    *result = square(task->index);
    if (task->index >= TASK_WARMUP_FIRST)
        return 0;
    /* relaxed: it only shares out places; the hand-over of results orders the rest before anyone reads the list */
    uint32_t place = atomic_fetch_add_explicit(&append->length, 1, memory_order_relaxed);
    if (place >= append->capacity)
        return ENOSPC; /* more tasks than announced: a task was run twice */
    append->list[place] = *result;
    if (append->witness && task->index < WITNESSED)
        append->witness[task->index] = view_take(append);
    return 0;
}

static bool append_expect(const void *state, const struct task *task, uint64_t *result)
{
    (void)state;
    *result = square(task->index);
    return true;
}

static int64_t append_observe(void *state)
{
    struct append *append = state;
    return atomic_load_explicit(&append->length, memory_order_relaxed);
}

/* Of each process the view that holds most: its last. */
static unsigned append_views(const void *state, struct view *views)
{
    const struct append *append = state;
    unsigned count = 1;
    if (!append->witness)
        return 0;
    views[0] = view_take(append);
    for (unsigned i = 0; i < WITNESSED; i++) {
        const struct view *view = &append->witness[i];
        unsigned at = 1;
        while (at < count && views[at].pid != view->pid)
            at++;
        if (view->pid && (at == count || view->count > views[at].count))
            views[at] = *view;
        count += view->pid && at == count;
    }
    return count;
}

static void append_release(void *state)
{
    struct append *append = state;
    if (append->witness)
        munmap(append->witness, WITNESSED * sizeof(struct view));
    free(append);
}

const struct workload_ops workload_append = {
    .name = "append",
    .summary = "appends the square of its number to a global list; parent_sees is the list's length",
    .params = append_params,
    .traits = WORKLOAD_OBSERVED,
    .prepare = append_prepare,
    .run = append_run,
    .expect = append_expect,
    .observe = append_observe,
    .views = append_views,
    .release = append_release,
};
