/* See fleet.h: the question, the list of hosts, and what is made of what came. */
#include "bench/verbs/fleet/fleet.h"
#include "bench/ask/request.h"
#include "bench/ask/trust.h"
#include "bench/base/inside.h"
#include "bench/base/refuse.h"
#include "bench/base/text_file.h"
#include "bench/model/csv.h"
#include "bench/model/csv_file.h"
#include "bench/model/host.h"
#include "bench/model/merge.h"
#include "bench/model/recorded.h"
#include "bench/model/run_dir.h"
#include "bench/verbs/conclude.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@:%[]"
#define FOLDER       "hosts"

/* ---- the list ---- */

static int host_add(struct fleet *f, const char *name, char *error)
{
    if (!*name || *name == '-' || name[strspn(name, NAME_LETTERS)] || strlen(name) >= sizeof f->peer->name)
        return refuse(error, "--hosts: '%.80s' is no name of a host, expected letters, digits, . - _ @ : %% [ ]", name);
    if (!strcmp(name, "slurm") || !strncmp(name, "slurm:", 6))
        return refuse(error,
                      "--hosts: Slurm is not asked by it: run one by one (sbatch --array) and `poolbench merge`, "
                      "see docs/CLUSTER.md; expected names that ssh knows");
    for (size_t i = 0; i < f->count; i++)
        if (!strcmp(f->peer[i].name, name))
            return refuse(error, "--hosts: '%.80s' stands twice: expected each host once", name);
    if (f->count == HOSTS_MOST)
        return refuse(error, "--hosts: more than %d hosts", HOSTS_MOST);
    struct peer *more = reallocarray(f->peer, f->count + 1, sizeof *more);
    if (!more)
        return refuse_as(-ENOMEM, error, "out of memory");
    f->peer = more;
    struct peer *p = &more[f->count++];
    *p = (struct peer){.in = -1, .out = -1, .err = -1, .file = -1, .fd = -1, .ahead_s = NAN};
    snprintf(p->name, sizeof p->name, "%s", name);
    snprintf(p->label, sizeof p->label, "h%zu", f->count);
    return 0;
}

static int file_read(struct fleet *f, const char *path, char *error)
{
    struct text_lines lines;
    int rc = text_file_open(path, 1u << 20, "a file with a host a line", &lines, error);
    if (rc)
        return refuse_at(error, "--hosts");
    for (char *line; !rc && (line = text_next(&lines));) {
        line[strcspn(line, "#")] = '\0';
        line += strspn(line, " \t");
        for (size_t length = strlen(line); length && strchr(" \t", line[length - 1]);)
            line[--length] = '\0';
        if (*line && (rc = host_add(f, line, error)))
            refuse_at(error, "%.200s:%u", path, lines.number);
    }
    text_close(&lines);
    return rc;
}

/* A file with a name a line, or the names themselves. */
static int hosts_read(struct fleet *f, const char *text, char *error)
{
    struct words names = {0};
    struct stat status;
    int rc;
    if (stat(text, &status) == 0 && S_ISREG(status.st_mode)) {
        rc = file_read(f, text, error);
    } else {
        rc = words_split(&names, text, ',');
        if (rc)
            refuse(error, "--hosts: '%.80s': expected names with commas between, or a file", text);
        for (size_t i = 0; i < names.count && !rc; i++)
            rc = host_add(f, names.word[i], error);
        words_release(&names);
    }
    return rc ? rc : f->count ? 0 : refuse(error, "--hosts: %.200s names no host", text);
}

/* ---- directories ---- */

