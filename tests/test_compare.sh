#!/usr/bin/env bash
# The verb compare on runs made up here, whose truth is known: verdicts, exit codes, two runs, formats, and bad input.
set -u
. tests/support.sh
poolbench=$PWD/${BUILD:-build/default}/poolbench
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C NO_COLOR=1

# A run: make DIRECTORY BLOCKS key=value...; noise is +-0.2 % by hash, and blocks differ by tens of percents.
cat >make.awk <<'AWK'
function given(key, otherwise) { return key in argument ? argument[key] : otherwise }
function noise(key, value) { value = sin(key * 12.9898 + run) * 43758.5453; return value - int(value) - (value < 0 ? -1 : 0) - 0.5 }
BEGIN {
    for (i = 1; i <= split(arguments, words, " "); i++) {
        split(words[i], pair, "=")
        argument[pair[1]] = pair[2]
    }
    for (i = 1; i <= length(where); i++)
        run += index("abcdefghijklmnopqrstuvwxyz", substr(where, i, 1)) * i
    pools = split("prefork pthread fork same_pool noisy:x=1" (given("serial", "") ? " serial" : ""), pool, " ")
    factor["serial"] = given("serial", 1)
    factor["prefork"] = 1
    factor["pthread"] = given("pthread", 0.9)
    factor["fork"] = given("fork", 1.2)
    factor["same_pool"] = 1.001
    factor["noisy:x=1"] = 1.01
    print "schema_version,run_id,trial_id,cell_id,block,position,experiment,pool,workload,size_ns,size_dist," \
          "iterations,tasks,workers,place,arrival,collect,in_bytes,out_bytes,ballast,faults,timing,seed,status,reason," \
          "wall_ns,user_ns,sys_ns,open_ns,pss_bytes,runqueue_ns"
    for (b = 1; b <= blocks; b++)
        for (s = 0; s < 2; s++)
            for (p = 1; p <= pools; p++) {
                size = s ? 100000 : 10000
                if (pool[p] == given("without", "") && s)
                    continue
                n++
                spread = pool[p] ~ /^noisy/ ? 0.2 : 0.004
                ns = size * given("speed", 1) * (1 + 0.3 * (b % 3)) * factor[pool[p]] * (1 + spread * noise(b * 10 + s * 5 + p))
                failed = pool[p] == given("broken", "") || given("broken", "") == "all"
                printf "%d,%s,%d,c%03d,%d,%d,,%s,spin,%d,fixed,%d,%d,%d,compact,%s,completed,0,0,0,,task,%s,%s,%s,",
                    given("schema", 1), where, n, s * pools + p, b, s * pools + p, pool[p], size, given("iterations", size),
                    given("tasks", 100), pool[p] == "serial" ? 1 : 2, given("arrival", "burst"),
                    given("seed", 11), failed ? "crashed" : "ok", failed ? "killed" : ""
                if (failed)
                    print ",,,,,"
                else {
                    ns *= given("tasks", 100)
                    printf "%d,%d,%d,%d,,%d\n", ns, ns * 0.9, ns * 0.1, given("open", 1000), ns * given("waited", 0)
                }
            }
}
AWK
make()
{
    local where=$1 blocks=$2 host=a word
    shift 2
    for word; do
        case $word in host=*) host=${word#host=} ;; esac
    done
    mkdir "$where" && awk -v where="$where" -v blocks="$blocks" -v arguments="$*" -f make.awk >"$where/trials.csv" || exit 1
    touch "$where/suite.ini"
    printf '{"hostname": "%s", "cpu": {"model": "%s & co"}, "kernel": {"release": "6.1"}, "machine": {"cores": 2}}\n' \
        "$host" "$host" >"$where/host.json"
}

# expect STATUS PATTERN WORDS...: exit status, and a pattern in what it says (stdout and stderr).
expect() { check "compare ${*:3}" says "$@"; }
says()
{
    local status=$1 pattern=$2 got
    shift 2
    "$poolbench" compare "$@" >out 2>err
    got=$?
    [ "$got" -eq "$status" ] && cat err out | tr -s ' \n' ' ' | grep -qE -e "$pattern" && return
    echo "expected exit $status and /$pattern/, found exit $got:"
    cat out err
    return 1
}

make one 12
make few 5
make other 12 pthread=1.05
make seed 12 seed=12
make iterations 12 iterations=7
make machine 12 host=b speed=3 pthread=1.2
make broken 12 broken=fork
make dead 12 broken=all
make schema 12 schema=9
make hole 12 without=prefork
mkdir empty

