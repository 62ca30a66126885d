#!/usr/bin/env bash
# A budget, and what it rests on: pilots are run once and kept, plan runs nothing that is the user's, rows leave by name, and
# what cannot be kept is said before anything is made. No times are asserted but that a run of a budget ends near it.
set -u
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
cd "$scratch" || exit 1
passed=0 failed=0

# Whether the rest of the words, a command, succeeds; $1 says what that means.
is()
{
    local what=$1
    shift
    if "$@" >out 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'not so: %s (%s)\n' "$what" "$*"
        head -5 out
    fi
}

# A number of host.json's "run".
fact() { sed -n "s/^    \"$2\": \([0-9]*\),*$/\1/p" "$1/host.json"; }

cells=(--pool "serial,pthread,fork" --size 1ms --workers 2)

# ---- plan ----
poolbench plan "${cells[@]}" >planned 2>err
is 'an unmeasured plan says so' grep -q 'by rough prices for 3 of 3 cells: --measure finds out' planned
is 'plan runs nothing, and keeps nothing' test ! -e .cache/poolbench/calibrations.json
poolbench plan "${cells[@]}" --measure >planned 2>err
is 'plan --measure says before that it runs trials' grep -q 'runs short trials' err
is 'and then knows' eval '! grep -q "rough prices" planned'
poolbench plan "${cells[@]}" --size 2ms >planned 2>err
is 'what was measured is kept, for other sizes too' eval '! grep -q "rough prices" planned'
poolbench run --measure >out 2>err
is 'it is of plan alone' grep -qx 'poolbench run: --measure: is for plan; what a run needs to know, it finds out by itself' err

# ---- commands ----
poolbench plan --pool fork --workload "cmd:line='touch ran'" --measure >planned 2>err
is 'a command is not run before it is asked for' test ! -e ran
is 'and how long it takes is not made up' grep -q 'the commands of 1 cell, which nobody has timed' planned
poolbench plan --pool fork --workload "cmd:line='touch ran':repeatable=yes" --measure >planned 2>err
is 'unless it is repeatable' test -e ran
is 'then that is known' eval '! grep -q "nobody has timed" planned'

# ---- a budget that is too short ----
poolbench run "${cells[@]}" --budget 10ms --out short >out 2>err
is 'is refused' test $? -eq 2
is 'with the least that would do' grep -qE -- '--budget: 10ms is too short for 8 blocks of 3 trials .*expected [0-9]+m?s or more' err
is 'before anything is made' test ! -e short

# ---- one that is long ----
poolbench plan --pool serial --size 1us --tasks 10 --workers 1 --budget 10h >planned 2>err
is 'is filled, with further blocks at its end' grep -q 'about 10 h, budget 10 h' planned

# ---- one that is kept ----
poolbench run "${cells[@]}" --budget 8s --drop no --out kept >screen 2>err
is 'runs' test $? -eq 0
took=$(fact kept took_ns) measured=$(fact kept measured_ns) blocks=$(fact kept blocks)
is "takes about as long (${took:-0} ns)" test "${took:-0}" -gt 4000000000 -a "${took:-0}" -lt 20000000000
is 'says how much of it was measuring' grep -qE '[0-9.]+ s, [0-9]+ % *of *it *measuring' <(tr '\n' ' ' <screen)
is "which is a part of it (${measured:-0} ns)" test "${measured:-0}" -gt 0 -a "${measured:-0}" -lt "${took:-0}"
is 'plan.csv has as many blocks as host.json' test "$(tail -n +2 kept/plan.csv | cut -d , -f 4 | sort -un | tail -1)" = "$blocks"
is 'a block has every cell once' test "$(tail -n +2 kept/plan.csv | cut -d , -f 3,4 | sort -u | wc -l)" -eq $((3 * blocks))

# ---- one that first trials show to be too short ----
poolbench run --pool pthread,fork --workers 2 --workload "cmd:line='sleep 0.4'" --tasks 16 --budget 3s --out cut >screen 2>err
is 'a block is not gone on with when one trial has taken it all' test "$(tail -n +2 cut/trials.csv | wc -l)" -eq 1
is 'which is said' grep -q 'the budget ended block 1 before all of its trials were run' err
is 'and stands in the files' grep -q '"because": "budget"' cut/host.json