/* RUN/hosts/h1 ... */
static int directories_make(struct fleet *f, char *error)
{
    char folder[PATH_MAX];
    int rc = snprintf(folder, sizeof folder, "%s/" FOLDER, f->directory) < (int)sizeof folder - 20
                 ? inside_make_directory(f->directory, FOLDER)
                 : -ENAMETOOLONG;
    for (size_t i = 0; i < f->count && !rc; i++) {
        rc = inside_make_directory(folder, f->peer[i].label);
        if (snprintf(f->peer[i].directory, PATH_MAX, "%s/%s", folder, f->peer[i].label) >= PATH_MAX)
            rc = -ENAMETOOLONG;
    }
    return rc ? refuse_as(rc, error, "%.300s/" FOLDER ": cannot be made: %s", f->directory, strerror(-rc)) : 0;
}

/* Nothing came: all of it goes again. */
static void directories_discard(const struct fleet *f)
{
    char folder[PATH_MAX];
    for (size_t i = 0; i < f->count; i++)
        run_discard(f->peer[i].directory);
    if (snprintf(folder, sizeof folder, "%s/" FOLDER, f->directory) < (int)sizeof folder)
        run_discard(folder);
    run_discard(f->directory);
}

/* ---- what there is ---- */

static bool has_trials(const struct peer *p)
{
    struct recorded recorded;
    char ignored[ERROR_MAX];
    return csv_is_there(p->directory, trial_format.file) && !recorded_read(p->directory, &recorded, ignored) &&
           recorded.trials;
}

static json_t *fleet_json(const struct fleet *f)
{
    return json_pack("{s:{s:s, s:s, s:b}}", "fleet", "ssh", f->ssh, "remote", f->remote, "in_turn", f->in_turn);
}

/* Names of hosts stand in hosts.csv alone. */
static char **argv_without(char **argv, char **room)
{
    size_t count = 0;
    for (; argv[count]; count++) {
        const bool is_value = count && !strcmp(argv[count - 1], "--hosts");
        room[count] = is_value ? (char *)(uintptr_t) "..." : argv[count];
        if (!strncmp(argv[count], "--hosts=", 8))
            room[count] = (char *)(uintptr_t) "--hosts=...";
    }
    room[count] = NULL;
    return room;
}

static size_t argv_count(char **argv)
{
    size_t count = 0;
    while (argv[count])
        count++;
    return count;
}

/* What came is somebody else's: rows must be what was written, each host by itself. What is not is none. */
static void came_check(const struct fleet *f, struct peer *p)
{
    struct recorded recorded;
    char error[ERROR_MAX] = "";
    if (!csv_is_there(p->directory, trial_format.file) ||
        (!recorded_read(p->directory, &recorded, error) && !recorded_check(p->directory, &recorded, error)))
        return;
    p->state = PEER_LOST;
    const char *what = strstr(error, p->label); /* without the directories above */
    snprintf(p->why, sizeof p->why, "what it sent is damaged: %.150s", what ? what : error);
    inside_remove(p->directory, trial_format.file);
    fprintf(stderr, "poolbench %s: %s (%s): %s\n", f->verb, p->label, p->name, p->why);
}

/* is_begun: none has run yet, and it is there so that it can be gone on with. */
static int fleet_merge(const struct fleet *f, bool is_begun, char *error)
{
    struct merge_part *part = calloc(f->count + 1, sizeof *part);
    char **room = calloc(argv_count(f->argv) + 1, sizeof *room);
    json_t *more = fleet_json(f);
    int rc = part && room && more ? 0 : refuse_as(-ENOMEM, error, "out of memory");
    for (size_t i = 0; i < f->count && !rc; i++) {
        struct peer *p = &f->peer[i];
        if (!is_begun)
            came_check(f, p);
        part[i] = (struct merge_part){.directory = has_trials(p) ? p->directory : NULL,
                                      .name = p->name,
                                      .lost = p->state == PEER_ENDED ? NULL
                                              : is_begun             ? "it has not run yet"
                                                                     : p->why,
                                      .clock_ahead_s = p->ahead_s};
    }
    const struct merge merge = {.part = part,
                                .count = f->count,
                                .is_by_part = true,
                                .may_be_empty = is_begun,
                                .together = !f->apart,
                                .verb = "run",
                                .argv = rc ? NULL : argv_without(f->argv, room),
                                .more = more,
                                .talk = stderr};
    rc = rc ? rc : merge_make(&merge, f->directory, error);
    free(part);
    free(room);
    json_decref(more);
    return rc;
}

