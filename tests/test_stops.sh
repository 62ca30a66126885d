#!/usr/bin/env bash
# Stops from outside while a trial runs: of its process group, of one of its processes, of guard and harness, by a
# freezer, by a suspend. A trial that stood still has no times and is run again with its row, the run goes on and is
# whole; what stopped none of a trial's processes disturbs none; and no limit counts a time in which nobody ran.
set -u -m
. tests/support.sh
build=$PWD/${BUILD:-build/default}
[ -e "$build/suspend.so" ] || { echo "there is no $build/suspend.so"; exit 77; }
scratch=$(mktemp -d) || exit 1
group=
leave()
{
    [ -n "$group" ] && { thaw; rmdir "$group"; } 2>/dev/null
    rm -rf "$scratch"
}
trap leave EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_TEST=$scratch # the mark of our processes
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err trials 2>/dev/null; }
RANDOM=$((${SEED:-1} % 32768))

processes() { started_with "POOLBENCH_TEST=$scratch" "$1"; }
# The number of the first process of that name, once there is one; nothing when the harness has ended before.
await_process() # NAME-PATTERN
{
    local found=
    while found=$(processes "$1") && [ -z "$found" ]; do
        kill -0 "$harness" 2>/dev/null || return 1
        nap .02
    done
    found=${found%%$'\n'*}
    echo "${found##*/}"
}
stands() { [ "$(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null)" = T ]; }

# Starts a run of the pool $1 with more arguments after it.
begin()
{
    local pool=$1
    shift
    rm -rf run
    poolbench run --pool "serial,$pool" --workload sleep --size 10ms --tasks 60 --workers 2 --blocks 1 --out run "$@" \
        >out 2>err &
    harness=$!
}
# Which processes are meant by a word: set `victims` for kill.
choose() # WHO
{
    local trial
    trial=$(await_process pb-trial) || return 1
    case $1 in
    trial) victims=("$trial") ;;
    group) victims=("-$trial") ;;
    worker) victims=("$(await_process 'pb-worker-*')") ;;
    guard) victims=("$(await_process pb-guard)") ;;
    harness) victims=("$harness") ;;
    esac
    [ -n "${victims[0]}" ]
}
# Stops and continues who is meant, at a random moment of a trial; false: there was no such moment.
stop_and_continue() # WHO SECONDS
{
    choose "$1" || return 1
    nap ".0$((RANDOM % 10))"
    kill -STOP -- "${victims[@]}" 2>/dev/null || return 1
    nap "$2"
    stands "${victims[0]#-}" || { kill -CONT -- "${victims[@]}" 2>/dev/null; return 1; }
    kill -CONT -- "${victims[@]}"
}
finish() { wait -f "$harness"; status=$?; cut -d , -f 4- run/trials.csv >trials 2>/dev/null; }
# Runs the pool and stops who is meant, with more arguments of the run; again where that came too late.
stopped_run() # WHO SECONDS POOL ...
{
    local who=$1 seconds=$2 tries
    shift 2
    for ((tries = 0; tries < 20; tries++)); do
        begin "$@"
        if stop_and_continue "$who" "$seconds"; then
            finish
            return
        fi
        finish
    done
    return 1
}
stood() { grep -c ',disturbed,stood still' trials; }
# Each trial of the plan counts once, and went well.
whole()
{
    awk -F , '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        { cell = $at[FILENAME, "block"] " " $at[FILENAME, "cell_id"] }
        FILENAME ~ /plan/ { planned[cell]; next }
        $at[FILENAME, "status"] == "disturbed" { next }
        { counts[cell]++; wrong += $at[FILENAME, "status"] != "ok" }
        END { for (cell in planned) wrong += counts[cell] != 1; print wrong + 0, "are wrong"; exit wrong }' \
        run/plan.csv run/trials.csv
}

