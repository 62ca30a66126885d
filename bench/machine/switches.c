/* See switches.h. The layout of records is that of perf_event_open(2), with sample_id_all. */
#include "bench/machine/switches.h"
#include "bench/base/room.h"
#include "bench/base/sysfile.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECORD_MOST 256u /* no record of ours is longer */
#define PARANOID    "/proc/sys/kernel/perf_event_paranoid"

struct task_body {
    uint32_t pid, parent_pid, tid, parent_tid;
};

struct name_body {
    uint32_t pid, tid;
    char name[16];
};

static struct perf_event_attr event_attr(bool inherited)
{
    return (struct perf_event_attr){
        .size = sizeof(struct perf_event_attr),
        .type = PERF_TYPE_SOFTWARE,
        .config = PERF_COUNT_SW_DUMMY,
        .sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
        .disabled = inherited,
        .inherit = inherited,
        .enable_on_exec = inherited,
        .exclude_kernel = 1,
        .exclude_hv = 1,
        .context_switch = 1,
        .task = 1,
        .comm = 1,
        .comm_exec = 1,
        .sample_id_all = 1,
        .watermark = 1,
        .use_clockid = 1,
        .clockid = CLOCK_MONOTONIC,
        .wakeup_watermark = UINT32_MAX, /* nobody waits for records */
    };
}

/* What stands in the way, by how the kernel and containers refuse it. */
int switches_refuse(struct switches_refused *refused, const char *call, int error)
{
    const int64_t paranoid = sysfile_number(PARANOID);
    const char *remedy = "a kernel with CONFIG_PERF_EVENTS";
    if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV)
        remedy = "a CPU whose PMU has that event and is known to the kernel; a virtual machine has none unless it is "
                 "passed through (QEMU: -cpu host,pmu=on)";
    else if (!strcmp(call, "mmap"))
        remedy = "sysctl kernel.perf_event_mlock_kb=16384, ulimit -l, or the capability CAP_IPC_LOCK";
    else if (error == EMFILE || error == ENFILE)
        remedy = "ulimit -n: one descriptor a CPU";
    else if ((error == EACCES || error == EPERM) && paranoid > 2)
        remedy = "sysctl kernel.perf_event_paranoid=2, or the capability CAP_PERFMON";
    else if (error == ENOSYS)
        remedy =
            "a kernel with CONFIG_PERF_EVENTS; in a container --cap-add PERFMON, or a seccomp profile with that call";
    else if (error == EACCES || error == EPERM)
        remedy = "a container's filter: --cap-add PERFMON, or --security-opt seccomp=FILE with perf_event_open allowed";
    else if (error == ENODATA && !strcmp(call, "counting"))
        remedy = paranoid > 1
                     ? "sysctl kernel.perf_event_paranoid=1, or the capability CAP_PERFMON: it opens and counts "
                       "nothing"
                     : "another kernel or virtual machine: it opens and counts nothing, or others have the PMU";
    else if (error == ENODATA)
        remedy = "another kernel or emulator: this one opens the event and records nothing";
    *refused = (struct switches_refused){.error = error, .call = call};
    snprintf(refused->remedy, sizeof refused->remedy, "%s", remedy);
    return -error;
}

char *switches_refused_text(const struct switches_refused *refused, char *text, size_t size)
{
    snprintf(text, size, "%s: %s (errno %d); what allows it: %s", refused->call, strerror(refused->error),
             refused->error, refused->remedy);
    return text;
}

int switches_open(struct rings *rings, pid_t pid, const unsigned *cpus, unsigned count, size_t bytes,
                  struct switches_refused *refused)
{
    const struct perf_event_attr attr = event_attr(true);
    const char *call;
    int rc = rings_open(rings, &attr, pid, cpus, count, bytes, &call);
    return rc ? switches_refuse(refused, call, -rc) : 0;
}