/* ---- from the first to the last ---- */

static int failed_count(const void *row, void *arg)
{
    const struct trial_row *trial = row;
    *(size_t *)arg +=
        trial->status != TRIAL_OK && trial->status != TRIAL_DISTURBED && trial->status != TRIAL_INTERRUPTED;
    return 0;
}

/* As of run, and EXIT_SOME where not all hosts have run all. */
static int fleet_conclude(const struct fleet *f)
{
    char error[ERROR_MAX];
    size_t ended = 0, failed = 0;
    for (size_t i = 0; i < f->count; i++)
        ended += f->peer[i].state == PEER_ENDED;
    int code = made_conclude(f->directory, f->verb);
    csv_read(f->directory, &trial_format, -1, failed_count, &failed, error);
    if (ended < f->count) {
        char *quoted = run_for_shell(f->directory);
        complain(f->verb, "%zu of %zu hosts ran all; `poolbench resume %s` asks the others again", ended, f->count,
                 quoted ? quoted : "RUN");
        free(quoted);
    }
    return f->interrupted ? 128 + f->interrupted : ended < f->count ? EXIT_SOME : code ? code : failed > 0;
}

static int fleet_go(struct fleet *f)
{
    char error[ERROR_MAX] = "";
    struct rlimit files;
    if (!getrlimit(RLIMIT_NOFILE, &files)) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int rc = f->goes_on ? 0 : fleet_merge(f, true, error);
    if (!rc) {
        fleet_drive(f);
        rc = fleet_merge(f, false, error);
    }
    if (!rc && !f->goes_on)
        rc = run_publish(f->directory, error);
    if (!rc)
        return fleet_conclude(f);
    complain(f->verb, "%s", error);
    if (!f->goes_on)
        directories_discard(f);
    return f->interrupted ? 128 + f->interrupted : 1;
}

static int question_write(const struct fleet *f, const struct request *request, char *error)
{
    FILE *file = inside_create(f->directory, ".suite.ini");
    int rc = file ? request_write_suite(file, request) : -errno;
    if (file && fclose(file) != 0 && !rc)
        rc = -errno;
    rc = inside_replace(f->directory, ".suite.ini", "suite.ini", rc);
    return rc ? refuse_as(rc, error, "%.400s/suite.ini: %s", f->directory, strerror(-rc)) : 0;
}