# Truth: pthread takes 0.9, fork 1.2, same_pool 1.001; noisy varies too much to tell.
expect 0 'pthread, spin, 10us, 2 workers 0\.90x 0\.[89][0-9] \.\. 0\.90 faster 1[0-9.]+ us 1[0-9.]+ us 12' one
expect 0 'fork, spin, 100us, 2 workers 1\.20x 1\.[12][0-9] \.\. 1\.2[0-9] slower' one
expect 0 'same_pool, spin, 10us, 2 workers 1\.00x .* equal' one
expect 0 'noisy:x=1, spin, 10us, 2 workers .* cannot tell yet' one
expect 0 'Geometric mean over cells: 1\.0[0-9]x' one
expect 0 'Cannot tell yet(; probably settled by [0-9]+ blocks|, and would take more than 1000 blocks): noisy:x=1, spin, 10us, 2 workers' one
expect 0 'probably settled by [0-9]+ blocks: noisy:x=1, .* poolbench run --(like|more) one --blocks' one --margin 5%
expect 0 'compared with pthread' one --baseline pthread
expect 0 'compared with size 10us' one --by size
expect 0 'compared with noisy:x=1' one --baseline noisy
expect 0 'CPU time per task.* 8 comparisons: ' one --metric cpu
make idle 12 open=0
expect 2 'open: no block has it for both cells' idle --metric open
expect 3 'surely slower by more than 5 %' one --fail-if-slower 5%
expect 0 'slower' one --fail-if-slower 25%
expect 3 '2 of 8 cells unresolved' one --fail-if-unresolved

# A gate that could not have seen its margin is not green.
make gate 12 fork=1
expect 4 'could not tell of [12] of 8 cells whether they are slower by 3 %: noisy:x=1, [^;]*up to 1\.[0-9]+x\)' \
    gate --fail-if-slower 3%
expect 4 'more blocks can tell' gate --fail-if-slower 3%
expect 0 'could not tell of [12] of 8 cells' gate --fail-if-slower 3% --blind-ok
expect 3 'unresolved' one --fail-if-slower 25% --fail-if-unresolved --blind-ok
expect 3 'could not tell' one --fail-if-slower 5% --blind-ok
expect 1 'trials failed' broken --fail-if-slower 5%

# Percentiles, of a latency.csv that another program wrote: 1 in 50 tasks takes ten times as long. fork has too few.
make tail 12 tasks=1000 arrival=rate:500
awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print "trial_id,phase,lo_ns,hi_ns,count"; next }
    {
        ns = int($at["wall_ns"] / 1000)
        printf "%d,latency,%d,%d,%d\n", $at["trial_id"], ns, ns + 1, $at["pool"] == "fork" ? 900 : 980
        printf "%d,latency,%d,%d,20\n", $at["trial_id"], 10 * ns, 10 * ns + 1
    }' tail/trials.csv >tail/latency.csv
expect 0 'pthread, spin, 10us, 2 workers 0\.90x .* faster 1[0-9]+ us 1[0-9]+ us 12' tail --metric latency_p99
expect 0 'fork, spin, 10us, 2 workers - - - 1[0-9]+ us 0 .* 2 comparisons without a number: .* 1,000 timed tasks' tail --metric latency_p99
"$poolbench" summarise tail >screen 2>&1
# shellcheck disable=SC2016 # columns of awk
check 'percentiles are the truth' awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
    {
        p99 = $at["latency_p99_ns"]; lo = $at["latency_p99_lo_ns"]; hi = $at["latency_p99_hi_ns"]
        wrong += $at["pool"] == "fork" ? p99 lo hi != "" : !(0 < lo && lo < p99 && p99 < hi && hi < 1.8 * lo)
        wrong += !($at["latency_p50_lo_ns"] < $at["latency_p50_ns"] && $at["latency_p50_ns"] < $at["latency_p50_hi_ns"])
    }
    END { exit wrong || NR != 11 }' tail/summary.csv
check 'percentiles on the screen' grep -q '^Latency' screen

