#!/usr/bin/env bash
# Within a budget, what is told runs no more: a process for each task of 1 us is many times slower than threads on any
# machine, and two names of one pool are not. Counts alone are asserted: at which of the looks it is told, noise decides.
set -u -m # -m: what runs in the background has the default action for SIGINT
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }
said() { grep -q -- "$1" err; }
after() { tr -s ' \n' ' ' <out | grep -q "fork (dropped after $1 blocks)"; }
fact() { sed -n "s/^    \"$2\": \([0-9]*\),*$/\1/p" "$1/host.json"; }
# How often the pool $2 ran in the run $1, and its last block.
ran() { awk -F , -v pool="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $at["pool"] == pool && $at["status"] != "disturbed" { n++ } END { print n + 0 }' "$1/trials.csv"; }
last() { awk -F , -v pool="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i } $at["pool"] == pool && $at["status"] != "disturbed" && $at["block"] + 0 > n { n = $at["block"] + 0 } END { print n + 0 }' "$1/trials.csv"; }
# No block of the run $1 has a cell twice, but for rows that others disturbed, which were run again.
once() { [ -z "$(awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["status"] != "disturbed" { print $at["block"], $at["cell_id"] }' "$1/trials.csv" | sort | uniq -d)" ]; }

# A run within a budget; where a process is so dear that this is refused as too short, within three times what it says.
within() # BUDGET RUN-ARGUMENT...
{
    local budget=$1 least status
    shift
    limited poolbench run "$@" --budget "$budget" >out 2>err
    status=$?
    least=$(tr -s ' \n' ' ' <err | sed -n 's/.*is too short for .* expected \([0-9]*\)s or more.*/\1/p')
    [ $status -eq 2 ] && [ -n "$least" ] || return $status
    limited poolbench run "$@" --budget $((3 * least))s >out 2>err
}

cells=(--size 1us --workers 2 --tasks 300)

# ---- a verdict that is told ends the run ----
within 60s --pool serial,pthread,fork "${cells[@]}" --out told
check 'a run whose verdicts are told ends well' [ $? -eq 0 ]
check 'it says so' said "every verdict is told after $(last told pthread) blocks"
check 'what is far behind runs as long as a few blocks take to tell' [ "$(ran told fork)" -ge 6 ]
check 'and not less' [ "$(ran told fork)" -le "$(ran told pthread)" ]
check 'with serial, which they are measured by' [ "$(ran told serial)" = "$(ran told pthread)" ]
check 'host.json says from where rows leave' [ "$(fact told leave_from)" = 8 ]
check 'and why the run ended' grep -q '"because": "resolved"' told/host.json
check 'what was dropped is marked with its blocks' after "$(ran told fork)"
poolbench summarise told >again 2>err
check 'a summary made again is the same' cmp -s out again
poolbench resume told >out 2>err
check 'nothing is left to resume' said 'is complete'
trials=$(wc -l <told/trials.csv)
limited poolbench run --more told --budget 5s >out 2>err
check 'nor for a budget, which is no failure' [ $? -eq 0 ]
check 'and said' grep -q 'told: every verdict is told, in .* blocks: nothing is left for a budget' out
check 'and nothing is run or noted' [ "$(wc -l <told/trials.csv)" = "$trials" -a "$(grep -c '"more"' told/host.json)" = 0 ]

# ---- all of it, where that is asked for ----
within 6s --pool serial,pthread,fork "${cells[@]}" --drop no --out all
fewer=$(($(ran all pthread) - $(ran all fork)))
check '--drop no runs every cell in every block but one that is cut off' [ "${fewer#-}" -le 1 ]
check 'and no row leaves' [ "$(fact all leave_from)" = 0 ]
check 'suite.ini says so' grep -qx 'drop = no' all/suite.ini
limited poolbench run --pool serial,pthread,fork "${cells[@]}" --blocks 9 --out fixed >out 2>err
check '--blocks, too' [ "$(ran fixed fork)" = 9 ]
sed -i '/"row_sum"/d; s/"left_out": \[\]/"left_out": ["a row of before"]/' fixed/host.json
poolbench summarise fixed >out 2>err
check 'what was left out is on the screen' grep -q 'a row of before' out
limited poolbench run --more fixed --blocks 1 >out 2>err
check '--more tells of what it left out itself' [ $? -eq 0 -a "$(grep -c 'a row of before' out fixed/host.json | tr '\n' ' ')" = 'out:0 fixed/host.json:0 ' ]
check 'what that run was warned of before stands with the command' grep -q '"warnings_before"' fixed/host.json
limited poolbench run --pool serial --budget 3s --drop perhaps >out 2>err
check 'another word is refused' [ $? -eq 2 ]
check 'by the name of the option' said "--drop: 'perhaps' is not yes or no"

# ---- what is not told goes on, and gets the time ----
within 8s --pool serial,one=pthread,two=pthread,fork "${cells[@]}" --out open
check 'two names of one pool' [ $? -eq 0 ]
check 'are not told apart by a minute part of one' [ "$(ran open one=pthread)" -gt 6 ]
fork=$(ran open fork)
check 'fork ran no more than it had to' [ "$fork" -lt "$(ran open one=pthread)" ]
check 'every cell once in a block' once open
check 'the screen says of how many blocks it is' after "$fork"
poolbench compare open --by pool --baseline serial >out 2>err
tr -s ' \n' ' ' <out >line
if [ "$(ran open one=pthread)$(ran open two=pthread)" = "$(ran open serial)$(ran open serial)" ]; then
    check 'the mean of compare is over what ran to the end' grep -q 'Geometric mean over the 2 cells (1 more ran no longer' line
    check 'of all its blocks' grep -q "over the $(ran open one=pthread) blocks that have all" line
else
    skip 'the mean of compare' 'the last block was cut off'
fi
check 'the foot tells of the level of dropped pools' grep -q 'of dropped pools 99.98 %, by t' line
before=$(last open one=pthread)
if grep -q '"because": "budget"' open/host.json; then
    limited poolbench run --more open --budget 5s >out 2>err
    check '--more with a budget' [ $? -eq 0 ]
    if grep -q 'every verdict is told' out; then # at the end of the first command, with what that spends
        skip '--more of what was not told' 'all was told at the end'
    else
        check 'runs what was not told' [ "$(last open two=pthread)" -gt "$before" ]
        check 'where the run had ended is known' grep -q '"ends"' open/host.json
    fi
    check 'and nothing that was' [ "$(ran open fork)" = "$fork" ]
else
    skip '--more of what was not told' 'all was told'
fi

# ---- a run that is broken off and gone on with drops the same ----
poolbench run --pool serial,one=pthread,two=pthread,fork "${cells[@]}" --budget 20s --out broken >out 2>err &
runner=$!
for _ in $(seq 300); do
    [ -e broken/trials.csv ] && [ "$(wc -l <broken/trials.csv)" -gt 28 ] && break
    nap .05
done
kill -INT $runner 2>/dev/null
wait $runner
[ $? -eq 130 ] || skip 'breaking off in the middle' 'all was told before'
dropped=$(ran broken fork)
[ "$dropped" -lt "$(ran broken two=pthread)" ] || dropped= # broken off before
limited poolbench resume broken >out 2>err
check 'gone on with' [ $? -eq 0 ]
check 'what is dropped stays dropped' [ "$(ran broken fork)" = "${dropped:-$(ran broken fork)}" ]
check 'the others ran on' [ "$(ran broken one=pthread)" -gt "$(ran broken fork)" ]
check 'every cell once in a block again' once broken

# ---- rows whose verdicts are told, beside one that has no time any more ----
cat >slower.ini <<'END_SUITE'
[experiment told]
pool = pthread, fork
workload = empty
workers = 2
tasks = 100, 101, 102, 103, 104, 105, 106, 107
[experiment slow]
pool = pthread, fork
workload = cmd:line=./slower
workers = 1
tasks = 1
END_SUITE
cat >slower <<'END_TASK'
#!/bin/sh
echo >>calls
[ "$(wc -l <calls)" -le 12 ] || sleep 2
END_TASK
chmod +x slower
within 8s slower.ini --out left
status=$?
# 2: a machine that is too slow for so many trials in so short a time
check "a run of which nothing is wanted any more: exit code $status" [ $status -eq 0 -o $status -eq 2 ]
if said 'leaves, to keep to the budget: cmd'; then
    because=budget
    said 'every verdict is told after' && because=resolved # what was left, at the next look
    check "ends by what ended it: $because" grep -q "\"because\": \"$because\"" left/host.json
    check 'with the last block that has trials' [ "$(sed -n '/"ended"/,/}/s/.*"blocks": \([0-9]*\),*/\1/p' left/host.json)" = \
        "$(awk -F , 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } $at["block"] > n { n = $at["block"] } END { print n + 0 }' left/trials.csv)" ]
else
    skip 'rows that have no time any more' 'none left'
fi
closing
