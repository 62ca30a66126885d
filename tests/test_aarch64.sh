#!/usr/bin/env bash
# Another architecture, aarch64: built here with Debian's cross compiler, without a warning, and run in qemu's emulator of
# one program (tests/machines/aarch64.sh).
set -u
case "${SLOW:+slow} ${BUILD:-}" in
slow* | *address* | *undefined* | *thread*)
    echo 'it is about another compiler: without sanitizers and SLOW'
    exit 77
    ;;
esac
[ "$(uname -m)" != aarch64 ] || { echo 'this machine is one: all other tests are about aarch64'; exit 77; }
. tests/support.sh
. tests/machines/aarch64.sh
tree=$aarch64
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64)
if ! command -v $triplet-gcc >/dev/null || [ -z "$emulator" ]; then
    echo "no $triplet-gcc or no qemu-aarch64; on Debian: apt-get install gcc-$triplet libc6-dev-arm64-cross qemu-user-static"
    exit 77
fi
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MFLAGS POOLBENCH_PLUGINS XDG_CACHE_HOME
export HOME=$scratch NO_COLOR=1 DEPS=never
renice -n 19 $$ >/dev/null # others are tested meanwhile

why=$(sysroot_make) || { echo "$why"; exit 77; }

# C tests that are not run in the emulator (seen with qemu-user 7.2), and why not.
left_out()
{
    case $1 in
    test_contract | test_transport | test_faults | test_survive | test_limits | test_calibrate | test_queue_limit | \
        test_steady | test_numa) echo 'starts trial programs, see below' ;;
    test_births | test_kill) echo 'stops workers with ptrace, which qemu-user refuses' ;;
    test_pools) echo 'counts threads, of which qemu-user adds one' ;;
    test_kinds | test_crash) echo 'starts poolbench, which would be the one of this machine' ;;
    test_torture) echo 'needs a subreaper, which qemu-user 7.2 refuses' ;;
    test_summary) echo 'asks why a program does not start, which qemu-user does not tell' ;;
    test_zygote) echo 'does not end in qemu-user; why is not known' ;;
    test_workloads | test_real_work) echo 'limits memory, which qemu-user does not; see the trials below' ;;
    test_simulation | test_search | test_forecast | test_fits | test_leaving | test_levels | test_runs | test_sustained | \
        test_pooled | test_queue) echo 'thousands of made-up runs, minutes in an emulator' ;;
    *) return 1 ;;
    esac
}

names=() asked=()
for source in tests/test_*.c; do
    name=$(basename "$source" .c)
    if why=$(left_out "$name"); then
        skip "$name" "$why"
    else
        names+=("$name")
        asked+=("$tree/$name")
    fi
done

if ! aarch64_make build "${asked[@]}"; then
    echo "FAILED: it builds with $triplet-gcc"
    failed=1
    closing
    exit
fi
passed=1

emulated() { "$emulator" -L "$sysroot" "$@"; }
prints() # PATTERN PROGRAM...
{
    local pattern=$1 status
    shift
    "$@" >"$scratch/printed" 2>&1
    status=$?
    cat "$scratch/printed"
    # wrapped, by how long the name of this CPU is
    [ $status -eq 0 ] && { grep -qE -- "$pattern" "$scratch/printed" || tr '\n' ' ' <"$scratch/printed" | grep -qE -- "$pattern"; }
}

# ELF's e_machine of the program $1 is 183, EM_AARCH64.
is_aarch64() { [ "$(od -An -tu2 -j18 -N2 "$1" | tr -d ' ')" = 183 ]; }

check 'the program is of aarch64' is_aarch64 $tree/poolbench
check 'the trial program is of aarch64' is_aarch64 $tree/poolbench-trial
check '--version' prints '^poolbench [0-9]' emulated $tree/poolbench --version
check 'topo of a described machine' prints '4 cores' emulated $tree/poolbench topo --topology 'synthetic:pack:1 core:4 pu:1'
check 'topo of this machine' prints '^machine ' emulated $tree/poolbench topo
check 'list' prints '^pools ' emulated $tree/poolbench list
check 'list pools' prints 'prefork' emulated $tree/poolbench list pools

# A trial needs a subreaper, which qemu-user 7.2 refuses: one line says so.
plan()
{
    prints '^plan .* trial' emulated $tree/poolbench plan --pool serial --tasks 100 ||
        grep -q '^poolbench plan: .*PR_SET_CHILD_SUBREAPER' "$scratch/printed"
}
check 'plan, or the call that is refused' plan

# Trials: this machine's harness starts the trial program of aarch64, for every pool and workload of poolbench's own.
mkdir "$scratch/mixed"
cp "${BUILD:-build/default}/poolbench" "$scratch/mixed/"
ln -s "$PWD/scripts" "$scratch/mixed/scripts"
printf '#!/bin/sh\nexec "%s" -L "%s" "%s" "$@"\n' "$emulator" "$sysroot" "$PWD/$tree/poolbench-trial" \
    >"$scratch/mixed/poolbench-trial"
chmod +x "$scratch/mixed/poolbench-trial"
without_gnuplot
trials() # OPTION...
{
    runs=$((runs + 1))
    prints ' 0 failed' "$scratch/mixed/poolbench" run --tasks 100 --workers 2 --blocks 1 --out "$scratch/run-$runs" "$@"
}
runs=0
for pool in serial static fork zygote prefork pthread hybrid; do
    check "trials of $pool" trials --pool $pool --workload spin --size 20us
done
for workload in primes matmul memory:bytes=1MiB touch alloc counter:sync=atomic sleep mixed; do
    check "trials of $workload" trials --pool prefork --pool pthread --workload $workload --size 20us
done
file=$PWD/$tree/poolbench-trial
for workload in empty append "sha256:file=$file" "deflate:file=$file"; do
    check "trials of $workload" trials --pool prefork --pool pthread --workload "$workload"
done
echo

for name in "${names[@]}"; do
    check "$name" emulated "$tree/$name"
    printf ' %s\n' "$name"
done
closing
