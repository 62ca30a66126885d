#!/usr/bin/env bash
# Events that are counted in profiled siblings of short real runs: what the kernel counts agrees with what rusage has of
# the same trials, processes of tasks are in it, several kinds of siblings take turns, and what is refused is said. How
# long anything took is not looked at.
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
explain() { tail -20 screen 2>/dev/null; }
rows() { tail -n +2 "$1" | wc -l; }
made() { poolbench run "$@" --workload spin --seed 3 --trial-limit 20s >screen 2>&1; }

check "refused, the run goes on" eval '"$build/refuse" EACCES perf_event_open poolbench run --pool serial --size 100us \
    --tasks 20 --blocks 1 --workload spin --profile counters --out without >screen 2>&1'
check "and says what would allow it" eval 'tr -s "\n " "  " <screen | grep -q "profile: no counters. perf_event_open: .*what allows it: "'
check "event by event" eval 'grep -q "^h1,counters,cpu/cycles/,13,\"*perf_event_open: " without/profile/abilities.csv &&
    grep -q "^h1,counters,software/task-clock/,13," without/profile/abilities.csv'
check "there are no siblings then" test ! -e without/profile/trials.csv
check "a kind that is none is refused" eval '! poolbench run --profile states,cycles 2>said; grep -q "profile.*.cycles. is not none, or a list of states, counters" said'

check "a run with counters" made --pool serial,prefork,fork --size 200us --tasks 200 --workers 2 --blocks 3 \
    --profile counters --out run
if grep -q ',software,task-clock,' run/profile/counters.csv 2>/dev/null; then
    check "has as many siblings as trials" test "$(rows run/profile/trials.csv)" -eq 9
    check "what could be had stands in abilities.csv" grep -q '^h1,counters,software/task-clock/,0,$' run/profile/abilities.csv
    # Of each sibling: its pool, CPU time by rusage and counted; faults, likewise; a row each.
    awk -F, '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        FILENAME ~ /counters/ { sum[$1, $5] += $7; seen[$1, $5]++; next }
        $at[FILENAME, "status"] == "ok" {
            id = $at[FILENAME, "trial_id"]
            print $at[FILENAME, "pool"], $at[FILENAME, "user_ns"] + $at[FILENAME, "sys_ns"], sum[id, "task-clock"],
                $at[FILENAME, "minflt"], sum[id, "minor-faults"], seen[id, "task-clock"]
        }' run/profile/counters.csv run/profile/trials.csv >counted
    cat counted >>screen
    middle() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
    check "submitter and workers have a row each, where there are both" \
        awk '{ bad += $6 != ($1 == "serial" ? 1 : 2) } END { exit bad > 0 || !NR }' counted
    check "what was counted is CPU time" eval 'awk "{ print \$3 / \$2 }" counted | middle | awk "{ exit !(\$1 > 0.8 && \$1 < 1.25) }"'
    check "and faults" awk '{ bad += $5 < 0.8 * $4 - 50 || $5 > 1.25 * $4 + 50 } END { exit bad > 0 || !NR }' counted
    check "those of processes of tasks, too" \
        awk '$1 == "fork" { some++; few += $5 < 200 } END { exit few > 0 || !some }' counted
    check "explain shows them" eval 'poolbench explain run --by pool prefork,fork >said 2>&1 && grep -q "^minor-faults" said &&
        grep -q "^context-switches" said'
    check "compare has no such metric, and says where it is" eval '! poolbench compare run --metric instructions >said 2>&1 &&
        grep -q "counted in profiled siblings" said'
    if ! grep -q '^h1,counters,cpu[_a-z]*/cycles/,0,$' run/profile/abilities.csv; then
        check "that the CPU counts nothing is said" grep -q 'the CPU counts nothing here' screen
        check "and nothing of it is 0" eval '! grep -q ",cycles," run/profile/counters.csv'
    else
        check "the CPU counts cycles" awk -F, '$5 == "cycles" && $7 > 0 { seen = 1 } END { exit !seen }' run/profile/counters.csv
    fi
    if poolbench check --no-measure 2>/dev/null | grep -q '^ok *profiling'; then
        check "both kinds" made --pool serial,prefork --size 100us --tasks 50 --workers 2 --blocks 4 \
            --profile states,counters --out both
        check "have half of the blocks each" eval 'test "$(rows both/profile/trials.csv)" -eq 8 &&
            test "$(tail -n +2 both/profile/counters.csv | cut -d, -f1 | sort -u | wc -l)" -le 4 &&
            test "$(tail -n +2 both/profile/states.csv | cut -d, -f1 | sort -u | wc -l)" -le 4'
        check "and no sibling has both" eval 'test -z "$(comm -12 <(tail -n +2 both/profile/counters.csv | cut -d, -f1 | sort -u) \
            <(tail -n +2 both/profile/states.csv | cut -d, -f1 | sort -u))"'
    fi
else
    skip "counting" "$(sed -n '2s/.*counters,//p' run/profile/abilities.csv)"
fi
closing
