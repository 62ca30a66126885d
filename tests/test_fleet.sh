#!/usr/bin/env bash
# Which hosts differ, of fleets that are made up (tests/tools/fleet): those that do are named, and none of fleets whose
# hosts are alike.
# shellcheck disable=SC2016 # what is evaluated later
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
fleet=$PWD/tests/tools/fleet
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
PATH=$build:$PATH
explain() { cat out err 2>/dev/null; }
shown() { tr -s '\n ' ' ' <out | grep -q -- "$1"; }
make_fleet() # HOSTS CELLS BLOCKS SEED SLOW FACTOR TOGETHER
{
    rm -rf run
    mkdir run
    awk -f "$fleet" -v hosts="$1" -v cells="$2" -v blocks="$3" -v seed="$4" -v slow="$5" -v factor="$6" >run/trials.csv
    printf '{"schema_version": 2, "run": {"run_id": "fleet", "together": %s}}\n' "$7" >run/host.json
    { echo host,name,status && for ((i = 1; i <= $1; i++)); do echo "h$i,node$i,ok"; done; } >run/hosts.csv
}
hosts() { limited poolbench hosts run >out 2>err; }
differ() { grep -c ' differs: ' out; }

for hosts in 3 12; do
    alike=0
    for seed in 1 2 3 4 5 6 7 8 9 10; do
        make_fleet $hosts 5 12 $seed 0 1 true
        hosts || alike=-100
        alike=$((alike + $(differ)))
    done
    check "none of ten fleets of $hosts alike hosts" [ $alike -eq 0 ]
    make_fleet $hosts 5 12 "${SEED:-1}" 1 1.5 true
    check "$hosts hosts: one is slow" hosts
    check "$hosts hosts: it is named" shown 'h1 (node1) differs: all cells take 1.[3-7]'
    check "$hosts hosts: with why" shown 'its threads waited for a CPU'
    check "$hosts hosts: no other is" eval '[ "$(differ)" = 1 ]'
    check "$hosts hosts: answers hold" shown 'on all hosts, in the one row'
    make_fleet $hosts 5 12 "${SEED:-1}" 1 1.5 false
    check "$hosts hosts that ran apart: read" hosts
    check "$hosts hosts that ran apart: absolute times tell nothing" eval '[ "$(differ)" = 0 ]'
    check "$hosts hosts that ran apart: that is said" shown 'ran at different times'
done
make_fleet 2 5 12 1 1 2 true
check 'of two hosts' hosts
check 'nothing can be told' shown 'can be told of 3 and more'
make_fleet 3 5 4 1 1 2 true
check 'of few blocks' hosts
check 'nothing can be told, but how many would' shown 'Too few blocks .* 8 would'

# ---- many ----
many=100
if [ "${ALL:-}" = 1 ]; then many=1000; fi
make_fleet $many 50 12 1 3 1.3 true
check "$many hosts, in 1 GiB" bash -c "ulimit -v 1048576 && exec timeout 150 poolbench hosts run >out 2>err"
check 'the three that are slow' eval '[ "$(grep -o "^h[0-9]* (node[0-9]*) differs" out | tr "\n" " ")" = "h1 (node1) differs h2 (node2) differs h3 (node3) differs " ]'
check 'and no other' eval '[ "$(differ)" = 3 ]'
closing
