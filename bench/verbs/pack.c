/* The verb pack: a run as one archive for those who review it or keep it. */
#include "bench/base/inside.h"
#include "bench/base/program_path.h"
#include "bench/base/refuse.h"
#include "bench/base/tar.h"
#include "bench/model/host.h"
#include "bench/model/run_dir.h"
#include "bench/show/lines.h"
#include "bench/show/markup.h"
#include "bench/verbs/conclude.h"
#include "bench/verbs/verbs.h"
#include "workloads/sha256.h"
#include "workloads/text.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUMS       "SHA256SUMS"
#define NAME_BYTES 256
#define FILES_MAX  4096

enum { OUT, WITH_HOST };
static const struct argument arguments[] = {
    [OUT] = {"out", "FILE.tar.gz|FILE.tar", "",
             "The archive; must not exist. Default: the name of the run with .tar.gz, here.", false},
    [WITH_HOST] =
        {"with-host", "", "",
         "With the host's name and the kernel's command line, which host.json, topology.xml and the report have, "
         "and the archive else has not.",
         false},
    {.name = NULL},
};

struct pack {
    const char *directory;
    json_t *host; /* NULL: it cannot be read */
    bool with_host;
    int64_t time_s; /* when the run began; 0: not known */
    char root[64];  /* directory in the archive */
    FILE *out, *sums;
    size_t files;
    char *error;
};

/* ---- what is left out ---- */

/* The texts that tell of a host, in lines of their own: hwloc's and those of reports. */
static bool tells_host(const char *line)
{
    static const char *const begins[] = {"<div><dt>Host name</dt>", "- **Host name:**"};
    static const char *const infos[] = {"name=\"HostName\"", "Serial\"", "AssetTag\"", "UUID\""};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (!strncmp(line, begins[i], strlen(begins[i])))
            return true;
    for (size_t i = 0; i < sizeof infos / sizeof *infos; i++)
        if (strstr(line, "<info ") && strstr(line, infos[i]))
            return true;
    return false;
}

/* Leaves these lines out of a text, in place. Returns its length. */
static size_t lines_drop(char *text, size_t length)
{
    size_t kept = 0, next;
    for (size_t at = 0; at < length; at = next) {
        const char *end = memchr(text + at, '\n', length - at);
        next = end ? (size_t)(end - text) + 1 : length;
        const char last = text[next - 1];
        text[next - 1] = '\0';
        bool drops = tells_host(text + at);
        text[next - 1] = last;
        if (drops)
            continue;
        memmove(text + kept, text + at, next - at);
        kept += next - at;
    }
    return kept;
}

static bool is_of_host(const char *name)
{
    static const char *const names[] = {"topology.xml", "report.html", "report.md"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], name))
            return true;
    return false;
}

/* ---- files ---- */

