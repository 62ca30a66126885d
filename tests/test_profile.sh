#!/usr/bin/env bash
# Profiled siblings of short real runs: they stand in profile/ alone, their slots close, and what records say of time on
# a CPU and of waiting agrees with what the kernel has counted. Where records are refused, what refused them is said.
# How long anything took is not looked at.
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

made() { poolbench run "$@" --workload spin --seed 3 --trial-limit 20s >screen 2>&1; }

# A row a profiled trial: its pool, whether it ended well, slots x wall, the sum of its slots' states, unknown, on a CPU;
# of its usage: CPU time of the workers, the run-queue delay; waiting by records of workers and submitter.
profiled() # RUN
{
    awk -F, '
        FNR == 1 { for (i = 1; i <= NF; i++) at[FILENAME, $i] = i; next }
        FILENAME ~ /states/ {
            if ($2 == "worker" && $3 == "run") {
                sum[$1] += $6
                if ($4 == "unknown") unknown[$1] += $6
                if ($4 == "body" || $4 == "handing-over" || $4 == "taken") on[$1] += $6
            }
            if ($4 == "waiting" && $3 == "run" && ($2 == "worker" || $2 == "submitter")) waits[$1] += $6
            next
        }
        {
            pool = $at[FILENAME, "pool"]; id = $at[FILENAME, "trial_id"]
            slots = pool == "serial" ? 1 : $at[FILENAME, "workers"]
            cpu = $at[FILENAME, "user_ns"] + $at[FILENAME, "sys_ns"] - (pool == "serial" ? 0 : $at[FILENAME, "submitter_ns"])
            printf "%s %s %.0f %.0f %.0f %.0f %.0f %.0f %.0f\n", pool, $at[FILENAME, "status"], slots * $at[FILENAME, "wall_ns"],
                sum[id], unknown[id], on[id], cpu, $at[FILENAME, "runqueue_ns"], waits[id]
        }' "$1/profile/states.csv" "$1/profile/trials.csv" >profiled
}
rows() { tail -n +2 "$1" | wc -l; }
of_pools() { awk -v pools="$1" '$2 == "ok" && (pools == "" || index(" " pools " ", " " $1 " "))' profiled; } # POOLS
# At least 99 % of them (of so few: all) close within 2 %, and nothing of them is unknown.
closes() { of_pools '' | awk '{ d = $4 / $3 - 1; bad += d > 0.02 || d < -0.02 || $5 > 0.02 * $3 } END { exit bad > 0 || !NR }'; }
# Workers that live on: time on a CPU within 3 % of the CPU time in the middle of their trials, as rusage is a tick late.
on_cpu_agrees() { of_pools 'prefork pthread' | awk '{ print $6 / $7 }' | middle | awk '{ exit !($1 > 0.97 && $1 < 1.03) }'; }
# And they have not waited for longer than the kernel counted; it counts being woken, too.
waiting_agrees() { of_pools 'prefork pthread' | awk '{ bad += $9 > 1.05 * $8 + 4e6 } END { exit bad > 0 || !NR }'; }
middle() { sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
state() { awk -F, -v state="$2" '$2 == "worker" && $4 == state { seen = 1 } END { exit !seen }' "$1/profile/states.csv"; } # RUN STATE
role() { awk -F, -v role="$2" -v phase="$3" '$2 == role && $3 == phase { seen = 1 } END { exit !seen }' "$1/profile/states.csv"; }

# Refused, the run is as it would be without, and says what would allow it.
refused() # ERROR WORDS
{
    rm -rf without
    "$build/refuse" "$1" perf_event_open poolbench run --pool serial --size 100us --tasks 20 --blocks 1 --workload spin \
        --profile states --out without >screen 2>&1 &&
        tr -s '\n ' ' ' <screen | grep -q "no records of switches; explain does without. perf_event_open: .*$2" &&
        ! test -e without/profile/trials.csv && test "$(rows without/trials.csv)" -eq 1 &&
        grep -q "^h1,states,dummy:context_switch,[1-9]" without/profile/abilities.csv
}
check "EACCES names what allows it" refused EACCES 'what allows it: \(sysctl kernel.perf_event_paranoid=2\|a container\)'
check "ENOSYS too" refused ENOSYS "what allows it: a kernel with CONFIG_PERF_EVENTS; in a container --cap-add PERFMON"
check "check says it before a run" eval '"$build/refuse" EPERM perf_event_open poolbench check --no-measure 2>&1 |
    tr -s "\n " " " | grep -q "warn profiling no records of switches for run --profile. perf_event_open"'
check "a kind that is none is refused" eval '! poolbench run --profile stakes 2>said; grep -q "profile.*none.*states" said'

if poolbench check --no-measure 2>/dev/null | grep -q '^ok *profiling'; then
    check "a profiled run" made --pool serial,prefork,pthread,fork,zygote --size 200us --tasks 400 --workers 2 --blocks 3 \
        --profile states --out run
    check "says how much longer it is" grep -q 'profile: 3 of 3 blocks have profiled siblings, about' screen
    check "has as many siblings as trials" test "$(rows run/profile/trials.csv)" -eq 15
    check "which are not among the published" test "$(tail -n +2 run/trials.csv | grep -vc ",disturbed,")" -eq 15
    profiled run
    cat profiled >>screen
    check "all but a few have states" test "$(of_pools '' | awk '$4 > 0' | wc -l)" -ge 13
    check "which the run says of none other" eval '! grep -q "1[0-9] of them without states" screen'
    check "slots close" closes
    check "time on a CPU is CPU time" on_cpu_agrees
    check "waiting is run-queue delay" waiting_agrees
    check "processes of tasks are a role" role run child run
    check "forkers, too" role run forker run
    check "the submitter in all phases" eval 'role run submitter open && role run submitter warm-up && role run submitter close'
    check "a process of a task is made" eval 'state run being-made || state run no-process'
    check "samples are those of the published" test "$(($(rows run/profile/samples.csv) * $(rows run/trials.csv)))" -eq \
        "$(($(rows run/samples.csv) * $(rows run/profile/trials.csv)))"
    check "a sibling that is gone is missed" eval 'cp -r run gone && sed -i "\$d" gone/profile/trials.csv &&
        poolbench explain gone >said 2>&1; grep -q "gone/profile/trials.csv: 1 row that was written is not there" said'
    check "siblings that were sorted are read" eval 'rm -r gone && cp -r run gone && { sed 1q run/profile/trials.csv &&
        sed 1d run/profile/trials.csv | tac; } >gone/profile/trials.csv && poolbench explain run >straight 2>&1
        poolbench explain gone 2>&1 | sed s/gone/run/ | diff straight -'
    check "a state that was changed is refused, and repaired" eval 'awk -F, -v OFS=, "NR == 9 { \$6++ } 1" \
        run/profile/states.csv >gone/profile/states.csv; ! poolbench explain gone >said 2>&1 &&
        grep -q "gone/profile/states.csv:9" said && ! poolbench repair gone >said && grep -q "repaired: 15 trials in gone/profile" said &&
        { poolbench explain gone >said 2>&1; grep -q "states.csv: 1 row that was written is not there" said; }'
    check "--more goes on" eval 'poolbench run --more run --blocks 1 >screen 2>&1 && test "$(rows run/profile/trials.csv)" -gt 15'
    check "whose trials are numbered on" eval 'test "$(tail -n +2 run/profile/trials.csv | cut -d, -f3 | sort | uniq -d | wc -l)" -eq 0'
    # Interrupted among its siblings and resumed, each published trial has its one.
    paired() { awk -F, 'FNR == 1 { file++; for (i = 1; i <= NF; i++) at[file, $i] = i; next }
        { n[$at[file, "block"], $at[file, "cell_id"], file]++; cells[$at[file, "block"], $at[file, "cell_id"]]++ }
        END { for (c in cells) { all++; bad += n[c, 1] != 1 || n[c, 2] != 1 } exit bad > 0 || !all }' \
        "$1/trials.csv" "$1/profile/trials.csv"; }
    poolbench run --pool serial,prefork,pthread --size 200us --tasks 400 --workers 2 --blocks 3 --workload spin --seed 3 \
        --profile states --out broken >screen 2>&1 &
    broken=$!
    for ((i = 0; i < 600; i++)); do
        [ "$(wc -l 2>/dev/null <broken/profile/trials.csv || echo 0)" -gt 1 ] && break
        sleep 0.05
    done
    kill -TERM $broken
    wait $broken
    check "one that was broken off is resumed" eval 'poolbench resume broken >screen 2>&1'
    check "with the siblings that it missed" paired broken
    check "plan counts them" eval 'poolbench plan --pool serial,prefork --workload spin --size 200us --tasks 40 --blocks 12 \
        --profile states >planned 2>&1 && tr -s "\n " "  " <planned |
        grep -q "profile 10 of 12 blocks have profiled siblings: 20 trials more"'
    check "a profile that is a link is refused" eval 'rm -r run/profile; mkdir elsewhere; ln -s ../elsewhere run/profile
        ! poolbench run --more run --blocks 1 >screen 2>&1 && test "$(find elsewhere -type f | wc -l)" -eq 0'

    # A process for each short task is dear wherever this runs: told, it is explained by siblings, finer than without.
    check "a run to be explained" made --pool serial,pthread,fork --size 20us --tasks 150 --workers 2 --blocks 11 \
        --profile states --drop no --out why
    # They show the published difference, by CPU time: of times a busy machine leaves little.
    cpu_ratio() { awk -F, 'FNR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
        $at["status"] == "ok" { sum[$at["pool"]] += $at["user_ns"] + $at["sys_ns"]; n[$at["pool"]]++ }
        END { print sum["fork"] / n["fork"] / sum["pthread"] * n["pthread"] }' "$1"; }
    check "siblings differ as published trials do" eval 'echo "$(cpu_ratio why/trials.csv) $(cpu_ratio why/profile/trials.csv)" |
        awk "{ print; exit !(\$2 > 0.5 * \$1 && \$2 < 2 * \$1) }"'
    check "explain takes it" eval 'poolbench explain why --by pool pthread,fork >said 2>&1'
    cat said >>screen
    if grep -q 'Explained is' said; then
        check "its states are those of siblings" eval 'tr -s "\n " " " <said |
            grep -q "States are shares of [0-9]* profiled siblings each (records of switches) times the published time"'
        check "which are set against published trials" eval 'tr -s "\n " "  " <said |
            grep -q "Among siblings B takes [0-9.]*x the time of A, among the published trials of the same blocks [0-9.]*x: "'
        check "waiting and being idle are told apart" eval '! grep -q "^waits for a CPU, or idle" said'
        check "its process is made" grep -q '^its process is being made' said
    fi
    check "states that are torn are not read" eval 'head -40 why/profile/states.csv >torn && mv torn why/profile/states.csv &&
        poolbench explain why --by pool pthread,fork >said 2>&1 && ! grep -q "profiled siblings each" said'
    check "and are missed" grep -q "why/profile/states.csv: [0-9]* rows that were written are not there" said
    check "those that are damaged are refused" eval 'echo "x,worker,run,body,none,1,,,switches" >>why/profile/states.csv
        ! poolbench explain why >said 2>&1; grep -q "states.csv:41" said'
else
    skip "profiled siblings" "switches are not recorded here (poolbench check says why)"
fi
closing
