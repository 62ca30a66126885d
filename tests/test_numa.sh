#!/usr/bin/env bash
# Memory nodes from the command line: what is said is done and shown, what cannot be done is refused by name. What more than
# one node takes is in tests/machines.
set -u
. tests/support.sh
build=${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
unset POOLBENCH_PLUGINS XDG_CACHE_HOME
export HOME=$scratch NO_COLOR=1
without_gnuplot
poolbench=$PWD/$build/poolbench refuse=$PWD/$build/refuse
cd "$scratch" || exit 1

# The column $2 of FILE $1, a value a line.
column() { awk -F , -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i; next } { print at ? $at : "none" }' "$1"; }
run() { "$poolbench" run --workload spin --size 20us --tasks 64 --workers 2 --blocks 1 "$@" >said 2>complaint; }
refused() # WORDS COMMAND...
{
    local words=$1 status
    shift
    "$@" >said 2>complaint
    status=$?
    [ $status -eq 2 ] && [ "$(wc -l <complaint)" -eq 1 ] && grep -qF -- "$words" complaint && return
    cat complaint
    return 1
}

if ! run --pool serial --numa node:0 --out probe && grep -q 'set_mempolicy' complaint; then
    echo "memory nodes: $(cat complaint)"
    exit 77
fi
nodes=(/sys/devices/system/node/node[0-9]*)

check 'every policy is a cell' run --pool pthread,prefork,fork,serial --ballast 8MiB:write=1% \
    --numa as-made,local,interleave,node:0 --out all
[ -s complaint ] && cat complaint
whole() { column all/trials.csv numa | sort | uniq -c | tr -s ' \n' ' ' >counts; grep -q '4 as-made.*4 interleave.*4 local.*4 node:0' counts; }
check 'plan, trials and summary say which' whole
seen()
{
    paste -d ' ' <(column all/trials.csv numa) <(column all/trials.csv numa_pages) <(column all/trials.csv numa_meant) >pages
    awk '$1 == "as-made" { bad += NF != 1; next } { bad += !($2 > 0 && $3 > 0 && $3 <= $2) } END { exit bad > 0 }' pages || { cat pages; return 1; }
}
check 'pages were looked at, where something was said' seen
meant() { column all/summary.csv numa_share | awk '$1 != "" { all++; bad += $1 < 0.9 } END { exit !(all == 12 && !bad) }'; }
if [ ${#nodes[@]} -eq 1 ]; then
    check 'on one node all are where they were meant to be' meant
    check 'a node that is not there' refused "--numa: node:1: there is no such node that may be used here, expected one of node:0 (CPU " \
        "$poolbench" run --numa node:1
fi
check 'without it no column' run --pool serial --out none
check 'none in trials.csv' test "$(column none/trials.csv numa_pages | sort -u)" = none
check 'a machine that is not here' refused '--numa: node:7: that machine has no such node, expected one of node:0 (CPU 0-3, ' \
    "$poolbench" plan --topology 'synthetic:pack:2 [numa] core:4 pu:1' --numa node:7
check 'a container that refuses' refused 'CAP_SYS_NICE' "$refuse" EPERM set_mempolicy "$poolbench" run --numa local
check 'only what is asked for' "$refuse" EPERM set_mempolicy,mbind,move_pages,get_mempolicy "$poolbench" run --pool serial \
    --workload spin --size 20us --tasks 64 --blocks 1 --out plain >/dev/null
check 'a kernel that does not tell where pages are' "$refuse" ENOSYS move_pages "$poolbench" run --pool serial --workload spin \
    --size 20us --tasks 64 --blocks 1 --numa node:0 --out untold >/dev/null
check 'says nothing of them' test "$(column untold/trials.csv numa_pages)" = ''
host() { grep -q '"numa_balancing"' all/host.json && grep -q '"nodes"' all/host.json; }
check 'host.json has the nodes, and whether the kernel moves pages' host
check 'node:all and numa:each are cells' run --pool pthread --workers 1 --numa node:all --place numa:each --out each
check 'a cell for each node' test "$(column each/trials.csv numa | sort -u | wc -l)" -eq ${#nodes[@]}
closing