# Two runs: pthread went from 0.9 to 1.05 of the same.
expect 0 'pthread, spin, 10us, 2 workers 1\.17x .* slower' one other
expect 0 'by what the machine did meanwhile, too: intervals of all rows take in .* up to 1\.5 % .*serial have a baseline in both\. Surer are both builds in one run' one other
expect 0 'fork, spin, 10us, 2 workers 1\.00x .* cannot tell yet' one other
expect 0 'fork, spin, 10us, 2 workers 1\.00x .* equal' one other --between-runs 0%
expect 3 '2 of 10 cells surely slower by more than 10 %' one other --fail-if-slower 10%
expect 2 '--between-runs: expected a share' one other --between-runs wide
make slow 12 speed=1.1
expect 0 '[0-9]+ of 10 cells are slower and none is faster: that may be the machine' one slow
expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal' one slow --baseline prefork
expect 0 'prefork, spin, 10us, 2 workers 1\.10x' one slow --baseline prefork

# By serial of its own run and block, without being asked: what all share is one row, and a pool that changed another.
make with 60 serial=1.8
make same 60 serial=1.8
make worse 60 serial=1.8 pthread=0.99
make all 60 serial=1.8 speed=1.1
make no_serial 60
make busy 60 serial=1.8 waited=0.2
make busy_worse 60 serial=1.8 waited=0.2 pthread=0.99
expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal .*0\.50 of 2[0-9.]+ us' with same
expect 0 'The row of serial is its own change, in absolute times' with same
expect 0 'serial, spin, 10us, 1 worker 1\.00x 0\.9[0-9]+ \.\. 1\.0[0-9]+ (cannot tell yet|equal) .*2[0-9.]+ us 2[0-9.]+ us 60' with same
expect 3 '2 of 12 cells surely slower by more than 5 %' with worse --fail-if-slower 5%
expect 3 '2 of 12 cells surely slower by more than 5 %' with all --fail-if-slower 5%
expect 0 'serial, spin, 10us, 1 worker 1\.10x .* slower' with all
expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal' with all
expect 0 'serial' with same --fail-if-slower 5%
expect 4 'could not tell of [1-9][0-9]* of 12 cells whether they are slower by 2 %: noisy.* both builds in one run' with same --fail-if-slower 2%
expect 0 'could not tell' with same --fail-if-slower 2% --blind-ok
expect 0 'intervals of all rows take in' with no_serial
expect 0 'busy was disturbed, serial waited for a CPU for 20 % of its time' with busy
expect 4 'could not tell of 12 of 12 cells .*busy was disturbed: serial waited for a CPU for 20 %' with busy --fail-if-slower 5%

expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal .*serial, spin, 10us, 1 worker .*Of absolute times nothing can be told: busy' with busy --metric cpu
expect 3 '2 of 12 cells surely slower by more than 5 %' with busy_worse --fail-if-slower 5% --metric cpu

# What no machine makes slower is compared as it is: memory, counts; and what serial has none of: opening.
expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal 1 us 1 us' with same --metric open --between-runs 0%
expect 0 'pthread, spin, 10us, 2 workers 1\.00x .* equal .*0\.50 of' with same --metric cpu

# Several runs a side: the runs are the units, whatever the machine did between them.
for i in 1 2 3; do
    make a$i 20 serial=1.8 speed=1.0$i
    make b$i 20 serial=1.8 speed=1.0$((4 - i))
    make c$i 20 serial=1.8 speed=1.0$i pthread=1.0
    make d$i 20 serial=1.8 speed=1.2$i
done
expect 0 'b1 and 2 more compared with the baseline a1 and 2 more: .*run by run.* Runs are the units' a1,a2,a3 b1,b2,b3
expect 0 'pthread, spin, 10us, 2 workers 1\.00x [0-9.]+ \.\. [0-9.]+ equal .* 3 ' a1,a2,a3 b1,b2,b3
expect 0 'serial, spin, 10us, 1 worker 1\.00x 0\.9[0-7] \.\. 1\.0[3-9] cannot tell yet' a1,a2,a3 b1,b2,b3
expect 3 '2 of 12 cells surely slower by more than 5 %' a1,a2,a3 c1,c2,c3 --fail-if-slower 5%
expect 3 '2 of 12 cells surely slower by more than 5 %' a1,a2,a3 d1,d2,d3 --fail-if-slower 5%
for i in 1 2 3; do
    make e$i 20 serial=1.8 speed=1.2$i waited=0.1$i
    make f$i 20 serial=1.8 speed=1.2$i waited="$([ $i = 2 ] && echo 0 || echo 0.1$i)"
done
expect 4 'e3 was disturbed: serial waited for a CPU for 13 % of its time; have the runs of both sides take turns' \
    a1,a2,a3 e1,e2,e3 --fail-if-slower 5%
