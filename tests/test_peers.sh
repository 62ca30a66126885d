#!/usr/bin/env bash
# Pools on other people's libraries, those that `make peers` has built here: their tasks come back, right, each once,
# under bursts and windows (`poolbench conformance --pool NAME` asks much more and takes longer). Those that are not built
# say how to get them.
set -u
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME POOLBENCH_PLUGINS
case ${BUILD:-} in *address* | *thread*) echo 'a sanitizer would have to be in the peers too'; exit 77 ;; esac
names=$(awk -F'[ =]' '/^peers=/ { on = 1; gsub("\"", "", $2); print $2; next } on { print $1 } on && /"$/ { exit }' \
    scripts/peers)
root=$PWD/${BUILD:-build/default}
cd "$scratch" || exit 1

for name in $names; do
    if [ "$name" = py ]; then
        kind='--workload'
        command=(poolbench run --workload py --pool serial --pool pthread --pool fork --size 200us --tasks 40)
    else
        kind='--pool'
        command=(poolbench run --pool "$name" --size 20us --tasks 300 --arrival burst --arrival window:4 --payload 100:100)
    fi
    if [ ! -e "$root/plugins/$name.so" ]; then
        command=(poolbench plan "$kind" "$name")
        limited "${command[@]}" 2>&1 | grep -q "$name is not built here; .make peers." || {
            failed=$((failed + 1))
            echo "not so: $name says that make peers builds it"
            continue
        }
        skip "$name" 'not built (make peers)'
    elif limited "${command[@]}" --workers 2 --blocks 1 --out "run-$name" >out 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not so: ${command[*]}"
        sed 's/^/    /' out | tail -12
    fi
done

# Beyond what each peer does when nothing is said: processes of Python that are executed, and ranks that wait for each
# task. Those that are not built are left out.
says() # CODE PATTERN POOL OPTION...
{
    local code=$1 pattern=$2 pool=$3 rc
    shift 3
    [ -e "$root/plugins/${pool%%:*}.so" ] || return
    runs=$((runs + 1))
    limited "$poolbench" run --pool "$pool" --workers 2 --blocks 1 --out "more-$runs" "$@" >out 2>&1
    rc=$?
    if [ $rc -eq "$code" ] && grep -qE "$pattern" <(tr '\n' ' ' <out | tr -s ' '); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "not so: $pool $* exits with $code ($rc) and says: $pattern"
        sed 's/^/    /' out | tail -12
    fi
}

runs=0
poolbench=$(command -v poolbench)
payload=(--size 20us --payload 100:100)
for start in forkserver spawn; do
    says 0 '0 failed' "python:start=$start" "${payload[@]}" --tasks 100 --arrival burst --arrival window:4
    says 0 '0 failed' "python:start=$start:api=map" "${payload[@]}" --tasks 100
    says 0 '0 failed' "python:start=$start:api=pool:lock=held" "${payload[@]}" --tasks 100
    says 0 '0 failed' "python:start=$start:api=process" "${payload[@]}" --tasks 4
    [ ! -e "$root/plugins/py.so" ] || says 0 '0 failed' "python:start=$start" --workload py --size 20us --tasks 40
    says 1 'BrokenProcessPool' "python:start=$start" --size 20us --tasks 100 --faults exit:task=37
done
says 2 'threads are not started by forkserver or spawn' python:start=spawn:api=threads
says 0 '0 failed' openmpi:inflight=1 "${payload[@]}" --tasks 300
says 1 'worker [01] ended, with exit code [0-9]+, and the MPI job with it' openmpi --size 20us --tasks 100 \
    --faults exit:task=37
mkdir nothing
if [ -e "$root/plugins/openmpi.so" ]; then
    echo '#!/bin/sh' >nothing/mpirun # which is there, and not executable
    poolbench=$scratch/without
    printf '#!/bin/sh\nPATH=%s exec "%s" "$@"\n' "$scratch/nothing" "$(command -v poolbench)" >without
    chmod +x without
    says 2 'mpirun: .*openmpi-bin' openmpi --tasks 10
fi
for name in $names; do
    [ "$name" = py ] || limited poolbench plan --pool "pthread,?$name" >out 2>&1 || {
        failed=$((failed + 1))
        echo "not so: ?$name is left out where it is not built"
    }
done
closing
