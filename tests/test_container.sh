#!/usr/bin/env bash
# Surroundings that are not what they seem, made for real: control groups seen whole, from a namespace and beside the
# host's tree; system calls that the kernel refuses; no /proc, no /sys, no descriptions of processes of others. What this
# machine does not let us make is skipped, and says so.
set -u
unset CDPATH BASH_ENV ENV # of the caller: `cd` goes elsewhere by the first, shells read files by the others
cd "$(dirname "$0")/.." || exit 1
export LC_ALL=C
build=${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
passed=0 failed=0 skipped=0
export PATH="$PWD/$build:$PATH" HOME=$scratch
unset XDG_CACHE_HOME
group=poolbench-test-$$
made=() # groups to remove, the deepest first

end()
{
    local directory
    for directory in "${made[@]}"; do
        rmdir "$directory"
    done
    rm -rf "$scratch"
}
trap end EXIT

check() # WHAT COMMAND...
{
    local what=$1
    shift
    if "$@" >"$scratch/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not so: $what"
        cat "$scratch/log"
    fi
}

skip() # WHAT WHY
{
    skipped=$((skipped + 1))
    echo "skipped: $1: $2"
}

# ---- control groups ----

# Where a controller is mounted here: a v1 hierarchy of its own, or v2.
mounted() # CONTROLLER
{
    awk -v controller="$1" '
        $4 == "/" {
            for (i = 7; $i != "-"; i++);
            if ($(i + 1) == "cgroup" && ("," $(i + 3) ",") ~ ("," controller ","))
                v1 = $5
            if ($(i + 1) == "cgroup2")
                v2 = $5
        }
        END { print v1 ? v1 : v2 }' /proc/self/mountinfo
}

put() # DIRECTORY FILE VALUE: where there is such a file
{
    [ ! -e "$1/$2" ] || echo "$3" >"$1/$2"
}

# Half a CPU, 200 MiB, 40 processes for all below $group; it has a group `inner` without limits.
groups_make()
{
    local controller directory
    for controller in cpu memory pids; do
        directory=$(mounted $controller)
        [ -n "$directory" ] || return 1
        [ -e "$directory/cgroup.subtree_control" ] && ! grep -qw $controller "$directory/cgroup.subtree_control" && return 1
        [ -d "$directory/$group" ] || mkdir "$directory/$group" 2>/dev/null || return 1
        [ -d "$directory/$group/inner" ] || { mkdir "$directory/$group/inner" && made=("$directory/$group/inner" "${made[@]}" "$directory/$group"); }
        put "$directory/$group" cpu.max '50000 100000' &&
            put "$directory/$group" cpu.cfs_period_us 100000 &&
            put "$directory/$group" cpu.cfs_quota_us 50000 &&
            put "$directory/$group" memory.max $((200 << 20)) &&
            put "$directory/$group" memory.limit_in_bytes $((200 << 20)) &&
            put "$directory/$group" pids.max 40 || return 1
    done 2>/dev/null
}

# Runs a command in a group.
within() # GROUP COMMAND...
{
    local controller where=$1
    shift
    (
        for controller in cpu memory pids; do
            echo "$BASHPID" >"$(mounted $controller)/$where/cgroup.procs" || exit 1
        done
        exec "$@"
    )
}

# What topo must say: a pattern for each of the lines on limits.
says() # QUOTA MEMORY PROCESSES
{
    COLUMNS=200 poolbench topo | tee "$scratch/topo"
    sed -z -i 's/\n  *\([^ ]\)/ \1/g' "$scratch/topo" # lines that go on are one
    grep -qE "^quota +$1\$" "$scratch/topo" && grep -qE "^memory +$2\$" "$scratch/topo" &&
        grep -qE "^processes +$3\$" "$scratch/topo"
}
export -f says
export scratch

limited='0.50 CPUs|200 MiB, 1?[0-9][0-9](\.[0-9])? MiB free|[1-3]?[0-9] more'

limits_known()
{
    IFS='|' read -r quota memory processes <<<"$limited"
    says "$quota" "$memory" "$processes"
}
export -f limits_known
export limited

# A tmpfs over the tree, and our own view of it in its place.
own_view()
{
    local directory=$1
    mount -t tmpfs none "$directory" || exit 1
    shift
    "$@"
}
export -f own_view

# An option that needs more memory than the group has is refused before anything is made.
too_large()
{
    ! poolbench run --pool fork --ballast 512MiB --blocks 1 --out "$scratch/run" 2>"$scratch/said" &&
        cat "$scratch/said" && grep -q -e '--ballast: .* MiB are available here' "$scratch/said" && ! [ -e "$scratch/run" ]
}
export -f too_large

check_warns()
{
    poolbench check --no-measure | tee "$scratch/checked"
    grep -q '^warn  *quota  *a quota of 0.50 CPUs on ' "$scratch/checked"
}
export -f check_warns

nothing_known()
{
    mount -t tmpfs none /sys/fs/cgroup
    says 'unknown: our control group is mounted nowhere here' '.*, or less: our control group is mounted nowhere here' \
        '.*, or less: our control group is mounted nowhere here' || return 1
    poolbench check --no-measure | tee "$scratch/checked"
    grep -q '^unknown  *quota ' "$scratch/checked" && grep -q '^unknown  *memory ' "$scratch/checked" &&
        grep -q '^unknown  *limits ' "$scratch/checked"
}
export -f nothing_known

# The host's tree lies elsewhere, and comes first; in its old place is what a container has: our group and below.
beside()
{
    mkdir "$scratch/host" && mount --rbind /sys/fs/cgroup "$scratch/host" && mount -t tmpfs none /sys/fs/cgroup || return 1
    local controller
    for controller in cpu memory pids; do
        if [ -d "$scratch/host/$controller" ]; then
            mkdir "/sys/fs/cgroup/$controller" &&
                mount -t cgroup -o "$controller" none "/sys/fs/cgroup/$controller" || return 1
        else
            mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified
        fi
    done
    limits_known
}
export -f beside

if [ "$(id -u)" = 0 ] && groups_make; then
    check 'our own group limits us' within "$group" bash -c limits_known
    check 'a group above ours limits us' within "$group/inner" bash -c limits_known
    check 'what does not fit into the group is refused' within "$group" bash -c too_large
    check 'check warns of the quota of our group' within "$group" bash -c check_warns
    if unshare -C -m true 2>/dev/null; then
        check 'a namespace of control groups changes nothing while the tree is there' \
            within "$group/inner" unshare -C -m bash -c limits_known
        check 'what limits us is unknown where the tree is not there' \
            within "$group" unshare -C -m bash -c nothing_known
        check "our group's limits, where the host's tree is mounted first" within "$group" unshare -C -m bash -c beside
    else
        skip 'namespaces of control groups' 'they cannot be made here'
    fi
else
    skip 'limits of control groups' 'groups with limits cannot be made here'
fi

# ---- calls that are refused ----

# A run under that is refused in one line that names the call, and nothing is made.
named() # ERROR RULE NAME
{
    timeout 150 refuse "$1" "$2" poolbench run --pool fork --tasks 5 --blocks 1 --out "$scratch/run" 2>"$scratch/said"
    local status=$?
    cat "$scratch/said"
    [ $status -eq 2 ] && [ "$(wc -l <"$scratch/said")" -eq 1 ] && ! [ -e "$scratch/run" ] &&
        grep -qF "the kernel refuses $3 (" "$scratch/said" && grep -q 'Linux has it from [0-9.]* on' "$scratch/said"
}

# A run under that goes through, with all its trials.
goes_on() # ERROR RULE [WORDS ON THE SCREEN]
{
    timeout 150 refuse "$1" "$2" poolbench run --pool pthread,prefork,fork --tasks 5 --size 20us --blocks 1 \
        --out "$scratch/run" >"$scratch/said" 2>&1
    local status=$?
    cat "$scratch/said"
    rm -rf "$scratch/run"
    tr '\n' ' ' <"$scratch/said" >"$scratch/line"
    [ $status -eq 0 ] && grep -q '3 trials in 1 block, 0 failed' "$scratch/line" && grep -q "${3:-.}" "$scratch/line"
}

if refuse ENOSYS pidfd_open true 2>/dev/null; then
    for error in ENOSYS EPERM; do
        while read -r rule name; do
            check "$name refused with $error is named before anything is made" named $error "$rule" "$name"
        done <<'END'
pidfd_open pidfd_open
memfd_create memfd_create
prctl:0=36 prctl(PR_SET_CHILD_SUBREAPER)
signalfd4 signalfd4
eventfd2 eventfd2
epoll_create1 epoll_create1
pipe2 pipe2
futex futex(FUTEX_WAIT_BITSET)
ppoll ppoll
madvise:2=10 madvise(MADV_DONTFORK)
waitid waitid
socketpair socketpair
sched_getaffinity sched_getaffinity
END
    done
    check 'a run goes on where tracing and counters are forbidden' goes_on EPERM ptrace,perf_event_open
    check 'a run goes on unpinned where pinning is forbidden' \
        goes_on EPERM sched_setaffinity 'workers were not pinned as asked for'
    check 'clone3 refused in a way that the C library does not go round is named' named EPERM clone3 clone3
    check 'a kernel without clone3 and close_range is enough' goes_on ENOSYS clone3,close_range
    kernel=$(refuse ENOSYS pidfd_open poolbench run --pool fork 2>&1 | sed -n 's/.*Linux has it from \([0-9.]*\) on.*/\1/p')
    check "the README names the oldest kernel, $kernel" grep -qF "Linux $kernel (pidfd_open)" README.md
else
    skip 'calls that are refused' 'filters of system calls cannot be had here'
fi

# ---- a library that does not come back ----

# hwloc opens what HWLOC_XMLFILE names; nobody writes into this. The limit of 20 s is called early.
gives_up()
{
    mkfifo "$scratch/fifo"
    HWLOC_XMLFILE=$scratch/fifo timeout 60 poolbench topo >"$scratch/said" 2>&1 &
    local job=$! program=
    while [ -z "$program" ]; do
        read -r program _ <"/proc/$job/task/$job/children" || sleep 0.05
        kill -0 $job || return 1
    done
    until grep -q '^SigCgt:.*2000$' "/proc/$program/status"; do
        sleep 0.05
        kill -0 $job || return 1
    done
    kill -ALRM "$program"
    wait $job
    local status=$?
    cat "$scratch/said"
    [ $status -eq 1 ] && grep -q "hwloc does not get through with this machine's topology" "$scratch/said"
}
check 'reading the topology has a limit of time' gives_up

# ---- half of /proc, as hardened containers have it ----

half()
{
    mount -t proc -o subset=pid,hidepid=2 proc /proc || return 1
    ulimit -u 1000
    cd / && setpriv --reuid 65534 --clear-groups "$BASH" -c 'poolbench topo' >"$scratch/said" || return 1
    cat "$scratch/said"
    grep -q '^memory  *unknown: /proc/meminfo cannot be read$' "$scratch/said" &&
        grep -q '^processes .* more, or less: ' "$scratch/said" || return 1
    # trials need no more than that
    poolbench run --pool pthread,prefork,fork --tasks 5 --size 20us --blocks 1 --out "$scratch/run" >"$scratch/said"
    local status=$?
    cat "$scratch/said"
    rm -rf "$scratch/run"
    [ $status -eq 0 ] && tr '\n' ' ' <"$scratch/said" | grep -q '3 trials in 1 block, 0 failed'
}
export -f half
program=$(realpath "$build/poolbench")
export PATH="${program%/*}:$PATH"
if ! unshare -mp --fork bash -c 'mount -t proc -o subset=pid,hidepid=2 proc /proc' 2>/dev/null; then
    skip 'half of /proc' 'it cannot be mounted so here'
elif ! setpriv --reuid 65534 --clear-groups test -x "$program" 2>/dev/null; then
    skip 'half of /proc' 'another user cannot run this tree'
else
    check 'with half of /proc what is not told is unknown, and trials run' unshare -mp --fork bash -c half
fi

# ---- no /proc, no /sys ----

bare()
{
    mount -t tmpfs none /proc && mount -t tmpfs none /sys || return 1
    poolbench topo >"$scratch/said" 2>/dev/null || return 1
    cat "$scratch/said"
    grep -q '^quota  *unknown: /proc/self/cgroup cannot be read$' "$scratch/said" &&
        grep -q '^memory  *unknown: ' "$scratch/said" && grep -q '^processes  *unknown: ' "$scratch/said" || return 1
    poolbench check --no-measure >"$scratch/said" 2>/dev/null
    cat "$scratch/said"
    # what system calls tell is all that is called ok
    sed -n 's/^ok  *\([a-zA-Z ]*[a-z]\)  .*/\1/p' "$scratch/said" | sort | tee "$scratch/ok"
    grep -vxE 'cores|cpuset|machine|nice|NUMA|pinning|policy|profiling|threads|timers' "$scratch/ok" && return 1
    [ "$(grep -cxE 'cpuset|pinning|threads' "$scratch/ok")" -eq 3 ] || return 1
    ! poolbench run --pool fork --tasks 5 --blocks 1 --out "$scratch/run" 2>"$scratch/said" || return 1
    cat "$scratch/said"
    grep -q '/proc/self: .*: mount it$' "$scratch/said" && ! [ -e "$scratch/run" ]
}
export -f bare
if unshare -m true 2>/dev/null; then
    check 'without /proc and /sys nothing is made up' unshare -m bash -c bare
else
    skip 'no /proc, no /sys' 'namespaces of mounts cannot be made here'
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
