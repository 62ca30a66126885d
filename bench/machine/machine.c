/* This machine (or a described one). hwloc knows the topology and the cpuset we are in; the affinity we were started
 * with and the control groups' quotas narrow it down to what a benchmark may count on. */
#include "bench/machine/machine.h"
#include "bench/base/refuse.h"
#include "bench/base/sysfile.h"
#include "bench/machine/needs.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char synthetic[] = "synthetic:";
static const char expected[] = "expected synthetic:\"pack:2 core:4 pu:2\" or a hwloc XML file";

#define TRY_LIMIT_S   5  /* for a description, */
#define LOAD_LIMIT_S  20 /* and for this machine, which may be busy */
#define XML_BYTES_MAX (64 << 20)

static void load_give_up(int number)
{
    static const char line[] = "poolbench: hwloc does not get through with this machine's topology\n";
    (void)number;
    ssize_t written = write(STDERR_FILENO, line, sizeof line - 1);
    (void)written;
    _exit(1);
}

/* Of this machine, with a limit as well: there is nothing yet that would have to be undone. */
static int machine_load(hwloc_topology_t topology)
{
    struct sigaction late = {.sa_handler = load_give_up}, before;
    sigset_t alarms, mask;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    sigaction(SIGALRM, &late, &before);
    pthread_sigmask(SIG_UNBLOCK, &alarms, &mask);
    alarm(LOAD_LIMIT_S);
    int rc = hwloc_topology_load(topology);
    alarm(0);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGALRM, &before, NULL);
    return rc;
}

/* A file that hwloc does not get through: of another version of its format, or no such file at all. */
static int xml_refuse(const char *path, char *error)
{
    static const char mark[] = "<topology version=\"";
    char head[1024], version[16] = "";
    const char *at = sysfile_read(head, sizeof head, "%s", path) > 0 ? strstr(head, mark) : NULL;
    if (at && sscanf(at + sizeof mark - 1, "%15[0-9.]", version) == 1)
        return refuse(error, "--topology: '%.300s' is a hwloc XML file of version %s that hwloc %d.%d cannot read",
                      path, version, HWLOC_API_VERSION >> 16, HWLOC_API_VERSION >> 8 & 0xff);
    return refuse(error, "--topology: '%.300s' is not a hwloc XML file; %s", path, expected);
}

/* PUs at and below an object; -1: its CPU set is not those of its PUs, which hwloc takes from a file as it stands. */
static int pus_below(hwloc_obj_t object)
{
    int pus = 0;
    if (!object->cpuset)
        return -1;
    if (object->type == HWLOC_OBJ_PU)
        return hwloc_bitmap_weight(object->cpuset) == 1 && hwloc_bitmap_isset(object->cpuset, object->os_index) ? 1
                                                                                                                : -1;
    for (hwloc_obj_t child = object->first_child; child && pus >= 0; child = child->next_sibling) {
        int below = pus_below(child);
        pus = below < 0 || !hwloc_bitmap_isincluded(child->cpuset, object->cpuset) ? -1 : pus + below;
    }
    return pus == hwloc_bitmap_weight(object->cpuset) ? pus : -1;
}

static bool topology_consistent(hwloc_topology_t topology)
{
    hwloc_obj_t root = hwloc_get_root_obj(topology);
    return pus_below(root) > 0 && hwloc_bitmap_isincluded(hwloc_topology_get_allowed_cpuset(topology), root->cpuset);
}

static bool is_synthetic(const char *description)
{
    return !strncmp(description, synthetic, strlen(synthetic));
}

static int description_set(hwloc_topology_t topology, const char *description)
{
    return is_synthetic(description) ? hwloc_topology_set_synthetic(topology, description + strlen(synthetic))
                                     : hwloc_topology_set_xml(topology, description);
}

/* Whether hwloc gets through the description at all, in time: it trusts XML, and can crash or hang on what is none of
 * its own making; a few words can describe more than any memory holds. So a child tries it first. How that ended, as
 * from waitpid(); -errno. */
static int description_try(const char *description)
{
    hwloc_topology_t topology;
    pid_t pid = fork();
    int status;
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && null >= 0; fd++)
            dup2(null, fd);
        prctl(PR_SET_DUMPABLE, 0); /* no core files */
        alarm(TRY_LIMIT_S);
        if (hwloc_topology_init(&topology) == 0 && description_set(topology, description) == 0 &&
            hwloc_topology_load(topology) == 0)
            _exit(topology_consistent(topology) ? 0 : 2);
        _exit(1);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return status;
}

