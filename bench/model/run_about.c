/* How far a run has come, by its host.json and by who has it locked. See run_about.h. */
#include "bench/model/run_about.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/model/host.h"
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* A harness has the directory locked as long as it writes there (run_lock()). */
static bool is_at_work(const char *directory)
{
    int fd = inside_directory(directory, "");
    bool is_it = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return is_it;
}

/* `run` notes how it ended; other verbs, which have no plan, only that they were interrupted. */
static bool has_ended(const struct run_about *about)
{
    const char *because = json_string_value(json_object_get(host_fact(about->host, "ended"), "because"));
    if (!about->is_plan)
        return !json_is_true(host_fact(about->host, "interrupted"));
    return because && strcmp(because, "interrupted") != 0;
}

void run_about_read(const char *directory, struct run_about *about)
{
    char ignored[ERROR_MAX];
    *about = (struct run_about){.begun = "", .host = host_read(directory, ignored)};
    const char *verb = json_string_value(host_fact(about->host, "verb"));
    const char *date = json_string_value(json_object_get(about->host, "date"));
    about->begun = date ? date : "";
    about->is_plan = verb && !strcmp(verb, "run");
    if (!verb || (about->is_plan && has_ended(about)))
        return;
    if (is_at_work(directory))
        about->state = RUN_AT_WORK;
    else if (!has_ended(about))
        about->state = RUN_UNFINISHED;
}

void run_about_release(struct run_about *about)
{
    json_decref(about->host);
    *about = (struct run_about){.begun = ""};
}
