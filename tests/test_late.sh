#!/usr/bin/env bash
# Who is accused of handing tasks in late. A submitter that is away until all have come due is: its trial has failed.
# One that catches up, and one that waits for a pool, as that is full or takes its time for taking tasks, is not.
set -u
. tests/support.sh
build=$PWD/${BUILD:-build/default}
PATH=$build:$PATH
[ -e "$build/plant.so" ] || { echo "skipped: nothing can be planted in this build"; exit 77; }
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export HOME=$scratch
unset XDG_CACHE_HOME
without_gnuplot
explain() { cat err ./*/trials.csv 2>/dev/null; }

# Tasks 100 a second, and a submitter that oversleeps once, by so many nanoseconds (tests/preload/plant.c).
mkdir slow
cat >slow/poolbench-trial <<END
#!/bin/sh
LD_PRELOAD="$build/plant.so \$LD_PRELOAD" exec "$build/poolbench-trial" "\$@"
END
chmod +x slow/poolbench-trial
oversleeping() # NANOSECONDS RUN
{
    # of two builds, only the planted one oversleeps
    PLANT=late=$1 limited poolbench run --pool prefork --workload spin --size 10us --workers 2 --blocks 1 \
        --arrival rate:100 --tasks 200 --trial-program slow=slow --out "$2" >out 2>err
}
ended() { tail -n +2 "$1/trials.csv" | cut -d, -f"$(head -1 "$1/trials.csv" | tr , '\n' | grep -n "^$2\$" | cut -d: -f1)" | sort -u; }

both=$'failed\nok' # this build's trial ends well
oversleeping 5000000000 late
check 'a submitter that is away until all tasks have come due has failed its trial' test "$(ended late status)" = "$both"
check 'and the trial says so' grep -q 'the submitter could not keep up: handed in [0-9.]* % later than drawn' late/trials.csv
oversleeping 300000000 caught
check 'one that catches up has not' test "$(ended caught status)" = ok

limited poolbench run --pool pthread,prefork,fork,serial --workload spin --size 20us --workers 1 --blocks 1 --arrival rate:1M --tasks 500 \
    --out full >out 2>err
check 'what a pool takes for taking tasks, or to have room again, is its own' test "$(ended full status)" = ok
limited poolbench run --pool pthread,prefork --workload spin --size 1us --workers 1 --blocks 1 --arrival rate:100M --tasks 30000 --out fuller >out 2>err
check 'also where more come due than it has room for' test "$(ended fuller status)" = ok
closing