static int bytes_put(struct pack *pack, const char *name, const char *bytes, size_t size)
{
    uint32_t digest[8];
    char path[NAME_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", pack->root, name) >= (int)sizeof path)
        return refuse_as(-ENAMETOOLONG, pack->error, "%.200s: the name is too long for an archive", name);
    int rc = tar_file(pack->out, path, bytes, size, pack->time_s);
    if (rc)
        return refuse_as(rc, pack->error, "%.200s: %s", name, strerror(-rc));
    sha256((const unsigned char *)bytes, size, digest);
    for (unsigned i = 0; i < 8 && pack->sums; i++)
        fprintf(pack->sums, "%08x", digest[i]);
    if (pack->sums)
        fprintf(pack->sums, "  %s\n", name);
    pack->files++;
    return 0;
}

/* All of a file, to be freed. */
static int file_read(const char *directory, const char *name, char **bytes, size_t *size)
{
    struct stat status;
    int fd = inside_fd(directory, name), rc = fd < 0 ? fd : fstat(fd, &status) < 0 ? -errno : 0;
    *size = 0;
    *bytes = rc ? NULL : malloc((size_t)status.st_size + 1);
    if (!rc && !*bytes)
        rc = -ENOMEM;
    while (!rc && *size < (size_t)status.st_size) {
        ssize_t got = read(fd, *bytes + *size, (size_t)status.st_size - *size);
        if (got < 0 && errno != EINTR)
            rc = -errno;
        else if (got == 0)
            break;
        *size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

static int file_put(struct pack *pack, const char *name)
{
    char *bytes = NULL;
    size_t size = 0;
    int rc = file_read(pack->directory, name, &bytes, &size);
    if (rc)
        refuse_as(rc, pack->error, "%.200s/%.100s: %s", pack->directory, name, text_file_why(rc));
    else
        rc = bytes_put(pack, name, bytes, !pack->with_host && is_of_host(name) ? lines_drop(bytes, size) : size);
    free(bytes);
    return rc;
}

static int host_put(struct pack *pack)
{
    if (!pack->host)
        return 0; /* what it tells cannot be told from the rest */
    json_t *host = json_deep_copy(pack->host);
    if (!pack->with_host) {
        json_object_set_new(host, "hostname", json_null());
        json_object_set_new(json_object_get(host, "kernel"), "command_line", json_null());
    }
    char *text = host ? host_text(host) : NULL;
    int rc = text ? bytes_put(pack, "host.json", text, strlen(text)) : refuse_as(-ENOMEM, pack->error, "out of memory");
    free(text);
    json_decref(host);
    return rc;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Regular files of the run that readers know: CSV, suite, machine, report, and what is in charts/ and profile/. Drafts
 * and what somebody else put there are no part of it. */
static bool is_packed(const char *below, const char *name)
{
    static const char *const ends[] = {".csv", ".ini", ".xml", ".html", ".md",  ".tex",
                                       ".svg", ".png", ".pdf", ".dat",  ".txt", ".gp"};
    const char *dot = strrchr(name, '.');
    if (*name == '.' || !dot || strlen(below) + strlen(name) > TAR_NAME_MAX - sizeof((struct pack *)0)->root)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (!strcmp(dot, ends[i]))
            return true;
    return false;
}

static int folder_put(struct pack *pack, const char *below)
{
    int fd = inside_directory(pack->directory, below), rc = 0;
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    char **names = calloc(FILES_MAX, sizeof *names);
    size_t count = 0;
    if (!folder && fd >= 0)
        close(fd);
    for (const struct dirent *entry; folder && names && count < FILES_MAX && (entry = readdir(folder));) {
        struct stat status;
        if (is_packed(below, entry->d_name) && !fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) &&
            S_ISREG(status.st_mode) && asprintf(&names[count], "%s%s%s", below, *below ? "/" : "", entry->d_name) >= 0)
            count++;
    }
    if (folder)
        closedir(folder);
    if (count)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        rc = rc ? rc : file_put(pack, names[i]);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* ---- what the archive says of itself ---- */

static const char *fact(const struct pack *pack, const char *of, const char *key)
{
    const char *text = json_string_value(json_object_get(json_object_get(pack->host, of), key));
    return text ? text : "(not known)";
}

static int guide_put(struct pack *pack)
{
    char machine[256];
    struct lines lines;
    if (!lines_open(&lines))
        return refuse_as(-ENOMEM, pack->error, "out of memory");
    host_line(machine, sizeof machine, pack->host);
    const char *commit = fact(pack, "build", "commit");
    markup_print(lines.out, MARKUP_CODE,
                 "A run of poolbench: @\n\n"
                 "Machine   @\nBuild     poolbench @, commit @, @\nFlags     @\nSeed      @\n\n",
                 pack->root, machine, fact(pack, "build", "version"), commit, fact(pack, "build", "compiler"),
                 fact(pack, "build", "flags"), fact(pack, "run", "seed"));
    fputs("Check     sha256sum -c " SUMS "\n"
          "Look      report.html, in any browser; table.tex is its table; charts/ has pictures with their data\n"
          "Recompute poolbench summarise .     summary.csv and the screen, from trials.csv and latency.csv\n"
          "          poolbench report .        the report\n"
          "          poolbench charts .        the pictures, with gnuplot\n"
          "Repeat    poolbench run --like .    the same question, tasks, seed and calibration, on your machine\n"
          "          poolbench compare . latest\n\n"
          "suite.ini is the question with every default filled in, plan.csv the order of all trials, trials.csv what\n"
          "came of each. What every column means is in results/README.md of poolbench, how it measures in\n"
          "docs/METHOD.md.\n",
          lines.out);
    markup_print(lines.out, MARKUP_CODE, "Get that build: git checkout @, then make.\n", commit);
    if (!pack->with_host)
        fputs("The name of the host, the command line of its kernel and serial numbers are left out.\n", lines.out);
    const char *text = lines_close(&lines);
    int rc = bytes_put(pack, "README.txt", text, strlen(text));
    free(lines.text);
    return rc;
}

static int sums_put(struct pack *pack, struct lines *sums)
{
    pack->sums = NULL;
    const char *text = lines_close(sums);
    return bytes_put(pack, SUMS, text, strlen(text));
}

static int archive_write(struct pack *pack)
{
    struct lines sums;
    pack->sums = lines_open(&sums);
    int rc = pack->sums ? guide_put(pack) : refuse_as(-ENOMEM, pack->error, "out of memory");
    rc = rc ? rc : host_put(pack);
    rc = rc ? rc : folder_put(pack, "");
    rc = rc ? rc : folder_put(pack, "charts");
    rc = rc ? rc : folder_put(pack, "profile");
    if (!rc)
        rc = sums_put(pack, &sums);
    else if (pack->sums)
        lines_close(&sums);
    free(sums.text);
    tar_end(pack->out);
    return rc;
}

/* ---- the file ---- */

/* A stream into the file, through gzip where `packed`; closes fd. NULL with errno; ENOENT: there is no gzip. */
static FILE *stream_open(int fd, bool packed, pid_t *gzip)
{
    char program[PATH_MAX];
    int ends[2];
    *gzip = -1;
    if (!packed)
        return fdopen(fd, "w");
    errno = program_path("gzip", program, sizeof program) ? ENOENT : 0;
    if (errno || pipe2(ends, O_CLOEXEC)) {
        close(fd);
        return NULL;
    }
    *gzip = fork();
    if (*gzip == 0) {
        if (dup2(ends[0], STDIN_FILENO) >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
            execl(program, "gzip", "-n", "-9", "-c", (char *)NULL);
        _exit(127);
    }
    const int code = errno;
    close(ends[0]);
    close(fd);
    if (*gzip > 0)
        return fdopen(ends[1], "w");
    close(ends[1]);
    errno = code;
    return NULL;
}

/* 0 or -errno. */
static int stream_close(FILE *out, pid_t gzip)
{
    int status = 0, rc = ferror(out) ? -EIO : 0;
    errno = 0;
    if (fclose(out))
        rc = errno ? -errno : -EIO;
    while (gzip > 0 && waitpid(gzip, &status, 0) < 0 && errno == EINTR)
        ;
    return rc ? rc : status ? -EIO : 0;
}

static int archive_make(struct pack *pack, const char *file)
{
    pid_t gzip;
    const size_t length = strlen(file);
    const bool packed = length > 3 && !strcmp(file + length - 3, ".gz");
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return refuse_as(-errno, pack->error, "--out: %.300s: %s", file, strerror(errno));
    pack->out = stream_open(fd, packed, &gzip);
    int rc = pack->out ? archive_write(pack) : -errno;
    if (!pack->out)
        refuse_as(rc, pack->error,
                  rc == -ENOENT ? "there is no gzip: --out FILE.tar needs none" : "gzip cannot be started");
    int closed = pack->out ? stream_close(pack->out, gzip) : 0;
    if (!rc && closed)
        rc = refuse_as(closed, pack->error, "%.300s: cannot be written: %s", file, strerror(-closed));
    if (rc)
        unlink(file);
    return rc;
}

static int64_t began_s(const json_t *host)
{
    const char *date = json_string_value(json_object_get(host, "date"));
    struct tm utc = {0};
    return date && strptime(date, "%Y-%m-%dT%H:%M:%SZ", &utc) ? (int64_t)timegm(&utc) : 0;
}

static int pack_main(const struct arguments *given)
{
    char directory[PATH_MAX], error[ERROR_MAX] = "", file[PATH_MAX];
    const char *out = given->value[OUT], *dot = strrchr(out, '.');
    if (*out && (!dot || (strcmp(dot, ".tar") != 0 && strcmp(dot, ".gz") != 0)))
        return complain("pack", "--out: expected a name that ends in .tar.gz or .tar, found '%.200s'", out);
    if (arguments_run("pack", given, 0, directory))
        return 2;
    int lock = run_lock(directory, error);
    if (lock < 0)
        return complain("pack", "%s", error);
    struct pack pack = {
        .directory = directory, .host = host_load(directory), .with_host = *given->value[WITH_HOST], .error = error};
    pack.time_s = began_s(pack.host);
    text_put(pack.root, sizeof pack.root, run_id(directory), true);
    snprintf(file, sizeof file, "%.*s%s", *out ? PATH_MAX - 1 : NAME_MAX - 8, *out ? out : run_id(directory),
             *out ? "" : ".tar.gz");
    if (!pack.host)
        complain("pack",
                 "host.json cannot be read and is left out: the archive does not tell of machine, build and seed");
    int rc = archive_make(&pack, file);
    json_decref(pack.host);
    run_unlock(lock);
    if (rc)
        return complain("pack", "%s", error), rc == -EEXIST ? 2 : 1;
    text_show(stdout, file);
    printf(": %zu files\n", pack.files);
    run_moved_say("pack", directory);
    return 0;
}

const struct verb verb_pack = {
    .name = "pack",
    .chapter = "look",
    .operands = "[RUN]",
    .arguments = arguments,
    .summary = "make an archive of a run, to be reviewed or kept",
    .function = pack_main,
    .help =
        "Writes a run with its plan, the facts of build and machine, report and charts, checksums (SHA256SUMS) and "
        "README.txt, which says how to check, recompute and repeat it, into one archive: the same bytes for the same "
        "run. RUN is its directory, the beginning of its name, or latest (the default).",
    .operands_max = 1};
