#!/usr/bin/env bash
# Trials that are disturbed from outside, by a planted /proc: a task takes steal into it. Their row of the block is run
# again, once, and stands in the files once; whatever ends the run meanwhile.
set -u -m
. tests/support.sh
build=$PWD/${BUILD:-build/default}
[ -e "$build/inject.so" ] || { echo "there is no $build/inject.so"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_OUTSIDE=$scratch/root
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }
said() { tr -s '\n ' ' ' <"$2" | grep -q -- "$1"; } # however it is wrapped

# The planted machine: so many ticks of steal on each CPU, nothing else.
mkdir -p root/proc
stolen()
{
    local cpu
    {
        echo "cpu 0 0 0 0 0 0 0 $1 0 0"
        for ((cpu = 0; cpu < $(nproc --all); cpu++)); do echo "cpu$cpu 0 0 0 0 0 0 0 $1 0 0"; done
    } >root/proc/stat.new
    mv root/proc/stat.new root/proc/stat
}
export -f stolen
# A task counts itself; from those in HITS on, once each, somebody has taken a second. Tasks are one after the other.
cat >task <<'END_TASK'
#!/usr/bin/env bash
echo >>tasks
number=$(wc -l <tasks)
for hit in $HITS; do
    if [ "$number" -ge "$hit" ] && mkdir "hit$hit" 2>/dev/null; then
        stolen $((100 * $(ls -d hit* | wc -l)))
    fi
done
sleep "${NAP:-0}"
END_TASK
chmod +x task
afresh() { rm -rf hit* tasks; stolen 0; HITS=$1; }
export HITS

# Every trial of the plan of the run $1 counts once; those that are set aside have a second attempt.
whole()
{
    awk -F , '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        { cell = $at[FILENAME, "block"] " " $at[FILENAME, "cell_id"] }
        FILENAME ~ /plan/ { planned[cell]; next }
        $at[FILENAME, "status"] == "disturbed" { aside[cell] = $at[FILENAME, "wall_ns"]; next }
        { counts[cell]++; second[cell] = $at[FILENAME, "attempt"] == 2 }
        $at[FILENAME, "status"] != "ok" { wrong++ }
        END {
            for (cell in planned) wrong += counts[cell] != 1 || second[cell] != (cell in aside)
            for (cell in counts) wrong += !(cell in planned)
            for (cell in aside) wrong += aside[cell] <= 0
            print wrong + 0, "are not as they should be"
            exit wrong
        }' "$1/plan.csv" "$1/trials.csv"
}
aside() { grep -c ,disturbed, "$1/trials.csv"; }
words=(run --pool "serial,pthread,fork" --workers 1 --workload "cmd:line=./task" --tasks 2 --samples none)
run() { poolbench "${words[@]}" "$@" >out 2>err; }

# ---- a row ----
afresh ''
run --blocks 8 --out none
check 'where nobody takes anything, nothing is run again' test "$(aside none)" -eq 0
check 'and nothing is said of it' eval '! said "from outside" out'
afresh 28 # in the fifth of 8 blocks
run --blocks 8 --out row
check 'a row with a disturbed trial is set aside whole' test "$(aside row)" -eq 3
check 'with the reason' test "$(grep -c ',disturbed,it was disturbed from outside' row/trials.csv)" -eq 1
check 'also of the others' test "$(grep -c ',disturbed,another trial of its row was' row/trials.csv)" -eq 2
check 'and run again' whole row
check 'which is said' said '1 of 27 trials were disturbed by others (steal, CPU time): 1 was run again with 2 more' out
check 'its trials count once' said '24 trials in 8 blocks, 0 failed' out
check 'the summary has one a block' test "$(awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    NR > 1 { print $at["trials"], $at["failed"] }' row/summary.csv | sort -u)" = '8 0'
poolbench resume row >out 2>err
check 'a run with such trials is complete' said 'is complete' err

# Rows that were not disturbed stay: here that of the other number of tasks.
afresh 37
run --tasks 2,3 --blocks 4 --out rows
check 'only the row that was disturbed is run again' test "$(aside rows)" -eq 3
check 'the block with two rows is whole' whole rows

# ---- not without end ----
afresh "$(seq -s ' ' 1 2 47)"
run --blocks 8 --out all
check 'where all are disturbed, a tenth and a row at most is run again' test "$(aside all)" -le 6 -a "$(aside all)" -ge 3
check 'once' whole all
check 'and the others count' said '24 trials in 8 blocks, 0 failed' out
check 'which is said, too' said '[:,] [0-9]* counts* as' out

# ---- ended meanwhile ----
for signal in INT KILL; do
    afresh 28
    export NAP=0.1
    poolbench "${words[@]}" --blocks 8 --out $signal >out 2>err &
    for ((wait = 0; wait < 3000; wait++)); do grep -qs ,disturbed, $signal/trials.csv && break; nap .01; done
    kill -$signal $!
    wait $! 2>/dev/null
    check "set aside before $signal" test "$(aside $signal)" -eq 3
    check "summed up after $signal" poolbench summarise $signal
    unset NAP
    poolbench resume $signal >out 2>err
    check "resumed after $signal" whole $signal
    check "nothing is set aside twice after $signal" test "$(aside $signal)" -eq 3
done
# Before its block has come to its end, and is judged.
afresh 26
export NAP=0.1
poolbench "${words[@]}" --blocks 8 --out middle >out 2>err &
for ((wait = 0; wait < 3000; wait++)); do [ "$(wc -l 2>/dev/null <middle/trials.csv || echo 0)" -gt 13 ] && break; nap .01; done
kill -KILL $!
wait $! 2>/dev/null
unset NAP
check 'killed in the middle of a block' test "$(aside middle)" -eq 0
poolbench resume middle >out 2>err
check 'what was disturbed before is run again with what comes after' test "$(aside middle)" -eq 3
check 'and is whole' whole middle
poolbench run --more middle --blocks 2 >out 2>err
check 'and goes on' whole middle

# ---- what cannot be written ----
# One rename after the other fails: among them that of trials.csv with the row set aside.
aside_failed=0
for ((call = 1; call < 50; call++)); do
    rm -rf broken hit
    afresh 4 # in the first block of 2
    INJECT=renameat:$call:5:poolbench INJECT_HIT=$PWD/hit LD_PRELOAD=$build/inject.so \
        limited poolbench "${words[@]}" --blocks 2 --out broken >out 2>err
    status=$?
    [ -e hit ] || break
    [ -e broken/trials.csv ] || continue # it had not begun
    grep -q 'trials.csv: ' err && aside_failed=1
    [ $status -eq 0 ] || limited poolbench resume broken >out 2>>err
    check "whole where rename $call failed" whole broken
done
check 'all renames failed once' test $call -lt 50
check 'that which sets a row aside among them' test $aside_failed -eq 1
closing