/* What is of one machine, or decides as it goes, is not asked of several. */
static int asked_check(const struct asked *asked, const struct settings *settings, char *error)
{
    static const char *const never[] = {"like", "more", "trial-program", "recalibrate"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (asked_last(asked, never[i]))
            return refuse(error, "--hosts: expected no --%s beside it", never[i]);
    if (settings->precision_ppm)
        return refuse(error, "--hosts: expected no --precision beside it: all hosts run the same blocks");
    if (settings->profile != PROFILE_NONE)
        return refuse(error, "--hosts: expected no --profile beside it: hosts have no siblings");
    return run_check(settings->out, error);
}

/* The question as it is sent: of no host, with its seed. Makes the directory. */
static int question_make(struct fleet *f, const struct arguments *given, int *lock, char *error)
{
    struct machine machine;
    struct request request;
    int rc = machine_open(&machine, NULL, error);
    if (rc)
        return rc;
    rc = request_make(&given->asked, &machine, &request, error);
    if (!rc) {
        rc = asked_check(&given->asked, &request.settings, error);
        rc = rc ? rc : run_create(request.settings.out, f->directory, sizeof f->directory, error);
        if (!rc && (*lock = run_lock_new(f->directory, error)) < 0)
            rc = *lock;
        rc = rc ? rc : question_write(f, &request, error);
        rc = rc ? rc : directories_make(f, error);
        if (!rc)
            trust_note(f->directory);
        request_release(&request);
    }
    machine_close(&machine);
    return rc;
}

/* What reaches hosts, and what it is called there. */
static void reach_set(struct fleet *f, const struct fleet_wish *wish)
{
    const char *by = *wish->ssh ? wish->ssh : getenv("POOLBENCH_SSH");
    snprintf(f->ssh, sizeof f->ssh, "%s", by && *by ? by : "ssh");
    snprintf(f->remote, sizeof f->remote, "%s", wish->remote);
}

int fleet_run(const struct arguments *given, const struct fleet_wish *wish)
{
    struct fleet f = {.verb = "run", .argv = given->argv, .in_turn = wish->in_turn};
    char error[ERROR_MAX] = "";
    int lock = -1;
    reach_set(&f, wish);
    int rc = hosts_read(&f, wish->hosts, error);
    rc = rc ? rc : question_make(&f, given, &lock, error);
    int code = rc ? complain("run", "%s", error) : fleet_go(&f);
    run_unlock(lock);
    free(f.peer);
    return code;
}

/* ---- resume ---- */

bool fleet_is(const char *directory)
{
    json_t *fleet = host_fact_of(directory, "fleet");
    const bool is = json_is_object(fleet);
    json_decref(fleet);
    return is;
}

/* Nothing is left to be run there. */
static bool has_ended(const struct peer *p)
{
    json_t *ended = has_trials(p) ? host_fact_of(p->directory, "ended") : NULL;
    const bool is = json_is_object(ended);
    json_decref(ended);
    return is;
}

struct listed {
    struct fleet *fleet;
    char *error;
};

static int listed_take(const void *row, void *arg)
{
    struct listed *listed = arg;
    return host_add(listed->fleet, ((const struct host_row *)row)->name, listed->error);
}

/* How its hosts were reached, and which have something left to do. */
static int again_read(struct fleet *f, const char *directory, char *error)
{
    json_t *host = host_read(directory, error), *fleet = host_fact(host, "fleet");
    const char *ssh = json_string_value(json_object_get(fleet, "ssh")),
               *remote = json_string_value(json_object_get(fleet, "remote"));
    struct listed listed = {f, error};
    int rc = host ? 0 : -EINVAL;
    if (host && (!ssh || !remote))
        rc = refuse(error, "%.300s/host.json does not say how its hosts were reached", directory);
    else if (host && (strcmp(ssh, f->ssh) != 0 || strcmp(remote, f->remote) != 0))
        rc = refuse(error, "%.100s was run with --ssh '%.100s' --remote '%.100s', expected the same here", directory,
                    ssh, remote);
    if (rc) {
        json_decref(host);
        return rc;
    }
    snprintf(f->directory, sizeof f->directory, "%s", directory);
    f->in_turn = json_is_true(json_object_get(fleet, "in_turn"));
    f->apart = !json_is_true(host_fact(host, "together"));
    json_decref(host);
    rc = csv_read(directory, &host_format, -1, listed_take, &listed, error);
    rc = rc ? rc : directories_make(f, error);
    for (size_t i = 0; i < f->count && !rc; i++) {
        const bool is = has_ended(&f->peer[i]);
        f->peer[i].state = is ? PEER_ENDED : PEER_CALLED;
        f->apart = f->apart || !is; /* what it runs now, the others ran before */
    }
    return rc;
}

int fleet_resume(const char *directory, const struct fleet_wish *wish, char **argv)
{
    struct fleet f = {.verb = "resume", .argv = argv, .goes_on = true};
    struct words commands = {0};
    char error[ERROR_MAX] = "";
    int lock = run_lock(directory, error);
    reach_set(&f, wish);
    int rc = lock < 0 ? lock : trust_check(directory, wish->trust, &commands, error);
    words_release(&commands);
    rc = rc ? rc : again_read(&f, directory, error);
    int code = rc ? complain("resume", "%s", error) : fleet_go(&f);
    run_unlock(lock);
    free(f.peer);
    return code;
}
