#!/usr/bin/env bash
# Trials once more by hand: a run leaves its jobs (POOLBENCH_KEEP_JOBS), poolbench-trial runs each as often as one likes and
# says how it ended; what is no such file is refused in one line.
set -u
. tests/support.sh
PATH=$PWD/${BUILD:-build/default}:$PATH
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
explain() { cat out err; }
export HOME=$scratch
unset XDG_CACHE_HOME POOLBENCH_KEEP_JOBS
without_gnuplot
ulimit -c 0

run() # DIRECTORY OPTION...
{
    local kept=$1
    shift
    mkdir -p "$kept" 2>/dev/null
    POOLBENCH_KEEP_JOBS=$kept limited poolbench run --size 10us --tasks 20 --workers 2 --blocks 1 --seed 3 --samples all \
        "$@" --out "run-$kept" >out 2>err
}

ends() # STATUS WORD...
{
    local status=$1 code
    shift
    limited poolbench-trial "$@" >out 2>err 3>&-
    code=$?
    [ $code = "$status" ] || { echo "status $code, expected $status"; return 1; }
}

says() { grep -qxE "$1" out; }
refused() { ends 2 "$1" && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] && grep -qF "poolbench-trial: $1: $2" err; }
same() { [ "$(cksum <"$1")" = "$2" ]; }

check "a run that leaves its jobs" run jobs --pool serial,prefork,pthread --workload spin
check "one for each cell" test "$(cd jobs && echo *)" = "c001.job c002.job c003.job"
for job in jobs/*.job; do
    before=$(cksum <"$job")
    for time in first second; do
        check "$job, the $time time" ends 0 "$job"
        check "$job: its stage" says 'stage   done'
        check "$job: its status" says 'status  ok'
        check "$job: its wall time" says 'wall    [1-9][0-9]* ns'
        check "$job: its CPU time" says 'cpu     [1-9][0-9]* ns, [1-9][0-9]* of it the submitter'"'s"
        check "$job: its tasks" says 'tasks   20 ok, 0 failed'
    done
    check "$job is as it was" same "$job" "$before"
done

run lost --pool prefork,pthread --workload spin --faults abort:task=5
check "a task that aborts, with its process" ends 0 lost/c001.job
check "which is one that failed" says 'tasks   19 ok, 1 failed'
check "a task that aborts, with the trial" ends 134 lost/c002.job

run sockets --pool prefork:transport=socket --workload spin
few() # descriptors
{
    local code
    # shellcheck disable=SC2016 # that bash expands it
    limited bash -c 'ulimit -n 5; exec poolbench-trial "$1"' few "$1" >out 2>err 3>&-
    code=$?
    [ $code = 1 ]
}
check "a pool that cannot be opened" few sockets/c001.job
check "is a trial that failed" says 'status  failed'
check "as it was opened" says 'stage   open'
check "with a reason" says 'reason  open: Too many open files'

job=jobs/c001.job
echo 'pool = serial' >text
head -c 100 $job >header
head -c -1000 $job >short
{ head -c 4 $job; printf '\377\377\0\0'; tail -c +9 $job; } >version
: >empty
no='not a job file as POOLBENCH_KEEP_JOBS leaves them, or not all of one'
check "no file" refused nothing 'No such file or directory'
check "a directory" refused jobs 'Is a directory'
check "a device" refused /dev/zero 'No such device'
check "text" refused text "$no"
check "nothing in it" refused empty "$no"
check "less than the header" refused header "$no"
check "cut short" refused short "$no"
check "another version" refused version 'kept by another version of poolbench'
check "two files" ends 2 $job $job
check "no job at all" ends 2

not_kept()
{
    rm -rf nowhere run-nowhere
    ln -s none nowhere
    ! run nowhere --pool serial && grep -qF 'POOLBENCH_KEEP_JOBS: nowhere/c001.job cannot be written' err
}
check "a directory that is none" not_kept
closing
