#!/usr/bin/env bash
# A disk that is full for one file after the other (tests/preload/full.c), of all that run, resume, charts, report,
# summarise and the searches write: the exit code is not 0, the message names the file, nothing that was committed is lost, and `resume`
# makes the run whole. Standard output, too.
set -u -m
. tests/support.sh
build=$PWD/${BUILD:-build/default}
[ -e "$build/full.so" ] || { echo "there is no $build/full.so"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_TEST=$scratch # the mark of our processes
unset XDG_CACHE_HOME XDG_STATE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }

# The command ($2...) while there is no room for $1.
full()
{
    rm -f hit
    FULL=$1 FULL_OF=poolbench FULL_HIT=$scratch/hit LD_PRELOAD=$build/full.so limited "${@:2}" >out 2>err
    status=$?
}
fails() # WHAT FILE
{
    check "$1: it was full" [ -e hit ]
    check "$1: exit code $status" [ $status -eq 1 -o $status -eq 2 ]
    check "$1: names the file" grep -q "$2" err
    check "$1: says why" grep -q 'No space left' err
}
whole() # of the cells and blocks of the plan each is there once, whether or not it was run again
{
    [ "$(cut -d , -f 3,4 run/plan.csv | sort)" = "$(grep -v ,disturbed, run/trials.csv | cut -d , -f 4,5 | sort)" ] &&
        poolbench summarise run
}
words=(--pool 'serial,fork' --size 10us --tasks 20 --workers 1 --samples all --seed 3 --blocks 4)

poolbench run "${words[@]}" --blocks 8 --out other >out 2>err || { cat err; exit 1; }
for file in host.json topology.xml suite.ini plan.csv samples.csv latency.csv trials.csv summary.csv report.html \
    report.md captions.txt time.dat time.gp; do
    for at in 1 6; do
        rm -rf run
        full "$file":$at poolbench run "${words[@]}" --out run
        [ $at = 1 ] || [ -e hit ] || continue
        fails "$file, from write $at on" "$file"
        [ -e run ] || continue
        rows=$(wc -l <run/trials.csv)
        check "$file, from write $at on: no draft stays" eval '! compgen -G "run/.[!.]*"'
        check "$file, from write $at on: resume" eval 'limited poolbench resume run >out 2>err || grep -q gnuplot err'
        check "$file, from write $at on: whole" whole
        check "$file, from write $at on: with all that a run has" [ -s run/report.html -a -s run/summary.csv ]
        check "$file, from write $at on: nothing is lost" [ "$(wc -l <run/trials.csv)" -ge "$rows" ]
    done
done

# What writes into a run that is there leaves the rest as it was.
for try in 'charts time.dat' 'charts captions.txt' 'report report.html' 'report report.md' 'summarise summary.csv'; do
    read -r verb file <<<"$try"
    rm -rf run && cp -r other run
    full "$file:1" poolbench "$verb" run
    fails "$verb, $file" "$file"
    # captions.txt says of each chart why it was not drawn
    check "$verb, $file: nothing is changed" diff -r -x "$([ "$file" = time.dat ] && echo captions.txt)" other run
done
for verb in more resume; do
    for file in host.json plan.csv samples.csv trials.csv; do
        [ $verb-$file != resume-plan.csv ] || continue
        rm -rf run && cp -r other run
        [ $verb = resume ] && head -n 4 other/trials.csv >run/trials.csv
        set -- run --more run --blocks 2
        [ $verb = resume ] && set -- resume run
        full "$file":2 poolbench "$@"
        fails "$*, $file" "$file"
        check "$*, $file: resume" eval 'limited poolbench resume run >out 2>err || grep -q gnuplot err'
        check "$*, $file: whole" whole
    done
done

# What is kept beside runs: a run goes well without it, and says so in one line.
rm -rf own .cache
full calibrations.json:1 poolbench run "${words[@]}" --out own
check "no calibrations kept: it was full" [ -e hit -a $status -eq 0 ]
check "no calibrations kept: said" test "$(grep -c 'calibrations.json: No space left.* measured again' err)" -eq 1
check "no calibrations kept: no half of them" test -z "$(ls .cache/poolbench)"
rm -rf own
full runs:1 poolbench run --pool serial --workload cmd:line=true --tasks 2 --blocks 1 --out own
check "no ledger: it was full" [ -e hit -a $status -eq 0 ]
check "no ledger: said" test "$(grep -c 'poolbench/runs: No space left.* --trust' err)" -eq 1
check "no ledger: no half of a line" test ! -s .local/state/poolbench/runs

# The searches, which have a file of their own; and what goes to standard output.
for try in 'metg --pool fork --range 20us..2ms --blocks 6' 'crossover --pool fork,pthread --over size --range 10us..10ms --blocks 6' \
    'capacity --pool pthread --size 10us --p99 1us --range 20000..40000 --blocks 6'; do
    read -ra words <<<"$try"
    rm -rf run
    full "${words[0]}.csv:1" poolbench "${words[@]}" --workers 1 --seed 1 --out run
    fails "$try" "${words[0]}.csv"
    check "$try: its trials are there" poolbench summarise run
    check "$try: half of the answer is not" [ ! -e "run/${words[0]}.csv" ]
done
for words in 'compare other other --format csv' 'summarise other --format hyperfine' 'explain other --format csv' 'list'; do
    # shellcheck disable=SC2086 # words
    poolbench $words >/dev/full 2>err
    status=$?
    check "$words: exit code $status" [ $status -ne 0 ]
    check "$words: says why" grep -q 'standard output: No space left' err
done

# All trials stand still, and none has times: that is no run that went well.
poolbench run --pool serial --workload sleep --size 2s --tasks 2 --blocks 1 --out still >out 2>err &
for ((wait = 0; wait < 3000; wait++)); do [ -e still/trials.csv ] && [ -n "$(started_with "POOLBENCH_TEST=$scratch" 'pb-trial*')" ] && break; nap .01; done
nap .3
kill -TSTP $!
nap .3
kill -CONT $!
wait -f $! 2>/dev/null
status=$?
grep -q ,ok, still/trials.csv && wanted=0 || wanted=1 # it may have been run again
check "a run whose trials stood still: exit code $status" [ $status -eq "$wanted" ]
check "and resume" eval 'poolbench resume still; grep -q ,ok, still/trials.csv'
closing