# ---- of processes ----
for pool in prefork fork zygote pthread; do
    check "$pool: a stopped group" stopped_run group .3 "$pool"
    check "$pool: exit status" test "$status" -eq 0
    check "$pool: its trial stood still" test "$(stood)" -eq 1
    check "$pool: for some time" grep -q 'stood still for [0-9.]* *m*s' trials
    check "$pool: and all counts once" whole
    check "$pool: which is said" eval 'tr -s "\n " " " <out | grep -q "stops): 1 was run again"'
done
check 'a stopped trial program' stopped_run trial .3 prefork
check 'stood still, too' test "$(stood)" -eq 1
check 'and is run again' whole
for pool in prefork zygote; do
    check "$pool: one stopped worker" stopped_run worker .3 "$pool"
    check "$pool: disturbs its trial" grep -q ',disturbed,stood still: one of its processes was stopped' trials
    check "$pool: which is run again" whole
done
for who in guard harness; do
    check "a stopped $who" stopped_run $who .6 prefork
    check "disturbs nobody: $who" test "$(grep -c ',disturbed,' trials)" -eq 0
    check "and all is there: $who" whole
done

# ---- limits ----
check 'with the stop it takes longer than a trial may' stopped_run group 3.3 prefork --size 30ms --trial-limit 4s
check 'it is not over its limit' test "$(grep -c ',timeout,' trials)" -eq 0
check 'but stood still' whole
begin prefork --trial-limit 1500ms
if choose trial; then
    kill -STOP "${victims[0]}"
    finish
    check 'a trial that nobody continues is ended at its limit' grep -q ',timeout,' trials
else
    finish
    skip 'a trial that nobody continues' 'it was too fast'
fi

# ---- a freezer ----
freeze() { echo 1 >"$group/cgroup.freeze"; }
thaw() { echo 0 >"$group/cgroup.freeze"; }
frozen_run()
{
    local tries
    for ((tries = 0; tries < 20; tries++)); do
        rm -rf run
        (
            echo "$BASHPID" >"$group/cgroup.procs" || exit
            exec poolbench run --pool prefork --workload sleep --size 10ms --tasks 60 --workers 2 --blocks 2 --out run
        ) >out 2>err &
        harness=$!
        if await_process pb-trial >/dev/null; then
            freeze
            nap 1.5
            thaw
        fi
        finish
        [ "$(stood)" -gt 0 ] && break
    done
    whole
}
version2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
version1=$(awk '$3 == "cgroup" && $4 ~ /(^|,)freezer(,|$)/ { print $2; exit }' /proc/mounts)
name=poolbench-test-$$
if [ -n "$version2" ] && mkdir "$version2/$name" 2>/dev/null && [ -w "$version2/$name/cgroup.freeze" ]; then
    group=$version2/$name
    if grep -qs frozen_usec "$group/cgroup.stat.local"; then
        check 'a frozen group (version 2) is a trial that stood still' frozen_run
        check 'once' test "$(stood)" -eq 1
    else
        skip 'frozen_usec' 'this kernel has none'
    fi
    rmdir "$group" && group=
else
    skip 'the freezer, version 2' 'no control group can be made here'
fi
if [ -n "$version1" ] && mkdir "$version1/$name" 2>/dev/null; then
    group=$version1/$name
    freeze() { echo FROZEN >"$group/freezer.state"; }
    thaw() { echo THAWED >"$group/freezer.state"; }
    check 'a frozen group (version 1) is a trial that stood still' frozen_run
    check 'at most once' test "$(stood)" -eq 1
    rmdir "$group" && group=
else
    skip 'the freezer, version 1' 'there is none, or no group can be made in it'
fi

# ---- a suspend ----
rm -rf run
SUSPENDED=$scratch/suspended LD_PRELOAD=$build/suspend.so poolbench run --pool prefork --workload sleep --size 10ms \
    --tasks 60 --workers 2 --blocks 2 --out run >out 2>err &
harness=$!
await_process pb-trial >/dev/null
: >suspended
finish
check 'a suspend is a trial that stood still' grep -q ',disturbed,stood still for 5' trials
check 'and is whole' whole
closing