expect 3 '2 of 12 cells surely slower by more than 5 %' a1,a2,a3 f1,f2,f3 --fail-if-slower 5%
expect 2 'expected one run a side, or 3 and more on both: .* found 2 and 2' a1,a2 b1,b2
expect 2 'found 3 and 1' a1,a2,a3 b1
expect 2 'found 3 and 0' a1,a2,a3
expect 2 'stands twice on one side' a1,a2,a1 b1,b2,b3
expect 2 'a run is missing' a1,,a3 b1,b2,b3
expect 0 'machines differ: CPU: "a & co" and "b & co".*' one machine
expect 0 'pthread, spin, 10us, 2 workers 1\.33x .* slower .*1\.20 of 3[0-9.]+ us 0\.90 of 1[0-9.]+ us' one machine
expect 0 'fork, spin, 10us, 2 workers 1\.00x .* equal' one machine
expect 0 'pthread, spin, 10us, 2 workers 1\.17x' one other --baseline prefork

# Bad input.
expect 2 'has no trials.csv' ./empty
expect 2 'seed 11, seed has 12' one seed
expect 2 '10000 iterations in one, 7 in iterations' one iterations
expect 4 'could not tell: 8 comparisons need at least 9 blocks, there are 5' few
expect 0 'could not tell: 8 comparisons' few --blind-ok
expect 1 'no comparison has a block in which both cells ended well: 120 of 120 trials failed' dead
expect 2 'schema_version: expected 1 .. 2, found 9' schema
expect 0 'Without a partner \([0-9]+ cells\): .*fork, spin, 100us' hole
expect 2 "no cell has 'prefrok'; did you mean 'prefork'" one --baseline prefrok
expect 2 '--by workers: all cells have 2; what differs here is pool, size' one --by workers
expect 2 "no factor 'worker'; did you mean 'workers'" one --by worker
expect 2 'no trial has it .*1,000' one --metric latency_p99
expect 2 "--metric: there is no metric 'wal'; did you mean 'wall'" one --metric wal
expect 2 "--margin: expected a share" one --margin wide
cp -r one torn && printf '1,torn,121,c0' >>torn/trials.csv
expect 0 'cut off; used up to trial 120' torn
cp -r one bare && rm bare/host.json bare/suite.ini
expect 0 'bare/host.json: cannot be read: .*unknown machine.*bare has no suite.ini: no command' bare --margin 5%

# Formats; the same twice; within 80 columns.
"$poolbench" compare one --format csv >one.csv
# shellcheck disable=SC2016 # columns of awk
check 'CSV is the truth' awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; fields = NF; next }
    {
        truth = $at["pool"] == "pthread" ? 0.9 : $at["pool"] == "fork" ? 1.2 : $at["pool"] == "same_pool" ? 1.001 : 0
        wrong += NF != fields || $at["lo"] > $at["ratio"] || $at["ratio"] > $at["hi"] || !($at["base"] > 0)
        wrong += truth && ($at["lo"] >= truth || truth >= $at["hi"])
    }
    END { exit wrong || NR != 9 }' one.csv
"$poolbench" compare one --format latex >one.tex
check 'names in LaTeX' grep -qF 'same\_pool' one.tex
check 'LaTeX is escaped' eval "! grep -v '^%' one.tex | grep -E '[^\\\\][_%#]'"
"$poolbench" compare one --format markdown >one.md
check 'Markdown is a table of 10 lines' awk -F'|' '/^\|/ { rows++; bad += NF != 9 } END { exit bad || rows != 10 }' one.md
cp -r one orders && sed -i 's/noisy:x=1/noisy\x1b[2Jx/' orders/trials.csv
"$poolbench" compare orders --margin 5% >orders.text
check 'a name in a command gives the terminal no orders' eval 'tr -s " \n" " " <orders.text | grep -q "run --.*noisy \[2Jx"'
check 'nor anywhere else' eval "! grep -q $'\x1b' orders.text"
for format in text csv markdown latex; do
    "$poolbench" compare one other --format $format >a 2>&1
    "$poolbench" compare one other --format $format >b 2>&1
    check "$format is the same when repeated" cmp a b
done
for runs in one 'one other' 'one machine' 'with same' 'with busy' 'a1,a2,a3 b1,b2,b3'; do
    # shellcheck disable=SC2086 # two words
    "$poolbench" compare $runs >wide 2>/dev/null
    check "80 columns: $runs" awk 'length > 80 { bad = 1; print } END { exit bad }' wide
done
closing
