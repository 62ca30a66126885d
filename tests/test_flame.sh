#!/usr/bin/env bash
# Call chains of profiled siblings, and flame graphs of them: all frames are there, weights are CPU time, folded stacks and
# pictures have what the files have. Where samples are refused, what refused them is said.
# shellcheck disable=SC2016 # `eval` is to expand them
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch NO_COLOR=1
unset COLUMNS XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { tail -20 screen said 2>/dev/null; }

made() { poolbench run "$@" --workload spin --seed 3 --trial-limit 20s >screen 2>&1; }
told() { tr -s '\n ' ' ' <said | grep -q -- "$1"; }
# CPU time of workers in the run: by samples over that by records of switches.
sampled()
{
    awk -F, 'FILENAME ~ /stacks/ && $2 == "worker" && $3 == "run" && $4 == "on" { s += $6 }
        FILENAME ~ /states/ && $2 == "worker" && $3 == "run" && ($4 == "body" || $4 == "handing-over") { c += $6 }
        END { print s, c; exit !(s > 0.5 * c && s < 1.5 * c) }' run/profile/stacks.csv run/profile/states.csv
}
# Each stack has frames, from the outermost, 0, on, without a gap.
frames_are_whole()
{
    awk -F, 'FNR == 1 { next }
        FILENAME ~ /frames/ { bad += $2 != depth[$1]++; next }
        { bad += !($5 in depth); seen++ }
        END { exit bad > 0 || !seen }' run/profile/frames.csv run/profile/stacks.csv
}
# All of the folded stacks of a cell, a task, is what stacks.csv has of it over its tasks.
folded_is_whole() # CELL
{
    # shellcheck disable=SC2094 # it reads none of them
    poolbench flame run --pool "$1" --format folded >folded || return
    awk -F, -v cell="$1" '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        FILENAME ~ /trials/ { if ($at[FILENAME, "cell_id"] == cell) { is[$at[FILENAME, "trial_id"]] = 1; tasks += $at[FILENAME, "tasks"] }; next }
        FILENAME ~ /stacks/ { if ($1 in is && $3 == "run" && $4 == "on") sum += $6; next }
        END { printf "%.3f\n", sum / tasks }' run/profile/trials.csv run/profile/stacks.csv >whole
    awk 'NR == FNR { whole = $1; next } { sum += $NF; lines++ } END { d = sum - whole; exit !(lines && d < lines && d > -lines) }' whole folded
}
is_xml() { if command -v xmllint >/dev/null; then xmllint --noout "$1"; else grep -q '</svg>' "$1"; fi; }

check "a run without chains" made --pool serial,pthread --workers 2 --size 100us --tasks 20 --blocks 1 --out plain
check "flame says what it takes" eval '! poolbench flame plain --pool pthread 2>said; told "run --profile stacks"'
check "a pool that is none" eval '! poolbench flame plain --pool none 2>said; told "expected a pool or a cell"'
check "and --pool" eval '! poolbench flame plain 2>said; told "expected --pool"'
check "a run where it is refused" eval '"$build/refuse" EACCES perf_event_open poolbench run --pool serial --size 100us --tasks 20 --blocks 1 \
    --workload spin --profile stacks --out without >said 2>&1'
check "says what would allow it" told 'what allows it'
check "is as it would be without" test ! -e without/profile/stacks.csv

if poolbench check --no-measure 2>/dev/null | tr -s '\n ' ' ' | grep -q 'call chains are sampled'; then
    check "a sampled run" made --pool prefork,pthread,fork --workers 2 --size 2ms --tasks 40 --blocks 3 --profile stacks --out run
    check "has chains" test -s run/profile/stacks.csv
    check "of workers, by role" grep -q '^[0-9]*,worker,run,on,' run/profile/stacks.csv
    check "as long as they were on a CPU" sampled
    check "frames are whole" frames_are_whole
    check "folded stacks are whole" folded_is_whole c001
    check "those of the other, too" folded_is_whole c002
    check "a picture" eval 'poolbench flame run --pool pthread >said 2>&1 && is_xml run/c002.flame.svg && grep -q ">pthread: spin" run/c002.flame.svg'
    check "two side by side" eval 'poolbench flame run --pool pthread --against prefork >said 2>&1 && is_xml run/c002-c001.flame.svg'
    check "say of which it is more" grep -q 'more in prefork' run/c002-c001.flame.svg
    check "folded with two numbers" eval 'poolbench flame run --pool pthread --against prefork --format folded >folded &&
        ! grep -vq " [0-9]* [0-9]*$" folded && [ -s folded ]'
    check "two runs" eval 'poolbench flame run run --pool pthread --out two.svg >said 2>&1 && is_xml two.svg && grep -q "pthread of run" two.svg'
    check "a picture that is there stays" eval '! poolbench flame run --pool pthread --out two.svg 2>said; told "is not overwritten"'
    check "--more goes on" eval 'poolbench run --more run --blocks 1 >screen 2>&1 && frames_are_whole && folded_is_whole c001'
    if grep -q ',poolbench-trial,' run/profile/frames.csv && ! grep -q 'without libdw' screen; then
        check "functions have names" grep -Eq ',spin[a-z_]*,poolbench-trial,' run/profile/frames.csv
    else
        skip "names of functions" "built without libdw"
    fi
    check "damaged chains are refused" eval 'echo "x,worker,run,on,1,1,1," >>run/profile/stacks.csv
        ! poolbench flame run --pool pthread >said 2>&1; told "stacks.csv:[0-9]*:"'
else
    skip "samples" "they are not to be had here (poolbench check says why)"
fi
closing