/* Says what the topology is to be; loading comes after. */
static int topology_describe(hwloc_topology_t topology, const char *description, char *error)
{
    struct stat file;
    bool is_file = !is_synthetic(description);
    if (is_file && stat(description, &file) != 0)
        return refuse(error, "--topology: cannot read '%.200s': %s; %s", description, strerror(errno), expected);
    if (is_file && file.st_size > XML_BYTES_MAX)
        return refuse(error, "--topology: '%.200s' is larger than %d MiB; %s", description, XML_BYTES_MAX >> 20,
                      expected);
    int tried = is_file && !S_ISREG(file.st_mode) ? 1 << 8 : description_try(description);
    if (tried < 0)
        return refuse_as(tried, error, "--topology: a process to try '%.200s' in: %s", description, strerror(-tried));
    if (WIFSIGNALED(tried) && WTERMSIG(tried) == SIGALRM)
        return refuse(error, "--topology: hwloc does not get through '%.200s' in %d s", description, TRY_LIMIT_S);
    if (WIFEXITED(tried) && WEXITSTATUS(tried) == 2)
        return refuse(error, "--topology: '%.200s' contradicts itself: CPU sets that are not those of its PUs",
                      description);
    if (!tried && description_set(topology, description) == 0)
        return 0;
    if (is_file)
        return xml_refuse(description, error);
    return refuse(error,
                  "--topology: hwloc cannot read the description '%.200s'; expected something like "
                  "synthetic:\"pack:2 core:4 pu:2\", ending with pu",
                  description + strlen(synthetic));
}

/* Narrows the cpuset's CPUs to the ones of our affinity. */
static int allowed_narrow(struct machine *machine, char *error)
{
    hwloc_bitmap_t affinity = hwloc_bitmap_alloc();
    int rc = 0;
    if (!affinity)
        return -ENOMEM;
    if (!hwloc_topology_is_thissystem(machine->topology)) {
        rc = refuse(error, "HWLOC_XMLFILE or HWLOC_SYNTHETIC describe another machine: unset them, or plan for "
                           "it with topo --topology");
    } else if (hwloc_get_cpubind(machine->topology, affinity, HWLOC_CPUBIND_THREAD) == 0) {
        /* Where asking is forbidden, the cpuset stands alone. */
        rc = hwloc_bitmap_and(machine->allowed, machine->allowed, affinity) != 0 ? -ENOMEM : 0;
    }
    if (rc == 0 && hwloc_bitmap_iszero(machine->allowed))
        rc = refuse(error, "no CPU of this machine is in both its cpuset and our affinity; see taskset -p");
    hwloc_bitmap_free(affinity);
    return rc;
}

/* hwloc's own count takes only whole cores; one that lost a sibling to a cpuset still is a core. */
static unsigned cores_count(const struct machine *machine)
{
    unsigned cores = 0;
    for (hwloc_obj_t core = NULL; (core = hwloc_get_next_obj_by_type(machine->topology, HWLOC_OBJ_CORE, core));)
        cores += hwloc_bitmap_intersects(core->cpuset, machine->allowed) != 0;
    return cores ? cores : machine->pus;
}

/* Threads of this user, whom RLIMIT_NPROC counts together, as far as they can be seen; -1: none can. */
static int64_t user_tasks(void)
{
    DIR *proc = opendir("/proc");
    int64_t tasks = 0;
    if (!proc)
        return -1;
    for (pid_t pid; (pid = process_next(proc));) {
        char path[32];
        struct stat owner;
        snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
        if (stat(path, &owner) != 0 || owner.st_uid != getuid())
            continue;
        int64_t threads = sysfile_value(path, "Threads:");
        tasks += threads > 0 ? threads : 0;
    }
    closedir(proc);
    return tasks ? tasks : -1; /* we are one of them */
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < 0 || (b >= 0 && b < a) ? b : a; /* -1: no limit */
}

/* The kernel's own root is not counted; the root of a container with users of its own is. */
static bool is_counted(void)
{
    char map[256];
    unsigned inside, outside;
    if (getuid() != 0)
        return true;
    return sysfile_read(map, sizeof map, "/proc/self/uid_map") > 0 && sscanf(map, "%u %u", &inside, &outside) == 2 &&
           outside != 0;
}