# ---- how much time is left, on a terminal ----
# Prints every ETA that COMMAND shows.
etas() { script -qec "stty cols 200; $1" /dev/null </dev/null | tr '\r' '\n' | grep -oE 'ETA (at most )?[0-9]+ s'; }
# Whether all of these are within $1 seconds, and there are some.
within() { awk -v most="$1" '{ n++; if ($(NF - 1) > most) far = 1 } END { exit !n || far }' shown; }
if script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
    etas "poolbench run ${cells[*]} --precision 1% --budget 6s --out precise" >shown
    is 'no more than the budget has, although precision may take longer' within 6
    is 'and precision may end it before' grep -q 'at most' shown
    etas "poolbench metg --pool fork --workers 1 --budget 6s --out found" >shown
    is 'a search says it, too' within 6
    etas "timeout -s INT 6 poolbench selftest --budget 30s --out self" >shown
    is 'and a self-test' within 30
fi

# ---- of other runs, and of failures ----
poolbench run --like cut --budget 3s --out again >out 2>err
is 'what that run took is known' grep -q -- '--budget: 3s is too short for 8 blocks' err
poolbench plan --like kept --budget 10ms >out 2>err
is 'like another run it is refused, too' test $? -eq 2
lines=$(wc -l <kept/trials.csv)
poolbench run --more kept --budget 10ms >out 2>err
is 'and for more of one' test $? -eq 2
is 'of which nothing is run then' test "$(wc -l <kept/trials.csv)" -eq "$lines"
poolbench plan --pool pthread --size 1ms --tasks 16 --workers 2 --faults hang:task=7 --trial-limit 20s --budget 15s >out 2>err
is 'a task that hangs takes until the limit of its trial' grep -q -- 'too short for 8 blocks' err
poolbench plan --pool fork --size 1ms --tasks 16 --workers 2 --faults hang:task=7 --task-limit 20ms --trial-limit 20s --budget 15s >out 2>err
is 'or its own, where there is one' test $? -eq 0

# ---- what was kept is spoilt ----
sed -i 's/"task_ns": [0-9.e+]*/"task_ns": 1000000000000.0/' .cache/poolbench/calibrations.json
poolbench plan "${cells[@]}" --budget 8s >out 2>err
is 'a price that is far too high refuses a budget' test $? -eq 2
poolbench plan "${cells[@]}" --budget 8s --measure >out 2>err
is 'but not before it was looked at again' test $? -eq 0
poolbench plan "${cells[@]}" --budget 8s >out 2>err
is 'which is kept' test $? -eq 0
sed -i 's/"task_ns": [0-9.e+]*/"task_ns": 1000000.0/; s/"beside_ns": [0-9.e+]*/"beside_ns": 25000000.0/' .cache/poolbench/calibrations.json
poolbench plan "${cells[@]}" --budget 8s >out 2>err # 8 times what is beside them, trials would be 11 blocks
# shellcheck disable=SC2016 # awk's
is 'more blocks are planned, and not longer trials' awk 'NR == 1 { exit !($5 >= 20) }' out

# ---- warm-up ----
head -c 16777216 /dev/zero >big
poolbench run --pool serial --workload sha256:file=big:block=4MiB --tasks 4 --workers 1 --blocks 1 --budget none --out warm >screen 2>err
# shellcheck disable=SC2016 # awk's
is 'tasks that have no size to cut are not run 64 times before' awk -F, '
    NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i }
    NR == 2 { exit !($at["trial_ns"] - $at["wall_ns"] < 20 * $at["wall_ns"] / 4) }' warm/trials.csv

# ---- like another run ----
poolbench run --like kept --blocks 1 --budget none --out like >screen 2>err
is 'has the same tasks' test "$(cut -d , -f 7-13 kept/plan.csv | sort -u | md5sum)" = "$(cut -d , -f 7-13 like/plan.csv | sort -u | md5sum)"
poolbench run --like kept --collect ordered --blocks 1 --budget none --out ordered >screen 2>err
is 'and with another way to collect' test "$(cut -d , -f 7-13 kept/plan.csv | sort -u | md5sum)" = "$(cut -d , -f 7-13 ordered/plan.csv | sort -u | md5sum)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
