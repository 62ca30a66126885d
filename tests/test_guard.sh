#!/usr/bin/env bash
# Only our own die: children that poolbench was given by a shell live on, and whichever of harness, guard, warden and
# trial is killed, alone or two at once, at random moments (KILLS=7, SEED=1), nothing of the trial stays.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_TEST=$scratch # the mark of our processes
unset XDG_CACHE_HOME
without_gnuplot
PATH=$build:$PATH
explain() { cat err 2>/dev/null; }
RANDOM=${SEED:-1}

processes() { started_with "POOLBENCH_TEST=$scratch" "$1"; }
none_left() # NAME-PATTERN
{
    local wait
    for wait in 0 .05 .1 .2 .5 1 2 4 8; do
        nap $wait
        [ -z "$(processes "$1")" ] && return
    done
    processes "$1"
    return 1
}
# The first of that name, once there is one.
await_process() # NAME
{
    local found=
    while found=$(processes "$1") && [ -z "$found" ]; do
        kill -0 "$harness" 2>/dev/null || return
        nap .02
    done
    found=${found%%$'\n'*}
    echo "${found##*/}"
}

# Within some seconds the command that follows succeeds: what others do once a process has ended takes them a moment.
soon()
{
    local wait
    for wait in 0 .1 .5 1 4 8; do
        nap $wait
        "$@" && return
    done
    return 1
}

# ---- what a shell has given us ----
cat >given <<'EOF'
sleep 1000 &
echo $! >given.pid
exec poolbench run --pool prefork,fork,zygote --workload spin --size 20us --tasks 100 --workers 2 --blocks 2 --out given.run
EOF
bash -c '. ./given > >(tee log >/dev/null) 2>err'
status=$?
check 'a run by exec, with children of the shell, ends well' test $status -eq 0
check 'its trials are ok, or were run again' test "$(tail -n +2 given.run/trials.csv | grep -cvE ',(ok|disturbed),')" -eq 0
check 'all of them are there' test "$(grep -c ',ok,' given.run/trials.csv)" -eq 6
check 'tee has what was printed' soon grep -q 'Time per task' log
check 'a server that was there before is there still' kill "$(cat given.pid)"

# ---- guard, trial and harness ----
slow=(--workload sleep --size 5ms --tasks 100 --workers 2 --blocks 2 --task-limit 20s)
kill_during() # NAME... : of pb-guard, pb-warden, pb-trial, harness; at a random moment of the first trials
{
    local name pids=()
    poolbench run --pool prefork,zygote "${slow[@]}" --out "r$round" >out 2>err &
    harness=$!
    await_process pb-trial >/dev/null
    nap ".$((RANDOM % 4))$((RANDOM % 10))"
    for name; do
        if [ "$name" = harness ]; then pids+=("$harness"); else pids+=("$(await_process "$name")"); fi
    done
    kill -9 "${pids[@]}"
    wait "$harness" 2>/dev/null
    status=$?
}
none_twice() { ! grep -v ',disturbed,' "r$round/trials.csv" | tail -n +2 | cut -d, -f4,5 | sort | uniq -d | grep .; }
for ((round = 0; round < ${KILLS:-7}; round++)); do
    case $((round % 7)) in
    0 | 3 | 5)
        names=(pb-guard pb-warden pb-guard)
        [ $((round % 7)) -eq 5 ] && names=(pb-guard pb-warden) || names=("${names[round % 7 / 3]}")
        kill_during "${names[@]}"
        check "round $round: without ${names[*]} a run goes on" test $status -le 1 -o $status -eq 4
        check 'all rows but one are there and as they were to be' test "$(grep -c ',ok,' "r$round/trials.csv")" -ge 3
        check 'another guard was made' test "$(grep -c ',crashed,' "r$round/trials.csv")" -le 1
        ;;
    1)
        kill_during harness
        check "round $round: a killed harness" test $status -eq 137
        ;;
    2)
        kill_during harness pb-guard
        check "round $round: harness and guard killed at once" test $status -eq 137
        ;;
    4)
        kill_during harness pb-warden
        check "round $round: harness and warden killed at once" test $status -eq 137
        ;;
    6)
        kill_during pb-trial
        check "round $round: a killed trial" test $status -le 1 -o $status -eq 4
        ;;
    esac
    check 'nothing of it lives' none_left 'p[bo]*'
    [ -e "r$round/trials.csv" ] && check 'no trial is there twice' none_twice
done

# ---- what programs have started ----
with_program() # harness NAME... : kills them while a command runs
{
    rm -rf program.run
    poolbench run --pool prefork --workload "cmd:line='./start {task}'" --tasks 2 --workers 2 --blocks 1 \
        --out program.run >out 2>err &
    harness=$!
    while [ "$(processes sleep | wc -l)" -lt 4 ] && kill -0 $harness 2>/dev/null; do nap .05; done
    local pids=("$harness")
    for name in "${@:2}"; do pids+=("$(await_process "$name")"); done
    kill -STOP "${pids[@]}" # none sees another die
    kill -9 "${pids[@]}"
    wait $harness 2>/dev/null
}
printf '#!/bin/sh\nsetsid sleep 1000 &\nexec sleep 1001\n' >start
chmod +x start
commands() { processes sleep | while read -r at; do grep -zx 1001 "$at/cmdline"; done; }
no_commands() { [ -z "$(commands)" ]; }
with_program harness
check 'a killed harness leaves no program, not even one that left its group' none_left sleep
with_program harness pb-guard
check 'nor do harness and guard, killed at once' none_left sleep
with_program harness pb-warden
check 'nor harness and warden' none_left sleep
with_program harness pb-guard pb-warden
check 'with all three killed, programs of tasks die with their workers' soon no_commands
marked() # what those have forked, which nobody is left to end
{
    local at found=1
    while read -r at; do grep -qz '^POOLBENCH_GUARD=.' "$at/environ" && found=0; done < <(processes sleep)
    return $found
}
check 'what they forked lives on, and is marked' soon marked
check 'what they forked is ended by the next start' poolbench run --pool serial --workload empty --tasks 10 --blocks 1 --out next
check 'all of it' none_left sleep
closing
