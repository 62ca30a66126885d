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

# ---- one that is kept ----
poolbench run "${cells[@]}" --budget 8s --out kept >screen 2>err
is 'runs' test $? -eq 0
took=$(fact kept took_ns) measured=$(fact kept measured_ns) blocks=$(fact kept blocks)
is "takes about as long (${took:-0} ns)" test "${took:-0}" -gt 4000000000 -a "${took:-0}" -lt 20000000000
is 'says how much of it was measuring' grep -qE '[0-9.]+ s, [0-9]+ % *of *it *measuring' <(tr '\n' ' ' <screen)
is "which is a part of it (${measured:-0} ns)" test "${measured:-0}" -gt 0 -a "${measured:-0}" -lt "${took:-0}"
is 'plan.csv has as many blocks as host.json' test "$(tail -n +2 kept/plan.csv | cut -d , -f 4 | sort -un | tail -1)" = "$blocks"
is 'a block has every cell once' test "$(tail -n +2 kept/plan.csv | cut -d , -f 3,4 | sort -u | wc -l)" -eq $((3 * blocks))

# ---- like another run ----
poolbench run --like kept --blocks 1 --budget none --out like >screen 2>err
is 'has the same tasks' test "$(cut -d , -f 7-13 kept/plan.csv | sort -u | md5sum)" = "$(cut -d , -f 7-13 like/plan.csv | sort -u | md5sum)"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
