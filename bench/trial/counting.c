/* Counters of a trial, where the harness asks for any: opened on the submitter before the pool makes anybody, so that
 * all whom it makes inherit them, whatever they are: threads, forked workers, processes of tasks, programs. Nobody
 * reads while tasks run: the submitter does before the gate and after the last reap. What a process has counted is
 * added to its maker's as it ends, before it can be waited for.
 *
 * An event that is split is opened twice, for all and for the submitter alone. Each is read by itself:
 * PERF_FORMAT_GROUP together with inherit is refused by older kernels (perf_event_open(2)). */
#include "bench/trial/trial.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OF_ALL, OF_SUBMITTER, SCOPES };

static int event_open(const struct counter_asked *asked, bool inherits, int leader)
{
    struct perf_event_attr attr = {
        .size = sizeof attr,
        .type = asked->type,
        .config = asked->config,
        .inherit = inherits,
        .exclude_kernel = asked->user_only,
        .exclude_hv = asked->user_only,
        .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
    };
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, leader, PERF_FLAG_FD_CLOEXEC);
}

/* The first event of its group that is open. */
static int leader_of(const struct trial *trial, uint32_t event, int scope)
{
    for (uint32_t i = 0; i < event; i++)
        if (trial->file->counters[i].group == trial->file->counters[event].group && trial->counter_fd[i][scope] >= 0)
            return trial->counter_fd[i][scope];
    return -1;
}

void counting_open(struct trial *trial)
{
    for (uint32_t i = 0; i < trial->file->counters_count; i++) {
        trial->report->counters[i] = (struct counter_answer){0};
        for (int scope = 0; scope < SCOPES; scope++) {
            const struct counter_asked *asked = &trial->file->counters[i];
            trial->counter_fd[i][scope] = -1;
            if (scope == OF_SUBMITTER && !asked->is_split)
                continue;
            trial->counter_fd[i][scope] = event_open(asked, scope == OF_ALL, leader_of(trial, i, scope));
            if (trial->counter_fd[i][scope] < 0)
                trial->report->counters[i].error = errno;
        }
    }
}

static void value_add(const struct trial *trial, uint32_t event, int scope, int sign)
{
    struct counter_answer *answer = &trial->report->counters[event];
    struct counter_value *value = scope == OF_ALL ? &answer->all : &answer->submitter;
    int64_t now[3];
    const int fd = trial->counter_fd[event][scope];
    const ssize_t got = fd < 0 ? (ssize_t)sizeof now : read(fd, now, sizeof now);
    if (got != (ssize_t)sizeof now)
        answer->error = got < 0 ? errno : ENODATA;
    if (fd < 0 || answer->error)
        return;
    value->value += sign * now[0];
    value->enabled_ns += sign * now[1];
    value->running_ns += sign * now[2];
}

void counting_read(struct trial *trial, bool is_end)
{
    for (uint32_t i = 0; i < trial->file->counters_count; i++)
        for (int scope = 0; scope < SCOPES; scope++)
            value_add(trial, i, scope, is_end ? 1 : -1);
}
