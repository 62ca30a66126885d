/* What is done behind each block, see record.h. */
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/measure/record.h"
#include <errno.h>
#include <limits.h>

/* The files that are written by name, when they are. */
static const char *const others[] = {"plan.csv", "host.json", "suite.ini"};

static int others_check(const char *directory, char *error)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!inside_is_there(directory, others[i]))
            return refuse_as(-ESTALE, error, "%.300s/%s was deleted while trials ran", directory, others[i]);
    return 0;
}

int recorder_commit(const struct recorder *recorder, char *error)
{
    const struct {
        const struct csv_writer *writer;
        const struct file_format *format;
    } files[] = {{recorder->samples, &sample_format},
                 {recorder->latency, &latency_format},
                 {recorder->trials, &trial_format}}; /* the commit, behind what it says is there */
    char path[PATH_MAX];
    if (inside_follow(recorder->directory, path, sizeof path) == -ENOENT)
        return refuse_as(-ESTALE, error, "%.300s was deleted while its trials ran; what they measured is lost",
                         recorder->directory);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        int rc = files[i].writer ? csv_sync(files[i].writer) : 0;
        if (rc == 0 && files[i].writer)
            rc = csv_named(files[i].writer, recorder->directory, files[i].format);
        if (rc == -ESTALE)
            return refuse_as(rc, error,
                             "%.300s/%s was deleted or replaced while trials ran; what they measured is lost",
                             recorder->directory, files[i].format->file);
        if (rc < 0)
            return record_failed(rc, recorder->directory, files[i].format->file, error);
    }
    return others_check(recorder->directory, error);
}