/* False: it is none of those that are asked for. */
static bool record_read(const char *bytes, size_t size, struct switch_record *record)
{
    struct perf_event_header header;
    struct ring_trailer trailer;
    struct task_body task;
    struct name_body name = {0};
    memcpy(&header, bytes, sizeof header);
    memcpy(&trailer, bytes + size - sizeof trailer, sizeof trailer);
    const char *body = bytes + sizeof header;
    const size_t left = size - sizeof header - sizeof trailer;
    *record =
        (struct switch_record){.at_ns = trailer.at_ns, .pid = trailer.pid, .tid = trailer.tid, .cpu = trailer.cpu};
    switch (header.type) {
    case PERF_RECORD_SWITCH:
        record->kind = !(header.misc & PERF_RECORD_MISC_SWITCH_OUT)        ? SWITCH_IN
                       : header.misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT ? SWITCH_PREEMPTED
                                                                           : SWITCH_OUT;
        return true;
    case PERF_RECORD_FORK:
    case PERF_RECORD_EXIT:
        if (left < sizeof task)
            return false;
        memcpy(&task, body, sizeof task);
        record->kind = header.type == PERF_RECORD_FORK ? SWITCH_MADE : SWITCH_ENDED;
        record->pid = task.pid;
        record->tid = task.tid;
        record->parent = task.parent_tid;
        return true;
    case PERF_RECORD_COMM:
        memcpy(&name, body, left < sizeof name ? left : sizeof name);
        record->kind = header.misc & PERF_RECORD_MISC_COMM_EXEC ? SWITCH_EXEC : SWITCH_NAMED;
        record->pid = name.pid;
        record->tid = name.tid;
        memcpy(record->name, name.name, sizeof record->name - 1);
        return true;
    default:
        return false;
    }
}

struct taken {
    struct switch_record *record;
    size_t count, room;
};

static int taken_put(struct taken *taken, const struct switch_record *record)
{
    if (room_for(&taken->record, &taken->room, taken->count + 1, sizeof *record))
        return -ENOMEM;
    taken->record[taken->count++] = *record;
    return 0;
}

static int on_record(const char *bytes, size_t size, void *arg)
{
    struct switch_record record;
    if (size < sizeof(struct perf_event_header) + sizeof(struct ring_trailer) || size > RECORD_MOST ||
        !record_read(bytes, size, &record))
        return 0;
    return taken_put(arg, &record);
}

struct ordered {
    struct switch_record record;
    size_t number;
};

static int by_time(const void *a, const void *b)
{
    const struct ordered *x = a, *y = b;
    if (x->record.at_ns != y->record.at_ns)
        return x->record.at_ns < y->record.at_ns ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number); /* as they stood in their ring */
}

static int records_sort(struct taken *taken)
{
    struct ordered *ordered = calloc(taken->count + 1, sizeof *ordered);
    if (!ordered)
        return -ENOMEM;
    for (size_t i = 0; i < taken->count; i++)
        ordered[i] = (struct ordered){taken->record[i], i};
    qsort(ordered, taken->count, sizeof *ordered, by_time);
    for (size_t i = 0; i < taken->count; i++)
        taken->record[i] = ordered[i].record;
    free(ordered);
    return 0;
}

int switches_read(const struct rings *rings, struct switch_record **records, size_t *count, bool *lost)
{
    struct taken taken = {0};
    int rc = rings_read(rings, on_record, &taken, lost);
    if (!rc)
        rc = records_sort(&taken);
    if (rc) {
        free(taken.record);
        taken = (struct taken){0};
    }
    *records = taken.record;
    *count = taken.count;
    return rc;
}

/* Sleeping for the least there is leaves the CPU and comes back to it. */
static int try_switch(const struct rings *self, struct switches_refused *refused)
{
    const struct timespec least = {.tv_nsec = 1};
    struct switch_record *records;
    size_t count;
    bool lost, left = false, came = false;
    clock_nanosleep(CLOCK_MONOTONIC, 0, &least, NULL);
    int rc = switches_read(self, &records, &count, &lost);
    for (size_t i = 0; i < count; i++) {
        left = left || records[i].kind == SWITCH_OUT;
        came = came || (left && records[i].kind == SWITCH_IN);
    }
    free(records);
    return rc             ? switches_refuse(refused, "reading records", -rc)
           : left && came ? 0
                          : switches_refuse(refused, "switch records", ENODATA);
}

int switches_try(struct switches_refused *refused)
{
    const struct perf_event_attr attr = event_attr(false);
    struct rings self;
    const char *call;
    int rc = rings_open(&self, &attr, 0, NULL, 1, 1, &call);
    if (rc)
        return switches_refuse(refused, call, -rc);
    rc = try_switch(&self, refused);
    rings_close(&self);
    return rc;
}
