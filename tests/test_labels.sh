#!/usr/bin/env bash
# Labels of sizes that are not what tasks take: what is kept is tried before it is used, a run checks again while it goes on,
# and where they do not hold, or were never judged good, nothing is computed from them and the screen says so.
. tests/support.sh
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
export HOME=$scratch NO_COLOR=1
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
cd "$scratch" || exit 1
kept=.cache/poolbench/calibrations.json

# A number of the calibration of spin, in the run's host.json.
fit() { sed -n "/^      \"spin\"/,/^      }/s/^ *\"$2\": \([0-9.e+-]*\),*$/\1/p" "$1/host.json"; }
# The values that a column of a CSV file has, each once.
values() { awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next } { print $at[name] }' "$1" | sort -u; }
# Whether the second number is at least 1.5 times the first, or the first such of the second.
far() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a > 0 && b > 0 && (a / b > 1.5 || b / a > 1.5)) }'; }

cell=(--pool serial --workload spin --size 100us --tasks 20 --blocks 2)
check 'a first run calibrates' poolbench run "${cell[@]}" --out first
check 'and says whether it was judged good' grep -q '"judged": \(true\|false\)' first/host.json
if grep -q '"judged": true' first/host.json; then
    # shellcheck disable=SC2016 # eval's
    check 'then there is an ideal time, unless no label held' \
        eval '[ -n "$(values first/trials.csv ideal_ns)" ] || grep -q "efficiency is empty" <<<"$(poolbench summarise first)"'
else
    check 'which keeps the ideal time empty' test -z "$(values first/trials.csv ideal_ns)"
fi

# ---- what is kept ----
slope=$(fit first ns_per_iteration)
sed -i "s/\"ns_per_iteration\": [0-9.e+]*/\"ns_per_iteration\": $(awk -v s="$slope" 'BEGIN { print 3 * s }')/" "$kept"
check 'the next run begins' poolbench run "${cell[@]}" --out second
check 'what was kept and is wrong is not used' far "$(awk -v s="$slope" 'BEGIN { print 3 * s }')" "$(fit second ns_per_iteration)"
check 'and what was measured instead is kept' grep -qF "\"ns_per_iteration\": $(fit second ns_per_iteration)" "$kept"

# ---- what does not hold, or was never good ----
cp -r first wrong
sed -i "s/\"ns_per_iteration\": [0-9.e+]*/\"ns_per_iteration\": $(awk -v s="$slope" 'BEGIN { print 3 * s }')/
    s/\"residual\": [0-9.e+-]*/\"residual\": 0.001/; /\"row_sum\"/d; s/\"ticks\": [0-9.e+-]*/\"ticks\": 0.001/" wrong/host.json
check 'a run like it takes its calibration' poolbench run --like wrong --blocks 2 --out like-wrong
check 'is judged by it' grep -q '"judged": true' like-wrong/host.json
check 'has checked whether it holds' grep -q '"held": 0,' like-wrong/host.json
check 'computes nothing from it' test -z "$(values like-wrong/trials.csv ideal_ns)$(values like-wrong/summary.csv efficiency)"
poolbench summarise like-wrong >screen 2>&1
check 'and says so' eval "tr -s ' \n' ' ' <screen | grep -q 'spin: alone, a task took [0-9.]* times its label .* efficiency is empty, as that was never within 2 %'"

cp -r first rough
sed -i '/"row_sum"/d; s/"residual": [0-9.e+-]*/"residual": 0.09/' rough/host.json
check 'a run like one with a rough fit' poolbench run --like rough --blocks 2 --out like-rough
check 'has it judged' grep -q '"judged": false' like-rough/host.json
check 'computes nothing from it, either' test -z "$(values like-rough/trials.csv ideal_ns)$(values like-rough/summary.csv efficiency)"
poolbench summarise like-rough >screen 2>&1
check 'and says what would help' eval "tr -s ' \n' ' ' <screen | grep -q 'sizes of spin are labels only: three calibrations were off by 9 % or more.* --recalibrate when'"
check 'times are as they were measured' test -n "$(values like-rough/trials.csv wall_ns)"

closing
