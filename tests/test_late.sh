#!/usr/bin/env bash
# Who is accused of handing tasks in late. A submitter that stands still until all have come due is: its trial has failed.
# One that catches up, and one that waits for a pool, as that is full or takes its time for taking tasks, is not.
set -u
. tests/support.sh
PATH=$PWD/${BUILD:-build/default}:$PATH
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch POOLBENCH_TEST=$scratch
unset XDG_CACHE_HOME
without_gnuplot
explain() { cat err ./*/trials.csv 2>/dev/null; }
mkdir came

# Tasks 100 a second, each a file; a pause of so many seconds as soon as some are there, which then ends.
pause() # SECONDS TASKS RUN
{
    local trial i
    rm -f came/*
    limited poolbench run --pool prefork --workload "cmd:line='touch came/{task}'" --workers 2 --blocks 1 \
        --arrival rate:100 --tasks "$2" --out "$3" >out 2>err &
    for ((i = 0; i < 6000; i++)); do
        [ -e came/5 ] && break
        nap .01
    done
    trial=$(started_with "POOLBENCH_TEST=$scratch" pb-trial)
    trial=${trial##*/}
    kill -STOP "$trial"
    nap "$1"
    kill -CONT "$trial"
    wait $!
}
ended() { tail -n +2 "$1/trials.csv" | cut -d, -f"$(head -1 "$1/trials.csv" | tr , '\n' | grep -n "^$2\$" | cut -d: -f1)" | sort -u; }

pause 5 400 still
check 'a submitter that stands still until all tasks have come due has failed its trial' test "$(ended still status)" = failed
check 'and the trial says so' grep -q 'the submitter could not keep up: handed in [0-9.]* % later than drawn' still/trials.csv
pause .3 400 caught
check 'one that catches up has not' test "$(ended caught status)" = ok

limited poolbench run --pool pthread,prefork,fork,serial --workload spin --size 20us --workers 1 --blocks 1 --arrival rate:1M --tasks 500 \
    --out full >out 2>err
check 'what a pool takes for taking tasks, or to have room again, is its own' test "$(ended full status)" = ok
limited poolbench run --pool pthread,prefork --workload spin --size 1us --workers 1 --blocks 1 --arrival rate:100M --tasks 30000 --out fuller >out 2>err
check 'also where more come due than it has room for' test "$(ended fuller status)" = ok
closing