static void user_limit_read(struct machine *machine)
{
    struct rlimit processes;
    char space[64];
    if (!is_counted() || getrlimit(RLIMIT_NPROC, &processes) != 0 || processes.rlim_cur == RLIM_INFINITY)
        return;
    int64_t tasks = user_tasks();
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    space[length > 0 ? length : 0] = '\0';
    if (tasks < 0)
        machine->unseen[LIMIT_TASKS] = "how many processes this user has cannot be read";
    else if (strcmp(space, "pid:[4026531836]") != 0) /* the first one */
        machine->unseen[LIMIT_TASKS] = "processes of this user in other containers cannot be seen";
    int64_t left = (int64_t)processes.rlim_cur - (tasks > 0 ? tasks : 0);
    machine->tasks_limit = smaller(machine->tasks_limit, left > 0 ? left : 0);
}

static void limits_read(struct machine *machine)
{
    const struct cgroup_limits *group = &machine->group;
    int64_t total_kib = sysfile_value("/proc/meminfo", "MemTotal:");
    int64_t free_kib = sysfile_value("/proc/meminfo", "MemAvailable:");
    cgroup_limits_read("", &machine->group);
    memcpy(machine->unseen, group->unseen, sizeof machine->unseen);
    machine->quota_cpus = group->quota_cpus;
    machine->memory_bytes = smaller(total_kib < 0 ? -1 : total_kib * 1024, group->memory_bytes);
    machine->memory_free_bytes = smaller(free_kib < 0 ? -1 : free_kib * 1024, group->memory_free_bytes);
    if (total_kib < 0 && !machine->unseen[LIMIT_MEMORY])
        machine->unseen[LIMIT_MEMORY] = "/proc/meminfo cannot be read";
    machine->tasks_limit = group->tasks_left;
    /* the whole system's, nobody's own: still more than that there cannot be */
    const char *const ceilings[] = {"/proc/sys/kernel/pid_max", "/proc/sys/kernel/threads-max"};
    for (size_t i = 0; i < sizeof ceilings / sizeof *ceilings; i++) {
        int64_t ceiling = sysfile_number("%s", ceilings[i]);
        if (ceiling < 0 && !machine->unseen[LIMIT_TASKS])
            machine->unseen[LIMIT_TASKS] = "/proc/sys/kernel cannot be read";
        machine->tasks_limit = smaller(machine->tasks_limit, ceiling);
    }
    user_limit_read(machine);
}

int machine_open(struct machine *machine, const char *topology, char *error)
{
    int rc;
    *machine =
        (struct machine){.described = topology != NULL, .memory_bytes = -1, .memory_free_bytes = -1, .tasks_limit = -1};
    if (!topology && (rc = needs_check_machine(error)) != 0)
        return rc;
    rc = refuse_as(-ENOMEM, error, "out of memory");
    setenv("HWLOC_HIDE_ERRORS", "2", 0); /* it would say on stderr, unasked, what is told as unknown */
    if (hwloc_topology_init(&machine->topology) != 0)
        return rc;
    if (topology && (rc = topology_describe(machine->topology, topology, error)) != 0)
        goto fail;
    if ((topology ? hwloc_topology_load : machine_load)(machine->topology) != 0) {
        rc = topology ? xml_refuse(topology, error)
                      : refuse(error, "hwloc cannot read this machine's topology: %s", strerror(errno));
        goto fail;
    }
    rc = -ENOMEM;
    machine->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(machine->topology));
    if (!machine->allowed)
        goto fail;
    if (!machine->described && (rc = allowed_narrow(machine, error)) != 0)
        goto fail;
    machine->pus = (unsigned)hwloc_bitmap_weight(machine->allowed);
    machine->cores = cores_count(machine);
    machine->effective_cpus = machine->pus;
    if (!machine->described) {
        limits_read(machine);
        if (machine->quota_cpus > 0 && machine->quota_cpus < machine->pus)
            machine->effective_cpus = machine->quota_cpus < 1 ? 1 : (unsigned)machine->quota_cpus;
    }
    error[0] = '\0';
    return 0;
fail:
    machine_close(machine);
    return rc;
}

void machine_close(struct machine *machine)
{
    hwloc_bitmap_free(machine->allowed);
    machine->allowed = NULL;
    if (machine->topology)
        hwloc_topology_destroy(machine->topology);
    machine->topology = NULL;
}
