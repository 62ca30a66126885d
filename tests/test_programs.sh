#!/usr/bin/env bash
# Two builds in one run (--trial-program): both run every cell, in the same blocks; which did is in the files; what is
# slower is found; and what does not take the jobs of this build is refused before anything is made.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
PATH=$build:$PATH
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
explain() { cat out err; }
export HOME=$scratch LC_ALL=C NO_COLOR=1
unset XDG_CACHE_HOME
without_gnuplot

# Another build, as it looks from outside: the same program elsewhere.
mkdir old slow
cp "$build/poolbench-trial" old
cell=(--pool "serial,prefork" --workload spin --size 10us --tasks 40 --workers 2 --samples none --seed 3)
run() { limited poolbench run "${cell[@]}" "$@" >out 2>err; }
refused() # PATTERN OPTION...: in one line of ours, and nothing was made
{
    local pattern=$1
    shift
    rm -rf never
    run --blocks 2 --out never "$@"
    [ $? -eq 2 ] && [ ! -e never ] && [ "$(grep -c '^poolbench run: ' err)" = 1 ] && grep -qE -e "$pattern" err
}
column() # FILE NAME [CONDITION]
{
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print at[name] ? $at[name] : "none" }' "$1/$3"
}

check "a run of one program" run --blocks 2 --out alone
check "has no column for it" test "$(column alone trial_program trials.csv | sort -u)" = none
check "a run of two" run --blocks 4 --trial-program old --out two
check "each cell by both, in every block" test "$(column two trial_program trials.csv | sort | uniq -c | tr -s ' \n' ' ')" = " 8 old 8 this "
check "by name, not by path" eval "! grep -q / two/trials.csv"
check "which path that is, host.json tells" grep -qF "\"file\": \"$(realpath old)/poolbench-trial\"" two/host.json
check "of both" test "$(grep -c '"label": "' two/host.json)" = 2
check "equal work" test "$(column two iterations plan.csv | sort -u | wc -l)" = 1
check "and equal results" test "$(column two result_sum trials.csv | sort -u | wc -l)" = 1
check "the screen says how to compare" grep -q '^Which build is faster, cell by cell: poolbench compare two$' out
check "a program by its harness" run --blocks 1 --trial-program before="$build/poolbench" --out harness
check "under a label" test "$(column harness trial_program plan.csv | sort -u | tr '\n' ' ')" = "before this "

# Going on.
check "more of it" eval "limited poolbench run --more two --blocks 4 >out 2>err"
check "by both" test "$(column two trial_program trials.csv | sort | uniq -c | tr -s ' \n' ' ')" = " 16 old 16 this "
check "another like it" eval "limited poolbench run --like two --blocks 2 --out like >out 2>err"
check "by both, too" test "$(column like trial_program trials.csv | sort -u | tr '\n' ' ')" = "old this "
cp -r like torn && head -n 5 like/trials.csv >torn/trials.csv
check "one that was broken off" eval "limited poolbench resume torn --trust >out 2>err"
check "by both, as planned" test "$(column torn trial_program trials.csv | sort | uniq -c | tr -s ' \n' ' ')" = " 4 old 4 this "

# Who makes every process wait is slower: fork makes one a task.
printf '#!/bin/sh\nLD_PRELOAD=%s SLOW=3ms exec %s\n' "$build/slow.so" "$build/poolbench-trial" >slow/poolbench-trial
chmod +x slow/poolbench-trial
if [ -e "$build/slow.so" ]; then
    limited poolbench run --pool fork --workload spin --size 10us --tasks 20 --workers 2 --samples none --blocks 8 \
        --trial-program slow --out slower >out 2>err
    check "a slower build is found" eval 'poolbench compare slower >out 2>err; tr -s " \n" " " <out | grep -qE "fork.* faster"'
    poolbench compare slower --by trial-program --baseline this --fail-if-slower 5% >out 2>err
    check "by the gate, which is red" test $? = 3
fi

# What cannot be: a line, and nothing is made.
printf '#!/bin/sh\nexit 0\n' >silent && chmod +x silent
printf '#!/bin/sh\nexit 2\n' >other && chmod +x other
mkdir empty again && cp old/poolbench-trial again
check "no such file" refused '--trial-program: nothing: No such file' --trial-program nothing
check "a folder without one" refused 'empty/poolbench-trial: No such file' --trial-program empty
check "no program" refused 'is no program, expected the poolbench-trial' --trial-program two/host.json
check "one that says nothing" refused 'does not take jobs of this build \(layout' --trial-program ./silent
check "one of another layout" refused 'its jobs are laid out otherwise.*as two runs' --trial-program ./other
check "a label that is ours" refused "'this' is no label" --trial-program this=old
check "one label for two" refused "the label 'old' stands for two, .*LABEL=PATH" --trial-program old,again
echo >>old/poolbench-trial
check "changed since, for --more" eval '! poolbench run --more two --blocks 1 >out 2>err && grep -q "old/poolbench-trial has changed since two was run" err'
check "for --like" eval '! poolbench run --like two --out never >out 2>err && grep -q "has changed since two was run" err && [ ! -e never ]'
check "and for resume" eval 'head -n 5 like/trials.csv >torn/trials.csv; ! poolbench resume torn --trust >out 2>err && grep -q "has changed since torn was run" err'
rm old/poolbench-trial
check "gone" eval '! poolbench run --like two --out never >out 2>err && grep -q "trial-program: .*old.*: No such file" err'
closing
